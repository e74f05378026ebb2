"""Finds what became of purchases that were booked and whose end nobody noted, and frees what was certainly not paid.

As after a death: the wallet may have been asked or not, and may have paid. Nothing is paid here.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum

import msgspec

from lightning.errors import InvoiceUnreadable
from lightning.reading import read_invoice
from satspeak.client import Client, SatspeakError, ServiceRefused
from satspeak.mcp.ledger import MSAT, Ledger, Purchase, State
from satspeak.payers import Bill, NotAsked, NotPaid, OutcomeUnknown, UnderWay, Wallet, WalletUnusable

AFTER_EXPIRY = timedelta(minutes=10)
"""A program that was about to pay when its invoice expired has come to an end by then: none waits for so long."""

PAID = ("paid", "refunded")
NOT_PAID = ("expired", "canceled")

NOT_FOUND = 404


class Finding(Enum):
    """What a purchase that was booked turned out to be."""

    PAID = "paid"
    FREED = "freed"  # it was not paid, and will not be
    UNKNOWN = "unknown"  # it stays booked


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found out of a purchase, and by whom."""

    finding: Finding
    why: str


class Clearing:
    """Looks purchases up.

    Args:
        client: The shop that sold them.
        payer: The wallet; None: it cannot tell, and whoever can says so.
        ledger: Where they are booked.
        now: The time.
    """

    def __init__(
        self,
        client: Client,
        payer: Wallet | None,
        ledger: Ledger,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._payer = payer
        self._ledger = ledger
        self._now = now

    async def clear(self, purchase: Purchase, *, seen_unpaid: bool = False) -> Found:
        """Find out what became of one that is booked, and note it where it is certain.

        It is freed where its invoice can no longer be paid, the shop has not got the money, and the wallet says that
        the payment failed; or where the wallet does not know of it, nor the shop of a payment.

        Args:
            purchase: One of the ledger's.
            seen_unpaid: Somebody saw in the wallet that it was not paid.

        Raises:
            LedgerUnusable: Nothing was noted.
        """
        if purchase.state is not State.BOOKED:
            return Found(finding=Finding.UNKNOWN, why=f"it is {purchase.state.value}, and not booked")
        said = await self._shop(purchase)
        if said in PAID:
            await asyncio.to_thread(self._ledger.paid, purchase.id, sats=None, preimage=None)
            return Found(finding=Finding.PAID, why=f"the shop says that it is {said}")
        try:
            bill = await _bill(purchase)
            failed = await self._failed(purchase, bill, never=said in NOT_PAID, seen=seen_unpaid)
        except OutcomeUnknown as error:
            return Found(finding=Finding.UNKNOWN, why=error.reason)
        if failed is None:
            return Found(finding=Finding.PAID, why="the wallet paid it")
        if self._now() < bill.expires_at + AFTER_EXPIRY:
            return Found(finding=Finding.UNKNOWN, why="its invoice may still be paid")
        await asyncio.to_thread(self._ledger.unpaid, purchase.id, invoice=purchase.invoice)
        return Found(finding=Finding.FREED, why=failed)

    async def _failed(self, purchase: Purchase, bill: Bill, *, never: bool, seen: bool) -> str | None:
        """Ask the wallet why it did not pay; None where it paid, which is noted.

        Raises:
            OutcomeUnknown: Nobody can tell.
        """
        if self._payer is None:
            if not seen:
                raise OutcomeUnknown("no wallet was named, which would know")
            return "somebody saw that it was not paid"
        try:
            receipt = await self._payer.outcome(bill)
        except NotPaid as error:
            return error.reason
        except WalletUnusable as error:
            raise OutcomeUnknown(error.reason) from error
        except UnderWay:
            raise
        except NotAsked as error:
            if never or seen:
                return error.reason
            raise
        except OutcomeUnknown:
            if seen:
                return "somebody saw that it was not paid"
            raise
        spent = None if receipt.fee_msat is None else -(-(receipt.amount_msat + receipt.fee_msat) // MSAT)
        preimage = None if receipt.preimage is None else receipt.preimage.hex()
        await asyncio.to_thread(self._ledger.paid, purchase.id, sats=spent, preimage=preimage)
        return None

    async def _shop(self, purchase: Purchase) -> str | None:
        """Ask the shop what it has got; None where it does not tell."""
        try:
            return str((await self._client.payment(purchase.invoice)).status)
        except ServiceRefused as error:
            # It has forgotten what nobody paid; what it is paid for it keeps.
            return NOT_PAID[0] if error.status == NOT_FOUND else None
        except SatspeakError:
            return None


async def _bill(purchase: Purchase) -> Bill:
    """Read what was to be paid.

    Raises:
        OutcomeUnknown: It cannot be read.
    """
    try:
        asked = await asyncio.to_thread(read_invoice, purchase.invoice)
    except InvoiceUnreadable as error:
        raise OutcomeUnknown("its invoice cannot be read") from error
    return Bill(
        invoice=purchase.invoice,
        payment_hash=asked.payment_hash,
        amount_msat=asked.amount or 0,
        fee_limit_msat=0,
        expires_at=asked.expires_at,
    )
