"""Portraits of prompts: sold by video time, drawn by a worker, kept in the account's library with their recipe."""

from typing import Any

import msgspec

from service.errors import InvalidRequest, RenderFailed
from service.quotes.port import Screen
from service.studio.artist import Artist
from service.studio.intake import Made
from service.studio.job import Job, Kind
from service.studio.jobs import Studio
from service.studio.library import Library
from service.studio.media import Kind as MediaKind
from service.studio.port import Note
from service.studio.sniffing import HEAD_BYTES, sniff
from service.studio.terms import StudioTerms

LONGEST_PROMPT = 1000

LEAST_PX, MOST_PX = 256, 2048
"""Of each side of a portrait."""


class PortraitRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a portrait is made of."""

    name: str
    prompt: str
    width: int
    height: int


class Portrait(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it.

    Attributes:
        media: The names of its links, the files' extension with them.
        ignored_words: What of the prompt was not used.
    """

    media: tuple[str, ...]
    ignored_words: tuple[str, ...]


class Portraits:
    """Takes orders for portraits.

    Args:
        studio: Sells the work.
        terms: Prices.
        screen: The operator's judge, if there is one.
    """

    def __init__(self, *, studio: Studio, terms: StudioTerms, screen: Screen | None) -> None:
        self._studio = studio
        self._terms = terms
        self._screen = screen

    async def begin(self, account_id: int, asked: PortraitRequest, *, key: str | None = None) -> Job:
        """Have a portrait drawn.

        Raises:
            InvalidRequest: The prompt or the size cannot be drawn.
            ContentRefused: The operator's judge will not have it.
            As `Studio.begin` says.
        """
        prompt = asked.prompt.strip()
        if not 0 < len(prompt) <= LONGEST_PROMPT:
            raise InvalidRequest(f"Field 'prompt' has 1 to {LONGEST_PROMPT} characters.", field="prompt")
        for field in ("width", "height"):
            if not LEAST_PX <= getattr(asked, field) <= MOST_PX:
                raise InvalidRequest(f"Field '{field}' is from {LEAST_PX} to {MOST_PX}.", field=field)
        if self._screen is not None:
            await self._screen.text(prompt)
        request = msgspec.to_builtins(msgspec.structs.replace(asked, prompt=prompt))
        return await self._studio.begin(
            account_id, Kind.PORTRAIT, request, held_ms=self._terms.portrait_s * 1000, key=key
        )


class PortraitMaker:
    """Has portraits drawn, and keeps them."""

    def __init__(self, artist: Artist, library: Library) -> None:
        self._artist = artist
        self._library = library

    async def make(self, job: Job, note: Note) -> dict[str, Any]:
        """Do it, as `Maker` says."""
        asked = msgspec.convert(job.request, PortraitRequest)
        await note("drawing", 10)
        drawn = await self._artist.portrait(prompt=asked.prompt, width=asked.width, height=asked.height)
        await note("keeping", 90)
        form = sniff(drawn.picture[:HEAD_BYTES], MediaKind.PICTURE)
        if form is None:
            raise RenderFailed("what was drawn is no picture")
        medium = await self._library.keep(
            job.account_id,
            Made(content=drawn.picture, format=form),
            name=asked.name or None,
            recipe=drawn.recipe,
        )
        made = Portrait(media=(medium.file_name,), ignored_words=drawn.ignored_words)
        return msgspec.to_builtins(made)  # type: ignore[no-any-return]
