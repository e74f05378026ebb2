"""Errors as RFC 9457 problem documents. `detail` is the source API's message where it has one."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from msgspec import UNSET, UnsetType

from lightning import LightningError
from service import errors
from service.accounts.account import whole_seconds
from service.pricing.port import RateUnavailable
from service.routes.http import problem_types as types
from service.routes.http.problem_types import ProblemType
from service.routes.http.request_ids import HEADER, current_request_id, new_request_id

MEDIA_TYPE = "application/problem+json"

INVOICE_SHOWN = 10
"""Characters of an invoice in a message, as the source API shows them."""

NODE_RETRY_S = 5

AnyRequest = Request[Any, Any, Any]

Handlers = dict[int | type[Exception], Callable[[AnyRequest, Any], Response[bytes]]]

log = structlog.get_logger()


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457, section 3.1, with two members of our own: what is at fault, and by what to ask the operator."""

    type: str
    title: str
    status: int
    detail: str
    field: str | UnsetType = UNSET  # of the body, or a parameter or a header
    request_id: str | UnsetType = UNSET  # where the fault is ours


class ApiKeyProblem(msgspec.Struct, frozen=True, kw_only=True):
    """The error shape of the source API's resources that take a key."""

    status: str = "error"
    error_code: str = "INVALID_API_KEY"
    message: str = "Invalid or missing API key"
    details: dict[str, Any] | UnsetType = UNSET  # what a program can do about it


