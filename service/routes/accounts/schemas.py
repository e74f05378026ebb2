"""What goes over the wire about accounts."""

import datetime as dt
from typing import Annotated

import msgspec
from msgspec import Meta

from service.accounts.account import Account, Entry, Move, Usage, whole_seconds
from service.accounts.top_up import TopUp
from service.orders.order import Status
from service.quotes.top_ups import MS, TopUpQuote
from service.routes.http.shapes import Base
from service.routes.lightning.schemas import USD_MICROS, lightning_uri
from service.routes.lightning.schemas import whole_seconds as cut
from service.webhooks.port import AccountReceiver


class TopUpRequest(Base, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Video time, please."""

    seconds: Annotated[int, Meta(ge=1, description="Seconds of video time.", examples=[600])]


class TopUpAnswer(Base, frozen=True, kw_only=True):
    """A quote of video time, good until `expires_at`."""

    duration: Annotated[float, Meta(description="Seconds of video time.", examples=[600.0])]
    bolt11_invoice: Annotated[str, Meta(description="Pay this.", examples=["lnbc6u1p3..."])]
    amount: Annotated[int, Meta(description="Price in satoshis.", examples=[9231])]
    amount_usd: Annotated[float, Meta(description="Price in US dollars.", examples=[6.0])]
    expires_at: Annotated[dt.datetime, Meta(description="When the invoice can no longer be paid.")]
    lightning_uri: Annotated[str, Meta(description="Opens a wallet.", examples=["lightning:LNBC6U1P3..."])]
    bip21_uri: Annotated[
        str,
        Meta(
            description="The same for wallets that read BIP 21.", examples=["bitcoin:?lightning=LNBC6U1..."]
        ),
    ]
    account_id: Annotated[int, Meta(description="Whose video time it will be.", examples=[17])]
    api_key: Annotated[
        str | None,
        Meta(
            description="Opens the account that was made for this top-up; null where a key was shown. Told only here:"
            " keep it. It is worth nothing until the invoice is paid."
        ),
    ]

    @classmethod
    def of(cls, quote: TopUpQuote) -> "TopUpAnswer":
        """Translate."""
        return cls(
            duration=quote.ms / MS,
            bolt11_invoice=quote.invoice,
            amount=quote.price.amount_sat,
            amount_usd=quote.price.usd_micros / USD_MICROS,
            expires_at=cut(quote.expires_at),
            lightning_uri=lightning_uri(quote.invoice),
            bip21_uri=f"bitcoin:?lightning={quote.invoice.upper()}",
            account_id=quote.account_id,
            api_key=quote.key,
        )


class TopUpState(Base, frozen=True, kw_only=True):
    """What became of a top-up."""

    invoice: str
    seconds: float
    amount_sat: int
    amount_usd: float
    status: Status
    created_at: dt.datetime
    paid_at: dt.datetime | None

    @classmethod
    def of(cls, top_up: TopUp) -> "TopUpState":
        """Translate."""
        return cls(
            invoice=top_up.invoice,
            seconds=top_up.ms / MS,
            amount_sat=top_up.price.amount_sat,
            amount_usd=top_up.price.usd_micros / USD_MICROS,
            status=top_up.status,
            created_at=cut(top_up.created_at),
            paid_at=top_up.paid_at and cut(top_up.paid_at),
        )


class TopUpList(Base, frozen=True, kw_only=True):
    """A page of top-ups."""

    top_ups: list[TopUpState]


class Day(Base, frozen=True, kw_only=True):
    """What was used on one day, UTC."""

    day: dt.date
    used_ms: int
    credits: Annotated[int, Meta(description="The same in whole seconds, rounded up.")]

    @classmethod
    def of(cls, usage: Usage) -> "Day":
        """Translate."""
        return cls(day=usage.day, used_ms=usage.used_ms, credits=whole_seconds(usage.used_ms))


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One move of video time."""

    id: int
    move: Annotated[
        Move,
        Meta(
            description="`top-up` and `grant` let it come in, `reserve` sets it aside, `settle` uses it, `release`"
            " frees what was set aside and not used."
        ),
    ]
    ms: int
    ref: Annotated[str, Meta(description="What it was for: of a top-up, the payment hash of its invoice.")]
    at: dt.datetime

    @classmethod
    def of(cls, entry: Entry) -> "LedgerEntry":
        """Translate."""
        return cls(id=entry.id, move=entry.move, ms=entry.ms, ref=entry.ref, at=cut(entry.at))


class AccountAnswer(Base, frozen=True, kw_only=True):
    """An account: `granted_ms` is always `free_ms` and `reserved_ms` and `used_ms`."""

    account_id: int
    name: str | None
    unlimited: Annotated[bool, Meta(description="Its video time has no end.")]
    credits: Annotated[int, Meta(description="Whole seconds of video time that are free.", examples=[595])]
    free_ms: int
    reserved_ms: int
    used_ms: int
    granted_ms: Annotated[int, Meta(description="All that ever came in.")]
    lightning_address: Annotated[
        str | None,
        Meta(
            description="Whoever pays it tops the account up, by any amount in bounds; null where the operator has not"
            " said where the service is reached.",
            examples=["mfrggzdfmztwq2lknnwg23tpoi@video.example.org"],
        ),
    ]
    lnurl: Annotated[str | None, Meta(description="The same for wallets that scan LNURLs.")]
    webhook_url: Annotated[
        str | None, Meta(description="Who is told of its videos, and of a balance that is low.")
    ]
    low_balance_seconds: Annotated[
        int | None, Meta(description="Below how many seconds the balance is low; null: it never is.")
    ]
    jobs: Annotated[int, Meta(description="Videos and live sessions that it has now.")]
    most_jobs: Annotated[int, Meta(description="Most that it may have at once.")]
    usage: Annotated[list[Day], Meta(description="Each of the last 31 days on which something was used.")]
    ledger: Annotated[list[LedgerEntry], Meta(description="The newest moves, the newest first.")]

    @classmethod
    def of(
        cls,
        account: Account,
        *,
        unlimited: bool,
        most_jobs: int,
        usage: list[Usage],
        ledger: list[Entry],
        lightning_address: str | None,
        lnurl: str | None,
        receiver: AccountReceiver | None,
    ) -> "AccountAnswer":
        """Translate."""
        return cls(
            account_id=account.id,
            name=account.name,
            unlimited=unlimited,
            credits=account.free_ms // MS,
            free_ms=account.free_ms,
            reserved_ms=account.reserved_ms,
            used_ms=account.used_ms,
            granted_ms=account.granted_ms,
            lightning_address=lightning_address,
            lnurl=lnurl,
            webhook_url=None if receiver is None else receiver.url,
            low_balance_seconds=(
                None if receiver is None or receiver.low_ms is None else receiver.low_ms // MS
            ),
            jobs=account.open,
            most_jobs=most_jobs,
            usage=[Day.of(each) for each in usage],
            ledger=[LedgerEntry.of(entry) for entry in ledger],
        )


class ReceiverRequest(Base, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to be told of an account."""

    webhook_url: Annotated[
        str,
        Meta(
            description="An https:// URL at port 443 of a host on the internet.",
            examples=["https://app.example.org/hook"],
        ),
    ]
    low_balance_seconds: Annotated[
        int | None,
        Meta(
            description="`balance.low` is told once each time that what is left, with what is set aside, falls below so"
            " many seconds; null: never.",
            examples=[60],
        ),
    ] = None


class ReceiverAnswer(Base, frozen=True, kw_only=True):
    """Who is told of an account."""

    webhook_url: str
    low_balance_seconds: int | None
    webhook_secret: Annotated[
        str | None,
        Meta(
            description="Each message is signed with it. Told once, when it is made: null where it was before."
        ),
    ]

    @classmethod
    def of(cls, receiver: AccountReceiver, *, tell_secret: bool) -> "ReceiverAnswer":
        """Translate."""
        return cls(
            webhook_url=receiver.url,
            low_balance_seconds=None if receiver.low_ms is None else receiver.low_ms // MS,
            webhook_secret=receiver.secret.split()[0] if tell_secret else None,
        )
