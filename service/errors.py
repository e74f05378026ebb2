"""Everything that the service can fail with.

ServiceError
├── InvalidRequest           the request can never work as it stands
│   ├── BodyTooLarge
│   ├── BodyTooSlow
│   ├── ChoiceContradictsQuote
│   ├── FetchRefused         nobody on the internet has this file, or it is not to be had
│   └── RenderRefused        the worker says so
├── ContentRefused           the operator's judge will not have it
├── OrderNotFound
├── BatchNotFound            or another account's
├── KeyReused
├── InvoiceNotPaid
├── PaymentRequired
├── PaymentGivenBack         the video could not be made while the payment was held
├── ChoiceFixed
├── VideoNotStarted
├── VideoInterrupted
├── VideoGrowing             what is asked for needs the whole video
├── MediumNotFound           a library has nothing under this link
├── MediumGone               it was kept for as long as libraries keep what is in them
├── VideoGone                it was kept for as long as the operator keeps videos
├── NotRefundable            this order's money is not given back, or not now
│   ├── RefundBound          it is on its way back, or was given back
│   └── RefundFailed         the node could not pay the buyer's invoice
├── RangeNotSatisfiable
├── InvalidApiKey
├── KeyNotAllowed
├── InsufficientCredits      so much of the account's video time is not free
├── TooManyRequests          the client asks too often, or for too much at once
├── Unavailable              the same request may work later
│   ├── WorkerDown
│   │   ├── VoiceAway        an account's voice, which none of its templates speaks
│   │   └── WorkerBusy
│   ├── EngineMissing        the operator has set none that could do it
│   └── Draining
├── RenderFailed             the worker took the order and did not finish it, or made something else
├── StoredLost               what was stored is not there any more
├── StoredByOthers           the worker would have begun this MP4 otherwise, so it cannot go on with it
├── LeaseLost                another attempt has taken the render over
├── KeyTaken                 another replica has answered this request already
├── NameTaken                another account has this name
├── VideoBroken              the video stops before its end
├── ReceiverAway             of a webhook
├── OutputGone               where the pictures of a live session go takes no more
├── SessionNotFound          or another account's
├── PlaceLost                the room or server at which a live session was shown
├── LnurlRefused             a wallet is told why
├── VideoNotMade             a held payment has to go back
├── StoreOfAnother
└── SettingsError
"""


class ServiceError(Exception):
    """Base of the tree."""


class ToldError(ServiceError):
    """One whose message is for whoever asked."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class InvalidRequest(ServiceError):
    """The request can never work as it stands."""

    field: str | None = None  # of the body, or the parameter or header, that is at fault

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field or self.field


class BodyTooLarge(InvalidRequest):
    """The body is larger than this resource takes."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The body is too large: at most {limit_bytes:,} bytes are taken here.")
        self.limit_bytes = limit_bytes


class BodyTooSlow(InvalidRequest):
    """The body does not come in time."""

    def __init__(self) -> None:
        super().__init__("The body took too long to arrive. Send it again over a faster line.")


class ChoiceContradictsQuote(InvalidRequest):
    """The delivery asks for something else than what the quote was made for."""


class FetchRefused(InvalidRequest):
    """A file that a client names by its address cannot be had: nobody on the internet has it, or it is another."""


class ContentRefused(ToldError):
    """The operator's judge will not have this text or recording sold."""


class OrderNotFound(ServiceError):
    """No quote of ours has this invoice, or who asks may not see its order."""

    def __init__(self, invoice: str) -> None:
        super().__init__(invoice)
        self.invoice = invoice


class BatchNotFound(ServiceError):
    """The account has no such batch of videos."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(batch_id)
        self.batch_id = batch_id


class KeyReused(ServiceError):
    """An idempotency key came again with another request."""


class InvoiceNotPaid(ServiceError):
    """The invoice was not paid while the request waited."""


class PaymentRequired(ServiceError):
    """The video of an unpaid order was asked for by a request that does not wait."""


class PaymentGivenBack(ServiceError):
    """The video could not be made while its payment was held."""

    def __init__(self, reason: str | None) -> None:
        super().__init__(reason)
        self.reason = reason


class ChoiceFixed(ToldError):
    """Frames of another choice are already stored or being rendered."""


class VideoNotStarted(ServiceError):
    """Nobody has asked for this order's video yet."""


