"""kill -9 of the selling node at moments that nobody chose, while orders are bought, rendered, refused and refunded.

Each buyer does what the documentation says: asks again while something is away, and sends another invoice for a refund
where the service says so. At the end every paid order is rendered or refunded, once.

Not while a payment comes in, and without held ones: those LND does not always survive. Killed often, it failed
HTLCs when it was back ("sphinx packet replay attempted") and refused the payer's next try, or failed the link of its
channel for good ("unable to settle htlc: No HTLC with ID ..."). What a death does to incoming and held payments
`test_crashes.py` has, state by state.
"""

import asyncio
import random

import pytest

from regtest.errors import NotReady
from tests.regtest.market import eventually

pytestmark = pytest.mark.regtest

ROUNDS, MANY_ROUNDS = 2, 20

DEATHS = 3
"""In a round."""

BUYERS = 5
"""At the same time."""

LONGEST_LIFE_S = 2.0

PATIENCE_S = 30
"""For what is asked again by itself."""

LOST_BLOCKS = 120
"""After these a payment that the node lost is known to be lost."""

STARTS = 4
"""So often, at most, until the channel is back."""

UNSPEAKABLE = "This is unspeakable."


def say(fact):
    print(fact)  # noqa: T201 - a failure has to tell how it came


async def buys(market, receiving):
    order = await market.quote()
    async with receiving:
        await order.insist()
    await order.is_delivered()


async def is_refused(market, receiving):
    order = await market.quote(UNSPEAKABLE)
    async with receiving:
        await order.insist()
    await order.until_paid()
    await order.fails()
    while not await is_refunded_by(await market.refund_invoice(), order):
        say(f"order {order.number}: its refund was lost")


async def is_refunded_by(refund_invoice, order):
    """Have an order refunded; False where another invoice is to be sent since the node lost the payment."""

    async def answered():
        answer = await order.refund(refund_invoice)
        assert answer.status_code in (200, 202, 409, 503), answer.text
        return answer.status_code in (200, 409) and answer

    answer = await eventually(f"order {order.number}: refunded", answered)
    if answer.status_code == 409:
        assert "our node lost it as it died" in answer.json()["detail"]
        return False
    await order.is_refunded(refund_invoice)
    return True


async def channel_is_back(market):
    """Wait for the channel. Over an HTLC that LND settled as it died it may fail its link until it is started again."""
    for _ in range(STARTS):
        try:
            await market.payer.until_channel_usable()
            await market.merchant.until_channel_usable()
        except NotReady:
            say("the channel did not come back: the node is started again")
            await market.merchant.kill()
            await market.merchant.start()
        else:
            return
    pytest.fail(f"the channel did not come back in {STARTS} starts of its node")


async def test_no_order_is_stuck_whenever_the_node_dies(market, full):
    for seed in random.sample(range(1_000_000), MANY_ROUNDS) if full else range(ROUNDS):
        say(f"seed {seed}")
        chance = random.Random(seed)
        over, receiving = asyncio.Event(), asyncio.Lock()

        async def buyer(chance=chance, over=over, receiving=receiving):
            while not over.is_set():
                await chance.choice([buys, is_refused, is_refused])(market, receiving)

        async with asyncio.TaskGroup() as buyers:
            buying = {buyers.create_task(buyer()) for _ in range(BUYERS)}
            for _ in range(DEATHS):
                await asyncio.wait(buying, timeout=chance.uniform(0, LONGEST_LIFE_S))
                async with receiving:
                    await market.merchant.kill()
                await market.merchant.start()
            over.set()
            await channel_is_back(market)
            left = buying
            while left:
                _, left = await asyncio.wait(buying, timeout=PATIENCE_S)
                if left and all(order.due for order in market.orders if order.end == "lost"):
                    await market.balances()
                    await market.chain.mine(LOST_BLOCKS)

        await market.adds_up()
    market.is_unsurprised()
