"""What can go wrong for a client, as a tree: catch as much of it as you can deal with.

SatspeakError
├── Unreachable              no answer, or a broken one: the service, or what is in front of it, is away
├── StreamBroken             a video broke off; asking again goes on with the same one
└── ServiceRefused           the service answered with an error; `problem.type` names it
    ├── InvalidRequest       something in the request cannot work; `problem.field` says what
    ├── ContentRefused       the operator does not sell this
    ├── InvoiceNotFound      no order of yours has this invoice
    ├── InvoiceNotPaid       pay first
    ├── ChoiceConflict       the video is, or was quoted, with another avatar, emotion, language or voice
    ├── VideoUnavailable     there is no video to read
    │   ├── VideoNotStarted
    │   ├── VideoInterrupted
    │   ├── VideoGone
    │   ├── RangeNotSatisfiable
    │   └── RenderRefused    it can never be made: ask for the money
    ├── RefundRefused
    │   ├── NotRefundable
    │   ├── RefundBound      the money is on its way back, or was given back
    │   └── RefundFailed     your invoice could not be paid: send another
    ├── PaymentGivenBack     a held payment went back
    ├── KeyRefused
    │   ├── InvalidApiKey
    │   └── InsufficientScope
    ├── InsufficientCredits  the account has not so much video time
    ├── IdempotencyKeyReused
    ├── ServiceFailed        a fault of the service
    └── TryLater             the same request may work later; `retry_after_s` says when
        └── TooManyRequests
"""

from typing import Any

import msgspec

INSUFFICIENT_CREDITS = "INSUFFICIENT_CREDITS"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What the service says of an error (RFC 9457); other members are left out."""

    type: str = "about:blank"
    title: str = ""
    detail: str = ""
    field: str | None = None  # what is at fault
    request_id: str | None = None  # by what to ask the operator, where the fault is theirs


class SatspeakError(Exception):
    """Anything that the client raises on purpose."""


class Unreachable(SatspeakError):
    """No answer came: nothing is known of what became of the request."""


class StreamBroken(SatspeakError):
    """A video broke off before its end."""


class ServiceRefused(SatspeakError):
    """The service answered with an error.

    Attributes:
        status: The HTTP status.
        problem: What the service says of it; `problem.type` tells which error it is.
        retry_after_s: When the same request may work, where the service says so.
        details: What a program can do about it, where the service says so.
    """

    def __init__(
        self,
        status: int,
        problem: Problem,
        retry_after_s: int | None = None,
        *,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status}: {problem.detail}")
        self.status = status
        self.problem = problem
        self.retry_after_s = retry_after_s
        self.details = details or {}

    @property
    def detail(self) -> str:
        """The service's own explanation."""
        return self.problem.detail


class InvalidRequest(ServiceRefused):
    """Something in the request is missing, unknown, malformed or beyond a limit."""


class ContentRefused(ServiceRefused):
    """The operator's rules do not allow this text or recording."""


class InvoiceNotFound(ServiceRefused):
    """The invoice is not one of this service, or its token is not the right one."""


class InvoiceNotPaid(ServiceRefused):
    """The payment did not come, or not in time."""


class ChoiceConflict(ServiceRefused):
    """The video is made, or was quoted, with another choice."""


class VideoUnavailable(ServiceRefused):
    """There is no video to read."""


class VideoNotStarted(VideoUnavailable):
    """Nobody has asked for it yet."""


class VideoInterrupted(VideoUnavailable):
    """It is not whole, and nobody renders it now."""


class VideoGone(VideoUnavailable):
    """It was deleted."""


class RangeNotSatisfiable(VideoUnavailable):
    """It has fewer bytes."""


class RenderRefused(VideoUnavailable):
    """It can never be made."""


class RefundRefused(ServiceRefused):
    """The money is not given back, or not so."""


class NotRefundable(RefundRefused):
    """Only a paid order whose video has failed is refunded."""


class RefundBound(RefundRefused):
    """The money is on its way back, or was given back."""


class RefundFailed(RefundRefused):
    """The node could not pay your invoice."""


class PaymentGivenBack(ServiceRefused):
    """A held payment went back, since the video could not be made."""


class KeyRefused(ServiceRefused):
    """The API key does not open this."""


class InvalidApiKey(KeyRefused):
    """It is missing, unknown or revoked."""


class InsufficientScope(KeyRefused):
    """It is good for other things."""


class InsufficientCredits(ServiceRefused):
    """The account has not so much video time."""

    @property
    def missing_s(self) -> int:
        """Seconds that a top-up has to bring."""
        return int(self.details["missing_seconds"])


class IdempotencyKeyReused(ServiceRefused):
    """The key came with another request before."""


class ServiceFailed(ServiceRefused):
    """A fault of the service, or of what is in front of it."""


class TryLater(ServiceRefused):
    """The same request may work later: the service is busy, or asked too often."""


class TooManyRequests(TryLater):
    """Asked too often, or for too much at once."""


_BY_NAME: dict[str, type[ServiceRefused]] = {
    "invalid-request": InvalidRequest,
    "malformed-http": InvalidRequest,
    "body-too-large": InvalidRequest,
    "body-too-slow": InvalidRequest,
    "unsupported-media-type": InvalidRequest,
    "method-not-allowed": InvalidRequest,
    "not-found": InvalidRequest,
    "content-refused": ContentRefused,
    "invoice-not-found": InvoiceNotFound,
    "invoice-not-paid": InvoiceNotPaid,
    "payment-required": InvoiceNotPaid,
    "credential-required": InvoiceNotPaid,
    "choice-contradicts-quote": ChoiceConflict,
    "choice-fixed": ChoiceConflict,
    "video-not-started": VideoNotStarted,
    "video-interrupted": VideoInterrupted,
    "video-gone": VideoGone,
    "video-growing": VideoUnavailable,
    "range-not-satisfiable": RangeNotSatisfiable,
    "render-refused": RenderRefused,
    "not-refundable": NotRefundable,
    "refund-bound": RefundBound,
    "refund-failed": RefundFailed,
    "payment-given-back": PaymentGivenBack,
    "INVALID_API_KEY": InvalidApiKey,
    "invalid-api-key": InvalidApiKey,
    "INSUFFICIENT_SCOPE": InsufficientScope,
    "insufficient-scope": InsufficientScope,
    INSUFFICIENT_CREDITS: InsufficientCredits,
    "insufficient-credits": InsufficientCredits,
    "idempotency-key-reused": IdempotencyKeyReused,
    "too-many-requests": TooManyRequests,
    "internal-error": ServiceFailed,
    "unavailable": TryLater,
    "renderer-unavailable": TryLater,
    "renderer-busy": TryLater,
    "node-unavailable": TryLater,
    "rate-unavailable": TryLater,
    "restarting": TryLater,
}

_SERVER_FAULT = 500
_TOO_MANY = 429


def refusal(
    status: int, problem: Problem, retry_after_s: int | None, details: dict[str, Any] | None
) -> ServiceRefused:
    """Make the error that a problem is: by its type, else by its status."""
    kind = _BY_NAME.get(problem.type.rpartition("#")[2]) or _BY_NAME.get(problem.title)
    if kind is None and status == _TOO_MANY:
        kind = TooManyRequests
    if kind is None and retry_after_s is not None:
        kind = TryLater
    if kind is None:
        kind = ServiceFailed if status >= _SERVER_FAULT else ServiceRefused
    return kind(status, problem, retry_after_s, details=details)
