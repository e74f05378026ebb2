"""A receiver of webhooks that does what the test says."""

import asyncio
from typing import Any

import msgspec

from tests.serving import body_of, live


class Receiver:
    """Takes what it is told, and answers as the test says."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.tries: list[tuple[dict[str, str], bytes]] = []
        self.taken: list[
            tuple[dict[str, str], dict[str, Any]]
        ] = []  # headers and body of what was answered by 200
        self.answers: list[int] = []  # of the next tries
        self.status = 200  # of those after them
        self.headers: list[tuple[bytes, bytes]] = []
        self.silent = False
        self.going = asyncio.Event()  # those that it is silent to are hung up on
        self.url = ""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        body = await body_of(receive)
        self.tries.append(({name.decode(): value.decode() for name, value in scope["headers"]}, body))
        if self.silent:
            hangs_up = asyncio.create_task(receive())
            goes_on = asyncio.create_task(self.going.wait())
            await asyncio.wait([hangs_up, goes_on], return_when=asyncio.FIRST_COMPLETED)
            hangs_up.cancel()
            goes_on.cancel()
            return
        status = self.answers.pop(0) if self.answers else self.status
        if status == 200:
            self.told.append(msgspec.json.decode(body))
            self.taken.append((self.tries[-1][0], self.told[-1]))
        await send({"type": "http.response.start", "status": status, "headers": self.headers})
        await send({"type": "http.response.body", "body": b"ok" * 10})

    def speak(self) -> None:
        """Be silent no more; those who wait are hung up on."""
        self.silent = False
        self.going.set()
        self.going = asyncio.Event()

    def events(self, invoice: str) -> dict[str, str]:
        """What was told of an order, by the messages' ids, in the order in which each was told first."""
        return {
            headers["webhook-id"]: message["type"]
            for headers, message in self.taken
            if message["data"]["bolt11_invoice"] == invoice
        }

    @property
    def types(self) -> list[str]:
        return [each["type"] for each in self.told]