class VideoInterrupted(ServiceError):
    """The video is not whole, and nobody renders it."""


class VideoGrowing(ServiceError):
    """What is asked for can be made of a whole video alone, and this one is still rendered."""


class MediumNotFound(ServiceError):
    """A library has nothing under this link, or it is another account's that asks."""


class MediumGone(ServiceError):
    """What a link led to was deleted, or its time is over."""


class VideoGone(ToldError):
    """The video, or what it was to be made of, was deleted."""


class NotRefundable(ToldError):
    """The money of this order is not given back, or not now."""


class RefundBound(NotRefundable):
    """The money of this order is on its way back, or was given back."""


class RefundFailed(NotRefundable):
    """Our node could not pay the buyer's invoice; another may be sent."""


class RangeNotSatisfiable(ServiceError):
    """The requested range lies past the end of the video."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class InvalidApiKey(ServiceError):
    """The API key is missing, unknown or revoked."""


class KeyNotAllowed(ServiceError):
    """The API key is good for other things."""

    def __init__(self, scope: str) -> None:
        super().__init__(scope)
        self.scope = scope


class InsufficientCredits(ServiceError):
    """So much of the account's video time is not free."""

    def __init__(self, *, asked_ms: int, free_ms: int) -> None:
        super().__init__(asked_ms, free_ms)
        self.asked_ms = asked_ms
        self.free_ms = free_ms

    @property
    def missing_ms(self) -> int:
        """How much has to come in."""
        return self.asked_ms - self.free_ms


class TooManyRequests(ServiceError):
    """The client, or all of them together, ask more often than the operator allows."""

    def __init__(self, detail: str, *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s


class StreamTaken(ServiceError):
    """The account has a live session of the same name, which is to end first."""


class Unavailable(ServiceError):
    """The same request may work later."""

    def __init__(self, detail: str, *, retry_after_s: int = 5) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_s = retry_after_s


class WorkerDown(Unavailable):
    """The worker does not answer as it should."""


class WorkerBusy(WorkerDown):
    """The worker is well and has no room."""


class VoiceAway(WorkerDown):
    """The worker is well, and does not speak with this voice of an account: none of its templates made it."""


class EngineMissing(Unavailable):
    """What is asked for needs an engine that the operator has not set; the detail names the setting."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, retry_after_s=3600)


class Draining(Unavailable):
    """The service is about to stop and takes no request that waits."""


class RenderRefused(InvalidRequest):
    """The worker can never render this."""


class NotOffered(RenderRefused):
    """No worker here does such work; what it says names what is to be installed or set."""


class RenderFailed(ServiceError):
    """The worker took the order and did not finish it, or made something else than was sold."""


class StoredLost(ServiceError):
    """An object that a row points to is not there any more."""


class StoredByOthers(ServiceError):
    """What is stored of a video begins otherwise than this worker's: its codecs are set up for other pictures."""


class LeaseLost(ServiceError):
    """Another attempt has taken the render over."""


class KeyTaken(ServiceError):
    """An idempotency key came to another replica at the same time, which has made its quote."""


class NameTaken(ServiceError):
    """Another account has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class VideoBroken(ServiceError):
    """The video stops before its end: its render was interrupted while it was read."""


class ReceiverAway(ServiceError):
    """The receiver of a webhook did not answer, or is nobody who may be asked."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ReceiverCrowded(ServiceError):
    """So many are sent to the address of a webhook's receiver, under whatever names, that it was not asked."""


class OutputGone(ServiceError):
    """Where the pictures of a live session go takes no more."""


class SessionNotFound(ServiceError):
    """The account has no such live session, or it is over."""


class PlaceLost(ToldError):
    """The room or server at which a live session was shown takes no more of it."""


class LnurlRefused(ToldError):
    """What an LNURL led to cannot be paid by it."""


class VideoNotMade(ServiceError):
    """The video of a held payment cannot be made, or not in time."""

    def __init__(self, reason: str, *, late: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.late = late  # the payer could soon take the payment back


class StoreOfAnother(ServiceError):
    """The object store is marked as another database's."""

    detail = (
        "SATSPEAK_OBJECTS_URL: these uploads and videos are another database's. Nothing is swept; give each database a"
        " folder or a prefix of its own, or delete the object 'database' there if this one takes its place."
    )


class SettingsError(ServiceError):
    """A setting is missing, malformed or contradicts another."""
