"""What can be chosen."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from msgspec import UNSET, UnsetType

from service.catalogue.built_in import AVATARS, EMOTIONS, LANGUAGES
from service.catalogue.choosing import Choosing
from service.catalogue.port import Avatar, Voice
from service.errors import WorkerDown
from service.routes.http import openapi
from service.routes.http.conditions import cacheable_json
from service.routes.http.parts import Part

NO_CACHE = {"Cache-Control": "no-cache"}
"""It may be kept, and is asked for each time: an operator may add a face at any moment."""


class AvatarAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Who can speak. One that does not come with every worker, or looks otherwise, says the rest."""

    name: str
    label: str
    emotions: list[str] | UnsetType = UNSET
    gender: str | UnsetType | None = UNSET
    elderly: bool | UnsetType = UNSET


class LanguageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What can be spoken."""

    code: str
    name: str


class AvatarsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """All that a request can choose from. Each avatar speaks each language; it has all emotions, or says which."""

    avatars: list[AvatarAnswer]
    emotions: list[str]
    languages: list[LanguageAnswer]
    voices: list[Voice]


@get(
    "/avatars",
    summary="List avatars, emotions, languages and voices",
    description="`voices` is empty while the renderer is away; naming none leaves the choice to it.",
    tags=["Buying"],
    operation_id="listAvatars",
    operation_class=openapi.operation(
        limited=False, headers={200: {"ETag": openapi.ETAG}, 304: {"ETag": openapi.ETAG}}
    ),
    responses=openapi.not_modified(),
)
async def avatars(request: Request[Any, Any, Any], choosing: Part[Choosing]) -> Response[AvatarsAnswer]:
    """List avatars, emotions, languages and voices."""
    try:
        voices = await choosing.voices()
    except WorkerDown:
        voices = ()
    answer = AvatarsAnswer(
        avatars=[_answer(avatar) for avatar in (await choosing.avatars()).values()],
        emotions=list(EMOTIONS),
        languages=[LanguageAnswer(code=code, name=name) for code, name in LANGUAGES.items()],
        voices=list(voices),
    )
    return cacheable_json(request, answer, headers=NO_CACHE)


def _answer(avatar: Avatar) -> AvatarAnswer:
    label = AVATARS.get(avatar.name)
    if label is not None and set(avatar.emotions) == set(EMOTIONS):
        return AvatarAnswer(name=avatar.name, label=label)
    return AvatarAnswer(
        name=avatar.name,
        label=label or avatar.label,
        emotions=list(avatar.emotions),
        gender=avatar.gender,
        elderly=avatar.elderly,
    )
