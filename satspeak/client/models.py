"""What the service answers with, as typed values. Members that are not named here are left out.

Times are ISO 8601 in UTC, as the service writes them; money is in whole satoshi unless a name says otherwise.
"""

from typing import Any

import msgspec

Options = str | bool | dict[str, Any]
"""What a wish may say beside its text or recording: avatar, emotion, language, voice, which bind, private, hold,
webhook_url, and a stage with its members."""


class Avatar(msgspec.Struct, frozen=True, kw_only=True):
    """Who can speak: the name that a request takes, and what people read for it."""

    name: str
    label: str = ""
    emotions: list[str] | None = None  # where it has not all of them
    gender: str | None = None


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """What can be spoken."""

    code: str
    name: str


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """Who can speak a language."""

    name: str
    language: str
    gender: str
    engine: str | None = None
    accent: str | None = None


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """All that a wish can choose from. `voices` is empty while no worker answers."""

    avatars: list[Avatar]
    emotions: list[str]
    languages: list[Language]
    voices: list[Voice]


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a video would cost now; `duration` in seconds, `amount` in satoshis."""

    duration: float
    amount: int
    amount_usd: float
    language: str | None = None  # of a recording none
    canvas_price: float = 1.0  # how many times the plain price; told by estimates


class Quote(Estimate, frozen=True, kw_only=True):
    """What a video costs until the invoice expires. Keep it: its tokens are told only here."""

    bolt11_invoice: str
    expires_at: str
    refund_token: str
    claim_token: str | None = None  # opens a private order, with its invoice
    webhook_secret: str | None = None  # verifies what the `webhook_url` is told
    lightning_uri: str = ""
    bip21_uri: str = ""
    lnurl: str | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the video of an order is rendered."""

    state: str
    frames: int
    seconds: float


class RefundOffer(msgspec.Struct, frozen=True, kw_only=True):
    """The money of a failed order: `state` is offered, owed, paying, refunded or failed."""

    state: str
    amount_msat: int


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one invoice: `status` is pending, paid, expired or refunded; or held or canceled."""

    invoice: str
    amount_sat: int
    amount_usd: float
    status: str
    created_at: str
    paid_at: str | None
    video: Progress
    refund: RefundOffer | None = None


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """How far money is on its way back: `status` as the state of an offer, `preimage` the proof once it was paid."""

    status: str
    amount_msat: int
    preimage: str | None


class TopUpQuote(msgspec.Struct, frozen=True, kw_only=True):
    """What video time costs until the invoice expires; `duration` in seconds. Keep `api_key`: it is told only here."""

    duration: float
    bolt11_invoice: str
    amount: int
    amount_usd: float
    expires_at: str
    account_id: int
    api_key: str | None  # of an account that was made for it; worth nothing until the invoice is paid


class TopUp(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a top-up: `status` is pending, paid or expired."""

    invoice: str
    seconds: float
    amount_sat: int
    amount_usd: float
    status: str
    created_at: str
    paid_at: str | None


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One move of video time: `move` is top-up, grant, reserve, settle or release."""

    id: int
    move: str
    ms: int
    ref: str
    at: str


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What was used on a day, UTC; `credits` in whole seconds."""

    day: str
    used_ms: int
    credits: int


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A balance of video time. `next_page` leads to older moves; None on the last page."""

    account_id: int
    name: str | None
    unlimited: bool
    credits: int
    free_ms: int
    reserved_ms: int
    used_ms: int
    granted_ms: int
    usage: list[Day]
    ledger: list[Move]
    next_page: str | None = None


class Inference(msgspec.Struct, frozen=True, kw_only=True):
    """A video of an account: `status` is success, or delayed where it is made once one of its addresses is opened.

    Whoever has one of the addresses sees it, without a key. `credits_consumed` is in whole seconds.
    """

    id: str
    status: str
    text: str
    created_at: str
    language: str
    credits_consumed: int
    avatar: str
    emotion: str
    file_size_bytes: int | None
    inference_duration_ms: int | None
    video_duration_seconds: float | None
    html_url: str
    mp4_url: str
    captions_url: str
