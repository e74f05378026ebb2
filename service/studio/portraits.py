"""Portraits of prompts: sold by video time, drawn by a worker, kept in the account's library with their recipe."""

from typing import Any

import msgspec
import structlog

from service.errors import InvalidRequest, RenderFailed, RenderRefused
from service.quotes.port import Screen
from service.studio.artist import Artist, Drawn, Painter
from service.studio.intake import Made
from service.studio.job import Job, Kind
from service.studio.jobs import Studio
from service.studio.library import Library
from service.studio.media import Kind as MediaKind
from service.studio.media import Medium
from service.studio.port import Note
from service.studio.script_port import EngineFailed
from service.studio.sniffing import HEAD_BYTES, sniff
from service.studio.terms import StudioTerms

LONGEST_PROMPT = 1000

OWN_ENGINE = "satspeak"
"""What draws by a recipe: a worker."""

ENGINE = "engine"
"""In a recipe: what drew a picture that no worker draws again."""

REFUSED = "The endpoint that draws portraits here did not draw this. Try another prompt."

NO_PICTURE = "what was drawn is no picture"

LEAST_PX, MOST_PX = 256, 2048
"""Of each side of a portrait."""

log = structlog.get_logger()


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
        engine: What drew it: a model of the operator's endpoint, or a worker.
    """

    media: tuple[str, ...]
    ignored_words: tuple[str, ...]
    engine: str = OWN_ENGINE


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
    """Has portraits drawn, and keeps each once: whoever takes a job up after a crash finds what was kept before it."""

    def __init__(self, artist: Artist, library: Library, painter: Painter | None = None) -> None:
        self._artist = artist
        self._painter = painter
        self._library = library

    async def make(self, job: Job, note: Note) -> dict[str, Any]:
        """Do it, as `Maker` says."""
        asked = msgspec.convert(job.request, PortraitRequest)
        medium = await self._library.made_under(job.account_id, job.public_id, kind=MediaKind.PICTURE)
        if medium is None:
            await note("drawing", 10)
            drawn = await self._drawn(asked)
            await note("keeping", 90)
            form = sniff(drawn.picture[:HEAD_BYTES], MediaKind.PICTURE)
            if form is None:
                raise RenderFailed(NO_PICTURE)
            medium = await self._library.keep(
                job.account_id,
                Made(content=drawn.picture, format=form),
                name=asked.name or None,
                recipe={**drawn.recipe, "ref": job.public_id, "ignored_words": drawn.ignored_words},
            )
        assert medium.recipe is not None, "what was drawn has one"
        made = Portrait(
            media=(medium.file_name,),
            ignored_words=tuple(medium.recipe["ignored_words"]),
            engine=medium.recipe.get(ENGINE, OWN_ENGINE),
        )
        return msgspec.to_builtins(made)  # type: ignore[no-any-return]

    async def _drawn(self, asked: PortraitRequest) -> Drawn:
        """Have it drawn by whoever draws here; what is told of it has no recipe unless it can be drawn again."""
        size = {"width": asked.width, "height": asked.height}
        if self._painter is None:
            return await self._artist.portrait(prompt=asked.prompt, **size)
        try:
            picture = await self._painter.paint(asked.prompt, **size)
        except EngineFailed as error:
            log.warning("engine_failed", reason=str(error))
            if error.passing:
                raise RenderFailed("the endpoint that draws failed") from error
            raise RenderRefused(REFUSED) from error
        if sniff(picture[:HEAD_BYTES], MediaKind.PICTURE) is None:
            raise RenderFailed(NO_PICTURE)
        # A picture of somebody else's program: decoded where pictures of strangers are, and refused without a face.
        fitted = await self._artist.fitted(picture, **size)
        return Drawn(
            picture=fitted,
            recipe={"prompt": asked.prompt, ENGINE: self._painter.engine},
            ignored_words=(),
        )


def drawn_from(medium: Medium) -> dict[str, Any] | None:
    """Return what a worker drew a portrait from, to film it; None where it drew none."""
    if medium.recipe is None or ENGINE in medium.recipe:
        return None
    return {name: value for name, value in medium.recipe.items() if name not in ("ref", "ignored_words")}
