"""kill -9 of each part at each state of an order: it ends delivered, refunded or owed, once, and the money adds up.

Real parts: two LNDs, the service as a program on a PostgreSQL server, workers as programs that can be held still.
What may not go on before the death is stopped (SIGSTOP), and continued after it.
"""

import asyncio
import contextlib
import json
import uuid

import httpx
import pytest
from websockets.asyncio.client import connect

from satspeak.contact_sheet import examine
from tests.regtest.market import CHOICE, DEADLINE_S, HOLD, eventually, still

pytestmark = pytest.mark.regtest

LONG = " ".join(["The first train of the morning leaves at six, before the sun is up."] * 8)


async def quoted(market, _holding):
    order = await market.quote()
    yield order
    order.pay()
    await order.is_delivered()


async def in_flight(market, holding):
    order = await market.quote()
    holding.enter_context(still(market.merchant._program))
    order.pay()
    await order.until_in_flight()
    yield order
    await order.is_delivered()


async def settled(market, holding):
    order = await market.quote()
    holding.enter_context(still(market.service.program))
    await order.pay()
    yield order
    await order.is_delivered()


async def settled_by_l402(market, holding):
    order = await market.challenge()
    holding.enter_context(still(market.service.program))
    await order.pay()
    yield order
    await order.is_delivered()
    assert (await order.ask()).content == await order.video()


async def paid(market, _holding):
    order = await market.quote()
    await order.pay()
    await order.until_paid()
    yield order
    await order.is_delivered()


async def rendering(market, holding):
    order = await market.quote()
    await order.pay()
    holding.enter_context(market.said("2"))
    curl = await order.curl()
    await order.until_growing()
    yield order
    await order.is_delivered()
    received, _ = await asyncio.wait_for(curl.communicate(), DEADLINE_S)
    whole = (await order.file()).read_bytes()
    assert whole.startswith(received)
    order.broken = curl.returncode != 0
    assert order.broken == (whole != received)


async def in_pieces(market, holding):
    order = await market.quote()
    await order.pay()
    with market.said("2"):
        asked = asyncio.create_task(order.ask())
        await order.until_growing()
        file = await order.file()
        file.mkdir(parents=True)  # in its place no file can be written
        holding.callback(file.rmdir)
    with contextlib.suppress(httpx.TransportError):  # a worker that was held for long was given up
        await asked

    async def served():
        return (await order.ask()).content == await order.video()

    await eventually("the whole video", served)
    yield order
    await order.is_delivered()


async def failed(market, holding):
    order = await market.quote()
    await order.pay()
    with market.said("refuse"):
        await order.fails()
    yield order
    await order.is_owed()


async def refunding(market, _holding):
    order = await market.quote()
    await order.pay()
    with market.said("refuse"):
        due = await order.fails()
    held = market.held_invoice()
    refund_invoice = await held.make(due)
    assert (await order.refund(refund_invoice)).status_code == 202
    await held.until_held()
    yield order
    await held.take()
    await order.is_refunded(refund_invoice)


async def held(market, holding):
    order = await market.quote(**HOLD)
    holding.enter_context(market.said("2"))
    order.pay()
    await order.until_growing()
    yield order
    await order.is_delivered()


async def held_whole(market, holding):
    order = await market.quote(**HOLD)
    with market.said("2"):
        order.pay()
        await order.until_growing()
        holding.enter_context(still(market.merchant._program))
    await order.until("whole", lambda payment: payment["video"]["state"] == "ready")
    assert (await order.payment())["status"] == "held"
    yield order
    await order.is_delivered()


async def held_failed(market, holding):
    order = await market.quote(**HOLD)
    market.say("0")
    order.pay()
    await order.until("rendering", lambda payment: payment["video"]["state"] == "rendering")
    holding.enter_context(still(market.merchant._program))
    with market.said("refuse"):
        await order.until("failed", lambda payment: payment["video"]["state"] == "failed")
    yield order
    await order.is_given_back()


