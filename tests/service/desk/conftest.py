"""Operators with keys, and somebody who asks as their browser would."""

import re
from typing import Any

import httpx
import pytest

from service.accounts.port import Scope
from service.assembly.stores import open_keys


async def key_of(shop, *scopes: Scope, name: str = "me") -> str:
    """Make a key of the operator, good for the desk unless it is said."""
    async with open_keys(shop.settings()) as keys:
        return await keys.create(name, scopes or (Scope.DESK,))


class Desk:
    """Asks as a browser does that has the desk open."""

    def __init__(self, shop) -> None:
        self.shop = shop
        self.own = {"Origin": shop.url, "Sec-Fetch-Site": "same-origin"}
        self.token = ""

    async def sign_in(self, key: str, **headers: str) -> httpx.Response:
        answer = await self.shop.http.post(
            "/desk/sign-in", data={"key": key}, headers={**self.own, **headers}
        )
        if found := re.match(r"(?:__Secure-)?desk=([^;]*)", answer.headers.get("Set-Cookie", "")):
            self.token = found[1]
        self.shop.http.cookies.clear()  # each request says for itself who asks
        return answer

    @property
    def cookie(self) -> dict[str, str]:
        return {"Cookie": f"desk={self.token}"}

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.shop.http.get(path, headers=self.cookie, **more)

    async def post(self, path: str, data: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        return await self.shop.http.post(path, data=data, headers={**self.own, **self.cookie, **headers})


@pytest.fixture
def make_key():
    return key_of


@pytest.fixture
def open_desk():
    async def open_it(shop) -> Desk:
        desk = Desk(shop)
        answer = await desk.sign_in(await key_of(shop))
        assert answer.status_code == 303, answer.text
        return desk

    return open_it
