"""Webhooks' dead letters, and how they are told again."""

from datetime import datetime
from typing import Protocol

from service.desk.port import Desk, Letter
from service.runtime.clock import Clock

PAGE = 50


class Replays(Protocol):
    """Sends letters again."""

    async def replay(self, message_id: str | None, now: datetime) -> int:
        """Send one that was given up once more, or all of them; how many."""
        ...


class Letters:
    """Lists dead letters and has them sent again."""

    def __init__(self, desk: Desk, outbox: Replays, now: Clock) -> None:
        self._desk = desk
        self._outbox = outbox
        self._now = now

    async def page(self, above: int) -> tuple[list[Letter], int | None]:
        """Return a page, the oldest first, and where the next goes on; None where there is none."""
        letters = await self._desk.dead(above=above, limit=PAGE + 1)
        return letters[:PAGE], letters[PAGE - 1].id if len(letters) > PAGE else None

    async def replay(self, message_id: str | None) -> int:
        """Send one once more, or all; how many."""
        return await self._outbox.replay(message_id, self._now())