STATES = {
    "quoted, not paid": (quoted, "delivered"),
    "payment in flight": (in_flight, "delivered"),
    "settled, not known": (settled, "delivered"),
    "settled by L402, not known": (settled_by_l402, "delivered"),
    "paid, not asked for": (paid, "delivered"),
    "rendering": (rendering, "delivered"),
    "whole, in pieces": (in_pieces, "delivered"),
    "failed": (failed, "owed"),
    "refund in flight": (refunding, "refunded"),
    "held, rendering": (held, "delivered"),
    "held, whole": (held_whole, "delivered"),
    "held, failed": (held_failed, "given back"),
}
"""What an order can be in when a part dies, and how it has to end."""

VICTIMS = ("service", "worker", "LND", "database")
"""What dies."""


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("state", STATES)
async def test_an_order_ends_as_it_should_whatever_dies(market, state, victim):
    reach, end = STATES[state]

    with contextlib.ExitStack() as holding:
        story = reach(market, holding)
        order = await anext(story)
        await market.victims[victim].kill()
    await market.victims[victim].start()
    async for _ in story:
        raise AssertionError

    assert end == order.end
    assert not (order.broken and victim in ("worker", "LND")), "the buyer noticed"
    if end == "delivered":
        assert await order.video() == (await order.file()).read_bytes()


@pytest.mark.parametrize("victim", ["service", "database"])
async def test_what_somebody_is_being_told_is_told_again_by_the_same_id_whatever_dies(market, victim):
    await market.all_is_told()
    receiver = market.receiver
    receiver.silent, before = True, len(receiver.tries)
    order = await market.quote()
    await order.pay()

    async def on_its_way():
        return len(receiver.tries) > before

    await eventually("the message", on_its_way)
    await market.victims[victim].kill()
    receiver.speak()
    await market.victims[victim].start()
    await order.is_delivered()
    await market.all_is_told()

    tried = receiver.tries[before][0]["webhook-id"]
    assert next(iter(receiver.events(order.invoice).items())) == (tried, "payment.settled")


@pytest.mark.parametrize("victim", ["service", "LND", "database"])
async def test_a_top_up_is_credited_once_whatever_dies(market, victim):
    top_up = await market.top_up(3)

    with still(market.service.program):
        await market.payer.pay(top_up["bolt11_invoice"], timeout_s=DEADLINE_S)
        await market.victims[victim].kill()
    await market.victims[victim].start()

    async def credited():
        return (await market.account(top_up["api_key"]))["granted_ms"] > 0

    await eventually("the video time", credited)
    account = await market.account(top_up["api_key"])
    assert (account["granted_ms"], account["free_ms"], len(account["ledger"])) == (3000, 3000, 1)


@pytest.mark.parametrize("victim", ["service", "worker", "database"])
@pytest.mark.parametrize("state", ["reserved", "rendering"])
async def test_a_video_of_an_account_is_paid_for_once_whatever_dies(market, state, victim):
    key = await market.credited(20)
    wish = {**CHOICE, "text": "Hello, this was paid in advance."}
    headers = {"X-API-Key": key, "Idempotency-Key": str(uuid.uuid4())}

    async def ask():
        answer = await market.http.post("/inference", json=wish, headers=headers)
        return answer.is_success and answer.json()

    async def begun():
        frames = "select frames from jobs join orders on orders.id = order_id where account_id is not null"
        far = max(
            [row["frames"] for row in await market.rows(f"{frames} and finished_at is null")], default=-1
        )
        return far > 0 if state == "rendering" else far == 0

    market.say("2" if state == "rendering" else "0")
    asking = asyncio.create_task(ask())
    await eventually("the reservation", begun)
    assert (await market.account(key))["reserved_ms"] > 0
    await market.victims[victim].kill()
    market.say("go")
    await market.victims[victim].start()

    told = await eventually("the video", ask)
    await asyncio.wait([asking])
    asking.exception()
    account = await market.account(key)
    used_ms = round(told["video_duration_seconds"] * 1000)
    assert (account["reserved_ms"], account["used_ms"]) == (0, used_ms)
    assert [move["ms"] for move in account["ledger"] if move["move"] == "settle"] == [used_ms]
    assert (await market.http.get(told["mp4_url"])).content.startswith(b"init of")


