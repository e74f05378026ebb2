"""Errors in the shape of this API: `{error, error_code, details, timestamp}`."""

import datetime as dt
from collections.abc import Collection
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from lightning import LightningError
from service import errors
from service.accounts.account import whole_seconds
from service.routes.http import openapi, problems
from service.routes.http import problem_types as types
from service.routes.http.problem_types import ProblemType
from service.routes.http.problems import AnyRequest, Handlers
from service.routes.http.request_ids import current_request_id

CODES = {
    HTTPStatus.BAD_REQUEST: "BAD_REQUEST",
    HTTPStatus.UNAUTHORIZED: "INVALID_API_KEY",
    HTTPStatus.PAYMENT_REQUIRED: "INSUFFICIENT_CREDITS",
    HTTPStatus.FORBIDDEN: "INSUFFICIENT_SCOPE",
    HTTPStatus.NOT_FOUND: "NOT_FOUND",
    HTTPStatus.METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
    HTTPStatus.REQUEST_TIMEOUT: "BODY_TOO_SLOW",
    HTTPStatus.GONE: "GONE",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "BODY_TOO_LARGE",
    HTTPStatus.UNPROCESSABLE_ENTITY: "VALIDATION_ERROR",
    HTTPStatus.TOO_MANY_REQUESTS: "RATE_LIMIT_EXCEEDED",
    HTTPStatus.INTERNAL_SERVER_ERROR: "INTERNAL_SERVER_ERROR",
    HTTPStatus.NOT_IMPLEMENTED: "NOT_IMPLEMENTED",
    HTTPStatus.SERVICE_UNAVAILABLE: "SERVICE_UNAVAILABLE",
}
"""What an error is called where nothing more is known of it than its status."""

NO_KEY = "Invalid or missing API key: send it as X-API-Key, or as Authorization: Bearer."
UNMADE = "The video could not be made now. It has cost no video time: try again soon."
GIVEN_UP = "The video could not be made, and has cost no video time."


class ErrorAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong."""

    error: str
    error_code: str
    details: dict[str, Any]
    timestamp: dt.datetime


class NotListed(errors.ServiceError):
    """There is no avatar or voice of this name."""

    def __init__(self, what: str, name: str, known: Collection[str]) -> None:
        shown = name if len(name) <= 40 else name[:40] + "..."  # noqa: PLR2004 - what a message can carry
        super().__init__(f"There is no {what} '{shown}'. There are: {', '.join(known)}.")
        self.what = what
        self.known = known


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An error, before it is an answer: parts of a batch have theirs within one."""

    status: HTTPStatus
    code: str
    message: str
    details: dict[str, Any] = {}
    headers: dict[str, str] = {}


def refusal_of(error: Exception) -> Refusal:  # noqa: C901, PLR0911, PLR0912 - one table
    """Tell what an error is called here."""
    match error:
        case errors.InvalidApiKey():
            return _of(HTTPStatus.UNAUTHORIZED, NO_KEY, headers={"WWW-Authenticate": 'Bearer realm="api"'})
        case errors.KeyNotAllowed():
            return _of(HTTPStatus.FORBIDDEN, f"This API key has no scope '{error.scope}'.")
        case errors.InsufficientCredits():
            return _insufficient(error)
        case errors.RenderRefused():
            return _of(HTTPStatus.UNPROCESSABLE_ENTITY, error.detail, code="RENDER_REFUSED")
        case errors.BodyTooLarge():
            return _of(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error.detail)
        case errors.BodyTooSlow():
            return _of(HTTPStatus.REQUEST_TIMEOUT, error.detail, headers=problems.headers_of(error))
        case errors.InvalidRequest():
            if error.field is None:
                return _of(HTTPStatus.BAD_REQUEST, error.detail)
            return _of(HTTPStatus.UNPROCESSABLE_ENTITY, error.detail, details={"field": error.field})
        case errors.KeyReused():
            message = types.IDEMPOTENCY_KEY_REUSED.example
            return _of(HTTPStatus.UNPROCESSABLE_ENTITY, message, code="IDEMPOTENCY_KEY_REUSED")
        case NotListed():
            details = {"field": f"{error.what}_id", "available": [*error.known]}
            return _of(
                HTTPStatus.NOT_FOUND, str(error), code=f"{error.what.upper()}_NOT_FOUND", details=details
            )
        case errors.OrderNotFound():
            return _of(HTTPStatus.NOT_FOUND, "There is no such video.", code="VIDEO_NOT_FOUND")
        case errors.BatchNotFound():
            return _of(HTTPStatus.NOT_FOUND, "There is no such batch.", code="BATCH_NOT_FOUND")
        case errors.VideoGone():
            return _of(HTTPStatus.GONE, error.detail, code="VIDEO_GONE")
        case errors.EngineMissing():
            return _of(HTTPStatus.SERVICE_UNAVAILABLE, error.detail, code="ENGINE_NOT_CONFIGURED")
        case errors.WorkerDown():
            return _of(HTTPStatus.SERVICE_UNAVAILABLE, UNMADE, headers=problems.headers_of(error))
        case errors.RefundBound():
            return _of(HTTPStatus.INTERNAL_SERVER_ERROR, GIVEN_UP, code="VIDEO_FAILED")
        case HTTPException():
            return _of_framework(error)
        case LightningError():
            return _unexpected(error)
    if any(base in problems.TABLE for base in type(error).__mro__):
        kind, detail = problems.of(error)
        headers = problems.headers_of(error)
        code = None if kind.status in OWN_WORDS else kind.name.upper().replace("-", "_")
        return _of(kind.status, detail, code=code, headers=headers)
    return _unexpected(error)


