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


class Painter(Protocol):
    """Draws portraits in place of the workers."""

    @property
    def engine(self) -> str:
        """What it is called: the name of its model."""
        ...

    async def paint(self, prompt: str, *, width: int, height: int) -> bytes:
        """Draw a prompt, about so large: a JPEG, PNG or WebP.

        Raises:
            EngineFailed: It did not.
        """
        ...


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


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A picture or film that somebody is seen in.

    Attributes:
        size: Bytes.
        read: Yields them; may be called more than once.
    """

    size: int
    read: Callable[[], AsyncIterator[bytes]]


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

    async def fitted(self, picture: bytes, *, width: int, height: int) -> bytes:
        """Cut a picture of one person, which was drawn elsewhere, to a size; a JPEG."""
        ...

    def studied(
        self, person: Person, film: Source, mouths: Source | None = None
    ) -> AbstractAsyncContextManager[Pack]:
        """Make an avatar of a picture or a film; with a film of its mouths, the lips are sharper."""
        ...

    def filmed(
        self, person: Person, recipe: dict[str, Any], *, emotions: tuple[str, ...], mouths: bool
    ) -> AbstractAsyncContextManager[Pack]:
        """Film a portrait that was drawn, for an avatar; with its mouths, the lips are sharper."""
        ...
