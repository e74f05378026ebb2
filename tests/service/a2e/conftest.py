"""A client of A2E's API, with the key of an account that has video time."""

import asyncio
from typing import Any

import pytest

from service.assembly.stores import open_accounts

VOICES = [
    {"name": "anna", "language": "de", "gender": "female"},
    {"name": "bert", "language": "en", "gender": "male"},
    {"name": "carla", "language": "en", "gender": "female"},
]

DEADLINE_S = 60


class A2e:
    """Asks as A2E's clients do, and expects its envelope."""

    def __init__(self, shop: Any, account_id: int, key: str) -> None:
        self.shop = shop
        self.account_id = account_id
        self.headers = {"Authorization": f"Bearer {key}"}

    async def ask(self, method: str, path: str, status: int = 200, **request: Any) -> Any:
        headers = {**self.headers, **request.pop("headers", {})}
        answer = await self.shop.http.request(method, f"/api/v1/{path}", headers=headers, **request)
        told = answer.json()
        assert answer.status_code == status, answer.text
        if status == 200:
            assert set(told) == {"code", "data", "trace_id"}
            assert told["code"] == 0
            return told["data"]
        assert set(told) - {"details"} == {"code", "msg", "trace_id"}
        assert ("details" in told) == (status == 402)
        assert told["code"] == status
        return told["msg"]

    async def get(self, path: str, status: int = 200, **query: str) -> Any:
        return await self.ask("GET", path, status, params=query)

    async def post(
        self, path: str, status: int = 200, headers: dict[str, str] | None = None, **body: Any
    ) -> Any:
        return await self.ask("POST", path, status, json=body, headers=headers or {})

    async def balance(self) -> tuple[int, int, int]:
        """What is free, reserved and used, in milliseconds."""
        answer = (await self.shop.http.get("/account", headers=self.headers)).json()
        assert answer["granted_ms"] == answer["free_ms"] + answer["reserved_ms"] + answer["used_ms"]
        return answer["free_ms"], answer["reserved_ms"], answer["used_ms"]

    async def settled(self) -> int:
        """Wait until nothing is set aside; what was used then."""
        async with asyncio.timeout(DEADLINE_S):
            while (now := await self.balance())[1]:  # noqa: ASYNC110 - what a client can do
                await asyncio.sleep(0.02)
        return now[2]


async def hold(shop: Any, ms: int = 60_000) -> A2e:
    async with open_accounts(shop.settings()) as holders:
        number = await holders.video_time.create(f"app {len(await holders.accounts.all())}")
        account = await holders.accounts.get(number)
        assert account is not None
        if ms:
            await holders.video_time.grant(account, ms)
        return A2e(shop, number, await holders.keys.create("app", account_id=number))


@pytest.fixture
def client_of():
    return hold


@pytest.fixture
async def speaking_shop(closed_shop):
    """A shop whose worker has voices of several kinds."""
    closed_shop.worker.voices = VOICES
    async with closed_shop.open(media_private=True) as shop:
        yield shop


@pytest.fixture
async def a2e(speaking_shop):
    return await hold(speaking_shop)
