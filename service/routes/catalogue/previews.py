"""Avatars at rest, and voices, for whoever is choosing one."""

from typing import Any, Literal

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from service.catalogue.previews import Previews
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.conditions import etag_of, has, not_modified
from service.routes.http.parts import Part
from service.routes.http.ranges import parse_range

CACHE_CONTROL = "public, max-age=3600, stale-while-revalidate=86400"
"""A face hardly ever changes, and a page shows many."""

File = Literal["portrait.jpg", "idle.mp4", "sample.m4a"]

MEDIA_TYPES: dict[File, str] = {
    "portrait.jpg": "image/jpeg",
    "idle.mp4": "video/mp4",
    "sample.m4a": "audio/mp4",
}

AnyRequest = Request[Any, Any, Any]


def _described(file: File, meaning: str) -> dict[int, ResponseSpec]:
    media_type = MEDIA_TYPES[file]
    answers = {200: ResponseSpec(bytes, generate_examples=False, description=meaning, media_type=media_type)}
    if file != "portrait.jpg":
        answers[206] = ResponseSpec(
            bytes, generate_examples=False, description="The part that was asked for.", media_type=media_type
        )
    return (
        answers
        | openapi.not_modified()
        | openapi.limited_problems(types.INVALID_REQUEST, types.NOT_FOUND, types.RENDERER_UNAVAILABLE)
    )


_HEADERS = {200: {"ETag": openapi.ETAG}, 304: {"ETag": openapi.ETAG}}


@get(
    "/avatars/{avatar:str}/{emotion:str}/portrait.jpg",
    summary="Show an avatar",
    description="A small square picture of an avatar at rest.",
    tags=["Buying"],
    operation_id="getAvatarPortrait",
    operation_class=openapi.operation(headers=_HEADERS),
    responses=_described("portrait.jpg", "The picture."),
)
async def portrait(
    request: AnyRequest, avatar: FromPath[str], emotion: FromPath[str], previews: Part[Previews]
) -> Response[bytes]:
    """Show an avatar."""
    return _answer(request, "portrait.jpg", await previews.get(avatar, emotion, "portrait.jpg"))


@get(
    "/avatars/{avatar:str}/{emotion:str}/idle.mp4",
    summary="Show an avatar waiting to speak",
    description="A small silent film, some seconds long, to be played over and over.",
    tags=["Buying"],
    operation_id="getAvatarIdle",
    operation_class=openapi.operation(
        headers=_HEADERS | {206: {"ETag": openapi.ETAG, "Content-Range": openapi.CONTENT_RANGE}}
    ),
    responses=_described("idle.mp4", "The film."),
)
async def idle(
    request: AnyRequest, avatar: FromPath[str], emotion: FromPath[str], previews: Part[Previews]
) -> Response[bytes]:
    """Show an avatar waiting to speak."""
    return _answer(request, "idle.mp4", await previews.get(avatar, emotion, "idle.mp4"))


@get(
    "/voices/{voice:str}/sample.m4a",
    summary="Hear a voice",
    description="Some seconds of a voice, in its language.",
    tags=["Buying"],
    operation_id="getVoiceSample",
    operation_class=openapi.operation(
        headers=_HEADERS | {206: {"ETag": openapi.ETAG, "Content-Range": openapi.CONTENT_RANGE}}
    ),
    responses=_described("sample.m4a", "The voice."),
)
async def voice_sample(
    request: AnyRequest, voice: FromPath[str], previews: Part[Previews]
) -> Response[bytes]:
    """Hear a voice."""
    return _answer(request, "sample.m4a", await previews.voice(voice))


def _answer(request: AnyRequest, file: File, content: bytes | None) -> Response[bytes]:
    if content is None:
        raise NotFoundException
    headers = {"Cache-Control": CACHE_CONTROL, "ETag": etag_of(content), "Accept-Ranges": "bytes"}
    if has(request, headers["ETag"]):
        return not_modified(headers)
    span = parse_range(request.headers.get("Range"), len(content), whole=True)
    status = 200
    if span and request.headers.get("If-Range") in (
        None,
        headers["ETag"],
    ):  # some browsers play films by ranges only
        headers["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{len(content)}"
        content, status = content[span.start : span.stop], 206
    return Response(content, status_code=status, media_type=MEDIA_TYPES[file], headers=headers)


HANDLERS = [portrait, idle, voice_sample]
