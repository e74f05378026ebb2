"""kill -9 of each part at each state of an order: it ends delivered, refunded or owed, once, and the money adds up.

Real parts: two LNDs, the service as a program on a PostgreSQL server, workers as programs that can be held still.
What may not go on before the death is stopped (SIGSTOP), and continued after it.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import bolt11
import httpx
import pytest
from lndgrpc.compiled import lightning_pb2

from regtest.errors import PaymentFailed
from regtest.process import Program, until
from satspeak import programs
from satspeak.contact_sheet import examine
from service.app import open_refunds
from service.refunds import Debt, Ledger
from service.settings import Settings

T = TypeVar("T")

pytestmark = pytest.mark.regtest

CHOICE = {"avatar": "european_woman", "emotion": "happy"}

HOLD = {**CHOICE, "language": "en", "hold": True}

LONG = " ".join(["The first train of the morning leaves at six, before the sun is up."] * 8)

SETTINGS = {
    "btc_usd": "fixed:65000",
    "resume_s": "0.2",
    "sweep_s": "1",
    "status_wait_s": "1",
    "lease_s": "6",
    "render_silence_s": "5",
    "hold_quotes_per_client": "0",
}

DEADLINE_S = 120


@contextlib.contextmanager
def still(program: Any) -> Iterator[None]:
    """Hold a program still; it may be killed meanwhile."""
    pid = program.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


async def eventually(what: str, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until the answer is more than nothing; the service may be away meanwhile."""

    async def asked() -> T | None:
        with contextlib.suppress(httpx.TransportError, KeyError):
            return await ask()
        return None

    return await until(what, asked, timeout_s=DEADLINE_S)


class Service:
    """One service, always with the same data."""

    def __init__(self, program: Program, url: str) -> None:
        self.program = program
        self.url = url

    async def kill(self) -> None:
        await self.program.kill()

    async def start(self) -> None:
        await self.program.start()
        await programs.healthy(self.program, self.url, healthy_when=bool)


class Workers:
    """Two, of which one is dead: before the other dies too, it is started again."""

    def __init__(self, living: Service, dead: Service) -> None:
        self._living, self._dead = living, dead

    @property
    def url(self) -> str:
        return self._living.url

    async def kill(self) -> None:
        await self._dead.start()
        await self._living.kill()
        self._living, self._dead = self._dead, self._living

    async def start(self) -> None:
        """Another is there."""


class Database:
    """A PostgreSQL server."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._killed = 0

    @property
    def url(self) -> str:
        return str(self._server.get_uri())

    async def kill(self) -> None:
        self._killed = self._server.get_pid()
        os.kill(self._killed, signal.SIGKILL)

    async def start(self) -> None:
        async def started() -> bool:
            with contextlib.suppress(Exception):  # what is left of the one that died is in the way
                await asyncio.to_thread(self._server.ensure_postgres_running)
            return bool(self._server.get_pid() != self._killed)

        await until("the database", started, timeout_s=DEADLINE_S)


class Node:
    """The merchant's LND."""

    def __init__(self, merchant, payer) -> None:
        self._merchant, self._payer = merchant, payer

    async def kill(self) -> None:
        await self._merchant.kill()

    async def start(self) -> None:
        await self._merchant.start()
        for node in (self._merchant, self._payer):
            await until(f"a channel of {node.name}", node._can_send, timeout_s=DEADLINE_S)


