"""What every node promises of payments that are held; each test runs on all of them."""

import asyncio
import contextlib
import secrets
from hashlib import sha256

import bolt11
import pytest

from lightning import (
    InvoiceNotFound,
    InvoiceNotHeld,
    InvoiceState,
    InvoiceTermsInvalid,
    LightningError,
    Msat,
    NodeUnavailable,
    PaymentFailed,
    PaymentHash,
    Preimage,
)
from regtest.errors import PaymentFailed as PayerFailed

PRICE = Msat(450_000)
CAME_BACK = (PaymentFailed, PayerFailed)
OPEN, ACCEPTED, SETTLED, CANCELED = (
    InvoiceState.OPEN,
    InvoiceState.ACCEPTED,
    InvoiceState.SETTLED,
    InvoiceState.CANCELED,
)


class Hold:
    """A hold invoice, who follows it and who pays it."""

    def __init__(self, seller, tasks, preimage, sold):
        self.preimage = preimage
        self.payment_hash = sold.payment_hash
        self.bolt11 = sold.bolt11
        self.seen = []
        self._seller = seller
        self._tasks = tasks
        self._arrived = asyncio.Event()
        self.followed = tasks.create_task(self._follow())

    async def _follow(self):
        async with contextlib.aclosing(self._seller.backend.follow(self.payment_hash)) as states:
            async for invoice in states:
                self.seen.append(invoice)
                self._arrived.set()

    @property
    def states(self):
        return [invoice.state for invoice in self.seen]

    async def until(self, state):
        async with asyncio.timeout(30):
            while state not in self.states:
                self._arrived.clear()
                await self._arrived.wait()

    async def paid(self):
        """Have it paid, as far as that goes; what becomes of the payment."""
        await self.until(OPEN)
        paying = asyncio.ensure_future(self._seller.pay_held(self.bolt11))
        self._tasks.create_task(asyncio.wait([paying]))
        await self.until(ACCEPTED)
        return paying


@pytest.fixture
async def hold(seller):
    """Make hold invoices and follow them."""
    async with asyncio.TaskGroup() as tasks:
        holds = []

        async def make(**terms):
            preimage = Preimage(secrets.token_bytes(32))
            sold = await seller.backend.add_hold_invoice(
                PaymentHash(sha256(preimage).digest()),
                **({"amount": PRICE, "memo": "a video", "expiry_s": 900} | terms),
            )
            holds.append(Hold(seller, tasks, preimage, sold))
            return holds[-1]

        yield make
        for each in holds:
            with contextlib.suppress(LightningError):
                await seller.backend.cancel(each.payment_hash)  # so that nobody waits for it
            each.followed.cancel()


async def test_a_hold_invoice_asks_for_what_it_was_made_for(seller, hold):
    held = await hold(memo="4 s of speech é")

    asked = bolt11.decode(held.bolt11)
    assert (int(asked.amount_msat or 0), asked.description) == (PRICE, "4 s of speech é")
    assert asked.expiry == 900
    assert asked.payment_hash == sha256(held.preimage).hexdigest() == held.payment_hash.hex()
    assert (await seller.backend.lookup(held.payment_hash)).state is OPEN


@pytest.mark.parametrize("terms", [{"amount": Msat(0)}, {"expiry_s": 0}, {"memo": "m" * 640}])
async def test_terms_that_no_hold_invoice_can_have_are_refused(hold, terms):
    with pytest.raises(InvoiceTermsInvalid):
        await hold(**terms)


async def test_a_payment_is_held_until_it_is_taken(seller, hold, follow):
    held = await hold()
    before = (await seller.backend.ping()).height

    paying = await held.paid()
    found = await seller.backend.lookup(held.payment_hash)
    assert not paying.done()
    assert (found.state, found.amount_paid, found.settle_index) == (ACCEPTED, 0, None)
    assert found.expiry_height == held.seen[-1].expiry_height
    assert 80 <= found.expiry_height - before <= 90
    await seller.backend.settle(held.preimage)

    assert await paying == held.preimage
    await held.until(SETTLED)
    settled = await seller.backend.lookup(held.payment_hash)
    assert held.states == [OPEN, ACCEPTED, SETTLED]
    assert (settled.amount_paid, settled.expiry_height) == (PRICE, None)
    [settlement] = await follow(seller.backend, after=settled.settle_index - 1).until(held.bolt11)
    assert (settlement.payment_hash, settlement.amount_paid) == (held.payment_hash, PRICE)
    await asyncio.wait_for(held.followed, 10)  # it ends by itself


