"""Services and workers as programs of their own, which a test can stop, kill and start again."""

import contextlib
import functools
import secrets
import sys
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from lndgrpc.compiled import invoices_pb2, invoices_pb2_grpc, lightning_pb2

from regtest.lnd import LndNode
from regtest.ports import Ports
from regtest.process import Guard, Program, until
from satspeak import programs
from satspeak.client import Client
from tests.receivers import Receiver
from tests.regtest.market import SETTINGS, Database, Market, Service, Workers
from tests.serving import serve


class Worker:
    """One worker, which can be killed and started again on the same port."""

    def __init__(self, program: Program, url: str) -> None:
        self.program = program
        self.url = url

    async def start(self) -> None:
        await self.program.start()
        await programs.healthy(self.program, self.url)

    async def frames_rendered(self) -> int:
        async with httpx.AsyncClient() as http:
            return (await http.get(f"{self.url}/health")).json()["frames_rendered"]


class Held:
    """An invoice of the buyer's node whose payment stays in flight until the buyer says so."""

    def __init__(self, payer: LndNode) -> None:
        self.invoice = ""
        self._payer = payer
        self._preimage = secrets.token_bytes(32)

    async def make(self, amount_msat: int) -> str:
        request = invoices_pb2.AddHoldInvoiceRequest(hash=self._hash, value_msat=amount_msat, expiry=3600)
        answer = await self._stub.AddHoldInvoice(request, metadata=self._payer._admin())
        return str(answer.payment_request)

    async def until_held(self) -> None:
        await until("the refund to be held", self.is_held, timeout_s=30)

    async def is_held(self) -> bool:
        found = await self._payer._lightning.LookupInvoice(
            lightning_pb2.PaymentHash(r_hash=self._hash), metadata=self._payer._admin()
        )
        return bool(found.state == lightning_pb2.Invoice.ACCEPTED)

    async def take(self) -> None:
        await self._stub.SettleInvoice(
            invoices_pb2.SettleInvoiceMsg(preimage=self._preimage), metadata=self._payer._admin()
        )

    async def refuse(self) -> None:
        await self._stub.CancelInvoice(
            invoices_pb2.CancelInvoiceMsg(payment_hash=self._hash), metadata=self._payer._admin()
        )

    @property
    def _hash(self) -> bytes:
        return sha256(self._preimage).digest()

    @property
    def _stub(self) -> Any:
        return invoices_pb2_grpc.InvoicesStub(self._payer._connection())


@pytest.fixture(scope="session")
def held_invoice(payer):
    return functools.partial(Held, payer)


@pytest.fixture(scope="module")
def guard():
    with contextlib.closing(Guard()) as guard:
        yield guard


@pytest.fixture(scope="module")
def ports():
    with contextlib.closing(Ports()) as ports:
        yield ports


@pytest.fixture(scope="module")
def hire(guard, ports, tmp_path_factory):
    """Lay out a worker that is not started."""

    def lay_out() -> Worker:
        port = ports.take()
        folder = tmp_path_factory.mktemp("worker")
        return Worker(
            programs.worker_program(port=port, folder=folder, guard=guard), f"http://127.0.0.1:{port}"
        )

    return lay_out


@pytest.fixture(scope="module")
async def hire_scripted(guard, ports, tmp_path_factory):
    """Start a worker that does what its script says, and the text."""
    async with contextlib.AsyncExitStack() as closing:

        async def hire_one() -> Worker:
            port, folder = ports.take(), tmp_path_factory.mktemp("scripted")
            (folder / "script").write_text("go")
            script = str(Path(__file__).with_name("scripted_worker.py"))
            command = [sys.executable, script, str(port), str(folder / "script")]
            program = Program("scripted worker", command, log=folder / "worker.log", guard=guard)
            worker = Worker(program, f"http://127.0.0.1:{port}")
            closing.push_async_callback(program.stop)
            await worker.start()
            return worker

        yield hire_one


@pytest.fixture(scope="module")
async def worker(hire):
    worker = hire()
    await worker.start()
    yield worker
    await worker.program.stop()


@pytest.fixture(scope="module")
async def open_shop(guard, ports, network, tmp_path_factory):
    """Open shops that sell through the merchant's node; they close at the end."""
    async with contextlib.AsyncExitStack() as closing:

        async def open_one(worker: Worker, *, public: bool = False, **settings: str) -> Service:
            port = ports.take()
            if public:  # it knows where it is reached
                settings["public_url"] = f"http://127.0.0.1:{port}"
            program = programs.service_program(
                port=port,
                folder=tmp_path_factory.mktemp("service"),
                guard=guard,
                worker_urls=worker.url,
                btc_usd="fixed:65000",
                **programs.node_settings(network.merchant),
                **settings,
            )
            shop = Service(program, f"http://127.0.0.1:{port}")
            closing.push_async_callback(program.stop)
            await shop.start()
            return shop

        yield open_one


@pytest.fixture(scope="module")
async def shop(open_shop, worker):
    return await open_shop(worker)


@pytest.fixture
async def client(shop):
    async with Client(shop.url) as client:
        yield client


@pytest.fixture(scope="module")
async def receiver() -> AsyncIterator[Receiver]:
    """Who is told what becomes of all orders."""
    receiver = Receiver()
    async with serve(receiver) as receiver.url:
        yield receiver


@pytest.fixture(scope="module")
async def market(
    network, guard, ports, postgres_server, held_invoice, receiver, tmp_path_factory
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
        market.held_invoice, market.chain, market.receiver = held_invoice, network.chain, receiver
        market.before = await market.balances()
        yield market
        await market.http.aclose()
        for each in (service, first, second):
            await each.program.kill()
