"""Errors as RFC 9457 problem documents. `detail` is the source API's message where it has one."""

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from lightning import LightningError
from service import errors
from service.routes.http.request_ids import current_request_id

MEDIA_TYPE = "application/problem+json"

INVOICE_SHOWN = 10
"""Characters of an invoice in a message, as the source API shows them."""

NODE_RETRY_S = 5

AnyRequest = Request[Any, Any, Any]

log = structlog.get_logger()


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457, section 3.1."""

    type: str
    title: str
    status: int
    detail: str


class ApiKeyProblem(msgspec.Struct, frozen=True, kw_only=True):
    """The error shape of the source API's resources that take a key."""

    status: str = "error"
    error_code: str = "INVALID_API_KEY"
    message: str = "Invalid or missing API key"


def problem(
    status: HTTPStatus, detail: str, *, kind: str | None = None, headers: dict[str, str] | None = None
) -> Response[bytes]:
    """Make a problem document."""
    document = Problem(
        type=f"urn:satspeak:problem:{kind}" if kind else "about:blank",
        title=status.phrase,
        status=status,
        detail=detail,
    )
    return Response(
        msgspec.json.encode(document), status_code=status, media_type=MEDIA_TYPE, headers=headers or {}
    )


def unavailable(detail: str, retry_after_s: int) -> Response[bytes]:
    """Say that the same request may work in a while."""
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        detail,
        kind="unavailable",
        headers={"Retry-After": str(max(retry_after_s, 1))},
    )


def no_rate(retry_after_s: float) -> Response[bytes]:
    """Say that nothing can be priced now."""
    detail = "No bitcoin price is fresh enough to sell at. Try again soon."
    return unavailable(detail, math.ceil(retry_after_s))


def abbreviate(invoice: str) -> str:
    """Show an invoice as the source API does: `lnbc450n1p...`."""
    return invoice if len(invoice) <= INVOICE_SHOWN else invoice[:INVOICE_SHOWN] + "..."


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


def _body_too_large(_request: AnyRequest, error: errors.BodyTooLarge) -> Response[bytes]:
    return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error.detail)


def _body_too_slow(_request: AnyRequest, error: errors.BodyTooSlow) -> Response[bytes]:
    return problem(HTTPStatus.REQUEST_TIMEOUT, error.detail, headers={"Connection": "close"})


def _invalid_request(_request: AnyRequest, error: errors.InvalidRequest) -> Response[bytes]:
    return problem(HTTPStatus.BAD_REQUEST, error.detail)


def _content_refused(_request: AnyRequest, error: errors.ContentRefused) -> Response[bytes]:
    return problem(HTTPStatus.FORBIDDEN, error.detail, kind="content-refused")


def _payment_not_found(_request: AnyRequest, _error: errors.OrderNotFound) -> Response[bytes]:
    return problem(HTTPStatus.NOT_FOUND, "Payment not found", kind="payment-not-found")


def _order_not_found(_request: AnyRequest, error: errors.OrderNotFound) -> Response[bytes]:
    shown = abbreviate(error.invoice)
    return problem(HTTPStatus.NOT_FOUND, f"Invoice {shown} not found.", kind="invoice-not-found")


def _key_reused(_request: AnyRequest, _error: errors.KeyReused) -> Response[bytes]:
    detail = "This Idempotency-Key was used for another request: use a new key for each."
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, kind="idempotency-key-reused")


def _invoice_not_paid(_request: AnyRequest, _error: errors.InvoiceNotPaid) -> Response[bytes]:
    return problem(HTTPStatus.BAD_REQUEST, "Invoice not paid in time.", kind="invoice-not-paid")


def _payment_required(_request: AnyRequest, _error: errors.PaymentRequired) -> Response[bytes]:
    return problem(HTTPStatus.PAYMENT_REQUIRED, "This invoice is not paid yet.", kind="payment-required")


def _payment_given_back(_request: AnyRequest, error: errors.PaymentGivenBack) -> Response[bytes]:
    why = "." if error.reason is None else f": {error.reason.removesuffix('.')}."
    detail = f"The video could not be made, and the payment went back{why} Ask for a new quote."
    return problem(HTTPStatus.GONE, detail, kind="payment-given-back")


def _choice_fixed(_request: AnyRequest, error: errors.ChoiceFixed) -> Response[bytes]:
    return problem(HTTPStatus.CONFLICT, error.detail, kind="choice-fixed")


