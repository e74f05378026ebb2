"""What goes over the wire, and how it is made of what is inside."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from service.delivery.watching import Snapshot
from service.orders.order import Order, Status
from service.orders.video import VideoState
from service.payments.payment import Payment
from service.pricing.price import PERCENT
from service.quotes.quoting import Estimate, Quote
from service.refunds.refund import Refund, RefundState
from service.refunds.refunding import Offer
from service.routes.http.shapes import Base, Request, StageWish, WebhookUrl
from service.webhooks.signing import secret_of

USD_MICROS = 1_000_000

HEX_32 = "^[0-9a-fA-F]{64}$"


class QuoteRequest(Request, frozen=True, kw_only=True):
    """What is sold. What is chosen here binds the delivery."""

    private: Annotated[
        bool,
        Meta(description="Gives a claim token, without which the invoice opens nothing.", examples=[True]),
    ] = False
    hold: Annotated[
        bool,
        Meta(
            description="Buys in one step: the payment is only held, which begins the render; it is taken once the"
            " video is whole, and goes back by itself if it cannot be made. Needs avatar, emotion and language.",
            examples=[True],
        ),
    ] = False
    webhook_url: WebhookUrl | None = None
    stage: StageWish = None


class TextRequest(QuoteRequest, frozen=True, kw_only=True):
    """A text to be spoken."""

    text: Annotated[
        str,
        Meta(
            description="What the avatar says.",
            examples=["Hello! This is the text that will be spoken by the avatar."],
        ),
    ]


class AudioOptions(QuoteRequest, frozen=True, kw_only=True):
    """The form fields beside the `audio` file."""


class VideoRequest(Request, frozen=True, kw_only=True):
    """The delivery of a paid video. `avatar` and `emotion` are required unless the quote named them."""

    bolt11_invoice: Annotated[
        str, Meta(description="The invoice of the quote; must be paid.", examples=["lnbc450n1p3..."])
    ]
    claim_token: Annotated[
        str | None,
        Meta(description="The claim token of a private quote; or send it as `Authorization: Bearer`."),
    ] = None


class EstimateAnswer(Base, frozen=True, kw_only=True):
    """What a video would cost now."""

    duration: Annotated[float, Meta(description="Seconds of video.", examples=[4.5])]
    amount: Annotated[int, Meta(description="Price in satoshis.", examples=[45])]
    amount_usd: Annotated[float, Meta(description="Price in US dollars.", examples=[0.045])]
    language: Annotated[
        str | None,
        Meta(
            description="The language that the price is for: the one that was named, or the one that the text"
            " seems to be in. Null for recorded speech.",
            examples=["en"],
        ),
    ]
    canvas_price: Annotated[
        float,
        Meta(
            description="How many times the price of a plain picture the canvas costs; it is in the amount."
        ),
    ]

    @classmethod
    def of(cls, estimate: Estimate) -> "EstimateAnswer":
        """Translate."""
        return cls(
            duration=seconds(estimate.duration_ms),
            language=estimate.language,
            amount=estimate.price.amount_sat,
            amount_usd=estimate.price.usd_micros / USD_MICROS,
            canvas_price=estimate.percent / PERCENT,
        )


class QuoteAnswer(Base, frozen=True, kw_only=True):
    """A quote, good until `expires_at`."""

    duration: Annotated[float, Meta(description="Seconds of video.", examples=[4.5])]
    bolt11_invoice: Annotated[str, Meta(description="Pay this.", examples=["lnbc450n1p3..."])]
    amount: Annotated[
        int, Meta(description="Price in satoshis, to the satoshi the invoice's.", examples=[45])
    ]
    amount_usd: Annotated[float, Meta(description="Price in US dollars.", examples=[0.045])]
    expires_at: Annotated[datetime, Meta(description="When the invoice can no longer be paid.")]
    refund_token: Annotated[
        str,
        Meta(description="Proves that the quote is yours, should a refund be due. Told only here: keep it."),
    ]
    lightning_uri: Annotated[
        str, Meta(description="Opens a wallet; the QR code shows it.", examples=["lightning:LNBC450N1P3..."])
    ]
    bip21_uri: Annotated[
        str,
        Meta(
            description="The same for wallets that read BIP 21 and BIP 321; it has no on-chain address.",
            examples=["bitcoin:?lightning=LNBC450N1P3..."],
        ),
    ]
    lnurl: Annotated[
        str | None,
        Meta(
            description="The same for wallets that read LNURL; it leads to this very invoice. Null where the operator"
            " has not said where the service is reached.",
            examples=["lnurl1dp68gurn8ghj7..."],
        ),
    ]
    claim_token: Annotated[
        str | None,
        Meta(
            description="Opens this order, with its invoice; null unless the quote was asked for as `private`."
            " Told only here: keep it."
        ),
    ]
    webhook_secret: Annotated[
        str | None,
        Meta(
            description="Verifies what `webhook_url` is told; null where none was named. Told only here: keep it.",
            examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw..."],
        ),
    ]
    language: Annotated[
        str | None,
        Meta(
            description="The language that the price is for: the one that was named, or the one that the text"
            " seems to be in. Null for recorded speech.",
            examples=["en"],
        ),
    ]

    @classmethod
    def of(cls, quote: Quote, asked: QuoteRequest) -> "QuoteAnswer":
        """Translate."""
        return cls(
            duration=seconds(quote.duration_ms),
            language=quote.language,
            bolt11_invoice=quote.invoice,
            amount=quote.price.amount_sat,
            amount_usd=quote.price.usd_micros / USD_MICROS,
            expires_at=whole_seconds(quote.expires_at),
            refund_token=quote.tokens.refund,
            lightning_uri=lightning_uri(quote.invoice),
            bip21_uri=f"bitcoin:?lightning={quote.invoice.upper()}",  # its keys are in lower case only
            lnurl=quote.lnurl,
            webhook_secret=_secret(quote, asked),
            claim_token=quote.tokens.claim,
        )


class VideoProgress(Base, frozen=True, kw_only=True):
    """How far the video is."""

    state: Annotated[
        VideoState,
        Meta(
            description="`interrupted`: it goes on by itself. `failed`: it was given up, so that its money can be had,"
            " or it can be asked for again."
        ),
    ]
    frames: Annotated[int, Meta(description="What can be played now.")]
    seconds: float


class RefundProgress(Base, frozen=True, kw_only=True):
    """The money of an order whose video has failed."""

    state: Annotated[
        Literal["offered", "owed", "paying", "refunded", "failed"],
        Meta(
            description="`offered`: ask for it. `owed`: the operator pays your invoice by hand. `paying`: on its way."
            " `failed`: your invoice could not be paid, send another."
        ),
    ]
    amount_msat: Annotated[
        int,
        Meta(description="What you get, or before you asked the most that you can get.", examples=[28000]),
    ]

    @classmethod
    def of(cls, offer: Offer) -> "RefundProgress":
        """Translate."""
        return cls(state=offer.state.value if offer.state else "offered", amount_msat=offer.amount_msat)


class RefundRequest(Base, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The money of a failed order back, please."""

    bolt11_invoice: Annotated[
        str, Meta(description="The invoice that you paid.", examples=["lnbc450n1p3..."])
    ]
    refund_token: Annotated[str, Meta(description="The token of its quote.")]
    preimage: Annotated[
        str,
        Meta(description="The receipt that your wallet got for paying it: 64 hex digits.", pattern=HEX_32),
    ]
    refund_invoice: Annotated[
        str,
        Meta(
            description="An invoice of your own wallet that asks for at most what"
            " GET /lightning/payment/{invoice} offers, or for no amount: then it is all of that.",
            examples=["lnbc1p3..."],
        ),
    ]


