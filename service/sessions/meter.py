"""Counts what a live session shows, and keeps its lease and its video time a slice ahead."""

import asyncio
from datetime import datetime, timedelta

import structlog

from service.runtime.bells import Bells, Listener, of_account
from service.runtime.clock import Clock
from service.sessions.port import LiveSessions
from service.sessions.session import Ending, Held
from service.sessions.terms import LiveTerms

RETRY_S = 1.0
"""After which the database is asked again that did not answer."""

RENEWALS = 3
"""In the time of a lease: one may be lost."""

log = structlog.get_logger()


class Meter:
    """The meter of one session.

    Args:
        store: Where the session is.
        session_id: Its id.
        account_id: Whose it is.
        owner: This replica.
        held: What it has set aside.
        until: When its lease ends.
        unlimited: Its account has no end.
        terms: What the operator allows.
        bells: Whoever wants the session to end rings its account's, and so does what is topped up.
        now: The clock.
    """

    def __init__(
        self,
        store: LiveSessions,
        *,
        session_id: str,
        account_id: int,
        owner: str,
        held: Held,
        until: datetime,
        unlimited: bool,
        terms: LiveTerms,
        bells: Bells,
        now: Clock,
    ) -> None:
        self.shown_ms = 0
        self._store = store
        self._session_id = session_id
        self._account_id = account_id
        self._owner = owner
        self._held = held
        self._until = until
        self._unlimited = unlimited
        self._terms = terms
        self._bells = bells
        self._now = now
        self._low = asyncio.Event()
        self._low.set()  # whoever wanted it to end before anybody listened is found by a first look
        self._renewed = asyncio.Event()

    @property
    def left_ms(self) -> int:
        """How much may be shown of what is set aside."""
        return self._held.allowed_ms - self.shown_ms

    async def room(self, ms: int) -> bool:
        """Wait until so much may be shown; False where the account has no more."""
        while self.left_ms < ms:
            if not self._held.more:
                return False
            self._renewed.clear()
            self._low.set()
            await self._renewed.wait()
        return True

    def count(self, ms: int) -> None:
        """Take note that so much was shown."""
        assert ms <= self.left_ms, "what is shown was set aside"
        self.shown_ms += ms
        if self._held.more and 2 * self.left_ms < self._terms.live_slice_s * 1000:
            self._low.set()

    @property
    def silence_s(self) -> float:
        """How long nothing need be shown: a place that nothing is paid for is kept no longer than what could be."""
        longest_s = self._terms.live_idle_s
        if self._held.more:
            return longest_s
        return min(longest_s, max(self._terms.live_quiet_s, self.left_ms / 1000))

    async def run(self) -> Ending:
        """Keep lease and slices; returns why the session has to end, where somebody else wants that."""
        with self._bells.listen(of_account(self._account_id)) as bell:
            hearing = asyncio.create_task(self._hear(bell))
            try:
                return await self._keep()
            finally:
                hearing.cancel()
                await asyncio.wait([hearing])

    async def _hear(self, bell: Listener) -> None:
        """Look at once where something has happened to the account."""
        while True:
            if await bell.wait(self._terms.live_lease_s):
                self._low.set()

    async def _keep(self) -> Ending:
        while True:
            try:
                async with asyncio.timeout(self._terms.live_lease_s / RENEWALS):
                    await self._low.wait()
            except TimeoutError:
                pass
            self._low.clear()
            try:
                held = await self._renew()
            except Exception as error:
                if self._now() >= self._until:
                    raise
                log.warning("live_session_not_renewed", session=self._session_id, error=repr(error))
                await asyncio.sleep(RETRY_S)
                self._low.set()
                continue
            if held is None:
                return Ending.LOST
            self._held = held
            self._renewed.set()
            if held.stop is not None:
                return held.stop

    async def _renew(self) -> Held | None:
        now = self._now()
        until = now + timedelta(seconds=self._terms.live_lease_s)
        held = await self._store.renew(
            self._session_id,
            self._owner,
            self.shown_ms,
            until=until,
            now=now,
            slice_ms=self._terms.live_slice_s * 1000,
            unlimited=self._unlimited,
        )
        self._until = until
        return held

    async def end(self) -> int | None:
        """End the session; what it has cost, or None where somebody else has ended it."""
        return await self._store.end(self._session_id, self._owner, self.shown_ms, self._now())
