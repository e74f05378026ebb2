"""The worker's HTTP: renders, what can be rendered, and how it goes. Errors are problem documents (RFC 9457)."""

import asyncio
import contextlib
import http
import resource
import tempfile
from collections.abc import AsyncGenerator, Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from worker import previews
from worker.admission import Admission
from worker.cloning import MAX_CLONE_BYTES, Cloned, Cloner, CloneRequest
from worker.errors import (
    BackgroundMissing,
    Busy,
    CallerGone,
    CannotDraw,
    NetworkStopped,
    NoTemplate,
    StudioBusy,
    Unrenderable,
)
from worker.finish import FORMATS, finish
from worker.intake import Intake
from worker.live.desk import Desk
from worker.matching import MAX_MATCH_BYTES, Matcher, MatchRequest
from worker.metrics import METRICS_MEDIA_TYPE, Metrics
from worker.pipeline import Renderer
from worker.records import PROTOCOL_MEDIA_TYPE
from worker.samples import Samples
from worker.sound import MAX_FILE_BYTES, SpeechRequest, heard, say
from worker.speech import (
    SAMPLE_RATE,
    Accent,
    BadVoicePack,
    Clones,
    SpeechError,
    SynthesisFailed,
    UnfitSamples,
    VoiceMissing,
)
from worker.speech.likeness import Likeness

MAX_FILM_BYTES = 16 << 20
"""Of what is sent for a poster: its first seconds are under 2 MB."""

MAX_WHOLE_BYTES = 4 << 30
"""Of a whole video: five minutes of 4K are a quarter of it."""

_PIECE_BYTES = 1 << 18

# Renders that were paid for come first: this takes one core at most, and no thread while it waits.
_one_at_a_time = asyncio.Lock()

log = structlog.get_logger()

AnyRequest = Request[Any, Any, Any]


class HealthAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How the worker is; `frames_rendered` counts since its start, `clones` are languages spoken like any recording."""

    status: str
    version: str
    provider: str
    renders_active: int
    renders_waiting: int
    live_sessions: int
    frames_rendered: int
    peak_rss_bytes: int
    clones: tuple[str, ...] = ()  # a worker of before says nothing of it


class AvatarAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Who can speak, and how they can feel."""

    name: str
    label: str
    emotions: list[str]
    gender: str
    elderly: bool


class VoiceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A voice that an order can name; see `worker.speech.Voice`."""

    name: str
    language: str
    gender: str
    engine: str
    accent: Accent


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


@post("/renders", status_code=200, request_max_body_size=None)  # the intake has a limit of its own
async def render(request: AnyRequest, intake: NamedDependency[Intake]) -> Stream:
    """Render an order and stream its records."""
    records = intake.render(request.stream(), partial(_gone, request))
    first = await anext(records)  # errors up to here are answers, later ones break the connection
    return Stream(_resumed(first, records), media_type=PROTOCOL_MEDIA_TYPE)


async def _gone(request: AnyRequest) -> None:
    """Return when the connection is closed; to be asked after the body, with which it would compete."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _resumed(first: bytes, records: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    try:
        yield first
        async for record in records:
            yield record
    finally:
        await records.aclose()


@get("/health")
async def health(
    admission: NamedDependency[Admission],
    renderer: NamedDependency[Renderer],
    desk: NamedDependency[Desk],
    clones: NamedDependency[Clones],
    provider: NamedDependency[str],
) -> HealthAnswer:
    """Tell how it goes.

    Raises:
        NetworkStopped: nothing is drawn here any more.
    """
    renderer.check()
    return HealthAnswer(
        status="ok",
        version=version("satspeak"),
        provider=provider,
        renders_active=admission.active,
        renders_waiting=admission.waiting,
        live_sessions=desk.active,
        frames_rendered=renderer.frames_rendered,
        peak_rss_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,  # Linux counts in KiB
        clones=tuple(clones.languages),
    )


@get("/metrics", media_type=METRICS_MEDIA_TYPE)
async def show_metrics(metrics: NamedDependency[Metrics]) -> bytes:
    """Show the metrics to Prometheus."""
    return metrics.page()


@get("/avatars")
async def avatars(renderer: NamedDependency[Renderer]) -> list[AvatarAnswer]:
    """List who can speak."""
    return [
        AvatarAnswer(
            name=pack.name,
            label=pack.label,
            emotions=sorted(pack.emotions),
            gender=pack.gender,
            elderly=pack.elderly,
        )
        for pack in renderer.avatars
    ]


