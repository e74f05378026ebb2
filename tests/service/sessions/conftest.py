"""A service that sells live sessions, with the worker as a program: small drawn avatars and a tiny network."""

import asyncio
import contextlib
import io
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import av
import pytest
from anyio.from_thread import start_blocking_portal
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from service.accounts.port import Scope
from service.assembly.stores import open_accounts
from service.errors import InsufficientCredits
from tests.service.sessions import described
from tests.worker.conftest import WorkerProcess, write_assets

DEADLINE_S = 60

LARGEST_BYTES = 1 << 20
"""Of a message."""


class Client:
    """Who talks to a WebSocket and keeps all that comes."""

    def __init__(self, connection: ClientConnection, path: str) -> None:
        self.socket = connection
        self.path = path
        self.movie = b""
        self.pieces = 0  # of the movie; the first is its header
        self.told: list[dict[str, Any]] = []

    async def send(self, *frames: str | bytes | dict[str, Any]) -> None:
        for frame in frames:
            if isinstance(frame, bytes):
                for start in range(0, len(frame), LARGEST_BYTES):
                    await self.socket.send(frame[start : start + LARGEST_BYTES])
            else:
                await self.socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def next(self) -> str | bytes:
        async with asyncio.timeout(DEADLINE_S):
            frame = await self.socket.recv()
        if isinstance(frame, bytes):
            self.movie += frame
            self.pieces += 1
        else:
            self.told.append(json.loads(frame))
            described.check(self.path, self.told[-1])
        return frame

    async def until(self, status: str) -> dict[str, Any]:
        """Take what comes up to a status."""
        while not (self.told and self.told[-1]["status"] == status):
            await self.next()
        return self.told[-1]

    async def closed(self) -> tuple[int, str]:
        """Take what comes up to the close; its code and reason."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self.next()
        assert self.socket.close_code is not None
        return self.socket.close_code, self.socket.close_reason or ""

    def of(self, status: str) -> list[dict[str, Any]]:
        return [each for each in self.told if each.get("status") == status]

    @property
    def frames(self) -> int:
        """How many pictures came, each in its place, with sound as long."""
        with av.open(io.BytesIO(self.movie), "r") as container:
            frames = samples = 0
            for frame in container.decode(*container.streams):
                if isinstance(frame, av.VideoFrame):
                    assert frame.time == pytest.approx(frames / 25)
                    frames += 1
                else:
                    samples += frame.samples
        assert abs(samples - frames * 1_920) < 3 * 1_024
        return frames


class Holder:
    """Who has an account with so much video time, and its key."""

    def __init__(self, shop: Any, account_id: int, key: str) -> None:
        self.shop = shop
        self.id = account_id
        self.headers = {"Authorization": f"Bearer {key}"}

    @contextlib.asynccontextmanager
    async def connect(
        self,
        path: str = "/ws/infer",
        *,
        headers: dict[str, str] | None = None,
        **asked: str,
    ) -> AsyncIterator[Client]:
        usual = {"output_type": "file", "input_type": "text", "avatar": "ann"}
        url = f"{self.shop.url.replace('http', 'ws', 1)}{path}?{urlencode(usual | asked)}"
        shown = self.headers if headers is None else headers
        async with connect(
            url,
            additional_headers=shown,
            max_size=None,
            proxy=None,
        ) as connection:
            yield Client(connection, path)

    async def balance(self) -> tuple[int, int, int]:
        """What is free, reserved and used, in milliseconds."""
        answer = (await self.shop.http.get("/account", headers=self.headers)).json()
        assert answer["granted_ms"] == answer["free_ms"] + answer["reserved_ms"] + answer["used_ms"]
        return answer["free_ms"], answer["reserved_ms"], answer["used_ms"]

    async def settled(self) -> tuple[int, int]:
        """Wait until nothing is set aside; what is free then, and what was used."""
        async with asyncio.timeout(DEADLINE_S):
            while (now := await self.balance())[1]:  # noqa: ASYNC110 - what a client can do
                await asyncio.sleep(0.02)
        return now[0], now[2]

    async def spend_what_is_free(self) -> None:
        """Use up what no session has set aside."""
        async with open_accounts(self.shop.settings()) as holders:
            account = await holders.accounts.get(self.id)
            while account is not None and account.free_ms:
                ref = uuid.uuid4().hex
                with contextlib.suppress(InsufficientCredits):  # a session has taken some of it just then
                    await holders.video_time.reserve(account, account.free_ms, ref=ref)
                    await holders.video_time.settle(ref, account.free_ms)
                account = await holders.accounts.get(self.id)


@pytest.fixture(scope="module")
def portal():
    """An event loop for rules of a state machine, which are functions."""
    with start_blocking_portal() as portal:
        yield portal


@pytest.fixture(scope="session")
def assets(tmp_path_factory):
    return write_assets(tmp_path_factory.mktemp("assets"))


@pytest.fixture(scope="session")
def face(assets):
    """A worker that shows faces."""
    worker = WorkerProcess(assets, "--live-sessions", "8")
    yield worker
    worker.stop()


@pytest.fixture
def start_face(assets):
    """Starts workers of the test's own."""
    started = []

    def start(*options: str) -> WorkerProcess:
        started.append(WorkerProcess(assets, *options))
        return started[-1]

    yield start
    for worker in started:
        worker.stop()


@pytest.fixture
def holder_of():
    async def make(shop: Any, ms: int = 60_000, scopes: tuple[Scope, ...] = ()) -> Holder:
        async with open_accounts(shop.settings()) as holders:
            number = await holders.video_time.create(uuid.uuid4().hex)
            account = await holders.accounts.get(number)
            assert account is not None
            if ms:
                await holders.video_time.grant(account, ms)
            return Holder(shop, number, await holders.keys.create("test", scopes, account_id=number))

    return make


@pytest.fixture(scope="module")
async def live_shop(tmp_path_factory, make_shop, face):
    """One service for tests that leave nothing behind."""
    async with make_shop(tmp_path_factory.mktemp("live"), worker_urls=face.url, live_quiet_s=0.2) as shop:
        yield shop


@pytest.fixture
async def holder(live_shop, holder_of):
    return await holder_of(live_shop)