async def test_a_held_payment_goes_back_when_it_is_cancelled(seller, hold):
    held = await hold()
    paying = await held.paid()
    without = await seller.backend.inbound_msat()

    await seller.backend.cancel(held.payment_hash)

    with pytest.raises(CAME_BACK):
        await paying
    await held.until(CANCELED)
    assert held.states == [OPEN, ACCEPTED, CANCELED]
    async with asyncio.timeout(
        20
    ):  # the channel knows it a moment later; a held payment costs its opener a fee too
        while await seller.backend.inbound_msat() < without + PRICE:  # noqa: ASYNC110 -- a node told nothing of it
            await asyncio.sleep(0.05)


async def test_a_payment_is_taken_once_and_never_goes_back_after(seller, hold):
    held = await hold()
    paying = await held.paid()

    for _ in range(3):
        await seller.backend.settle(held.preimage)

    with pytest.raises(InvoiceNotHeld) as refused:
        await seller.backend.cancel(held.payment_hash)
    assert (refused.value.state, refused.value.payment_hash) == (SETTLED, held.payment_hash)
    assert await paying == held.preimage


async def test_a_payment_goes_back_once_and_is_never_taken_after(seller, hold):
    held = await hold()
    paying = await held.paid()

    for _ in range(3):
        await seller.backend.cancel(held.payment_hash)

    with pytest.raises(InvoiceNotHeld) as refused:
        await seller.backend.settle(held.preimage)
    assert refused.value.state is CANCELED
    with pytest.raises(CAME_BACK):
        await paying


async def test_an_open_hold_cannot_be_taken_but_cancelled(seller, hold):
    held = await hold()

    with pytest.raises(InvoiceNotHeld) as refused:
        await seller.backend.settle(held.preimage)
    assert refused.value.state is OPEN
    await seller.backend.cancel(held.payment_hash)

    with pytest.raises(CAME_BACK):
        await seller.pay_held(held.bolt11)
    await held.until(CANCELED)


async def test_a_hold_that_expires_unpaid_is_told(hold):
    held = await hold(expiry_s=1)

    await held.until(CANCELED)


async def test_what_no_node_made_is_not_found(seller):
    preimage = Preimage(secrets.token_bytes(32))
    payment_hash = PaymentHash(sha256(preimage).digest())

    with pytest.raises(InvoiceNotFound):
        await seller.backend.settle(preimage)
    with pytest.raises(InvoiceNotFound):
        await seller.backend.cancel(payment_hash)
    with pytest.raises(InvoiceNotFound):
        await anext(seller.backend.follow(payment_hash))


async def test_what_happened_while_the_line_was_cut_is_told_afterwards(seller, hold):
    held, other = await hold(), await hold()
    await held.until(OPEN)
    await other.until(OPEN)

    await seller.cut()
    with pytest.raises(NodeUnavailable):
        await seller.backend.settle(held.preimage)
    with pytest.raises(NodeUnavailable):
        await seller.backend.cancel(held.payment_hash)
    paying = asyncio.ensure_future(seller.pay_held(held.bolt11))
    await seller.restore()

    await held.until(ACCEPTED)
    await seller.backend.settle(held.preimage)
    assert await paying == held.preimage
    await held.until(SETTLED)
    assert other.states == [OPEN], "nothing is told twice"


async def test_many_holds_are_followed_at_once(seller, hold):
    holds = [await hold() for _ in range(100)]

    async with asyncio.timeout(30):
        for held in holds:
            await held.until(OPEN)
    for held in holds:
        await seller.backend.cancel(held.payment_hash)
    async with asyncio.timeout(30):
        for held in holds:
            await held.until(CANCELED)
