"""An account with a library."""

from typing import Any

import httpx
import pytest

from service.accounts.port import Scope
from service.assembly.stores import open_accounts


class Holder:
    """Who holds the key of an account."""

    def __init__(self, shop: Any, account_id: int, key: str) -> None:
        self.shop = shop
        self.account_id = account_id
        self.headers = {"Authorization": f"Bearer {key}"}

    async def upload(self, content: bytes, **query: str) -> dict[str, Any]:
        answer = await self.send(content, **query)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def send(self, content: Any, **query: str) -> httpx.Response:
        return await self.shop.http.post("/media", content=content, params=query, headers=self.headers)

    async def fetch(self, url: str, **wish: str) -> httpx.Response:
        return await self.shop.http.post("/media/fetch", json={"url": url, **wish}, headers=self.headers)

    async def files(self, **query: Any) -> list[dict[str, Any]]:
        answer = await self.shop.http.get("/media", params=query, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return list(answer.json())


async def hold(shop: Any, *scopes: Scope, seconds: int = 0) -> Holder:
    """Make an account with a key."""
    async with open_accounts(shop.settings()) as holders:
        number = await holders.video_time.create(f"app {len(await holders.accounts.all())}")
        if seconds:
            account = await holders.accounts.get(number)
            assert account is not None
            await holders.video_time.grant(account, seconds * 1000)
        return Holder(shop, number, await holders.keys.create("app", scopes, account_id=number))


@pytest.fixture
def make_holder():
    return hold


@pytest.fixture
async def holder(shop):
    return await hold(shop)


@pytest.fixture
async def standing_holder(standing_shop):
    """An account of its own in a shop that others use too: starting one takes longer than what they ask."""
    return await hold(standing_shop)