def problem(
    kind: ProblemType,
    detail: str,
    *,
    field: str | None = None,
    request_id: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    """Make a problem document."""
    return Response(
        document(kind, detail, field=field, request_id=request_id),
        status_code=kind.status,
        media_type=MEDIA_TYPE,
        headers=headers or {},
    )


def document(
    kind: ProblemType, detail: str, *, field: str | None = None, request_id: str | None = None
) -> bytes:
    """Write a problem document."""
    return msgspec.json.encode(
        Problem(
            type=kind.uri if kind.name else "about:blank",
            title=kind.title,
            status=kind.status,
            detail=detail,
            field=field or UNSET,
            request_id=request_id or UNSET,
        )
    )


def malformed_http(detail: str) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Make the headers and the body of an answer to what no application was ever asked."""
    body = document(types.MALFORMED_HTTP, detail)
    headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), HEADER: new_request_id()}
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()], body


def abbreviate(invoice: str) -> str:
    """Show an invoice as the source API does: `lnbc450n1p...`."""
    return invoice if len(invoice) <= INVOICE_SHOWN else invoice[:INVOICE_SHOWN] + "..."


def _own_words(error: Any) -> str:
    return str(error.detail)


def _always(detail: str) -> Callable[[Any], str]:
    return lambda _error: detail


def _given_back(error: errors.PaymentGivenBack) -> str:
    why = "." if error.reason is None else f": {error.reason.removesuffix('.')}."
    return f"The video could not be made, and the payment went back{why} Ask for a new quote."


TABLE: dict[type[Exception], tuple[ProblemType, Callable[[Any], str]]] = {
    errors.BodyTooLarge: (types.BODY_TOO_LARGE, _own_words),
    errors.BodyTooSlow: (types.BODY_TOO_SLOW, _own_words),
    errors.ChoiceContradictsQuote: (types.CHOICE_CONTRADICTS_QUOTE, _own_words),
    errors.RenderRefused: (types.RENDER_REFUSED, _own_words),
    errors.InvalidRequest: (types.INVALID_REQUEST, _own_words),
    errors.ContentRefused: (types.CONTENT_REFUSED, _own_words),
    errors.OrderNotFound: (
        types.INVOICE_NOT_FOUND,
        lambda error: f"Invoice {abbreviate(error.invoice)} not found.",
    ),
    errors.KeyReused: (types.IDEMPOTENCY_KEY_REUSED, _always(types.IDEMPOTENCY_KEY_REUSED.example)),
    errors.InvoiceNotPaid: (types.INVOICE_NOT_PAID, _always("Invoice not paid in time.")),
    errors.PaymentRequired: (types.PAYMENT_REQUIRED, _always("This invoice is not paid yet.")),
    errors.PaymentGivenBack: (types.PAYMENT_GIVEN_BACK, _given_back),
    errors.ChoiceFixed: (types.CHOICE_FIXED, _own_words),
    errors.VideoNotStarted: (types.VIDEO_NOT_STARTED, _always(types.VIDEO_NOT_STARTED.example)),
    errors.VideoInterrupted: (types.VIDEO_INTERRUPTED, _always(types.VIDEO_INTERRUPTED.example)),
    errors.VideoGrowing: (types.VIDEO_GROWING, _always(types.VIDEO_GROWING.example)),
    errors.VideoGone: (types.VIDEO_GONE, _own_words),
    errors.MediumNotFound: (types.MEDIUM_NOT_FOUND, _always(types.MEDIUM_NOT_FOUND.example)),
    errors.MediumGone: (types.MEDIUM_GONE, _always(types.MEDIUM_GONE.example)),
    errors.RefundBound: (types.REFUND_BOUND, _own_words),
    errors.RefundFailed: (types.REFUND_FAILED, _own_words),
    errors.NotRefundable: (types.NOT_REFUNDABLE, _own_words),
    errors.RangeNotSatisfiable: (
        types.RANGE_NOT_SATISFIABLE,
        lambda error: f"There are {error.size} bytes.",
    ),
    errors.TooManyRequests: (types.TOO_MANY_REQUESTS, _own_words),
    errors.Draining: (types.RESTARTING, _own_words),
    errors.WorkerBusy: (types.RENDERER_BUSY, _own_words),
    errors.WorkerDown: (types.RENDERER_UNAVAILABLE, _own_words),
    RateUnavailable: (types.RATE_UNAVAILABLE, _own_words),
    errors.Unavailable: (types.UNAVAILABLE, _own_words),
}
"""The one table: what each error is, and its `detail`. The nearest class of an error's own order of bases counts."""


def of(error: Exception) -> tuple[ProblemType, str]:
    """Tell what an error of the table is, and its `detail`."""
    kind, detail = next(TABLE[base] for base in type(error).__mro__ if base in TABLE)
    return kind, detail(error)


def _translated(_request: AnyRequest, error: Exception) -> Response[bytes]:
    kind, detail = of(error)
    return problem(kind, detail, field=getattr(error, "field", None), headers=headers_of(error))


def headers_of(error: Exception) -> dict[str, str]:
    """Tell by headers what a client is to do about an error."""
    match error:
        case errors.TooManyRequests() | errors.Unavailable():
            return {"Retry-After": str(max(error.retry_after_s, 1))}
        case errors.RangeNotSatisfiable():
            return {"Content-Range": f"bytes */{error.size}"}
        case errors.BodyTooSlow():
            return {"Connection": "close"}
    return {}


def _payment_not_found(_request: AnyRequest, _error: errors.OrderNotFound) -> Response[bytes]:
    return problem(types.INVOICE_NOT_FOUND, "Payment not found")


def _invalid_api_key(_request: AnyRequest, _error: errors.InvalidApiKey) -> Response[bytes]:
    return Response(
        msgspec.json.encode(ApiKeyProblem()),
        status_code=HTTPStatus.UNAUTHORIZED,
        media_type="application/json",
        headers={"WWW-Authenticate": 'Bearer realm="payments"'},
    )


def _key_not_allowed(_request: AnyRequest, error: errors.KeyNotAllowed) -> Response[bytes]:
    refusal = ApiKeyProblem(
        error_code="INSUFFICIENT_SCOPE", message=f"This API key has no scope '{error.scope}'"
    )
    return Response(
        msgspec.json.encode(refusal), status_code=HTTPStatus.FORBIDDEN, media_type="application/json"
    )


def _insufficient_credits(_request: AnyRequest, error: errors.InsufficientCredits) -> Response[bytes]:
    """Say how much is missing and how it is bought, so that a program can pay and go on."""
    missing = whole_seconds(error.missing_ms)
    top_up = {"method": "POST", "path": "/lightning/top-up", "body": {"seconds": missing}}
    refusal = ApiKeyProblem(
        error_code="INSUFFICIENT_CREDITS",
        message="Insufficient video time to process request",
        details={"missing_seconds": missing, "top_up": top_up},
    )
    return Response(
        msgspec.json.encode(refusal), status_code=HTTPStatus.FORBIDDEN, media_type="application/json"
    )


def _node_unavailable(_request: AnyRequest, error: LightningError) -> Response[bytes]:
    log.error("node_unavailable", error=repr(error))
    kind = types.NODE_UNAVAILABLE
    return problem(kind, kind.example, headers={"Retry-After": str(NODE_RETRY_S)})


def of_framework(error: HTTPException) -> tuple[ProblemType, str, str | None]:
    """Translate what Litestar found wrong before a handler ran: what it is, its `detail`, and what is at fault."""
    match error:
        case ValidationException(extra=[{"message": str(message), "key": str(key)}, *_]):
            return types.INVALID_REQUEST, f"Parameter '{key}': {message}.", key
    status = HTTPStatus(error.status_code)
    kind = types.OF_STATUS.get(status)
    if kind is None:  # RFC 9457, section 4.2.1: no more than its status says
        kind = ProblemType("", status, status.phrase, "", "")
    return kind, kind.example or error.detail, None


def _of_framework(_request: AnyRequest, error: HTTPException) -> Response[bytes]:
    kind, detail, field = of_framework(error)
    return problem(kind, detail, field=field, headers=dict(error.headers or {}))


def _unexpected(_request: AnyRequest, error: Exception) -> Response[bytes]:
    log_unexpected(error)
    name = current_request_id()
    detail = f"Something went wrong here. It is logged as request {name}."
    return problem(types.INTERNAL_ERROR, detail, request_id=name)


def log_unexpected(error: Exception) -> None:
    """Note an error that is our own fault; the log names the request."""
    log.error("unexpected_error", exc_info=error)


HANDLERS: Handlers = {
    **dict.fromkeys(TABLE, _translated),
    errors.InvalidApiKey: _invalid_api_key,
    errors.KeyNotAllowed: _key_not_allowed,
    errors.InsufficientCredits: _insufficient_credits,
    LightningError: _node_unavailable,
    HTTPException: _of_framework,
    Exception: _unexpected,
}

PAYMENT_NOT_FOUND: Handlers = {errors.OrderNotFound: _payment_not_found}
"""For resources about the payment, where the source API says it in other words."""