OWN_WORDS = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""Whose errors are called what this API calls them."""


def _of(
    status: HTTPStatus,
    message: str,
    *,
    code: str | None = None,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Refusal:
    return Refusal(
        status=status,
        code=code or CODES.get(status, status.name),
        message=message,
        details=details or {},
        headers=headers or {},
    )


def _insufficient(error: errors.InsufficientCredits) -> Refusal:
    """Say how much is missing and how it is bought, so that a program can pay and go on."""
    missing = whole_seconds(error.missing_ms)
    return _of(
        HTTPStatus.PAYMENT_REQUIRED,
        f"The account lacks {missing} s of video time for this: POST /lightning/top-up sells them.",
        details={
            "missing_seconds": missing,
            "top_up": {"method": "POST", "path": "/lightning/top-up", "body": {"seconds": missing}},
        },
    )


def _of_framework(error: HTTPException) -> Refusal:
    headers = dict(error.headers or {})
    match error:
        case ValidationException(extra=[{"message": str(message), "key": str(key)}, *_]):
            text = f"Parameter '{key}': {message}."
            return _of(HTTPStatus.UNPROCESSABLE_ENTITY, text, details={"field": key}, headers=headers)
    status = HTTPStatus(error.status_code)
    message = {
        HTTPStatus.NOT_FOUND: "There is no such resource.",
        HTTPStatus.METHOD_NOT_ALLOWED: "This resource does not take that method.",
    }.get(status, error.detail or status.phrase)
    return _of(status, message, headers=headers)


def _unexpected(error: Exception) -> Refusal:
    problems.log_unexpected(error)
    name = current_request_id()
    return _of(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        f"Something went wrong here. It is logged as request {name}.",
        details={"request_id": name},
    )


def answer(_request: AnyRequest, error: Exception) -> Response[bytes]:
    """Answer with an error."""
    refusal = refusal_of(error)
    body = ErrorAnswer(
        error=refusal.message,
        error_code=refusal.code,
        details=refusal.details,
        timestamp=dt.datetime.now(dt.UTC).replace(microsecond=0),
    )
    return Response(
        msgspec.json.encode(body),
        status_code=refusal.status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **refusal.headers},
    )


HANDLERS: Handlers = {Exception: answer}


RETRIED: openapi.Headers = {
    429: {"Retry-After": openapi.RETRY_AFTER},
    # Not where an engine is missing: that is no matter of time.
    503: {"Retry-After": openapi.header("Seconds after which to ask again, where waiting helps.", "5")},
}

KEYED: openapi.Headers = {
    401: {"WWW-Authenticate": openapi.header("Bearer.", 'Bearer realm="api"', required=True)}
}

EVERYWHERE = (types.TOO_MANY_REQUESTS, types.INTERNAL_ERROR, types.UNAVAILABLE)


def described(*kinds: ProblemType | tuple[HTTPStatus, str]) -> dict[int, ResponseSpec]:
    """Describe the errors of an operation, each by its status and what it means."""
    by_status: dict[int, list[str]] = {}
    for kind in (*kinds, *EVERYWHERE):
        status, meaning = (kind.status, f"{kind.title}.") if isinstance(kind, ProblemType) else kind
        by_status.setdefault(int(status), []).append(meaning)
    return {
        status: ResponseSpec(
            ErrorAnswer,
            generate_examples=False,
            description=" ".join(dict.fromkeys(meanings)),
            examples=[
                Example(
                    value={
                        "error": meanings[0],
                        "error_code": CODES[HTTPStatus(status)],
                        "details": {},
                        "timestamp": "2026-11-28T10:30:00Z",
                    }
                )
            ],
        )
        for status, meanings in by_status.items()
    }


KEYS = (
    (HTTPStatus.UNAUTHORIZED, "The API key is missing, unknown or revoked."),
    (HTTPStatus.FORBIDDEN, "The key is not good for this, or the operator's judge will not have it."),
)
PAID = (
    *KEYS,
    (
        HTTPStatus.PAYMENT_REQUIRED,
        "The account has not so much video time; `details` says how much is missing.",
    ),
)
BODY = (
    (HTTPStatus.BAD_REQUEST, "The body is no JSON object."),
    (HTTPStatus.REQUEST_TIMEOUT, "The body took too long to arrive."),
    (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."),
    (HTTPStatus.UNPROCESSABLE_ENTITY, "A field is missing, unknown or not one of what there is."),
)