class Market:
    """A shop, its buyer's node, and all orders."""

    def __init__(self, service, workers, database, merchant, payer, folder) -> None:
        self.service = service
        self.merchant, self.payer = merchant, payer
        self.victims = {
            "service": service,
            "worker": workers,
            "LND": Node(merchant, payer),
            "database": database,
        }
        self.workers, self.database = workers, database
        self.folder = folder
        self.orders: list[Order] = []
        self.http = httpx.AsyncClient(base_url=service.url, timeout=DEADLINE_S)
        self.before = (0, 0)
        self.held_invoice: Any

    @property
    def script(self) -> Path:
        return self.folder / "script"

    def say(self, word: str) -> None:
        """Tell the workers what to do."""
        scratch = self.script.with_suffix(".tmp")
        scratch.write_text(word)
        scratch.replace(self.script)

    @contextlib.contextmanager
    def said(self, word: str) -> Iterator[None]:
        self.say(word)
        try:
            yield
        finally:
            self.say("go")

    @property
    def settings(self) -> Settings:
        return Settings.from_env(self.service.program.environment)

    async def ledger(self) -> tuple[Ledger, list[Debt]]:
        async with open_refunds(self.settings) as refunds:
            return await refunds.ledger(), await refunds.debts()

    async def rows(self, query: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(self.database.url)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()

    async def balances(self) -> tuple[int, int]:
        """What merchant and payer have, once nothing moves between them."""

        async def at_rest() -> bool:
            return not any(
                [(await node.channel_balance()).pending_msat for node in (self.merchant, self.payer)]
            )

        await until("the money to have moved", at_rest, timeout_s=DEADLINE_S)
        mine, theirs = await self.merchant.channel_balance(), await self.payer.channel_balance()
        return mine.local_msat, theirs.local_msat

    async def invoices(self) -> dict[bytes, Any]:
        """What the merchant's node says of its invoices."""
        answer = await self.merchant._lightning.ListInvoices(
            lightning_pb2.ListInvoiceRequest(num_max_invoices=10_000), metadata=self.merchant._admin()
        )
        return {invoice.r_hash: invoice for invoice in answer.invoices}

    async def sent(self) -> dict[bytes, int]:
        """What the merchant's node has paid, in msat."""
        answer = await self.merchant._lightning.ListPayments(
            lightning_pb2.ListPaymentsRequest(), metadata=self.merchant._admin()
        )
        return {bytes.fromhex(each.payment_hash): each.value_msat for each in answer.payments}

    async def quote(self, text: str = "Hello, this was paid.", **wish: Any) -> "Order":
        """Quote as soon as all parts are there again."""

        async def quoted() -> Any:
            answer = await self.http.post("/lightning/request-video/text", json={"text": text, **wish})
            return answer.is_success and answer.json()

        quote = await eventually("a quote", quoted)
        [row] = await self.rows("select id from orders where invoice = $1", quote["bolt11_invoice"])
        self.orders.append(Order(self, row["id"], quote))
        return self.orders[-1]


class Order:
    """One purchase, as its buyer sees it."""

    def __init__(self, market: Market, number: int, quote: dict[str, Any]) -> None:
        self.number = number
        self.quote = quote
        self.invoice = str(quote["bolt11_invoice"])
        self.payment_hash = bytes.fromhex(bolt11.decode(self.invoice).payment_hash)
        self.end = "lost"
        self.broken = False  # its download was
        self.wish = {"bolt11_invoice": self.invoice, **CHOICE}
        self.file = market.folder / "service" / "objects" / "videos" / f"{number}.mp4"
        self._market = market
        self._paying: asyncio.Task[Any] | None = None

    def pay(self) -> asyncio.Task[Any]:
        """Have the wallet pay, which may take as long as the payment is held."""
        self._paying = asyncio.create_task(self._market.payer.pay(self.invoice, timeout_s=600))
        return self._paying

    async def payment(self) -> dict[str, Any]:
        return dict((await self._market.http.get(f"/lightning/payment/{self.invoice}")).json())

    async def until(self, what: str, holds: Any) -> None:
        """Wait until the service tells that something is so."""

        async def told() -> bool:
            return bool(holds(await self.payment()))

        await eventually(f"order {self.number}: {what}", told)

    async def until_paid(self) -> None:
        await self.until("paid", lambda payment: payment["status"] == "paid")

    async def until_growing(self) -> None:
        await self.until("two segments", lambda payment: payment["video"]["frames"] == 24)

    async def until_in_flight(self) -> None:
        """Wait until the wallet has sent the money on its way."""

        async def sent() -> bool:
            answer = await self._market.payer._lightning.ListPayments(
                lightning_pb2.ListPaymentsRequest(include_incomplete=True, reversed=True, max_payments=1),
                metadata=self._market.payer._admin(),
            )
            return any(
                payment.payment_request == self.invoice
                and payment.status == lightning_pb2.Payment.IN_FLIGHT
                and len(payment.htlcs) > 0
                for payment in answer.payments
            )

        await until("the payment to be in flight", sent, timeout_s=DEADLINE_S)

    async def ask(self) -> httpx.Response:
        return await self._market.http.post("/lightning/generate-video", json=self.wish)

    async def curl(self) -> asyncio.subprocess.Process:
        """Ask as a person does, who sees the video grow."""
        return await asyncio.create_subprocess_exec(
            *("curl", "-sS", "--fail", "--no-buffer", f"{self._market.service.url}/lightning/generate-video"),
            *("-H", "Content-Type: application/json", "-d", json.dumps(self.wish)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def video(self) -> bytes:
        """What the whole video is."""
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"{self._market.workers.url}/video?{self.number}")
        return str(answer.json()).encode()

    async def refund(self, refund_invoice: str) -> httpx.Response:
        assert self._paying is not None
        wish = {
            "bolt11_invoice": self.invoice,
            "refund_token": self.quote["refund_token"],
            "preimage": (await self._paying).preimage.hex(),
            "refund_invoice": refund_invoice,
        }
        return await self._market.http.post("/lightning/refund", json=wish)

    async def is_delivered(self) -> None:
        """Assert that the buyer gets all of the video for the one payment, and it is one file at last."""
        assert self._paying is not None
        paid = await asyncio.wait_for(self._paying, DEADLINE_S)
        assert sha256(paid.preimage).digest() == self.payment_hash

        async def delivered() -> bool:
            content = (await self.ask()).content
            return self.file.is_file() and content == self.file.read_bytes()

        await eventually(f"order {self.number}: delivered", delivered)
        assert (await self.payment())["status"] == "paid"
        self.end = "delivered"

    async def fails(self) -> int:
        """Have the workers refuse it; how much is due in msat."""

        async def failed() -> bool:
            return (await self.ask()).status_code == 400

        await eventually(f"order {self.number}: failed", failed)
        await self.until("due", lambda payment: payment["refund"])
        return int((await self.payment())["refund"]["amount_msat"])

    async def is_refunded(self, refund_invoice: str) -> None:
        """Assert that the money goes back by this invoice."""

        async def refunded() -> Any:
            answer = await self.refund(refund_invoice)
            return answer.status_code == 200 and answer.json()

        answer = await eventually(f"order {self.number}: refunded", refunded)
        assert answer["status"] == (await self.payment())["status"] == "refunded"
        preimage = bytes.fromhex(answer["preimage"])
        assert sha256(preimage).hexdigest() == bolt11.decode(refund_invoice).payment_hash
        self.end = "refunded"

    async def is_given_back(self) -> None:
        """Assert that the held money is the buyer's again."""
        assert self._paying is not None
        with pytest.raises(PaymentFailed):
            await asyncio.wait_for(self._paying, DEADLINE_S)
        await self.until("given back", lambda payment: payment["status"] == "canceled")
        self.end = "given back"

    async def is_owed(self) -> None:
        """Assert that the operator sees it."""
        await self.until("failed", lambda payment: payment["video"]["state"] == "interrupted")
        _, debts = await self._market.ledger()
        assert self.number in [debt.order_id for debt in debts]
        self.end = "owed"


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
    whole = order.file.read_bytes()
    assert whole.startswith(received)
    order.broken = curl.returncode != 0
    assert order.broken == (whole != received)


async def in_pieces(market, holding):
    order = await market.quote()
    await order.pay()
    order.file.mkdir(parents=True)  # in its place no file can be written
    holding.callback(order.file.rmdir)
    assert (await order.ask()).content == await order.video()
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
        await order.until("failed", lambda payment: payment["video"]["state"] == "interrupted")
    yield order
    await order.is_given_back()


STATES = {
    "quoted, not paid": (quoted, "delivered"),
    "payment in flight": (in_flight, "delivered"),
    "settled, not known": (settled, "delivered"),
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


@pytest.fixture(scope="module")
async def market(
    network, guard, ports, postgres_server, held_invoice, tmp_path_factory
) -> AsyncIterator[Market]:
    folder = tmp_path_factory.mktemp("market")
    (folder / "script").write_text("go")

    def scripted(name: str) -> Service:
        port = ports.take()
        program = Program(
            name,
            [
                *(sys.executable, str(Path(__file__).with_name("scripted_worker.py"))),
                *(str(port), str(folder / "script")),
            ],
            log=folder / f"{name}.log",
            guard=guard,
        )
        return Service(program, f"http://127.0.0.1:{port}")

    with postgres_server() as server:
        first, second = scripted("first worker"), scripted("second worker")
        port, database = ports.take(), Database(server)
        program = programs.service_program(
            port=port,
            folder=folder,
            guard=guard,
            database_url=database.url,
            worker_urls=f"{first.url},{second.url}",
            **programs.node_settings(network.merchant),
            **SETTINGS,
        )
        service = Service(program, f"http://127.0.0.1:{port}")
        await first.start()
        await service.start()
        market = Market(service, Workers(first, second), database, network.merchant, network.payer, folder)
        market.held_invoice = held_invoice
        market.before = await market.balances()
        yield market
        await market.http.aclose()
        for each in (service, first, second):
            await each.program.kill()


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
        assert await order.video() == order.file.read_bytes()


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
        frames = (await order.payment())["video"]["frames"]
        await (victim.program if victim is worker else victim).kill()
        await victim.start()
    await order.is_delivered()

    received, _ = await curl.communicate()
    assert order.file.read_bytes().startswith(received)
    facts = examine(order.file)
    assert facts.video_s == pytest.approx(order.quote["duration"], rel=0.35)
    assert facts.audio_s == pytest.approx(facts.video_s, abs=0.1)


def test_no_death_surprised_the_service(market):
    log = market.service.program.log.read_text()

    assert [line for line in log.splitlines() if '"unexpected_error"' in line] == []
    assert "never retrieved" not in log


async def test_the_money_of_all_these_orders_adds_up(market):
    ledger, debts = await market.ledger()
    mine, theirs = await market.balances()
    invoices = await market.invoices()
    sent = await market.sent()
    refunds = await market.rows("select * from refunds")

    kept = ledger.received_msat - ledger.refunded_msat - ledger.fees_msat
    assert (mine - market.before[0], theirs - market.before[1]) == (kept, -kept)

    ended = {order.number: order.end for order in market.orders}
    assert "lost" not in ended.values()
    for order in market.orders:
        canceled = order.end == "given back"
        assert invoices[order.payment_hash].state == (
            lightning_pb2.Invoice.CANCELED if canceled else lightning_pb2.Invoice.SETTLED
        )
    assert ledger.received_msat == sum(
        invoices[order.payment_hash].amt_paid_msat for order in market.orders if order.end != "given back"
    )

    assert {row["order_id"] for row in refunds} == {n for n, end in ended.items() if end == "refunded"}
    assert len(refunds) == len({row["order_id"] for row in refunds})
    for row in refunds:
        assert (row["state"], sha256(row["preimage"]).digest()) == ("refunded", row["payment_hash"])
    assert ledger.refunded_msat == sum(sent.get(row["payment_hash"], 0) for row in refunds)

    assert {debt.order_id for debt in debts} == {n for n, end in ended.items() if end == "owed"}
    for order in market.orders:
        assert order.file.is_file() == (order.end == "delivered")
    bare = "select id from orders where hold and payment_hash not in (select payment_hash from preimages)"
    assert await market.rows(bare) == []