@get("/voices")
async def voices(renderer: NamedDependency[Renderer]) -> list[VoiceAnswer]:
    """List the voices."""
    return [
        VoiceAnswer(
            name=voice.name,
            language=voice.language,
            gender=voice.gender,
            engine=voice.engine,
            accent=voice.accent,
        )
        for voice in renderer.speech.voices
    ]


@get("/voices/{name:str}/sample.m4a", media_type="audio/mp4", sync_to_thread=True)
def sample(name: FromPath[str], samples: NamedDependency[Samples]) -> bytes:
    """Let a voice be heard."""
    return samples.get(name)


@get("/avatars/{name:str}/{emotion:str}/portrait.jpg", media_type="image/jpeg", sync_to_thread=True)
def portrait(name: FromPath[str], emotion: FromPath[str], renderer: NamedDependency[Renderer]) -> bytes:
    """Show an avatar at rest."""
    return previews.portrait(renderer.avatars, renderer.avatars.find(name, emotion), emotion)


@get("/avatars/{name:str}/{emotion:str}/idle.mp4", media_type="video/mp4", sync_to_thread=True)
def idle(name: FromPath[str], emotion: FromPath[str], renderer: NamedDependency[Renderer]) -> bytes:
    """Show an avatar as it waits to speak."""
    return previews.idle(renderer.avatars, renderer.avatars.find(name, emotion), emotion)


@post("/poster", status_code=200, media_type="image/jpeg", request_max_body_size=MAX_FILM_BYTES)
async def poster(
    request: AnyRequest,
    avatar: FromQuery[str],
    emotion: FromQuery[str],
    renderer: NamedDependency[Renderer],
) -> bytes:
    """Take the picture out of the start of a video on which its mouth is open widest."""
    pack = renderer.avatars.find(avatar, emotion)
    film = await request.body()
    return await asyncio.to_thread(previews.poster, renderer.avatars, pack, emotion, film)


@post("/finish", status_code=200, request_max_body_size=MAX_WHOLE_BYTES)
async def finished(request: AnyRequest, kind: FromQuery[Literal["mov", "webm", "avi"]]) -> Stream:
    """Make another kind of file of a whole video."""
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="finish-")))
        source, target = folder / "video.mp4", folder / f"video.{kind}"
        with source.open("wb") as file:
            async for chunk in request.stream():
                await asyncio.to_thread(file.write, chunk)
        async with _one_at_a_time:
            await asyncio.to_thread(finish, source, kind, target)
        return Stream(_read(target, stack.pop_all()), media_type=FORMATS[kind])


async def _read(path: Path, stack: contextlib.AsyncExitStack) -> AsyncGenerator[bytes, None]:
    """Read a file in pieces; what the stack holds ends with it."""
    async with stack:
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _PIECE_BYTES):
                yield chunk


MAX_SPEECHES = 2
"""Texts spoken, and files decoded, at once: renders come first."""

_speeches = asyncio.Semaphore(MAX_SPEECHES)

# Voices that are made wait for somebody else's server, and keep nobody from being heard.
_clonings = asyncio.Semaphore(MAX_SPEECHES)


