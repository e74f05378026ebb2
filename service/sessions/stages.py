"""The places where sessions are shown that are no client's own connection. A stage is an output that also tells."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from service.sessions.places import Place
from service.sessions.port import Output
from service.sessions.session import Ending


class Ready(msgspec.Struct, frozen=True):
    """It is shown now."""


class Heard(msgspec.Struct, frozen=True):
    """A piece of an utterance that was heard there, s16le mono 16 kHz."""

    id: str
    pcm: bytes


class Whole(msgspec.Struct, frozen=True):
    """An utterance was heard whole."""

    id: str


class Interrupted(msgspec.Struct, frozen=True):
    """Nothing shall be shown any more of what was heard so far."""


class Began(msgspec.Struct, frozen=True):
    """The first of an utterance is shown."""

    id: str


class Over(msgspec.Struct, frozen=True):
    """The last of an utterance was shown, or all that ever will be."""

    id: str


class Gone(msgspec.Struct, frozen=True):
    """Nothing more is shown there, whatever was heard before.

    Attributes:
        ending: What that is to the session.
        detail: Why, for the client; it has no address in it.
    """

    ending: Ending
    detail: str = ""


News = Ready | Heard | Whole | Interrupted | Began | Over


class Stage(Output, AbstractAsyncContextManager["Stage"], Protocol):
    """A place, at which something is shown while this is entered. Whatever fails there is told."""

    async def news(self) -> News:
        """Return what it tells next; once it is gone, wait for ever."""
        ...

    async def gone(self) -> Gone:
        """Wait until nothing more is shown there. It waits for nobody who takes the news."""
        ...


class Stages(Protocol):
    """Knows how to get to places."""

    def stage(self, place: Place) -> Stage:
        """Return a stage, which is not entered yet."""
        ...
