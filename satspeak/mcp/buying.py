"""Buys a video with a wallet of ours, once by the name that the agent has for the purchase, and within a budget."""

import asyncio
import hashlib
import uuid
from typing import Any

import msgspec
import structlog

from satspeak.client import Client, Quote
from satspeak.mcp.ledger import MSAT, Ledger, LedgerUnusable, OverBudget, Purchase, State
from satspeak.payers import BillRefused, NotPaid, OutcomeUnknown, Payer, WalletUnusable, check

LONGEST_ID = 200

PAID = ("paid", "refunded")

log = structlog.get_logger()


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be bought."""

    text: str
    avatar: str
    emotion: str
    language: str | None = None
    voice: str | None = None

    async def quote(self, client: Client, *, key: str | None = None) -> Quote:
        """Ask for its price.

        Args:
            client: Of whom.
            key: A UUID that names the purchase: asked again with it, it is the same quote.

        Raises:
            ServiceRefused: It is not sold.
        """
        said = {
            "avatar": self.avatar,
            "emotion": self.emotion,
            "language": self.language,
            "voice": self.voice,
        }
        options: dict[str, Any] = {name: each for name, each in said.items() if each is not None}
        return await client.quote_text(self.text, key=key, **options)

    @property
    def digest(self) -> str:
        """Its name: another wish has another."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


class BuyingRefused(Exception):
    """Nothing was bought now, and why. What was booked stays so where nobody knows whether it was paid.

    Attributes:
        reason: For the agent.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Buyer:
    """A wallet with a budget.

    Args:
        client: The shop.
        shop: Its address, which is part of what a purchase is called there.
        payer: The wallet.
        ledger: What may be spent.
        network: What invoices have to be on, such as `mainnet`; None: any that the wallet pays.
    """

    def __init__(
        self, client: Client, shop: str, payer: Payer, ledger: Ledger, *, network: str | None = None
    ) -> None:
        self._client = client
        self._shop = shop
        self._payer = payer
        self._network = network
        self.ledger = ledger

    async def buy(self, purchase_id: str, wish: Wish, *, max_sats: int | None) -> Purchase:
        """Buy a video, or tell what became of the purchase of this name.

        Args:
            purchase_id: What the agent calls it. By one name a thing is paid once, however often it is asked for.
            wish: What is bought.
            max_sats: Most that it may cost with the fee of the way, if less than the budget of a call.

        Raises:
            BuyingRefused: It was not bought, or nobody knows yet.
            ServiceRefused: The shop does not sell it.
        """
        if not 0 < len(purchase_id) <= LONGEST_ID:
            raise BuyingRefused(f"purchase_id must have 1 to {LONGEST_ID} characters.")
        try:
            before = await asyncio.to_thread(self.ledger.find, purchase_id)
            if before is not None and before.state is not State.UNPAID:
                return await self._known(before, wish)
            return await self._new(purchase_id, wish, max_sats)
        except LedgerUnusable as error:
            log.error("budget_unusable", error=str(error))  # noqa: TRY400 - the words say it all
            raise BuyingRefused("The file of the budget cannot be used, so nothing is paid.") from error

    async def _new(self, purchase_id: str, wish: Wish, max_sats: int | None) -> Purchase:
        salt = await asyncio.to_thread(self.ledger.salt)
        name = f"{salt} {self._shop} {wish.digest} {purchase_id}"
        # Asked again so, the shop has the same invoice while that is good.
        quote = await wish.quote(self._client, key=str(uuid.uuid5(uuid.NAMESPACE_URL, name)))
        bound = self.ledger.budget.per_call
        if max_sats is not None:
            bound = min(bound, max_sats)
        try:
            bill = await check(
                quote.bolt11_invoice, max_sats=bound, agreed_sats=quote.amount, network=self._network
            )
        except BillRefused as error:
            raise BuyingRefused(f"Not bought: {error.reason}") from error
        most = -(-(bill.amount_msat + bill.fee_limit_msat) // MSAT)
        try:
            other = await asyncio.to_thread(
                self.ledger.book,
                purchase_id,
                wish.digest,
                most,
                invoice=bill.invoice,
                refund_token=quote.refund_token,
            )
        except OverBudget as error:
            log.warning("payment_over_budget", purchase=purchase_id, sats=error.sats, left=error.left)
            raise BuyingRefused(
                f"Not bought: with its fee it may cost {error.sats} sat, and {error.left} sat are left to spend."
            ) from error
        if other is not None:  # at the same moment
            return await self._known(other, wish)
        log.info("payment_begun", purchase=purchase_id, sats=quote.amount, most=most, invoice=bill.invoice)
        try:
            receipt = await self._payer.pay(bill)
        except (NotPaid, WalletUnusable, BillRefused) as error:
            await asyncio.to_thread(self.ledger.unpaid, purchase_id)
            log.warning("payment_failed", purchase=purchase_id, reason=error.reason)
            raise BuyingRefused(f"Not bought, and nothing was paid: {error.reason}") from error
        except OutcomeUnknown as error:
            log.error("payment_unknown", purchase=purchase_id, reason=error.reason)  # noqa: TRY400 - no fault of ours
            raise BuyingRefused(_unknown(error.reason)) from error
        # Anything else, being cancelled too, leaves it booked: it may have been paid.
        spent = None if receipt.fee_msat is None else -(-(receipt.amount_msat + receipt.fee_msat) // MSAT)
        preimage = None if receipt.preimage is None else receipt.preimage.hex()
        log.info("payment_made", purchase=purchase_id, sats=spent or most, invoice=bill.invoice)
        await asyncio.to_thread(self.ledger.paid, purchase_id, sats=spent, preimage=preimage)
        return await self._found(purchase_id)

    async def _known(self, purchase: Purchase, wish: Wish) -> Purchase:
        """Tell of a purchase that was begun before; the shop knows whether one whose end we do not know was paid."""
        if purchase.wish != wish.digest:
            raise BuyingRefused("This purchase_id was used for something else: take another.")
        if purchase.state is State.BOOKED:
            payment = await self._client.payment(purchase.invoice)
            if payment.status not in PAID:
                raise BuyingRefused(_unknown(f"the shop says that it is {payment.status}"))
            await asyncio.to_thread(self.ledger.paid, purchase.id, sats=None, preimage=None)
            log.info("payment_made", purchase=purchase.id, sats=purchase.sats, invoice=purchase.invoice)
        return await self._found(purchase.id)

    async def _found(self, purchase_id: str) -> Purchase:
        found = await asyncio.to_thread(self.ledger.find, purchase_id)
        assert found is not None
        return found


def _unknown(reason: str) -> str:
    return (
        f"Nobody knows yet whether it was paid ({reason}). It counts as spent. Call again with the same purchase_id"
        " later; by another one it may be paid twice."
    )
