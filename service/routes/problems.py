"""Errors as RFC 9457 problem documents. `detail` is the source API's message where it has one."""

from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from lightning import LightningError
from service import errors
from service.rates import RateUnavailable

MEDIA_TYPE = "application/problem+json"

INVOICE_SHOWN = 10
"""Characters of an invoice in a message, as the source API shows them."""

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


def handle(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer with what an exception means to the client."""
    match error:
        case errors.InvalidApiKey():
            return Response(
                msgspec.json.encode(ApiKeyProblem()),
                status_code=HTTPStatus.UNAUTHORIZED,
                media_type="application/json",
                headers={"WWW-Authenticate": 'Bearer realm="payments"'},
            )
        case errors.BodyTooLarge():
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, error.detail)
        case errors.InvalidRequest():
            return problem(HTTPStatus.BAD_REQUEST, error.detail)
        case errors.PaymentNotFound():
            return problem(HTTPStatus.NOT_FOUND, "Payment not found", kind="payment-not-found")
        case errors.OrderNotFound():
            return problem(
                HTTPStatus.NOT_FOUND,
                f"Invoice {abbreviate(error.invoice)} not found.",
                kind="invoice-not-found",
            )
        case errors.InvoiceNotPaid():
            return problem(HTTPStatus.BAD_REQUEST, "Invoice not paid in time.", kind="invoice-not-paid")
        case errors.ChoiceFixed():
            return problem(HTTPStatus.CONFLICT, error.detail, kind="choice-fixed")
        case errors.VideoNotStarted():
            return problem(
                HTTPStatus.NOT_FOUND,
                "This video was not asked for yet: POST /lightning/generate-video makes it.",
                kind="video-not-started",
            )
        case errors.PaymentRequired():
            return problem(
                HTTPStatus.PAYMENT_REQUIRED, "This invoice is not paid yet.", kind="payment-required"
            )
        case errors.VideoInterrupted():
            return problem(
                HTTPStatus.CONFLICT,
                "The render was interrupted: POST /lightning/generate-video goes on with it.",
                kind="video-interrupted",
            )
        case errors.RangeNotSatisfiable():
            return problem(
                HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                f"The video has {error.size} bytes.",
                headers={"Content-Range": f"bytes */{error.size}"},
            )
        case errors.Unavailable():
            return unavailable(error.detail, error.retry_after_s)
        case RateUnavailable():
            return unavailable(
                "No bitcoin price is fresh enough to sell at. Try again soon.", int(error.retry_after_s)
            )
        case LightningError():
            log.error("node_unavailable", error=repr(error))
            return unavailable("The Lightning node cannot be reached. Try again soon.", 5)
        case HTTPException():
            return _of_framework(error)
        case _:
            log.exception("unexpected_error", exc_info=error)
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here. It is logged.")


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


def abbreviate(invoice: str) -> str:
    """Show an invoice as the source API does: `lnbc450n1p...`."""
    return invoice if len(invoice) <= INVOICE_SHOWN else invoice[:INVOICE_SHOWN] + "..."


def _of_framework(error: HTTPException) -> Response[bytes]:
    """Translate what Litestar found wrong before a handler ran."""
    status = HTTPStatus(error.status_code)
    detail = error.detail
    match error:
        case ValidationException(extra=[{"message": str(message), **where}, *_]):
            detail = f"Parameter '{where.get('key', '?')}': {message}."
        case _ if status is HTTPStatus.NOT_FOUND:
            detail = "There is nothing here. GET /docs lists what there is."
        case _ if status is HTTPStatus.METHOD_NOT_ALLOWED:
            detail = "This method is not allowed here. GET /docs lists what is."
        case _ if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            detail = "The body is too large."
    return problem(status, detail, headers=dict(error.headers or {}))
