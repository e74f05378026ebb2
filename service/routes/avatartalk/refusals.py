"""Errors in the shapes of the source API: `{status, error_code, message, details}`; `{detail}` of what is not there."""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from msgspec import UNSET

from lightning import LightningError
from service import errors
from service.routes.http import openapi, problems
from service.routes.http import problem_types as types
from service.routes.http.problem_types import ProblemType
from service.routes.http.problems import AnyRequest, ApiKeyProblem, Handlers

INVALID_PARAMETERS, INFERENCE_FAILED = "INVALID_PARAMETERS", "INFERENCE_FAILED"

NOT_FOUND = "Resource not found"

UNMADE = "The video could not be made now. It has cost no video time: try again soon."
GIVEN_UP = "Inference processing failed: the video could not be made, and has cost no video time."
LATER = "The video is not there yet: try again soon."


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """What is not there, or not any more."""

    detail: str = NOT_FOUND


def refusal(
    status: int,
    code: str,
    message: str,
    *,
    details: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    """Make an error document."""
    body = ApiKeyProblem(error_code=code, message=message, details=UNSET if details is None else details)
    return _json(status, body, headers)


def _json(status: int, body: msgspec.Struct, headers: dict[str, str] | None = None) -> Response[bytes]:
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def _invalid(_request: AnyRequest, error: errors.InvalidRequest) -> Response[bytes]:
    kind, detail = problems.of(error)
    details = {"field": error.field} if error.field else {}
    return refusal(kind.status, INVALID_PARAMETERS, detail, details=details)


def _known(_request: AnyRequest, error: Exception) -> Response[bytes]:
    kind, detail = problems.of(error)
    return refusal(kind.status, code_of(kind), detail, headers=problems.headers_of(error))


def _unmade(request: AnyRequest, error: errors.WorkerDown) -> Response[bytes]:
    kind, _ = problems.of(error)
    message = UNMADE if request.method == "POST" else LATER
    return refusal(kind.status, code_of(kind), message, headers=problems.headers_of(error))


def _given_up(request: AnyRequest, _error: Exception) -> Response[bytes]:
    if request.method != "POST":
        return _json(HTTPStatus.GONE, Missing(detail=GIVEN_UP))
    return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, INFERENCE_FAILED, GIVEN_UP)


def _missing(_request: AnyRequest, _error: Exception) -> Response[bytes]:
    return _json(HTTPStatus.NOT_FOUND, Missing())


def _no_session(_request: AnyRequest, error: errors.SessionNotFound) -> Response[bytes]:
    return _json(HTTPStatus.NOT_FOUND, Missing(detail=str(error)))


def _gone(_request: AnyRequest, error: errors.VideoGone) -> Response[bytes]:
    return _json(HTTPStatus.GONE, Missing(detail=error.detail))


def _waiting(_request: AnyRequest, _error: Exception) -> Response[bytes]:
    return _json(HTTPStatus.NOT_FOUND, Missing(detail="Nobody has opened this video yet."))


def _later(_request: AnyRequest, _error: Exception) -> Response[bytes]:
    headers = {"Retry-After": str(problems.NODE_RETRY_S)}
    return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", LATER, headers=headers)


def _of_framework(_request: AnyRequest, error: HTTPException) -> Response[bytes]:
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.NOT_FOUND:
        return _json(HTTPStatus.NOT_FOUND, Missing(), headers)
    kind, detail, field = problems.of_framework(error)
    code = _code(kind) if kind.name else kind.status.name
    details = None if field is None else {"field": field}
    return refusal(kind.status, code, detail, details=details, headers=headers)


def _unexpected(_request: AnyRequest, error: Exception) -> Response[bytes]:
    problems.log_unexpected(error)
    return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, INFERENCE_FAILED, "Inference processing failed")


def code_of(kind: ProblemType) -> str:
    """Say an error's name as the source API would."""
    return kind.name.upper().replace("-", "_")


HANDLERS: Handlers = {
    **dict.fromkeys(problems.TABLE, _known),
    **{error: _invalid for error in problems.TABLE if issubclass(error, errors.InvalidRequest)},
    errors.WorkerDown: _unmade,
    errors.WorkerBusy: _unmade,
    errors.RefundBound: _given_up,
    errors.OrderNotFound: _missing,
    errors.SessionNotFound: _no_session,
    errors.VideoNotStarted: _waiting,
    errors.VideoInterrupted: _later,
    errors.VideoGone: _gone,
    LightningError: _unexpected,
    HTTPException: _of_framework,
    Exception: _unexpected,
}
"""Those of keys and credits have the shape already."""


RETRIED = {status: {"Retry-After": openapi.RETRY_AFTER} for status in (429, 503)}
"""The headers of what may be asked again."""


def described(*kinds: ProblemType) -> dict[int, ResponseSpec]:
    """Describe the errors of an operation: each with its code and an example."""
    by_status: dict[int, list[ProblemType]] = {}
    for kind in (*kinds, types.TOO_MANY_REQUESTS):
        by_status.setdefault(int(kind.status), []).append(kind)
    return {
        status: ResponseSpec(
            ApiKeyProblem,
            generate_examples=False,
            description=" ".join(f"`{_code(kind)}`: {kind.title}." for kind in of_status),
            examples=[
                Example(
                    id=kind.name,
                    value={"status": "error", "error_code": _code(kind), "message": kind.example},
                )
                for kind in of_status
            ],
        )
        for status, of_status in by_status.items()
    }


def missing(**meanings: str) -> dict[int, ResponseSpec]:
    """Describe what is not there: `not_found` and `gone`, each with its meaning."""
    statuses = {"not_found": HTTPStatus.NOT_FOUND, "gone": HTTPStatus.GONE}
    return {
        int(statuses[name]): ResponseSpec(Missing, generate_examples=False, description=meaning)
        for name, meaning in meanings.items()
    }


def _code(kind: ProblemType) -> str:
    match kind:
        case types.INVALID_REQUEST | types.RENDER_REFUSED:
            return INVALID_PARAMETERS
        case types.INTERNAL_ERROR:
            return INFERENCE_FAILED
    return code_of(kind)
