"""A2E's envelope: `{code: 0, data, trace_id}`, or `{code: status, msg, trace_id}` with that HTTP status."""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException, ValidationException

from service import errors
from service.accounts.account import whole_seconds
from service.routes.http import problems
from service.routes.http.problems import AnyRequest, Handlers
from service.routes.http.request_ids import current_request_id
from service.studio.avatars import NotSharper

NO_STORE = {"Cache-Control": "no-store"}


class Success(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for."""

    code: int = 0
    data: Any
    trace_id: str


class Failure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why it is not to be had."""

    code: int
    msg: str
    trace_id: str
    details: dict[str, Any] = {}  # what a program can do about it


class NotHere(errors.ServiceError):
    """A2E has it, and this service has not, or not yet."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def ok(data: Any) -> Response[Success]:
    """Answer with what was asked for."""
    return Response(Success(data=data, trace_id=current_request_id()), status_code=200, headers=NO_STORE)


def failed(
    status: int, msg: str, headers: dict[str, str] | None = None, *, details: dict[str, Any] | None = None
) -> Response[bytes]:
    """Answer with a refusal."""
    return Response(
        msgspec.json.encode(
            Failure(code=status, msg=msg, trace_id=current_request_id(), details=details or {})
        ),
        status_code=status,
        media_type="application/json",
        headers={**NO_STORE, **(headers or {})},
    )


def _known(_request: AnyRequest, error: Exception) -> Response[bytes]:
    kind, detail = problems.of(error)
    return failed(kind.status, detail, problems.headers_of(error))


def _not_here(_request: AnyRequest, error: NotHere) -> Response[bytes]:
    return failed(error.status, error.reason)


def _not_sharper(_request: AnyRequest, error: NotSharper) -> Response[bytes]:
    return failed(HTTPStatus.NOT_IMPLEMENTED, error.detail)


def _invalid_api_key(_request: AnyRequest, _error: errors.InvalidApiKey) -> Response[bytes]:
    headers = {"WWW-Authenticate": 'Bearer realm="a2e"'}
    return failed(HTTPStatus.UNAUTHORIZED, "Invalid or missing API key", headers)


def _key_not_allowed(_request: AnyRequest, error: errors.KeyNotAllowed) -> Response[bytes]:
    return failed(HTTPStatus.FORBIDDEN, f"This API key has no scope '{error.scope}'")


def _insufficient(_request: AnyRequest, error: errors.InsufficientCredits) -> Response[bytes]:
    missing = whole_seconds(error.missing_ms)
    return failed(
        HTTPStatus.PAYMENT_REQUIRED,
        f"{missing} coins (seconds of video time) are missing."
        f' POST /lightning/top-up {{"seconds": {missing}}} buys them.',
        details={"missing_seconds": missing},
    )


def _no_record(_request: AnyRequest, _error: errors.OrderNotFound) -> Response[bytes]:
    return failed(HTTPStatus.NOT_FOUND, "There is no record with this _id.")


def _no_session(_request: AnyRequest, error: errors.SessionNotFound) -> Response[bytes]:
    return failed(HTTPStatus.NOT_FOUND, str(error))


def _of_framework(_request: AnyRequest, error: HTTPException) -> Response[bytes]:
    detail = error.detail
    match error:
        case ValidationException(extra=[{"message": str(message), "key": str(key)}, *_]):
            detail = f"Parameter '{key}': {message}."
    return failed(error.status_code, detail, dict(error.headers or {}))


def _unexpected(_request: AnyRequest, error: Exception) -> Response[bytes]:
    problems.log_unexpected(error)
    return failed(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here. It is logged by trace_id.")


HANDLERS: Handlers = {
    **dict.fromkeys(problems.TABLE, _known),
    errors.InvalidApiKey: _invalid_api_key,
    errors.KeyNotAllowed: _key_not_allowed,
    errors.InsufficientCredits: _insufficient,
    errors.OrderNotFound: _no_record,
    errors.SessionNotFound: _no_session,
    NotHere: _not_here,
    NotSharper: _not_sharper,
    HTTPException: _of_framework,
    Exception: _unexpected,
}
