"""`/api/v1/avatar/...`: what a page's own server asks about calls, as programs in front of LiveTalking are asked it."""

from typing import Any

import msgspec
from litestar import Request, Response, get, post

from service.errors import SessionNotFound
from service.routes.http import openapi
from service.routes.http.keys import key_of
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.routes.livetalking.calls import LONGEST_TEXT
from service.routes.livetalking.pydantic import Flag, Text, Whole, read
from service.routes.livetalking.refusals import HEADERS, NOTHING_RECORDED, PROXY
from service.sessions.callers import Callers
from service.sessions.control import CallControl
from service.sessions.recordings import Recordings

TAGS = ["Live"]
NO_STORE = {"Cache-Control": "no-store"}
LONGEST_TITLE = 255


class SessionUrls(msgspec.Struct, frozen=True, kw_only=True):
    """Where a page calls; each URL has a token that is good for a while, in place of a key."""

    webrtc_url: str
    human_url: str
    record_url: str


class TextToSay(msgspec.Struct, frozen=True, kw_only=True):
    """Something to say in a call."""

    session_id: int
    text: str
    interrupt: bool = True


class RecordingAction(msgspec.Struct, frozen=True, kw_only=True):
    """Whether to record: `start` or `stop`."""

    session_id: int
    action: str


class RecordingToGet(msgspec.Struct, frozen=True, kw_only=True):
    """A recording, please."""

    session_id: int
    title: str | None = None


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """It is done."""

    message: str
    success: bool = True


class RecordingKept(msgspec.Struct, frozen=True, kw_only=True):
    """A recording, and where anybody gets it for a while."""

    message: str
    recording_id: str
    download_url: str
    s3_key: str
    success: bool = True


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether calls can be made here."""

    livetalking_available: bool
    livetalking_url: str


@get(
    "/api/v1/avatar/session",
    summary="Get URLs by which a page calls",
    description="For the holder of a key with the scope `video:make`, or of a JSON Web Token of the operator's issuer."
    " The page sends its offer to `webrtc_url` as `POST /offer` takes it, with no key: whoever has these URLs calls at"
    " the account's cost for `SATSPEAK_CALL_TOKEN_S`, and no longer than the key is good.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="getCallUrls",
    operation_class=openapi.operation(headers=HEADERS),
    exception_handlers=PROXY.handlers,
    responses=PROXY.described(),
)
async def session(
    request: Request[Any, Any, Any],
    callers: Part[Callers],
    links: Part[Links],
    call_control: Part[CallControl],
) -> Response[SessionUrls]:
    """Get URLs by which a page calls."""
    key = key_of(request)
    account_id = await callers.account(key)
    if (far := call_control.far) is not None:
        urls = SessionUrls(webrtc_url=f"{far}/offer", human_url=f"{far}/human", record_url=f"{far}/record")
        return Response(urls, headers=NO_STORE)
    token, _ = await callers.link(account_id, key)
    urls = SessionUrls(
        webrtc_url=links.of(request, "offer", token=token),
        human_url=links.of(request, "human", token=token),
        record_url=links.of(request, "record", token=token),
    )
    return Response(urls, headers=NO_STORE)


@post(
    "/api/v1/avatar/send-text",
    status_code=200,
    summary="Say something in a call",
    description="In place of what is being said, unless `interrupt` is false.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="sendTextToCall",
    operation_class=openapi.operation(
        body=TextToSay,
        example={"session_id": 4503599627370495, "text": "Hello!", "interrupt": True},
        headers=HEADERS,
    ),
    exception_handlers=PROXY.handlers,
    responses=PROXY.described(404, 408, 413, 422),
)
async def send_text(
    request: Request[Any, Any, Any], callers: Part[Callers], call_control: Part[CallControl]
) -> Response[Done]:
    """Say something in a call."""
    account_id = await callers.account(key_of(request))
    text = Text(LONGEST_TEXT, shortest=1)
    session = _session(call_control)
    asked = await read(request, {"session_id": session, "text": text, "interrupt": Flag(default=True)})
    await call_control.say(account_id, asked["session_id"], asked["text"], interrupt=asked["interrupt"])
    return Response(Done(message="Text sent successfully"), headers=NO_STORE)


@post(
    "/api/v1/avatar/recording",
    status_code=200,
    summary="Record a call, or stop that",
    description="`stop` is answered once the recording is kept.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="controlRecording",
    operation_class=openapi.operation(
        body=RecordingAction,
        example={"session_id": 4503599627370495, "action": "start"},
        headers=HEADERS,
    ),
    exception_handlers=PROXY.handlers,
    responses=PROXY.described(404, 408, 413, 422),
)
async def recording(
    request: Request[Any, Any, Any], callers: Part[Callers], call_control: Part[CallControl]
) -> Response[Done]:
    """Record a call, or stop that."""
    account_id = await callers.account(key_of(request))
    action = Text(10, among=("start", "stop"))
    asked = await read(request, {"session_id": _session(call_control), "action": action})
    if asked["action"] == "start":
        await call_control.record(account_id, asked["session_id"])
        return Response(Done(message="Recording started"), headers=NO_STORE)
    await call_control.stop_recording(account_id, asked["session_id"])
    return Response(Done(message="Recording stopped"), headers=NO_STORE)


@post(
    "/api/v1/avatar/recording/download",
    status_code=200,
    summary="Get a URL of what was recorded of a call",
    description="Of its last recording, be the call over or not. Anybody gets it there for `SATSPEAK_CALL_TOKEN_S`.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="downloadRecording",
    operation_class=openapi.operation(
        body=RecordingToGet,
        example={"session_id": 4503599627370495, "title": "Demo"},
        headers=HEADERS,
    ),
    exception_handlers=PROXY.handlers,
    responses=PROXY.described(404, 408, 413, 422),
)
async def download(
    request: Request[Any, Any, Any],
    callers: Part[Callers],
    call_control: Part[CallControl],
    recordings: Part[Recordings],
    links: Part[Links],
) -> Response[RecordingKept]:
    """Get a URL of what was recorded of a call."""
    key = key_of(request)
    account_id = await callers.account(key)
    title = Text(LONGEST_TITLE, optional=True)
    asked = await read(request, {"session_id": _session(call_control), "title": title})
    found = await call_control.recording(account_id, asked["session_id"])
    if found is None:
        raise SessionNotFound(NOTHING_RECORDED)
    if asked["title"]:
        await recordings.name(found, asked["title"])
    url = await recordings.link(found)
    if url is None:
        token, _ = await callers.link(account_id, key, recording=found.id)
        url = links.of(request, "record", str(found.call), token=token)
    kept = RecordingKept(
        message="Recording downloaded and saved", recording_id=found.id, download_url=url, s3_key=found.object
    )
    return Response(kept, headers=NO_STORE)


@get(
    "/api/v1/avatar/health",
    summary="Ask whether calls can be made",
    description="Needs no key.",
    tags=TAGS,
    operation_id="getCallHealth",
    operation_class=openapi.operation(headers=HEADERS),
    exception_handlers=PROXY.handlers,
    responses=PROXY.described(),
)
async def health(
    request: Request[Any, Any, Any], call_control: Part[CallControl], links: Part[Links]
) -> Response[Health]:
    """Ask whether calls can be made."""
    url = call_control.far or links.here(request)
    told = Health(livetalking_available=await call_control.available(), livetalking_url=url)
    return Response(told, headers=NO_STORE)


def _session(control: CallControl) -> Whole:
    """Say how a session may be named: here by a number, elsewhere by a UUID too."""
    return Whole(texts=control.far is not None)


POSTS = (send_text, recording, download)
GETS = (session, health)