async def test_a_real_video_plays_although_each_part_died_while_it_was_made(market, hire):
    worker = hire()
    await worker.start()
    await market.service.kill()
    market.service.program.environment["SATSPEAK_WORKER_URLS"] = worker.url
    await market.service.start()
    order = await market.quote(LONG)
    await order.pay()
    await order.until_paid()
    curl = await order.curl()

    frames = 0
    for victim in (worker, market.service, market.database, market.victims["LND"]):
        await order.until("growing", lambda payment, seen=frames: payment["video"]["frames"] > seen)
        # While another dies and comes back it could make all the rest.
        with contextlib.nullcontext() if victim is worker else still(worker.program):
            frames = (await order.payment())["video"]["frames"]
            await (victim.program if victim is worker else victim).kill()
            await victim.start()
    await order.is_delivered()

    received, _ = await curl.communicate()
    file = await order.file()
    # What was received while it grew begins with another start: all else is the file's, at the same places.
    begun = received.index(b"moof")
    assert file.read_bytes()[begun:].startswith(received[begun:])
    facts = examine(file)
    assert facts.video_s == pytest.approx(order.quote["duration"], rel=0.35)
    assert facts.audio_s == pytest.approx(facts.video_s, abs=0.1)


@pytest.fixture(scope="module")
async def face(market, hire):
    """A worker that shows faces, at which the service has its sessions from here on."""
    worker = hire()
    await worker.start()
    await market.service.kill()
    market.service.program.environment["SATSPEAK_WORKER_URLS"] = worker.url
    await market.service.start()
    yield worker
    await worker.program.stop()


@contextlib.asynccontextmanager
async def live_session(market, key, state):
    """A session that has set its video time aside and shows nothing yet, or that speaks."""
    path = "ws/continuous?" if state == "live" else "ws/infer?output_type=file&input_type=text&"
    url = f"{market.service.url.replace('http', 'ws', 1)}/{path}avatar=european_woman&language=en"
    async with connect(url, additional_headers={"X-API-Key": key}, max_size=None, proxy=None) as socket:
        if state == "live":
            await socket.send(json.dumps({"type": "text_input", "data": {"text": LONG}}))
        sign = '"dynamic_speech"' if state == "live" else '"ready"'
        async with asyncio.timeout(DEADLINE_S):
            while not isinstance(told := await socket.recv(), str) or sign not in told:
                pass
        yield socket


@pytest.mark.parametrize("victim", ["service", "worker", "database"])
@pytest.mark.parametrize("state", ["reserved", "live"])
async def test_a_live_session_ends_settled_or_released_whatever_dies(market, face, state, victim):
    key = await market.credited(30)

    async with live_session(market, key, state) as socket:
        assert (await market.account(key))["reserved_ms"] > 0
        dies = face.program if victim == "worker" else market.victims[victim]
        await dies.kill()
        await (face if victim == "worker" else dies).start()
        if victim == "database":  # the session has not noticed, unless it looked just then
            await socket.close()

    async def over():
        account = await market.account(key)
        return not account["reserved_ms"] and account

    account = await eventually("its end", over)
    session_ids = await market.rows("select id from live_sessions")
    left = await market.rows("select ref from reservations")
    moves = account["ledger"]

    def moved(kind):
        return [move["ms"] for move in moves if move["move"] == kind]

    assert session_ids == []
    assert not any(str(row["ref"]) in {move["ref"] for move in moves} for row in left)
    assert account["free_ms"] + account["used_ms"] == account["granted_ms"] == 30_000
    assert sum(moved("reserve")) == sum(moved("settle")) + sum(moved("release"))
    assert sum(moved("settle")) == account["used_ms"]
    assert len(moved("release")) <= 1
    if state == "reserved":
        assert (account["used_ms"], len(moved("reserve")), len(moved("release"))) == (0, 1, 1)
    elif victim == "worker":
        assert account["used_ms"] > 0


def test_no_death_surprised_the_service(market):
    market.is_unsurprised()


async def test_the_money_of_all_these_orders_adds_up(market):
    await market.adds_up()
