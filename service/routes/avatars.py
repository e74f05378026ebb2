"""What can be chosen."""

import msgspec
from litestar import get

from service.catalogue import AVATARS, EMOTIONS, LANGUAGES
from service.choosing import Choosing
from service.errors import WorkerDown
from service.ports import Voice
from service.routes.parts import Part


class Avatar(msgspec.Struct, frozen=True, kw_only=True):
    """Who can speak."""

    name: str
    label: str


class LanguageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What can be spoken."""

    code: str
    name: str


class AvatarsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a request can choose from. Each avatar has each emotion and speaks each language."""

    avatars: list[Avatar]
    emotions: list[str]
    languages: list[LanguageAnswer]
    voices: list[Voice]


@get(
    "/avatars",
    summary="List avatars, emotions, languages and voices",
    description="`voices` is empty while the renderer is away; naming none leaves the choice to it.",
    tags=["Buying"],
)
async def avatars(choosing: Part[Choosing]) -> AvatarsAnswer:
    """List avatars, emotions, languages and voices."""
    try:
        voices = await choosing.voices()
    except WorkerDown:
        voices = ()
    return AvatarsAnswer(
        avatars=[Avatar(name=name, label=label) for name, label in AVATARS.items()],
        emotions=list(EMOTIONS),
        languages=[LanguageAnswer(code=code, name=name) for code, name in LANGUAGES.items()],
        voices=list(voices),
    )