def _video_not_started(_request: AnyRequest, _error: errors.VideoNotStarted) -> Response[bytes]:
    detail = "This video was not asked for yet: POST /lightning/generate-video makes it."
    return problem(HTTPStatus.NOT_FOUND, detail, kind="video-not-started")


def _video_interrupted(_request: AnyRequest, _error: errors.VideoInterrupted) -> Response[bytes]:
    detail = "The render was interrupted: POST /lightning/generate-video goes on with it."
    return problem(HTTPStatus.CONFLICT, detail, kind="video-interrupted")


def _video_gone(_request: AnyRequest, error: errors.VideoGone) -> Response[bytes]:
    return problem(HTTPStatus.GONE, error.detail, kind="video-gone")


def _not_refundable(_request: AnyRequest, error: errors.NotRefundable) -> Response[bytes]:
    return problem(HTTPStatus.CONFLICT, error.detail, kind=error.kind)


def _range_not_satisfiable(_request: AnyRequest, error: errors.RangeNotSatisfiable) -> Response[bytes]:
    return problem(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        f"The video has {error.size} bytes.",
        headers={"Content-Range": f"bytes */{error.size}"},
    )


def _too_many_requests(_request: AnyRequest, error: errors.TooManyRequests) -> Response[bytes]:
    return problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        error.detail,
        kind="too-many-requests",
        headers={"Retry-After": str(error.retry_after_s)},
    )


def _unavailable(_request: AnyRequest, error: errors.Unavailable) -> Response[bytes]:
    return unavailable(error.detail, error.retry_after_s)


def _node_unavailable(_request: AnyRequest, error: LightningError) -> Response[bytes]:
    log.error("node_unavailable", error=repr(error))
    return unavailable("The Lightning node cannot be reached. Try again soon.", NODE_RETRY_S)


def _of_framework(_request: AnyRequest, error: HTTPException) -> Response[bytes]:
    """Translate what Litestar found wrong before a handler ran."""
    status = HTTPStatus(error.status_code)
    detail = _FRAMEWORK_DETAILS.get(status, error.detail)
    match error:
        case ValidationException(extra=[{"message": str(message), "key": str(key)}, *_]):
            detail = f"Parameter '{key}': {message}."
    return problem(status, detail, headers=dict(error.headers or {}))


def _unexpected(_request: AnyRequest, error: Exception) -> Response[bytes]:
    log.error("unexpected_error", exc_info=error)
    detail = f"Something went wrong here. It is logged as request {current_request_id()}."
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


_FRAMEWORK_DETAILS = {
    HTTPStatus.NOT_FOUND: "There is nothing here. GET /docs lists what there is.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This method is not allowed here. GET /docs lists what is.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large.",
}

HANDLERS: dict[int | type[Exception], Callable[[AnyRequest, Any], Response[bytes]]] = {
    errors.InvalidApiKey: _invalid_api_key,
    errors.KeyNotAllowed: _key_not_allowed,
    errors.BodyTooLarge: _body_too_large,
    errors.BodyTooSlow: _body_too_slow,
    errors.InvalidRequest: _invalid_request,
    errors.ContentRefused: _content_refused,
    errors.OrderNotFound: _order_not_found,
    errors.KeyReused: _key_reused,
    errors.InvoiceNotPaid: _invoice_not_paid,
    errors.PaymentRequired: _payment_required,
    errors.PaymentGivenBack: _payment_given_back,
    errors.ChoiceFixed: _choice_fixed,
    errors.VideoNotStarted: _video_not_started,
    errors.VideoInterrupted: _video_interrupted,
    errors.VideoGone: _video_gone,
    errors.NotRefundable: _not_refundable,
    errors.RangeNotSatisfiable: _range_not_satisfiable,
    errors.TooManyRequests: _too_many_requests,
    errors.Unavailable: _unavailable,
    LightningError: _node_unavailable,
    HTTPException: _of_framework,
    Exception: _unexpected,
}
"""The one table. The nearest class of an exception's own order of bases counts."""

PAYMENT_NOT_FOUND: dict[int | type[Exception], Callable[[AnyRequest, Any], Response[bytes]]] = {
    errors.OrderNotFound: _payment_not_found
}
"""For resources about the payment, where the source API says it in other words."""
