"""The workers behind the address: which there are, how each is, and who is given the next request."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence

import httpx
import msgspec
import structlog

from worker.routes import HealthAnswer

LOOK_EVERY_S = 2.0
"""Seconds between looks at who is there and how each is."""

MOST_TRIED = 4
"""Workers that one request is offered to: whoever has the least to do is full only where the others are, or nearly."""

CONNECT_S = 5.0

Urls = Callable[[], Awaitable[Collection[str]]]

log = structlog.get_logger()


class Member:
    """A worker, and what is known of it.

    Attributes:
        url: its base URL.
        health: what it told last; None where it did not answer, or was lost since.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.health: HealthAnswer | None = None
        self._ours = 0
        self._others = 0
        self._given = 0

    @property
    def load(self) -> tuple[bool, int, int]:
        """What speaks against giving it something: that it is not well, what it has, what it had."""
        return self.health is None, self._ours + self._others, self._given

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Count what it is given here."""
        self._ours += 1
        self._given += 1
        try:
            yield
        finally:
            self._ours -= 1

    def lost(self, error: Exception | None = None) -> None:
        """Take note that it does not answer as it should."""
        if self.health is not None:
            log.warning("worker lost", worker=self.url, error=repr(error))
        self.health = None

    async def check(self, client: httpx.AsyncClient) -> None:
        """Ask how it is."""
        try:
            answer = await client.get(f"{self.url}/health", timeout=CONNECT_S)
            health = msgspec.json.decode(answer.raise_for_status().content, type=HealthAnswer)
        except (httpx.HTTPError, msgspec.MsgspecError) as exc:
            self.lost(exc)
            return
        if self.health is None:
            log.info("worker well", worker=self.url)
        self.health = health
        busy = health.renders_active + health.renders_waiting + health.live_sessions
        self._others = max(busy - self._ours, 0)


class Members:
    """All of them. A class since what is known of them is asked for again and again.

    Args:
        client: to reach them by.
        urls: tells which there are now.
    """

    def __init__(self, client: httpx.AsyncClient, urls: Urls) -> None:
        self._client = client
        self._urls = urls
        self._all: dict[str, Member] = {}

    async def watch(self) -> None:
        """Look again and again, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Learn who is there, and how each is."""
        try:
            urls = await self._urls()
        except Exception:
            log.exception("asking which workers there are failed")
            urls = self._all.keys()
        self._all = {url: self._all.get(url) or Member(url) for url in urls}
        await asyncio.gather(*(member.check(self._client) for member in self._all.values()))

    @property
    def well(self) -> Sequence[Member]:
        """Who is well."""
        return [member for member in self._all.values() if member.health]

    def candidates(self) -> Iterator[Member]:
        """Give who is to be tried, one after the other: always the one with the least to do, as it is then."""
        tried: list[Member] = []
        while len(tried) < MOST_TRIED:
            left = [member for member in self._all.values() if member not in tried]
            if not left:
                return
            tried.append(min(left, key=lambda member: member.load))
            yield tried[-1]