class RefundAnswer(Base, frozen=True, kw_only=True):
    """How far the money is on its way back."""

    status: Annotated[RefundState, Meta(description="As `refund.state` of the payment.")]
    amount_msat: Annotated[int, Meta(description="What you get.", examples=[28000])]
    preimage: Annotated[
        str | None, Meta(description="The proof that your invoice was paid, once it was; hex.")
    ]

    @classmethod
    def of(cls, refund: Refund) -> "RefundAnswer":
        """Translate."""
        return cls(
            status=refund.state,
            amount_msat=refund.amount_msat,
            preimage=None if refund.preimage is None else refund.preimage.hex(),
        )


class PaymentAnswer(Base, frozen=True, kw_only=True):
    """One payment and its video."""

    invoice: str
    amount_sat: int
    amount_usd: float
    status: Status
    created_at: datetime
    paid_at: datetime | None
    video: VideoProgress
    refund: RefundProgress | None

    @classmethod
    def of(cls, snapshot: Snapshot) -> "PaymentAnswer":
        """Translate."""
        order, payment = snapshot.order, snapshot.payment
        video, refund = snapshot.video, snapshot.refund
        return cls(
            invoice=payment.invoice,
            amount_sat=order.amount_sat,
            amount_usd=order.usd_micros / USD_MICROS,
            status=order.status,
            created_at=whole_seconds(order.created_at),
            paid_at=payment.paid_at and whole_seconds(payment.paid_at),
            video=VideoProgress(
                state=snapshot.video_state,
                frames=0 if video is None else video.playable_frames,
                seconds=0.0 if video is None else video.seconds,
            ),
            refund=None if refund is None else RefundProgress.of(refund),
        )


class PaymentRecord(Base, frozen=True, kw_only=True):
    """One payment in the operator's list."""

    id: int
    invoice: str
    amount_sat: int
    amount_usd: float
    status: Status
    created_at: datetime
    paid_at: datetime | None

    @classmethod
    def of(cls, order: Order, payment: Payment) -> "PaymentRecord":
        """Translate."""
        return cls(
            id=order.id,
            invoice=payment.invoice,
            amount_sat=order.amount_sat,
            amount_usd=order.usd_micros / USD_MICROS,
            status=order.status,
            created_at=whole_seconds(order.created_at),
            paid_at=payment.paid_at and whole_seconds(payment.paid_at),
        )


def _secret(quote: Quote, asked: QuoteRequest) -> str | None:
    if asked.webhook_url is None or quote.tokens.webhook is None:
        return None
    return secret_of(quote.tokens.webhook)


def lightning_uri(invoice: str) -> str:
    """Link to an invoice: no slashes, and in capitals, which take the least room in a QR code."""
    return f"lightning:{invoice.upper()}"


def seconds(duration_ms: int) -> float:
    """A duration as people read it; the price is of the exact one."""
    return max(round(duration_ms / 1000, 1), 0.1)


def whole_seconds(moment: datetime) -> datetime:
    """Cut to whole seconds, the precision at which the node tells when it was paid."""
    return moment.replace(microsecond=0)
