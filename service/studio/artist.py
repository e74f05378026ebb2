"""Who draws portraits and makes avatars: a worker."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

import msgspec

Gender = Literal["male", "female"]


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A portrait.

    Attributes:
        picture: A JPEG or PNG.
        recipe: What it was drawn from, so that the same person can be filmed.
        ignored_words: What of the prompt was not used.
    """

    picture: bytes
    recipe: dict[str, Any]
    ignored_words: tuple[str, ...]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who an avatar is.

    Attributes:
        name: As the pack is called.
        label: What people call it.
        gender: Chooses the voice where none is named.
    """

    name: str
    label: str
    gender: Gender


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """The pack of an avatar.

    Attributes:
        chunks: A tar.
        warnings: What is not as it should be, in sentences: an open mouth, say.
    """

    chunks: AsyncIterator[bytes]
    warnings: tuple[str, ...]


class Artist(Protocol):
    """Draws and films.

    Of all that it does:

    Raises:
        NotOffered: Nobody here does such work.
        RenderRefused: It can never be done of this; says why.
        WorkerBusy, WorkerDown: Nobody could be asked now.
        RenderFailed: It was begun, and not finished.
    """

    async def portrait(self, *, prompt: str, width: int, height: int) -> Drawn:
        """Draw a portrait of a prompt."""
        ...

    def studied(
        self, person: Person, film: Callable[[], AsyncIterator[bytes]]
    ) -> AbstractAsyncContextManager[Pack]:
        """Make an avatar of a picture or a film, which may be read more than once."""
        ...

    def filmed(
        self, person: Person, recipe: dict[str, Any], *, emotions: tuple[str, ...], mouths: bool
    ) -> AbstractAsyncContextManager[Pack]:
        """Film a portrait that was drawn, for an avatar; with its mouths, the lips are sharper."""
        ...
