"""The worker's HTTP for faces: portraits from prompts, and packs of avatars made of pictures, films and recipes.

Nothing is installed here: a pack is answered as a tar of `avatar.json` and its films.
"""

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter

from faces.prompts import Recipe
from worker.drawing import DrawPortrait, FilmPerson, FitPicture, ImportPerson
from worker.errors import CallerGone, CannotBeDrawn
from worker.portraits import Studio

MAX_SOURCE_BYTES = 64 << 20
"""Of a picture or film of somebody."""

LEAST_PX, MOST_PX = 128, 2048
"""Of each side of a picture that is cut to a size."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAR = "application/x-tar"

AnyRequest = Request[Any, Any, Any]
Result = TypeVar("Result")


class PortraitOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be drawn, and how large; without a seed the prompt is one."""

    prompt: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
    width: int = 512
    height: int = 512
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32)] | None = None
    format: Literal["jpeg", "png"] = "jpeg"


class PortraitAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A portrait: what it was drawn from, and the words that it was not drawn from."""

    mime: str
    width: int
    height: int
    recipe: Recipe
    ignored_words: tuple[str, ...]
    picture: str


class FilmOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be filmed; `mouths` gives sharp lips for twice the time."""

    name: Annotated[str, msgspec.Meta(pattern=f"^{_NAME.pattern}$")]
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    gender: Literal["male", "female"]
    recipe: Recipe
    emotions: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=3)] = ("neutral",)
    mouths: bool = False


@post("/portraits", status_code=200)
async def draw_portrait(
    request: AnyRequest, data: JSONBody[PortraitOrder], drawing: NamedDependency[Studio]
) -> PortraitAnswer:
    """Draw somebody who does not exist."""
    wanted = DrawPortrait(
        prompt=data.prompt, width=data.width, height=data.height, seed=data.seed, format=data.format
    )
    drawn = await unless_gone(request, drawing.portrait(wanted))
    return PortraitAnswer(
        mime=f"image/{data.format}",
        width=data.width,
        height=data.height,
        recipe=drawn.recipe,
        ignored_words=drawn.ignored_words,
        picture=base64.b64encode(drawn.picture).decode(),
    )


@post("/portraits/fitted", status_code=200, media_type="image/jpeg", request_max_body_size=MAX_SOURCE_BYTES)
async def fit_portrait(
    request: AnyRequest,
    width: Annotated[int, QueryParameter(ge=LEAST_PX, le=MOST_PX)],
    height: Annotated[int, QueryParameter(ge=LEAST_PX, le=MOST_PX)],
    drawing: NamedDependency[Studio],
) -> Response[bytes]:
    """Cut a picture of one person, which was drawn elsewhere, to a size around the face."""
    wanted = FitPicture(picture=await request.body(), width=width, height=height)
    picture = await unless_gone(request, drawing.fit(wanted))
    return Response(picture, status_code=200, media_type="image/jpeg")


@post("/avatars", status_code=200, media_type=_TAR, request_max_body_size=2 * MAX_SOURCE_BYTES)
async def make_avatar(
    request: AnyRequest,
    name: FromQuery[str],
    gender: FromQuery[str],
    drawing: NamedDependency[Studio],
    label: FromQuery[str] = "",
    footage: Annotated[int | None, QueryParameter(ge=1)] = None,
) -> Response[bytes]:
    """Make a pack of a picture or a film of somebody who has agreed to it.

    With `footage`, that is the first so many bytes of the body, and what follows a film of the mouth's four shapes.
    """
    if not _NAME.fullmatch(name):
        raise CannotBeDrawn(f"{name!r} is no name: use up to 40 of a-z, 0-9 and _, and begin with a letter.")
    if gender not in ("male", "female"):
        raise CannotBeDrawn("`gender` is male or female.")
    order = ImportPerson(
        folder="",
        name=name,
        label=label[:80] or name.replace("_", " ").capitalize(),
        gender="male" if gender == "male" else "female",
        source="",
    )
    async with drawing.importing() as turn:
        await _receive(request, turn.source, turn.mouths, footage)
        pack, warnings = await unless_gone(request, turn.pack(order))
    headers = {"X-Warnings": json.dumps(warnings)}
    return Response(pack, status_code=200, media_type=_TAR, headers=headers)


@post("/avatars/filmed", status_code=200, media_type=_TAR)
async def film_avatar(
    request: AnyRequest, data: JSONBody[FilmOrder], drawing: NamedDependency[Studio]
) -> Response[bytes]:
    """Make a pack of somebody drawn, from their recipe; it takes minutes."""
    wanted = FilmPerson(
        folder="",
        name=data.name,
        label=data.label,
        gender=data.gender,
        recipe=data.recipe,
        emotions=data.emotions,
        mouths=data.mouths,
    )
    pack = await unless_gone(request, drawing.film(wanted))
    return Response(pack, status_code=200, media_type=_TAR)


PORTRAIT_HANDLERS = [draw_portrait, fit_portrait, make_avatar, film_avatar]


async def _receive(request: AnyRequest, source: Path, mouths: Path, footage: int | None) -> None:
    """Write a body to a file as it comes, or what is behind its first bytes to another."""
    at = 0
    with contextlib.ExitStack() as files:
        file = files.enter_context(source.open("wb"))
        async for part in request.stream():
            left = len(part) if footage is None else max(0, footage - at)
            for piece in filter(None, (part[:left], part[left:])):
                if at == footage:
                    file = files.enter_context(mouths.open("wb"))
                await asyncio.to_thread(file.write, piece)
                at += len(piece)
                if file.tell() > MAX_SOURCE_BYTES:
                    raise CannotBeDrawn(f"A picture or film has at most {MAX_SOURCE_BYTES >> 20} MiB.")
    if not at:
        raise CannotBeDrawn("Send a picture or a film as the body.")
    if footage is not None and at <= footage:
        raise CannotBeDrawn(
            "`footage` is how many bytes come before the film of the mouth, and none came behind."
        )


async def unless_gone(request: AnyRequest, work: Coroutine[Any, Any, Result]) -> Result:
    """Do what the caller waits for, and give it up when the caller goes; the body has been read before."""
    working, leaving = asyncio.create_task(work), asyncio.create_task(_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise CallerGone
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(request: AnyRequest) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
