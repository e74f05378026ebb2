"""Services and workers as programs of their own, which a test can stop, kill and start again."""

import contextlib

import httpx
import pytest

from regtest.ports import Ports
from regtest.process import Guard, Program
from satspeak import programs
from satspeak.client import Client


class Shop:
    """One service over its own data, which can be stopped and started again."""

    def __init__(self, program: Program, url: str) -> None:
        self.program = program
        self.url = url

    async def start(self) -> None:
        await self.program.start()
        await programs.healthy(self.program, self.url, healthy_when=bool)


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
async def worker(hire):
    worker = hire()
    await worker.start()
    yield worker
    await worker.program.stop()


@pytest.fixture(scope="module")
async def open_shop(guard, ports, network, tmp_path_factory):
    """Open shops that sell through the merchant's node; they close at the end."""
    async with contextlib.AsyncExitStack() as closing:

        async def open_one(worker: Worker, **settings: str) -> Shop:
            port = ports.take()
            program = programs.service_program(
                port=port,
                folder=tmp_path_factory.mktemp("service"),
                guard=guard,
                worker_urls=worker.url,
                btc_usd="fixed:65000",
                **programs.node_settings(network.merchant),
                **settings,
            )
            shop = Shop(program, f"http://127.0.0.1:{port}")
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
