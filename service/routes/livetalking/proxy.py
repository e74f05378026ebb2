"""`/api/v1/avatar/...`: what a page's own server asks about calls, as programs in front of LiveTalking are asked it."""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from service import errors
from service.errors import SessionNotFound
from service.routes.http import openapi, problems
from service.routes.http.keys import key_of
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.routes.http.problems import AnyRequest, Handlers
from service.routes.livetalking.calls import LONGEST_TEXT
from service.routes.livetalking.following import NOTHING_RECORDED
from service.routes.livetalking.pydantic import Flag, Misfits, Text, Whole, read
from service.sessions.callers import Callers
from service.sessions.calls import Calls
from service.sessions.live import Live
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


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong: words, or for 422 a list of `{loc, msg, type}`."""

    detail: str | list[dict[str, Any]]


def _detail(
    status: int, detail: str | list[dict[str, Any]], headers: dict[str, str] | None = None
) -> Response[bytes]:
    return Response(
        msgspec.json.encode(Detail(detail=detail)),
        status_code=status,
        media_type="application/json",
        headers={**NO_STORE, **(headers or {})},
    )


def _known(_request: AnyRequest, error: Exception) -> Response[bytes]:
    kind, detail = problems.of(error)
    return _detail(kind.status, detail, problems.headers_of(error))


def _unauthorized(_request: AnyRequest, _error: errors.InvalidApiKey) -> Response[bytes]:
    headers = {"WWW-Authenticate": 'Bearer realm="payments"'}
    return _detail(HTTPStatus.UNAUTHORIZED, "Invalid or missing token or API key", headers)


def _forbidden(_request: AnyRequest, error: errors.KeyNotAllowed) -> Response[bytes]:
    return _detail(HTTPStatus.FORBIDDEN, f"This API key has no scope '{error.scope}'")


def _missing(_request: AnyRequest, error: SessionNotFound) -> Response[bytes]:
    return _detail(HTTPStatus.NOT_FOUND, str(error))


def _misfits(_request: AnyRequest, error: Misfits) -> Response[bytes]:
    return _detail(HTTPStatus.UNPROCESSABLE_ENTITY, error.errors)


def _of_framework(_request: AnyRequest, error: HTTPException) -> Response[bytes]:
    return _detail(error.status_code, error.detail, dict(error.headers or {}))


def _unexpected(_request: AnyRequest, error: Exception) -> Response[bytes]:
    problems.log_unexpected(error)
    return _detail(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal Server Error")


HANDLERS: Handlers = {
    **dict.fromkeys(problems.TABLE, _known),
    errors.InvalidApiKey: _unauthorized,
    errors.KeyNotAllowed: _forbidden,
    SessionNotFound: _missing,
    Misfits: _misfits,
    HTTPException: _of_framework,
    Exception: _unexpected,
}


def _described(*statuses: int) -> dict[int, ResponseSpec]:
    meanings = {
        400: ("The request cannot be read.", "Bad request"),
        401: ("No key or token that is good.", "Invalid or missing token or API key"),
        403: ("The key is good for other things.", "This API key has no scope 'video:make'"),
        404: ("There is no such session, or no recording of it.", NOTHING_RECORDED),
        408: ("The body took too long.", "The body took too long to arrive."),
        413: ("The body is too large.", "The body is too large."),
        422: (
            "The body does not fit.",
            [
                {
                    "type": "string_too_short",
                    "loc": ["body", "text"],
                    "msg": "String should have at least 1 character",
                }
            ],
        ),
        429: ("Too many requests: `Retry-After` says when to ask again.", "Too many requests"),
        500: ("Our fault.", "Internal Server Error"),
        503: ("Not now: `Retry-After` says when to ask again.", "Try again soon."),
    }
    return {
        status: ResponseSpec(
            Detail,
            generate_examples=False,
            description=meanings[status][0],
            examples=[Example(value={"detail": meanings[status][1]})],
        )
        for status in (*statuses, 400, 401, 403, 429, 500, 503)
    }


RETRIED = {status: {"Retry-After": openapi.RETRY_AFTER} for status in (429, 503)}


@get(
    "/api/v1/avatar/session",
    summary="Get URLs by which a page calls",
    description="For the holder of a key with the scope `video:make`, or of a JSON Web Token of the operator's issuer."
    " The page sends its offer to `webrtc_url` as `POST /offer` takes it, with no key: whoever has these URLs calls at"
    " the account's cost for `SATSPEAK_CALL_TOKEN_S`, and no longer than the key is good.",
    tags=TAGS,
    security=openapi.KEY_SECURITY,
    operation_id="getCallUrls",
    operation_class=openapi.operation(headers={**openapi.KEY_HEADERS, **RETRIED}),
    exception_handlers=HANDLERS,
    responses=_described(),
)
async def session(
    request: Request[Any, Any, Any], callers: Part[Callers], links: Part[Links]
) -> Response[SessionUrls]:
    """Get URLs by which a page calls."""
    key = key_of(request)
    account_id = await callers.account(key)
    token = await callers.link(account_id, key)
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
        headers={**openapi.KEY_HEADERS, **RETRIED},
    ),
    exception_handlers=HANDLERS,
    responses=_described(404, 408, 413, 422),
)
async def send_text(
    request: Request[Any, Any, Any], callers: Part[Callers], calls: Part[Calls]
) -> Response[Done]:
    """Say something in a call."""
    account_id = await callers.account(key_of(request))
    text = Text(LONGEST_TEXT, shortest=1)
    asked = await read(request, {"session_id": Whole(), "text": text, "interrupt": Flag(default=True)})
    await calls.get(account_id, asked["session_id"]).say(asked["text"], interrupt=asked["interrupt"])
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
        headers={**openapi.KEY_HEADERS, **RETRIED},
    ),
    exception_handlers=HANDLERS,
    responses=_described(404, 408, 413, 422),
)
async def recording(
    request: Request[Any, Any, Any], callers: Part[Callers], calls: Part[Calls]
) -> Response[Done]:
    """Record a call, or stop that."""
    account_id = await callers.account(key_of(request))
    action = Text(10, among=("start", "stop"))
    asked = await read(request, {"session_id": Whole(), "action": action})
    call = calls.get(account_id, asked["session_id"])
    if asked["action"] == "start":
        call.record()
        return Response(Done(message="Recording started"), headers=NO_STORE)
    if not await call.stop_recording():
        raise SessionNotFound("Nothing is being recorded.")
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
        headers={**openapi.KEY_HEADERS, **RETRIED},
    ),
    exception_handlers=HANDLERS,
    responses=_described(404, 408, 413, 422),
)
async def download(
    request: Request[Any, Any, Any],
    callers: Part[Callers],
    recordings: Part[Recordings],
    links: Part[Links],
) -> Response[RecordingKept]:
    """Get a URL of what was recorded of a call."""
    key = key_of(request)
    account_id = await callers.account(key)
    title = Text(LONGEST_TITLE, optional=True)
    asked = await read(request, {"session_id": Whole(), "title": title})
    found = (
        await recordings.latest(account_id, asked["session_id"])
        if 0 < asked["session_id"] < 1 << 53
        else None
    )
    if found is None:
        raise SessionNotFound(NOTHING_RECORDED)
    if asked["title"]:
        await recordings.name(found, asked["title"])
    url = await recordings.link(found)
    if url is None:
        token = await callers.link(account_id, key, recording=found.id)
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
    operation_class=openapi.operation(headers=RETRIED),
    exception_handlers=HANDLERS,
    responses=_described(),
)
async def health(request: Request[Any, Any, Any], live: Part[Live], links: Part[Links]) -> Response[Health]:
    """Ask whether calls can be made."""
    available = live.active < live.terms.live_sessions
    return Response(
        Health(livetalking_available=available, livetalking_url=links.here(request)), headers=NO_STORE
    )


POSTS = (send_text, recording, download)
GETS = (session, health)
