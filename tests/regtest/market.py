"""A shop on real parts that can be killed, its buyer's node, and the books: what the tests of crashes share."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import bolt11
import httpx
import pytest
from lndgrpc.compiled import lightning_pb2, router_pb2, router_pb2_grpc

from lightning.l402 import Identifier, Macaroon
from regtest.errors import NotReady, PaymentFailed
from regtest.lnd import FailureReason
from regtest.process import Program, until
from satspeak import programs
from service.assembly.stores import open_refunds
from service.orders.tokens import Tokens
from service.refunds.refund import Debt, Ledger
from service.settings import Settings
from tests.receivers import Receiver

T = TypeVar("T")

CHOICE = {"avatar": "european_woman", "emotion": "happy"}

HOLD = {**CHOICE, "language": "en", "hold": True}

SETTINGS = {
    "top_up_s": "60",
    "btc_usd": "fixed:65000",
    "resume_s": "0.2",
    "sweep_s": "1",
    "status_wait_s": "1",
    "lease_s": "6",
    "live_lease_s": "6",
    "render_silence_s": "5",
    "hold_quotes_per_client": "0",
    "webhook_private": "true",
    "webhook_look_s": "0.2",
}

DEADLINE_S = 120

EVENTS = {
    "delivered": {"payment.settled", "video.started", "video.ready"},
    "refunded": {"payment.settled", "video.started", "video.failed", "refund.paid"},
    "owed": {"payment.settled", "video.started", "video.failed"},
    "given back": {"video.started", "video.failed"},
}
"""What is told of an order that ended so, beside that its payment was held."""


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
        self.top_ups: list[dict[str, Any]] = []
        self.http = httpx.AsyncClient(base_url=service.url, timeout=DEADLINE_S)
        self.before = (0, 0)
        self.held_invoice: Any
        self.receiver: Receiver
        self.chain: Any

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

    async def refund_invoice(self) -> str:
        """An invoice of the buyer's node that leaves the amount to the shop."""
        answer = await self.payer._lightning.AddInvoice(
            lightning_pb2.Invoice(expiry=3600), metadata=self.payer._admin()
        )
        return str(answer.payment_request)

    async def forget_failures(self) -> None:
        """Have the buyer's node try the way again that has just failed: there is only one."""
        router = router_pb2_grpc.RouterStub(self.payer._connection())
        await router.ResetMissionControl(
            router_pb2.ResetMissionControlRequest(), metadata=self.payer._admin()
        )

    async def sent(self) -> dict[bytes, int]:
        """What the merchant's node has paid, in msat."""
        answer = await self.merchant._lightning.ListPayments(
            lightning_pb2.ListPaymentsRequest(max_payments=10_000), metadata=self.merchant._admin()
        )
        return {bytes.fromhex(each.payment_hash): each.value_msat for each in answer.payments}

    async def adds_up(self) -> None:
        """Assert that every order has ended, once, and nodes, ledger and files agree on how."""
        ledger, debts = await self.ledger()
        mine, theirs = await self.balances()
        invoices, sent = await self.invoices(), await self.sent()
        bound = await self.rows("select * from refunds")
        refunds = [row for row in bound if row["state"] == "refunded"]

        kept = ledger.received_msat - ledger.refunded_msat - ledger.fees_msat
        assert (mine - self.before[0], theirs - self.before[1]) == (kept, -kept)

        ended = {order.number: order.end for order in self.orders}
        assert "lost" not in ended.values()
        for order in self.orders:
            canceled = order.end == "given back"
            assert invoices[order.payment_hash].state == (
                lightning_pb2.Invoice.CANCELED if canceled else lightning_pb2.Invoice.SETTLED
            )
        advance = sum(
            invoices[bytes.fromhex(bolt11.decode(each["bolt11_invoice"]).payment_hash)].amt_paid_msat
            for each in self.top_ups
        )
        assert ledger.topped_up_msat == advance
        assert ledger.received_msat == advance + sum(
            invoices[order.payment_hash].amt_paid_msat for order in self.orders if order.end != "given back"
        )
        bought_ms = 1000 * sum(each["duration"] for each in self.top_ups)
        assert ledger.prepaid_ms + ledger.prepaid_used_ms == bought_ms
        assert await self.rows("select ref from reservations") == []

        refunded = [row["order_id"] for row in refunds]
        assert sorted(refunded) == sorted(n for n, end in ended.items() if end == "refunded")
        for row in refunds:
            assert sha256(row["preimage"]).digest() == row["payment_hash"]
        for row in bound:
            assert row["state"] in ("refunded", "failed")
            assert (row["payment_hash"] in sent) == (row["state"] == "refunded")
        assert ledger.refunded_msat == sum(sent[row["payment_hash"]] for row in refunds)

        assert {debt.order_id for debt in debts} == {n for n, end in ended.items() if end == "owed"}
        for order in self.orders:
            file = await order.file()
            assert (file is not None and file.is_file()) == (order.end == "delivered")
        await self.all_is_told()
        ours = "select payment_hash from preimages"
        bare = f"select id from payments where kind = 'hold' and payment_hash not in ({ours})"
        assert await self.rows(bare) == []

    async def all_is_told(self) -> None:
        """Assert that the receiver was told of each event of every order, once as an event, and of nothing else."""

        async def nothing_waits() -> bool:
            return not await self.rows("select id from outbox where state = 'waiting'")

        await eventually("the receiver to be told", nothing_waits)
        for order in self.orders:
            events = list(self.receiver.events(order.invoice).values())
            once = [event for event in events if event not in ("video.failed", "video.ready")]
            assert len(once) == len(set(once)), events
            assert set(events) - {"payment.held"} == EVENTS[order.end], (order.end, events)
            assert "payment.held" not in events or order.hold
        assert await self.rows("select id from outbox") == []

    def is_unsurprised(self) -> None:
        """Assert that nothing happened that the service has no word for."""
        log = self.service.program.log.read_text()
        assert [line for line in log.splitlines() if '"unexpected_error"' in line] == []
        assert "never retrieved" not in log

    async def top_up(self, seconds: int) -> dict[str, Any]:
        """Quote video time as soon as all parts are there again."""

        async def quoted() -> Any:
            answer = await self.http.post("/lightning/top-up", json={"seconds": seconds})
            return answer.is_success and answer.json()

        self.top_ups.append(dict(await eventually("a top-up", quoted)))
        return self.top_ups[-1]

    async def account(self, key: str) -> dict[str, Any]:
        """What an account has, as soon as it is told."""

        async def told() -> Any:
            answer = await self.http.get("/account", headers={"X-API-Key": key})
            return answer.is_success and answer.json()

        return dict(await eventually("an account", told))

    async def credited(self, seconds: int) -> str:
        """Buy video time: the key of its account, once it is there."""
        top_up = await self.top_up(seconds)
        await self.payer.pay(top_up["bolt11_invoice"], timeout_s=DEADLINE_S)

        async def there() -> bool:
            return bool((await self.account(top_up["api_key"]))["granted_ms"])

        await eventually("the video time", there)
        return str(top_up["api_key"])

    async def quote(self, text: str = "Hello, this was paid.", **wish: Any) -> "Order":
        """Quote as soon as all parts are there again."""

        wish = {"text": text, "webhook_url": f"{self.receiver.url}/", **wish}

        async def quoted() -> Any:
            answer = await self.http.post("/lightning/request-video/text", json=wish)
            return answer.is_success and answer.json()

        quote = await eventually("a quote", quoted)
        [row] = await self.rows("select order_id from payments where invoice = $1", quote["bolt11_invoice"])
        self.orders.append(Order(self, row["order_id"], quote))
        self.orders[-1].hold = bool(wish.get("hold"))
        return self.orders[-1]

    async def challenge(self, text: str = "Hello, this was paid by L402.") -> "L402Order":
        """Sell by L402 as soon as all parts are there again."""
        wish = {"text": text, "webhook_url": f"{self.receiver.url}/", **CHOICE}

        async def challenged() -> Any:
            answer = await self.http.post("/l402/video", json=wish)
            return answer.status_code == httpx.codes.PAYMENT_REQUIRED and answer.json()

        quote = await eventually("a challenge", challenged)
        [row] = await self.rows("select order_id from payments where invoice = $1", quote["bolt11_invoice"])
        order = L402Order(self, row["order_id"], quote)
        order.wish = wish
        self.orders.append(order)
        return order