@post("/speech", status_code=200)
async def speak(request: AnyRequest, renderer: NamedDependency[Renderer]) -> Response[bytes]:
    """Speak a text to a file; `Speech-Ms` says how long it is."""
    try:
        wanted = msgspec.json.decode(await request.body(), type=SpeechRequest)
    except msgspec.MsgspecError as exc:
        raise Unrenderable(f"The request cannot be read: {exc}") from exc
    async with _speeches:
        content, samples = await asyncio.to_thread(say, renderer.speech, wanted)
    return Response(
        content,
        media_type="audio/mpeg" if wanted.form == "mp3" else "audio/wav",
        headers={"Speech-Ms": str(-(-samples * 1000 // SAMPLE_RATE))},
    )


@post("/pcm", status_code=200, media_type="application/octet-stream", request_max_body_size=MAX_FILE_BYTES)
async def pcm(request: AnyRequest, most_s: FromQuery[int]) -> bytes:
    """Decode the sound of a file: s16le, mono, 16 kHz."""
    content = await request.body()
    async with _speeches:
        return await asyncio.to_thread(heard, content, most_s=most_s)


@post("/voices/match", status_code=200, request_max_body_size=MAX_MATCH_BYTES)
async def match(request: AnyRequest, matcher: NamedDependency[Matcher]) -> Likeness:
    """Find the voice of ours that is most like somebody's, by samples in msgpack; see `MatchRequest`."""
    try:
        wanted = msgspec.msgpack.decode(await request.body(), type=MatchRequest)
    except msgspec.MsgspecError as exc:
        raise Unrenderable(f"The request cannot be read: {exc}") from exc
    async with _speeches:
        return await asyncio.to_thread(matcher.match, wanted)


@post("/voices/clone", status_code=200, request_max_body_size=MAX_CLONE_BYTES + (1 << 16))
async def clone(request: AnyRequest, cloner: NamedDependency[Cloner]) -> Response[bytes]:
    """Make a voice that speaks like samples, in msgpack; see `CloneRequest` and `Cloned`."""
    try:
        wanted = msgspec.msgpack.decode(await request.body(), type=CloneRequest)
    except msgspec.MsgspecError as exc:
        raise Unrenderable(f"The request cannot be read: {exc}") from exc
    async with _clonings:
        made: Cloned = await asyncio.to_thread(cloner.make, wanted)
    return Response(msgspec.msgpack.encode(made), media_type="application/msgpack")


HANDLERS = [
    speak,
    match,
    clone,
    pcm,
    render,
    health,
    show_metrics,
    avatars,
    voices,
    sample,
    portrait,
    idle,
    poster,
    finished,
]


def _problem(status: int, detail: str, headers: dict[str, str] | None = None) -> Response[Problem]:
    title = http.HTTPStatus(status).phrase
    return Response(
        Problem(title=title, status=status, detail=detail),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )


def _unrenderable(_: AnyRequest, exc: Unrenderable) -> Response[Problem]:
    return _problem(400, str(exc))


def _unspeakable(_: AnyRequest, exc: SpeechError) -> Response[Problem]:
    return _problem(400, f"{exc} GET /voices lists the languages and their voices.")


def _unfit(_: AnyRequest, exc: UnfitSamples) -> Response[Problem]:
    return _problem(400, str(exc))


def _busy(_: AnyRequest, exc: Busy) -> Response[Problem]:
    return _problem(503, str(exc), {"Retry-After": str(exc.retry_after_s)})


def _studio_busy(_: AnyRequest, exc: StudioBusy) -> Response[Problem]:
    return _problem(503, str(exc), {"Retry-After": str(exc.retry_after_s)})


def _missing(_: AnyRequest, exc: BackgroundMissing) -> Response[Problem]:
    return _problem(409, str(exc))


def _voice_missing(_: AnyRequest, exc: VoiceMissing) -> Response[Problem]:
    return _problem(409, str(exc))


def _no_template(_: AnyRequest, exc: NoTemplate) -> Response[Problem]:
    return _problem(501, str(exc))


def _cannot_draw(_: AnyRequest, exc: CannotDraw) -> Response[Problem]:
    return _problem(503, str(exc))


def _caller_gone(_: AnyRequest, exc: CallerGone) -> Response[Problem]:
    return _problem(408, str(exc))  # to nobody


def _stopped(_: AnyRequest, exc: NetworkStopped) -> Response[Problem]:
    return _problem(500, f"{exc} Start the worker again.")  # 503 would say that it is worth waiting for


def _http(_: AnyRequest, exc: HTTPException) -> Response[Problem]:
    return _problem(exc.status_code, exc.detail)


def _failed(request: AnyRequest, exc: Exception) -> Response[Problem]:
    log.error("request failed", path=request.url.path, exc_info=exc)
    return _problem(500, "The worker failed. Its log has the reason.")


PROBLEMS: dict[int | type[Exception], Callable[[AnyRequest, Any], Response[Problem]]] = {
    Unrenderable: _unrenderable,
    SpeechError: _unspeakable,
    SynthesisFailed: _failed,
    UnfitSamples: _unfit,
    BadVoicePack: _unfit,
    VoiceMissing: _voice_missing,
    NoTemplate: _no_template,
    Busy: _busy,
    BackgroundMissing: _missing,
    CallerGone: _caller_gone,
    CannotDraw: _cannot_draw,
    StudioBusy: _studio_busy,
    NetworkStopped: _stopped,
    HTTPException: _http,
    Exception: _failed,
}
