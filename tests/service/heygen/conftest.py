"""A service with the voices of the examples, an account and a chat endpoint."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.assembly.stores import open_accounts
from tests.serving import body_of, live, serve

VOICES = [
    {"name": "en-male-natural", "language": "en", "gender": "male", "engine": "kokoro", "accent": "native"},
    {"name": "en-male", "language": "en", "gender": "male", "engine": "hibari"},
    {"name": "en-female", "language": "en", "gender": "female", "engine": "hibari"},
    {"name": "es-female", "language": "es", "gender": "female", "engine": "espeak"},
]

VIDEO = {
    "script": "Hello, this is an AI-generated video!",
    "avatar_id": "professional_male_01",
    "voice_id": "en_us_01",
    "language": "en",
}


class Chat:
    """A small server that speaks OpenAI's chat completions, streamed; it does what the test says."""

    def __init__(self) -> None:
        self.pieces = ["Bees ", "are **busy**.\n", "They make honey."]
        self.finish = "stop"
        self.statuses: list[int] = []  # of answers to come; then 200
        self.breaks_after: int | None = None  # pieces, and no end
        self.streams = True
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.pings = 0
        self.url = ""
        self.go = asyncio.Event()  # or it answers nothing
        self.go.set()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        headers = dict(scope["headers"])
        if scope["path"] == "/v1/models":
            self.pings += 1
            await self._send(send, 200, b'{"data": []}', b"application/json")
            return
        assert (scope["method"], scope["path"]) == ("POST", "/v1/chat/completions")
        self.requests.append(json.loads(await body_of(receive)))
        self.keys.append(headers.get(b"authorization", b"").decode())
        await self.go.wait()
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            await self._send(send, status, b'{"error": {"message": "no"}}', b"application/json")
            return
        if not self.streams:
            whole = {"message": {"content": "".join(self.pieces)}, "finish_reason": self.finish}
            await self._send(send, 200, json.dumps({"choices": [whole]}).encode(), b"application/json")
            return
        await self._stream(send)

    async def _stream(self, send: Any) -> None:
        head = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for n, piece in enumerate(self.pieces):
            if n == self.breaks_after:
                await send({"type": "http.response.body", "body": b""})
                return
            await self._event(send, {"delta": {"content": piece}, "finish_reason": None})
        await self._event(send, {"delta": {}, "finish_reason": self.finish})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})

    async def _event(self, send: Any, choice: dict[str, Any]) -> None:
        data = json.dumps({"object": "chat.completion.chunk", "choices": [{"index": 0, **choice}]})
        event = f"data: {data}\n\n".encode()
        for part in (event[:9], event[9:]):  # no event need come in one piece
            await send({"type": "http.response.body", "body": part, "more_body": True})

    async def _send(self, send: Any, status: int, body: bytes, kind: bytes) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": body})


class Holder:
    """Who has an account with so much video time, and its key."""

    def __init__(self, shop, account_id: int, key: str) -> None:
        self.shop = shop
        self.account_id = account_id
        self.headers = {"X-API-Key": key}

    async def post(self, path: str, body: Any, **headers: str):
        return await self.shop.http.post(f"/api/v1{path}", json=body, headers={**self.headers, **headers})

    async def get(self, path: str):
        return await self.shop.http.get(f"/api/v1{path}", headers=self.headers)

    async def create(self, *, prefer: str | None = None, key: str | None = None, **changes: Any):
        headers = {name: value for name, value in (("Prefer", prefer), ("Idempotency-Key", key)) if value}
        body = {name: value for name, value in {**VIDEO, **changes}.items() if value is not None}
        return await self.post("/videos/create", body, **headers)

    async def balance(self) -> tuple[int, int, int]:
        answer = (await self.shop.http.get("/account", headers=self.headers)).json()
        assert answer["granted_ms"] == answer["free_ms"] + answer["reserved_ms"] + answer["used_ms"]
        return answer["free_ms"], answer["reserved_ms"], answer["used_ms"]


async def holder_of(shop, ms: int = 60_000, **settings: Any) -> Holder:
    """Make an account, with a key."""
    async with open_accounts(shop.settings(**settings)) as holders:
        number = await holders.video_time.create(uuid.uuid4().hex)
        account = await holders.accounts.get(number)
        assert account is not None
        if ms:
            await holders.video_time.grant(account, ms)
        return Holder(shop, number, await holders.keys.create("test", account_id=number))


@pytest.fixture
def make_holder():
    return holder_of


@contextlib.asynccontextmanager
async def open_chat() -> AsyncIterator[Chat]:
    chat = Chat()
    async with serve(chat) as url:
        chat.url = f"{url}/v1"
        yield chat


@pytest.fixture(scope="module")
async def standing_chat():
    async with open_chat() as chat:
        yield chat


@pytest.fixture(scope="module")
async def writing_shop(tmp_path_factory, make_closed_shop, standing_chat):
    """One service for all tests that leave nothing behind: with a chat endpoint, and without Apertium."""
    async with make_closed_shop(tmp_path_factory.mktemp("heygen")) as closed:
        closed.worker.voices = VOICES
        chat = {
            "chat_url": standing_chat.url,
            "chat_model": "small",
            "chat_key": "secret",
            "apertium": "none-such",
        }
        async with closed.open(**chat) as shop:
            yield shop


@pytest.fixture
def chat(standing_chat):
    """The endpoint, as it should be."""
    fresh = Chat()
    fresh.url = standing_chat.url
    standing_chat.__dict__.update(fresh.__dict__)
    return standing_chat


@pytest.fixture
def shop(writing_shop, chat):
    """The service; its worker does as it should."""
    worker = writing_shop.worker
    worker.answer = worker.hold_after = worker.fail_after = None
    worker.go = asyncio.Event()
    worker.requests.clear()
    return writing_shop


@pytest.fixture
async def holder(shop):
    return await holder_of(shop)