class Order:
    """One purchase, as its buyer sees it."""

    def __init__(self, market: Market, number: int, quote: dict[str, Any]) -> None:
        self.number = number
        self.quote = quote
        self.invoice = str(quote["bolt11_invoice"])
        self.payment_hash = bytes.fromhex(bolt11.decode(self.invoice).payment_hash)
        self.end = "lost"
        self.broken = False  # its download was
        self.due = False  # its video has failed
        self.wish = {"bolt11_invoice": self.invoice, **CHOICE}
        self.hold = False  # its payment is
        self._market = market
        self._paying: asyncio.Task[Any] | None = None

    async def file(self) -> Path | None:
        """Where its whole video is, or will be; None where nothing was rendered."""
        rows = await self._market.rows("select id from jobs where order_id = $1", self.number)
        folder = self._market.folder / "service" / "objects" / "videos"
        return folder / f"{rows[0]['id']}.mp4" if rows else None

    def pay(self) -> asyncio.Task[Any]:
        """Have the wallet pay, which may take as long as the payment is held."""
        self._paying = asyncio.create_task(self._market.payer.pay(self.invoice, timeout_s=600))
        return self._paying

    def insist(self) -> asyncio.Task[Any]:
        """Have the wallet pay as soon as there is a way; ends in failure only where the payment is refused."""

        async def paid() -> Any:
            try:
                return await self._market.payer.pay(self.invoice, timeout_s=600)
            except PaymentFailed as error:
                if error.reason == FailureReason.INCORRECT_PAYMENT_DETAILS:
                    raise
                await self._market.forget_failures()
            except NotReady:  # no channel
                pass
            return None

        self._paying = asyncio.create_task(until("a way", paid, timeout_s=DEADLINE_S))
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
            file = await self.file()
            return file is not None and file.is_file() and content == file.read_bytes()

        await eventually(f"order {self.number}: delivered", delivered)
        assert (await self.payment())["status"] == "paid"
        self.end = "delivered"

    async def fails(self) -> int:
        """Have the workers refuse it; how much is due in msat."""

        async def failed() -> bool:
            return (await self.ask()).status_code == 400

        await eventually(f"order {self.number}: failed", failed)
        await self.until("due", lambda payment: payment["refund"])
        self.due = True
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
        await self.until("failed", lambda payment: payment["video"]["state"] == "failed")
        _, debts = await self._market.ledger()
        assert self.number in [debt.order_id for debt in debts]
        self.end = "owed"


class L402Order(Order):
    """One that is bought by L402: its credential opens it."""

    async def ask(self) -> httpx.Response:
        return await self._market.http.post("/l402/video", json=self.wish, headers=await self.credential())

    async def credential(self) -> dict[str, str]:
        assert self._paying is not None
        proof = (await self._paying).preimage.hex()
        return {"Authorization": f"L402 {self.quote['macaroon']}:{proof}"}

    async def payment(self) -> dict[str, Any]:
        nonce = Identifier.unpack(Macaroon.decode(self.quote["macaroon"]).identifier).nonce
        claim = {"Claim-Token": str(Tokens.of_nonce(nonce).claim)}
        answer = await self._market.http.get(f"/lightning/payment/{self.invoice}", headers=claim)
        return dict(answer.json())
