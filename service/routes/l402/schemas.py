"""What goes over the wire by L402."""

from datetime import datetime
from typing import Annotated, Any, Self

from msgspec import Meta

from service.l402.selling import Challenge, Redeemed
from service.l402.top_ups import RedeemedTopUp, TopUpChallenge
from service.orders.video import Video, VideoState
from service.routes.http.problem_types import CREDENTIAL_REQUIRED
from service.routes.http.shapes import Base, Request, StageWish, WebhookUrl

USD_MICROS = 1_000_000

USUAL_CAP_SAT = 1000
"""What most L402 clients pay at once without being told to."""

RefundToken = Annotated[
    str,
    Meta(description="With the preimage, what POST /lightning/refund asks for should the video fail."),
]


class VideoWish(Request, frozen=True, kw_only=True):
    """What is sold. `avatar` and `emotion` are required: what is paid for is made at once."""

    webhook_url: Annotated[
        WebhookUrl | None,
        Meta(
            description="An https:// URL that is told what becomes of payment and video, signed as Standard Webhooks"
            " says with the `webhook_secret` of the challenge. The request that is challenged fixes it; it is no part"
            " of what the credential is good for."
        ),
    ] = None


class TextWish(VideoWish, frozen=True, kw_only=True):
    """A text to be spoken. `avatar` and `emotion` are required: what is paid for is made at once."""

    text: Annotated[
        str,
        Meta(
            description="What the avatar says.",
            examples=["Hello! This is the text that will be spoken by the avatar."],
        ),
    ]
    stage: StageWish = None


class AudioWish(VideoWish, frozen=True, kw_only=True):
    """The form fields beside the `audio` file."""

    stage: StageWish = None


class PaymentProblem(Base, frozen=True, kw_only=True):
    """What every challenge says, for people and for programs that read bodies; the header is what counts."""

    type: str
    title: str
    status: int
    detail: str
    macaroon: Annotated[str, Meta(description="The first half of the credential, in base64.")]
    bolt11_invoice: Annotated[str, Meta(description="Pay this: its preimage is the other half.")]
    amount: Annotated[int, Meta(description="Price in satoshis.", examples=[45])]
    amount_usd: Annotated[float, Meta(description="Price in US dollars.", examples=[0.045])]
    duration: Annotated[float, Meta(description="Seconds of video, or of video time.", examples=[4.5])]
    expires_at: Annotated[datetime, Meta(description="When the invoice can no longer be paid.")]
    valid_until: Annotated[datetime, Meta(description="Until when the credential is good.")]


class ChallengeProblem(PaymentProblem, frozen=True, kw_only=True):
    """The challenge of a video."""

    language: Annotated[str | None, Meta(description="The language that the price is for.", examples=["en"])]
    refund_token: RefundToken
    webhook_secret: Annotated[
        str | None,
        Meta(
            description="Verifies what `webhook_url` is told; null where none was named. The answer to the credential"
            " tells it again, in the header `Webhook-Secret`.",
            examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw..."],
        ),
    ]

    @classmethod
    def of(cls, challenge: Challenge) -> Self:
        """Translate."""
        quote = challenge.quote
        return cls(
            **_common(challenge, f"This video costs {quote.price.amount_sat} sat."),
            duration=max(round(quote.duration_ms / 1000, 1), 0.1),
            language=quote.language,
            refund_token=quote.tokens.refund,
            webhook_secret=challenge.webhook_secret,
        )


class TopUpChallengeProblem(PaymentProblem, frozen=True, kw_only=True):
    """The challenge of a top-up."""

    account_id: Annotated[int, Meta(description="Whose video time it will be.", examples=[17])]

    @classmethod
    def of(cls, challenge: TopUpChallenge) -> Self:
        """Translate."""
        quote = challenge.quote
        seconds = quote.ms / 1000
        return cls(
            **_common(challenge, f"{seconds:.0f} s of video time cost {quote.price.amount_sat} sat."),
            duration=seconds,
            account_id=quote.account_id,
        )


def _common(challenge: Challenge | TopUpChallenge, price: str) -> dict[str, Any]:
    """Write what every challenge says."""
    quote = challenge.quote
    detail = (
        f"{price} Pay the invoice, and send the same request again with"
        " 'Authorization: L402 <macaroon>:<preimage>'."
    )
    if quote.price.amount_sat > USUAL_CAP_SAT:
        detail += f" Many clients pay at most {USUAL_CAP_SAT:,} sat at once unless they are set otherwise."
    return {
        "type": CREDENTIAL_REQUIRED.uri,
        "title": CREDENTIAL_REQUIRED.title,
        "status": int(CREDENTIAL_REQUIRED.status),
        "detail": detail,
        "macaroon": challenge.macaroon,
        "bolt11_invoice": quote.invoice,
        "amount": quote.price.amount_sat,
        "amount_usd": quote.price.usd_micros / USD_MICROS,
        "expires_at": quote.expires_at.replace(microsecond=0),
        "valid_until": challenge.valid_until,
    }


class ToppedUp(Base, frozen=True, kw_only=True):
    """Video time that was paid for, once, and whose it is."""

    account_id: int
    api_key: Annotated[
        str | None,
        Meta(
            description="Opens the account that was made for it; null where a key was shown. Keep it: it is told to"
            " whoever shows the credential, for as long as that is good."
        ),
    ]
    seconds: Annotated[float, Meta(examples=[600.0])]
    amount_sat: int
    bolt11_invoice: Annotated[str, Meta(description="What was paid.")]
    paid_at: datetime | None

    @classmethod
    def of(cls, redeemed: RedeemedTopUp) -> Self:
        """Translate."""
        top_up = redeemed.top_up
        return cls(
            account_id=top_up.account_id,
            api_key=redeemed.key,
            seconds=top_up.ms / 1000,
            amount_sat=top_up.price.amount_sat,
            bolt11_invoice=top_up.invoice,
            paid_at=top_up.paid_at and top_up.paid_at.replace(microsecond=0),
        )


class LinkAnswer(Base, frozen=True, kw_only=True):
    """Where the video is, for programs that read text."""

    video_url: Annotated[
        str, Meta(description="The MP4, for as long as it is kept; whoever has the link needs no more.")
    ]
    payment_url: Annotated[str, Meta(description="What became of payment and video; the same goes for it.")]
    duration: Annotated[float, Meta(description="Seconds of video that were sold.", examples=[4.5])]
    state: Annotated[
        VideoState, Meta(description="`rendering`: the link plays it while it grows. `ready`: it is whole.")
    ]
    seconds: Annotated[float, Meta(description="How much can be played now.")]
    bolt11_invoice: Annotated[str, Meta(description="What was paid.")]
    refund_token: RefundToken
    webhook_secret: Annotated[
        str | None,
        Meta(description="Verifies what the `webhook_url` is told that was challenged; null where none was."),
    ]

    @classmethod
    def of(cls, redeemed: Redeemed, video: Video, *, video_url: str, payment_url: str) -> Self:
        """Translate."""
        return cls(
            video_url=video_url,
            payment_url=payment_url,
            duration=max(round(redeemed.sold.order.wish.duration_ms / 1000, 1), 0.1),
            state=video.state,
            seconds=video.seconds,
            bolt11_invoice=redeemed.sold.payment.invoice,
            refund_token=redeemed.tokens.refund,
            webhook_secret=redeemed.webhook_secret,
        )
