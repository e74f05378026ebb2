"""Waiting for a payment, and following an order to its end."""

import asyncio
import contextlib
import json
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from service.runtime.bells import Bells

QUICK_S = 3
"""Far less than what the tests ask to wait for."""


class Events:
    """A stream of server-sent events as a browser reads it."""

    def __init__(self, answer: httpx.Response) -> None:
        self._lines = answer.aiter_lines()
        self.comments = 0
        self.last_id = ""

    async def next(self) -> dict[str, Any]:
        """The next event; EOFError where the stream has ended."""
        fields = {}
        async for line in self._lines:
            if line.startswith(":"):
                self.comments += 1
            elif line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                assert fields["event"] == "payment"
                self.last_id = fields["id"]
                return dict(json.loads(fields["data"]))
        raise EOFError

    async def until(self, holds) -> list[dict[str, Any]]:
        """Read until an event is so; all that came."""
        seen = [await self.next()]
        while not holds(seen[-1]):
            seen.append(await self.next())
        return seen


@contextlib.asynccontextmanager
async def follow(shop, invoice):
    async with shop.http.stream("GET", f"/lightning/payment/{invoice}/events") as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-store"
        yield Events(answer)


def whole(payment) -> bool:
    return payment["video"]["state"] == "ready"


async def wait_for(shop, invoice, seconds=30):
    return await shop.http.get(f"/lightning/payment/{invoice}", params={"wait": seconds})


async def test_who_waits_is_told_as_soon_as_the_payment_is_there(shop):
    invoice = await shop.quote()
    waiting = asyncio.create_task(wait_for(shop, invoice))
    await shop.until_waiting()

    shop.node.pay(invoice)

    async with asyncio.timeout(QUICK_S):
        assert (await waiting).json()["status"] == "paid"


async def test_a_payment_that_is_decided_is_not_waited_for(shop):
    invoice = await shop.paid()
    await shop.until(invoice, lambda payment: payment["status"] == "paid")

    async with asyncio.timeout(QUICK_S):
        answer = await wait_for(shop, invoice)
    assert answer.json()["status"] == "paid"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_who_has_waited_long_enough_is_told_that_it_is_pending(shop):
    invoice = await shop.quote()

    before = time.monotonic()
    payment = (await wait_for(shop, invoice, 1)).json()

    assert payment["status"] == "pending"
    assert 1 <= time.monotonic() - before < QUICK_S


async def test_the_operator_bounds_the_wait(closed_shop):
    async with closed_shop.open(status_wait_s=0.05) as shop:
        invoice = await shop.quote()

        async with asyncio.timeout(QUICK_S):
            assert (await wait_for(shop, invoice, 10**18)).json()["status"] == "pending"


async def test_who_waits_is_told_of_the_expiry(closed_shop):
    async with closed_shop.open(quote_expiry_s=1) as shop:
        invoice = await shop.quote()

        async with asyncio.timeout(QUICK_S):
            assert (await wait_for(shop, invoice)).json()["status"] == "expired"


async def test_a_quote_may_run_out_between_any_two_looks_at_the_clock(closed_shop):
    async with closed_shop.open(quote_expiry_s=1) as shop:
        for looks in range(10):
            invoice = await shop.quote()
            shop.clock.jump = (looks, timedelta(seconds=1))

            async with asyncio.timeout(3 * QUICK_S):
                assert (await wait_for(shop, invoice)).json()["status"] == "expired"


@pytest.mark.parametrize("wait", ["-1", "soon", "1e400", "nan", "9" * 5000])
async def test_a_wait_that_is_none_is_refused(standing_shop, wait):
    answer = await standing_shop.http.get("/lightning/payment/lnbc1", params={"wait": wait})

    assert answer.status_code == 400
    assert "wait" in answer.json()["detail"]


async def test_a_hundred_who_wait_are_all_woken_and_none_is_kept_in_mind(shop):
    invoice = await shop.quote()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=shop.url, timeout=30, limits=limits) as http:
        url = f"/lightning/payment/{invoice}?wait=30"
        waiting = [asyncio.create_task(http.get(url)) for _ in range(100)]
        await shop.eventually(lambda: shop.stopping.waiting == 100)

        shop.node.pay(invoice)

        assert {"paid"} == {(await answer).json()["status"] for answer in waiting}
    assert shop.stopping.waiting == 0


async def test_who_goes_away_while_waiting_is_forgotten(shop):
    invoice = await shop.quote()
    waiting = asyncio.create_task(wait_for(shop, invoice))
    await shop.until_waiting()

    waiting.cancel()

    await shop.eventually(lambda: shop.stopping.waiting == 0)


async def test_a_service_that_stops_answers_who_waits_with_what_it_knows(shop):
    invoice = await shop.quote()
    waiting = asyncio.create_task(wait_for(shop, invoice))
    await shop.until_waiting()

    shop.stopping.begin()

    async with asyncio.timeout(QUICK_S):
        assert (await waiting).json()["status"] == "pending"


