"""The purchase in one step on real nodes: money that is held is taken for a whole video, or is back by itself."""

import asyncio
import contextlib
from hashlib import sha256

import bolt11
import pytest

from regtest.errors import PaymentFailed
from regtest.process import until
from satspeak.client import Client, ServiceRefused

pytestmark = pytest.mark.regtest

SHORT = "Hello, this was paid with Lightning."
LONG = (
    "The first train of the morning leaves at six. It crosses the river, the old market and the long bridge "
    "before the sun is up. Most people sleep until the last stop; a few look out of the window and count boats."
)
CHOICE = {"avatar": "european_woman", "emotion": "happy", "language": "en"}
PATIENCE_S = 90


class Purchase:
    """A hold quote that is being paid by a wallet which waits, as wallets do."""

    def __init__(self, shop, quote, paying):
        self.shop = shop
        self.quote = quote
        self.paying = paying

    async def payment(self):
        async with Client(self.shop.url) as client:
            return await client.payment(self.quote.bolt11_invoice)

    async def until(self, what, holds):
        """Wait until the service tells that something is so; it may be away meanwhile."""

        async def told():
            with contextlib.suppress(Exception):
                return holds(await self.payment())
            return False

        await until(what, told, timeout_s=PATIENCE_S)
        return await self.payment()

    async def until_growing(self):
        await self.until("the first frames", lambda payment: payment.video.frames > 0)

    async def video(self):
        async with Client(self.shop.url) as client:
            chunks = client.video(self.quote.bolt11_invoice, avatar="european_woman", emotion="happy")
            return b"".join([chunk async for chunk in chunks])

    async def succeeds(self):
        """Assert that the money was taken for a whole video, once."""
        payment = await asyncio.wait_for(self.paying, PATIENCE_S)
        asked = bolt11.decode(self.quote.bolt11_invoice)
        assert sha256(payment.preimage).hexdigest() == asked.payment_hash
        assert payment.amount_msat == self.quote.amount * 1000
        paid = await self.until("the payment to be known", lambda payment: payment.status == "paid")
        assert paid.video.state == "ready"
        assert b"ftyp" in (await self.video())[:12]

    async def comes_back(self, payer, before):
        """Assert that the payer has all of the money again, and the video is nobody's."""
        with pytest.raises(PaymentFailed):
            await asyncio.wait_for(self.paying, PATIENCE_S)
        await self.until("the payment to have gone back", lambda payment: payment.status == "canceled")
        with pytest.raises(ServiceRefused) as refused:
            await self.video()
        assert refused.value.status == 410

        async def whole():
            balance = await payer.channel_balance()
            return (balance.local_msat, balance.pending_msat) == (before, 0)

        await until("the money to be back", whole, timeout_s=30)


@pytest.fixture
async def buy(payer):
    """Ask for hold quotes and pay them."""
    async with contextlib.AsyncExitStack() as closing:

        async def begin(shop, text):
            async with Client(shop.url) as client:
                quote = await client.quote_text(text, hold=True, **CHOICE)
            paying = asyncio.create_task(payer.pay(quote.bolt11_invoice, timeout_s=300))
            closing.callback(paying.cancel)
            purchase = Purchase(shop, quote, paying)
            await purchase.until("the payment to be held", lambda payment: payment.status != "pending")
            return purchase

        yield begin


async def steady_balance(node):
    """What a node can send once nothing is on its way."""

    async def settled():
        return (await node.channel_balance()).pending_msat == 0

    await until("the balance to settle", settled, timeout_s=30)
    return (await node.channel_balance()).local_msat


async def test_one_payment_buys_a_video(shop, buy, payer):
    before = await steady_balance(payer)

    purchase = await buy(shop, SHORT)

    await purchase.succeeds()
    assert before - await steady_balance(payer) == purchase.quote.amount * 1000


async def test_a_payment_comes_back_where_nobody_renders(hire, open_shop, buy, payer):
    shop = await open_shop(hire(), hold_patience_s="1")
    before = await steady_balance(payer)

    await (await buy(shop, SHORT)).comes_back(payer, before)


async def test_a_payment_comes_back_for_a_video_that_ends_early(hire_scripted, open_shop, buy, payer):
    shop = await open_shop(await hire_scripted(), hold_patience_s="2")
    before = await steady_balance(payer)

    await (await buy(shop, f"{SHORT} This is left unfinished.")).comes_back(payer, before)


async def test_a_payment_comes_back_before_the_payer_could_take_it(hire, open_shop, buy, payer, network):
    shop = await open_shop(hire())
    before = await steady_balance(payer)
    purchase = await buy(shop, SHORT)

    await network.chain.mine(60)  # of 80, where it is given up 24 before the end

    await purchase.comes_back(payer, before)


async def test_a_worker_that_dies_is_replaced_while_the_payment_is_held(hire, open_shop, buy):
    worker = hire()
    await worker.start()
    shop = await open_shop(worker)
    purchase = await buy(shop, LONG)
    await purchase.until_growing()

    await worker.program.kill()
    await worker.start()

    await purchase.succeeds()


async def test_a_service_that_is_killed_goes_on_with_a_held_payment(open_shop, worker, buy):
    shop = await open_shop(worker)
    purchase = await buy(shop, LONG)
    await purchase.until_growing()

    await shop.program.kill()
    await shop.start()

    await purchase.succeeds()


async def test_a_node_that_is_killed_settles_when_it_is_back(open_shop, worker, buy, merchant):
    shop = await open_shop(worker)
    purchase = await buy(shop, LONG)
    await purchase.until_growing()

    await merchant.kill()
    await purchase.until("the video to be whole", lambda payment: payment.video.state == "ready")
    assert (await purchase.payment()).status == "held"
    await merchant.start()

    await purchase.succeeds()


async def test_a_service_killed_before_it_could_settle_settles(open_shop, worker, buy, merchant):
    shop = await open_shop(worker)
    purchase = await buy(shop, LONG)
    await purchase.until_growing()
    await merchant.kill()
    await purchase.until("the video to be whole", lambda payment: payment.video.state == "ready")

    await shop.program.kill()
    await merchant.start()
    await shop.start()

    await purchase.succeeds()
