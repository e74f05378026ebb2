"""The types of problem documents (RFC 9457, section 3.1.1): programs go by them, and /docs/problems explains them."""

from http import HTTPStatus

import msgspec

PAGE = "/docs/problems"


class ProblemType(msgspec.Struct, frozen=True):
    """One kind of refusal. Its name never changes; new ones may come, so whoever does not know one goes by `status`."""

    name: str
    status: HTTPStatus
    title: str
    meaning: str  # for people: what happened, and what helps
    example: str  # a `detail`

    @property
    def uri(self) -> str:
        """Name it in a document: relative to the service, whose page explains it there."""
        return f"{PAGE}#{self.name}"


INVALID_REQUEST = ProblemType(
    "invalid-request",
    HTTPStatus.BAD_REQUEST,
    "The request cannot work as it stands",
    "Something in it is missing, unknown, malformed or beyond a limit; `field` names the field, parameter or header"
    " where one is at fault. Change it: the same request will be refused again.",
    "Field 'text' is missing.",
)
MALFORMED_HTTP = ProblemType(
    "malformed-http",
    HTTPStatus.BAD_REQUEST,
    "The request is no HTTP",
    "What came over the connection could not be read as HTTP/1.1. The connection is closed.",
    "Invalid HTTP request received.",
)
CHOICE_CONTRADICTS_QUOTE = ProblemType(
    "choice-contradicts-quote",
    HTTPStatus.BAD_REQUEST,
    "The quote was made for something else",
    "The delivery names another avatar, emotion, language or voice than the quote; `field` says which. Leave it out.",
    "This invoice was quoted with avatar 'arab_man', not 'arab_woman'. Leave avatar out, or ask for a new quote.",
)
RENDER_REFUSED = ProblemType(
    "render-refused",
    HTTPStatus.BAD_REQUEST,
    "The renderer can never make this video",
    "What was asked for cannot be rendered, however often it is tried. If it was paid for, ask for a refund.",
    "The voice 'anna' speaks German only.",
)
INVOICE_NOT_PAID = ProblemType(
    "invoice-not-paid",
    HTTPStatus.BAD_REQUEST,
    "The invoice was not paid in time",
    "The delivery waited for the payment and it did not come. Pay, then ask again; or ask for a new quote.",
    "Invoice not paid in time.",
)
INVALID_API_KEY = ProblemType(
    "invalid-api-key",
    HTTPStatus.UNAUTHORIZED,
    "The API key is missing, unknown or revoked",
    'This answer keeps the form of the source API: `error_code` is `"INVALID_API_KEY"`.',
    "Invalid or missing API key",
)
PAYMENT_REQUIRED = ProblemType(
    "payment-required",
    HTTPStatus.PAYMENT_REQUIRED,
    "The invoice is not paid yet",
    "The video of an unpaid order was asked for by a request that does not wait. Pay first.",
    "This invoice is not paid yet.",
)
CREDENTIAL_REQUIRED = ProblemType(
    "credential-required",
    HTTPStatus.PAYMENT_REQUIRED,
    "The video has a price, and the receipt of its payment opens it",
    "Pay the invoice in `WWW-Authenticate` and send the same request again, with"
    " `Authorization: L402 <macaroon>:<preimage>`. A credential that is for another wish, has run out or was revoked is"
    " answered like none.",
    "This video costs 45 sat.",
)
INSUFFICIENT_SCOPE = ProblemType(
    "insufficient-scope",
    HTTPStatus.FORBIDDEN,
    "The API key is good for other things",
    'This answer keeps the form of the source API: `error_code` is `"INSUFFICIENT_SCOPE"`.',
    "This API key has no scope 'payments:read'",
)
INSUFFICIENT_CREDITS = ProblemType(
    "insufficient-credits",
    HTTPStatus.FORBIDDEN,
    "The account has not so much video time",
    'This answer keeps the form of the source API: `error_code` is `"INSUFFICIENT_CREDITS"`, and `details` says how'
    " much is missing and which request buys it: `missing_seconds`, `top_up`.",
    "Insufficient video time to process request",
)
CONTENT_REFUSED = ProblemType(
    "content-refused",
    HTTPStatus.FORBIDDEN,
    "The operator does not sell this",
    "The operator's rules for content do not allow this text or recording.",
    "Names of living persons cannot be sold here.",
)
NOT_FOUND = ProblemType(
    "not-found",
    HTTPStatus.NOT_FOUND,
    "There is nothing at this address",
    "/docs lists what there is.",
    "There is nothing here. GET /docs lists what there is.",
)
INVOICE_NOT_FOUND = ProblemType(
    "invoice-not-found",
    HTTPStatus.NOT_FOUND,
    "No order of yours has this invoice",
    "The invoice is not one of this service, its claim or refund token is not the right one, or the quote was not paid"
    " and forgotten. Nobody is told which.",
    "Invoice lnbc450n1p... not found.",
)
MEDIUM_NOT_FOUND = ProblemType(
    "medium-not-found",
    HTTPStatus.NOT_FOUND,
    "No library has anything under this link",
    "The link is not one of this service, or what it led to was deleted long ago. To delete something takes a key of"
    " its account.",
    "There is nothing under this link.",
)
VIDEO_NOT_STARTED = ProblemType(
    "video-not-started",
    HTTPStatus.NOT_FOUND,
    "Nobody has asked for the video yet",
    "The order is paid and nothing of its video is there. POST /lightning/generate-video makes it.",
    "This video was not asked for yet: POST /lightning/generate-video makes it.",
)
METHOD_NOT_ALLOWED = ProblemType(
    "method-not-allowed",
    HTTPStatus.METHOD_NOT_ALLOWED,
    "The resource does not take this method",
    "`Allow` lists the methods that it takes.",
    "This method is not allowed here. GET /docs lists what is.",
)
BODY_TOO_SLOW = ProblemType(
    "body-too-slow",
    HTTPStatus.REQUEST_TIMEOUT,
    "The body took too long to arrive",
    "Send it again over a faster line.",
    "The body took too long to arrive. Send it again over a faster line.",
)
CHOICE_FIXED = ProblemType(
    "choice-fixed",
    HTTPStatus.CONFLICT,
    "The video is made already, of another choice",
    "Frames of another avatar, emotion, language or voice are stored or being rendered. Ask for the same choice.",
    "This video is made with avatar 'arab_man' already, not 'arab_woman'.",
)
VIDEO_INTERRUPTED = ProblemType(
    "video-interrupted",
    HTTPStatus.CONFLICT,
    "The video is not whole, and nobody renders it now",
    "A render goes on by itself for a while. POST /lightning/generate-video goes on with it at once.",
    "The render was interrupted: POST /lightning/generate-video goes on with it.",
)
VIDEO_GROWING = ProblemType(
    "video-growing",
    HTTPStatus.CONFLICT,
    "The video is still being rendered",
    "What was asked for can be made of a whole video only, such as one with its captions as a track. Ask again once"
    " `video.state` is `ready`.",
    "The video is still being rendered: its captions become a track once it is whole.",
)
NOT_REFUNDABLE = ProblemType(
    "not-refundable",
    HTTPStatus.CONFLICT,
    "The money of this order is not given back, or not now",
    "Only a paid order whose video has failed is refunded.",
    "This video is being rendered: it is refunded only if that fails.",
)
REFUND_BOUND = ProblemType(
    "refund-bound",
    HTTPStatus.CONFLICT,
    "The money is on its way back, or was given back",
    "From the moment that an invoice of yours is bound, the video is not made and no other invoice is taken.",
    "This order was refunded: ask for a new quote.",
)
REFUND_FAILED = ProblemType(
    "refund-failed",
    HTTPStatus.CONFLICT,
    "The node could not pay your invoice",
    "Your money is still yours: send another invoice.",
    "This invoice could not be paid: no route. Send another; your money is still yours.",
)
PAYMENT_GIVEN_BACK = ProblemType(
    "payment-given-back",
    HTTPStatus.GONE,
    "The held payment went back",
    "The video could not be made while the payment was held, so it was not taken. Ask for a new quote.",
    "The video could not be made, and the payment went back. Ask for a new quote.",
)
MEDIUM_GONE = ProblemType(
    "medium-gone",
    HTTPStatus.GONE,
    "What this link led to was deleted",
    "Libraries keep what is in them for a while, or until its owner deletes it. Upload it again.",
    "What this link led to was deleted.",
)
VIDEO_GONE = ProblemType(
    "video-gone",
    HTTPStatus.GONE,
    "The video was deleted",
    "Videos are kept for a while after they were made, and what is not paid is not kept.",
    "What you ask for was deleted on 2026-01-31.",
)
BODY_TOO_LARGE = ProblemType(
    "body-too-large",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "The body is larger than this resource takes",
    "Split the text or the recording.",
    "The body is too large.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "The body is of a kind that this resource does not take",
    "/docs says what each takes.",
    "Unsupported media type.",
)
RANGE_NOT_SATISFIABLE = ProblemType(
    "range-not-satisfiable",
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
    "The range lies past the end",
    "`Content-Range` tells how many bytes there are.",
    "There are 123456 bytes.",
)
IDEMPOTENCY_KEY_REUSED = ProblemType(
    "idempotency-key-reused",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "The Idempotency-Key came with another request before",
    "Use a new key for each wish.",
    "This Idempotency-Key was used for another request: use a new key for each.",
)
TOO_MANY_REQUESTS = ProblemType(
    "too-many-requests",
    HTTPStatus.TOO_MANY_REQUESTS,
    "You ask too often, or for too much at once",
    "`Retry-After` tells when to come back; `RateLimit` on every answer tells how much is left.",
    "You are asking too often: try again in 2 s.",
)
INTERNAL_ERROR = ProblemType(
    "internal-error",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "Something went wrong here",
    "Our fault, and logged. Tell the operator the `request_id`.",
    "Something went wrong here. It is logged.",
)
UNAVAILABLE = ProblemType(
    "unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The same request may work later",
    "`Retry-After` tells when.",
    "Too many quotes wait for their payment. Try again soon.",
)
RENDERER_UNAVAILABLE = ProblemType(
    "renderer-unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "No renderer answers as it should",
    "A payment is safe: ask again after `Retry-After`.",
    "The video could not be made now. Your payment is safe: try again soon.",
)
RENDERER_BUSY = ProblemType(
    "renderer-busy",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Every renderer has its hands full",
    "A payment is safe: ask again after `Retry-After`.",
    "The renderer is busy. Your payment is safe: try again soon.",
)
NODE_UNAVAILABLE = ProblemType(
    "node-unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The Lightning node cannot be reached",
    "Nothing can be sold or concluded now: ask again after `Retry-After`.",
    "The Lightning node cannot be reached. Try again soon.",
)
RATE_UNAVAILABLE = ProblemType(
    "rate-unavailable",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "No bitcoin price is fresh enough to sell at",
    "Nothing can be priced now: ask again after `Retry-After`.",
    "No bitcoin price is fresh enough to sell at. Try again soon.",
)
RESTARTING = ProblemType(
    "restarting",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The service is about to stop",
    "It takes no request that waits. Ask again after `Retry-After`.",
    "The service is about to restart. Try again soon.",
)

TYPES = tuple(value for value in list(globals().values()) if isinstance(value, ProblemType))
"""All of them, by status."""

OF_STATUS = {
    kind.status: kind
    for kind in (
        INVALID_REQUEST,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        BODY_TOO_SLOW,
        BODY_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        INTERNAL_ERROR,
    )
}
"""What the web framework's own errors are."""
