"""What LiveTalking's API takes and answers: `{code, msg, data}`, `code` 0 where it went well, else -1 (and 200)."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from msgspec import UNSET, Meta, UnsetType

from service import errors
from service.orders.choice import Choice
from service.routes.http import openapi, problems
from service.routes.http.problems import AnyRequest, Handlers
from service.sessions.calls import LARGEST_NUMBER

OK, FAILED = 0, -1

NO_STORE = {"Cache-Control": "no-store"}

Session = Annotated[
    int | str, Meta(description="The `sessionid` of the answer to an offer, as a number or as text.")
]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A viewer's offer. Fields that are not known are passed over."""

    sdp: Annotated[str, Meta(description="Of `RTCPeerConnection.createOffer()`, with a video m-line.")]
    type: Annotated[str, Meta(description="`offer`.")] = "offer"
    avatar: Annotated[str | None, Meta(description="Who is seen; GET /avatars lists them.")] = None
    emotion: Annotated[str | None, Meta(description="How they look.")] = None
    language: Annotated[str | None, Meta(description="Of what is said; else of each text.")] = None
    voice: Annotated[str | None, Meta(description="Whose voice; GET /voices lists them.")] = None

    @property
    def choice(self) -> Choice:
        """Who is to be seen and heard."""
        return Choice(
            avatar=self.avatar or None,
            emotion=self.emotion or None,
            language=self.language or None,
            voice=self.voice or None,
        )


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an offer, with all candidates in it; where it cannot be answered, `code` and `msg` alone."""

    sdp: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    sessionid: Annotated[int | UnsetType, Meta(description="Below 2^53.")] = UNSET
    code: int = OK
    msg: str = "ok"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Something to say."""

    sessionid: Session
    text: str
    type: Annotated[str, Meta(description="`echo`: as it stands.")] = "echo"
    interrupt: Annotated[bool, Meta(description="In place of what is being said, not after it.")] = False


class OfSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session."""

    sessionid: Session


class RecordingWish(msgspec.Struct, frozen=True, kw_only=True):
    """Whether to record."""

    sessionid: Session
    type: Annotated[str, Meta(description="`start_record` or `end_record`.")]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request."""

    code: int = OK
    msg: str = "ok"
    data: Annotated[bool | UnsetType, Meta(description="Where something was asked.")] = UNSET


def number_of(session: int | str) -> int:
    """Read the number of a session.

    Raises:
        SessionNotFound: It is none.
    """
    text = str(session).strip()
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST_NUMBER)) else 0
    if not 0 < number <= LARGEST_NUMBER:
        raise errors.SessionNotFound(f"There is no session {text[:40]!r}.")
    return number


def failure(
    message: str, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """Say what went wrong."""
    return Response(
        msgspec.json.encode(Result(code=FAILED, msg=message)),
        status_code=status,
        media_type="application/json",
        headers={**NO_STORE, **(headers or {})},
    )


def _known(_request: AnyRequest, error: Exception) -> Response[bytes]:
    return failure(problems.of(error)[1])


def _with_status(_request: AnyRequest, error: Exception) -> Response[bytes]:
    kind, detail = problems.of(error)
    return failure(detail, kind.status, problems.headers_of(error))


def _always(status: HTTPStatus, message: str) -> Callable[[AnyRequest, Any], Response[bytes]]:
    return lambda _request, _error: failure(message, status)


def _missing(_request: AnyRequest, error: errors.SessionNotFound) -> Response[bytes]:
    return failure(str(error))


def _not_there(_request: AnyRequest, error: errors.SessionNotFound) -> Response[bytes]:
    return failure(str(error), HTTPStatus.NOT_FOUND)


def _of_framework(_request: AnyRequest, error: HTTPException) -> Response[bytes]:
    return failure(error.detail or "Refused.", error.status_code, dict(error.headers or {}))


def _unexpected(_request: AnyRequest, error: Exception) -> Response[bytes]:
    problems.log_unexpected(error)
    return failure("Something went wrong here.", HTTPStatus.INTERNAL_SERVER_ERROR)


HANDLERS: Handlers = {
    **dict.fromkeys(problems.TABLE, _known),
    errors.TooManyRequests: _with_status,
    errors.BodyTooLarge: _with_status,
    errors.BodyTooSlow: _with_status,
    errors.RangeNotSatisfiable: _with_status,
    errors.SessionNotFound: _missing,
    errors.InvalidApiKey: _always(
        HTTPStatus.UNAUTHORIZED, "A key, or the token of a link, is missing or not valid."
    ),
    errors.KeyNotAllowed: _always(HTTPStatus.FORBIDDEN, "This key has no scope 'video:make'."),
    errors.InsufficientCredits: _always(
        HTTPStatus.FORBIDDEN, "The account has no more video time: POST /lightning/top-up buys some."
    ),
    HTTPException: _of_framework,
    Exception: _unexpected,
}

NOT_THERE: Handlers = {**HANDLERS, errors.SessionNotFound: _not_there}
"""Where the answer is no JSON."""


def described(*statuses: int) -> dict[int, ResponseSpec]:
    """Describe how requests are turned away."""
    meanings = {
        400: "The request cannot be read.",
        401: "A key, or the token of a link, is missing or not valid.",
        403: "The key is good for other things, or its account has no video time.",
        404: "There is no such session, or nothing was recorded in it.",
        408: "The body took too long.",
        413: "The body is too large.",
        416: "The range lies past the end.",
        429: "Too many requests: `Retry-After` says when to ask again.",
        500: "Our fault.",
        503: "Too many requests of all clients.",
    }
    return {
        status: ResponseSpec(
            Result,
            generate_examples=False,
            description=meanings[status],
            examples=[Example(value={"code": FAILED, "msg": meanings[status]})],
        )
        for status in (*statuses, 400, 401, 403, 429, 500, 503)
    }


RETRIED = {status: {"Retry-After": openapi.RETRY_AFTER} for status in (429, 503)}


def shown(request: Request[Any, Any, Any]) -> str | None:
    """Return the token of a link that a request has in its query: a page that was only given the link has no key."""
    return request.query_params.get("token") or None
