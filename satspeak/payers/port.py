"""The port: a wallet that pays an invoice whose amount was checked."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeAlias

import msgspec


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice that may be paid, as `paying.check` read it: what it says itself, not what somebody says of it."""

    invoice: str  # BOLT 11, lower case
    payment_hash: bytes  # 32 bytes
    amount_msat: int
    fee_limit_msat: int  # most that the way may cost beside the amount
    expires_at: datetime  # UTC


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that happened."""

    preimage: bytes | None  # 32 bytes, the proof; None where the wallet shows none
    amount_msat: int
    fee_msat: int | None  # None where the wallet does not tell


class Payer(Protocol):
    """A wallet of ours.

    Attributes:
        name: What it is, for people.
        bounds_fees: Whether it keeps to `Bill.fee_limit_msat`. Where it cannot, its own settings bound the fee.
    """

    name: str
    bounds_fees: bool

    async def pay(self, bill: Bill) -> Receipt:
        """Pay, and wait for the end of it. Asked again with the same invoice, a wallet pays once.

        Cancelled, it may have been paid: as after `OutcomeUnknown`.

        Raises:
            WalletUnusable: It cannot be asked.
            NotPaid: Nothing was paid, and nothing will be.
            OutcomeUnknown: That is not certain.
        """
        ...

    async def aclose(self) -> None:
        """Let go of the wallet."""
        ...


class Wallet(Payer, Protocol):
    """A wallet that tells afterwards, too."""

    async def outcome(self, bill: Bill) -> Receipt:
        """Tell what became of an invoice that it may have been asked to pay; nothing is paid.

        Raises:
            WalletUnusable: It cannot be asked.
            NotPaid: It tried, and nothing was paid.
            NotAsked: It knows of no payment.
            UnderWay: The payment is on its way.
            OutcomeUnknown: It does not tell.
        """
        ...


OpenPayer: TypeAlias = Callable[[], Payer]
"""Builds a wallet in the event loop that uses it, and for that one payment."""