async def test_the_events_tell_the_life_of_an_order_until_its_video_is_whole(shop, worker):
    invoice = await shop.quote()
    worker.hold_after = 2
    async with follow(shop, invoice) as events:
        assert (await events.next())["status"] == "pending"

        shop.node.pay(invoice)
        paid = await events.until(lambda payment: payment["status"] == "paid")
        assert paid[-1]["video"]["state"] == "none"

        delivery = asyncio.create_task(shop.video(invoice))
        half = await events.until(lambda payment: payment["video"]["frames"] == 24)
        assert half[-1]["video"] == {"state": "rendering", "frames": 24, "seconds": 0.96}

        worker.go.set()
        last = (await events.until(whole))[-1]
        assert last == await shop.payment(invoice)
        with pytest.raises(EOFError):
            await events.next()
    await delivery


async def test_an_order_that_is_whole_has_one_event_and_who_comes_back_is_to_stop(shop):
    invoice = await shop.paid()
    await shop.video(invoice)

    async with follow(shop, invoice) as events:
        assert whole(await events.next())
        with pytest.raises(EOFError):
            await events.next()

    again = await shop.http.get(
        f"/lightning/payment/{invoice}/events", headers={"Last-Event-ID": events.last_id}
    )
    assert (again.status_code, again.content) == (204, b"")


async def test_the_events_end_with_the_quote(closed_shop):
    async with closed_shop.open(quote_expiry_s=1) as shop, follow(shop, await shop.quote()) as events:
        assert [
            payment["status"]
            for payment in await events.until(lambda payment: payment["status"] == "expired")
        ] == ["pending", "expired"]
        with pytest.raises(EOFError):
            await events.next()


async def test_a_silent_order_shows_signs_of_life(closed_shop):
    async with (
        closed_shop.open(heartbeat_s=0.02) as shop,
        follow(shop, invoice := await shop.quote()) as events,
    ):
        await events.next()
        reading = asyncio.create_task(events.until(lambda payment: payment["status"] == "paid"))
        await shop.eventually(lambda: events.comments >= 3)

        shop.node.pay(invoice)

        assert len(await reading) == 1  # silence is no event


async def test_a_service_that_stops_ends_the_events(shop):
    async with follow(shop, await shop.quote()) as events:
        await events.next()
        await shop.until_waiting()

        shop.stopping.begin()

        async with asyncio.timeout(QUICK_S):
            with pytest.raises(EOFError):
                await events.next()


async def test_a_follower_who_goes_away_is_forgotten(shop):
    async with follow(shop, await shop.quote()) as events:
        await events.next()
        await shop.until_waiting()

    await shop.eventually(lambda: shop.stopping.waiting == 0)


async def test_an_invoice_of_others_has_no_events(standing_shop):
    answer = await standing_shop.http.get("/lightning/payment/lnbc1/events")

    assert (answer.status_code, answer.json()["detail"]) == (404, "Payment not found")


async def test_a_bell_without_listeners_is_forgotten():
    bells = Bells()
    with bells.listen(1), bells.listen(1):
        bells.ring(1)

    assert not bells._bells


class Row:
    """What is looked at: how often, and each look as long as the test says."""

    def __init__(self) -> None:
        self.value, self.looks = 0, 0
        self.go = asyncio.Event()

    async def read(self) -> int:
        self.looks += 1
        value = self.value
        await self.go.wait()
        return value


async def test_all_who_hear_the_same_ring_share_one_look():
    bells, row = Bells(), Row()

    async def wait() -> int:
        with bells.listen(1) as bell:
            await bell.wait(QUICK_S)
            return await bell.look(row.read)

    async with asyncio.TaskGroup() as waiters:
        waiting = [waiters.create_task(wait()) for _ in range(100)]
        await asyncio.sleep(0)  # all listen
        row.value = 7
        bells.ring(1)
        row.go.set()

    assert ([each.result() for each in waiting], row.looks) == ([7] * 100, 1)


async def test_a_look_that_began_before_the_ring_is_shared_with_nobody_after_it():
    bells, row = Bells(), Row()
    with bells.listen(1) as early, bells.listen(1) as late:
        before = asyncio.create_task(early.look(row.read))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        row.value = 7
        bells.ring(1)
        after = asyncio.create_task(late.look(row.read))
        row.go.set()

        assert (await before, await after, row.looks) == (0, 7, 2)
        assert await early.look(row.read) == 7, "one that has ended is not told again"
        assert row.looks == 3


async def test_who_goes_away_takes_the_look_from_nobody():
    bells, row = Bells(), Row()
    with bells.listen(1) as one, bells.listen(1) as other:
        first = asyncio.create_task(one.look(row.read))
        second = asyncio.create_task(other.look(row.read))
        await asyncio.sleep(0)
        first.cancel()
        row.go.set()

        assert await second == 0
    assert row.looks == 1
