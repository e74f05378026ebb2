"""Tells wallets what a quote costs, hands out its invoice, and says whether it is paid (LUD-06, LUD-09, LUD-21).

It makes no invoice: the order's own commits to the metadata from the start. So nobody pays twice for one video, and who
merely resolves an address costs the node nothing.
"""

import msgspec

from lightning import Preimage
from service.delivery.port import Snapshots, Sold
from service.errors import LnurlRefused
from service.lnurl.port import LnurlNames, Named
from service.orders.order import Status
from service.orders.tokens import digest
from service.payments.settlements import Settlements
from service.runtime.clock import Clock

MSAT = 1000

LONGEST_NAME = 64


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What is sold by an LNURL, at its one price."""

    sold: Sold
    metadata: str

    @property
    def amount_msat(self) -> int:
        """What its invoice asks for."""
        return self.sold.order.amount_sat * MSAT


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an invoice is paid."""

    invoice: str
    settled: bool
    preimage: Preimage | None


class LnurlPaying:
    """Answers wallets."""

    def __init__(
        self, *, names: LnurlNames, snapshots: Snapshots, settlements: Settlements, now: Clock
    ) -> None:
        self._names = names
        self._snapshots = snapshots
        self._settlements = settlements
        self._now = now

    async def offer(self, name: str) -> Offer:
        """Tell what an LNURL is for.

        Raises:
            LnurlRefused: There is no such quote, or it can be paid no more.
        """
        named, sold = await self._find(name)
        if sold.order.status is Status.HELD:
            raise LnurlRefused("This is being paid: the payment is held until the video is made.")
        if sold.order.status is not Status.PENDING:
            raise LnurlRefused("This is paid already." if _is_paid(sold) else "This quote has expired.")
        if sold.order.overdue(self._now()):
            raise LnurlRefused("This quote has expired.")
        return Offer(sold=sold, metadata=named.metadata)

    async def invoice(self, name: str, amount_msat: int) -> Offer:
        """Hand out the invoice for exactly what it asks for.

        Raises:
            LnurlRefused: As `offer`, or the amount is another.
        """
        offer = await self.offer(name)
        if amount_msat != offer.amount_msat:
            raise LnurlRefused(f"The price is {offer.amount_msat} msat, not {amount_msat}.")
        return offer

    async def verify(self, name: str) -> Verified:
        """Say whether the invoice is paid, and by what receipt.

        Raises:
            LnurlRefused: There is no such quote.
            LightningError: It is paid, and the node does not say by what receipt.
        """
        _, sold = await self._find(name)
        told = await self._settlements.ask(sold.payment) if _is_paid(sold) else None
        return Verified(
            invoice=sold.payment.invoice,
            settled=_is_paid(sold),
            preimage=None if told is None else told.preimage,
        )

    async def _find(self, name: str) -> tuple[Named, Sold]:
        named = await self._names.find(digest(name)) if len(name) <= LONGEST_NAME else None
        sold = None if named is None else await self._snapshots.get(named.order_id)
        if named is None or sold is None:
            raise LnurlRefused("Not found")
        return named, sold


def _is_paid(sold: Sold) -> bool:
    return sold.order.status in (Status.PAID, Status.REFUNDED)
