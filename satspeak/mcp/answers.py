"""What the tools answer: each field in the names of the shop's own API."""

from typing import TypedDict


class Catalogue(TypedDict):
    """Who can speak, how, and in what."""

    avatars: list[str]
    emotions: list[str]
    languages: list[str]
    voices: list[str]


class Estimate(TypedDict):
    """What a video would cost."""

    duration_seconds: float
    amount_sats: int
    amount_usd: float


class Quote(Estimate):
    """What a video costs until the invoice expires."""

    bolt11_invoice: str
    expires_at: str
    refund_token: str


class Status(TypedDict):
    """What became of a payment and of its video."""

    bolt11_invoice: str
    amount_sats: int
    payment: str
    video: str
    video_seconds: float
    refund_offered_msat: int | None


class Video(TypedDict):
    """Where a video is."""

    state: str
    seconds: float
    video_url: str
    page_url: str
    captions_url: str
    bytes_included: int


class Refund(TypedDict):
    """How far money is on its way back."""

    state: str
    amount_msat: int
    preimage: str | None


class Bought(TypedDict):
    """A video that was bought."""

    purchase_id: str
    bolt11_invoice: str
    spent_sats: int
    preimage: str | None
    refund_token: str
    video_url: str
    page_url: str
    left_today_sats: int


class Spending(TypedDict):
    """What may still be spent."""

    budget_per_call_sats: int
    budget_per_day_sats: int
    spent_today_sats: int
    left_for_one_purchase_sats: int
