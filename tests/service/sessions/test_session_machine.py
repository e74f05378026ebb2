"""Lives of live sessions that nobody would think of: hypothesis chooses who speaks, who buys and which services die.

After each step every balance is what its ledger says. What a session has cost is what was shown of it, or what was
last counted where its service died; no session shows more than was set aside. At the end nothing is set aside.
"""

import asyncio
import contextlib
import itertools
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from service.errors import InsufficientCredits, TooManyRequests
from service.sessions.session import Ended, Ending, Held, NewSession
from service.storage.accounts import SqlAccounts
from service.storage.schema import accounts, ledger, reservations
from service.storage.session_schema import live_sessions
from service.storage.sessions import SqlLiveSessions
from tests.service.machines import Machine, check_balance, run_in_files, run_on_a_server, step

SERVICES, JOBS = 3, 4
SLICE_MS, LEAST_MS, SEGMENT_MS = 4_000, 160, 160
LEASE = timedelta(seconds=30)

service = st.integers(0, SERVICES - 1)
which = st.integers(0, 30)
segments = st.integers(0, 30)


class Talk:
    """A session, as the service that shows it believes it to be."""

    def __init__(self, n: int, new: NewSession, held: Held) -> None:
        self.n = n
        self.new = new
        self.held = held
        self.shown_ms = 0
        self.counted_ms = 0  # told to the database, and not before the shown

    def show(self, segments: int) -> None:
        """Show as much of this as is set aside."""
        room = (self.held.allowed_ms - self.shown_ms) // SEGMENT_MS
        self.shown_ms += min(segments, room) * SEGMENT_MS


class SessionMachine(Machine):
    """Three services on one database, and one account."""

    def __init__(self, portal, opening) -> None:
        super().__init__(portal)
        self.opening = opening
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.open = [contextlib.AsyncExitStack() for _ in range(SERVICES)]
        self.databases: list[Any] = []
        self.account_id = 0
        self.talks: dict[str, Talk] = {}  # those that some service shows
        self.left: dict[str, int] = {}  # the last counts of those whose service died
        self.costs: dict[str, int] = {}
        self.granted = 12_000
        self.jobs_used = 0
        self.numbers = itertools.count()

    @step(initialize)
    async def begin(self):
        for stack in self.open:
            self.databases.append(await stack.enter_async_context(self.opening()))
        self.account_id = await self.accounts(0).create("app", most_open=JOBS, now=self.now)
        await self.accounts(0).grant(self.account_id, self.granted, ref="first", now=self.now)

    def accounts(self, n: int) -> SqlAccounts:
        return SqlAccounts(self.databases[n])

    def store(self, n: int) -> SqlLiveSessions:
        return SqlLiveSessions(self.databases[n])

    def talk(self, number: int) -> Talk | None:
        names = sorted(self.talks)
        return self.talks[names[number % len(names)]] if names else None

    @step(asked=st.lists(service, min_size=1, max_size=5))
    async def speak(self, asked):
        """Some begin at once."""

        async def add(n: int) -> None:
            new = NewSession(
                id=f"talk {next(self.numbers)}",
                account_id=self.account_id,
                owner=str(n),
                output="file",
                stream=None,
                until=self.now + LEASE,
                created_at=self.now,
            )
            try:
                held = await self.store(n).open(
                    new, slice_ms=SLICE_MS, least_ms=LEAST_MS, most_open=JOBS, unlimited=False
                )
            except (InsufficientCredits, TooManyRequests):
                return
            assert 0 < held.allowed_ms <= SLICE_MS
            self.talks[new.id] = Talk(n, new, held)

        await asyncio.gather(*(add(n) for n in asked))

    @step(shown=st.lists(st.tuples(which, segments), min_size=1, max_size=6))
    async def show(self, shown):
        """Some show at once, and tell how much."""

        async def count(talk: Talk) -> None:
            told_ms = talk.shown_ms
            held = await self.store(talk.n).renew(
                talk.new.id,
                talk.new.owner,
                told_ms,
                until=self.now + LEASE,
                now=self.now,
                slice_ms=SLICE_MS,
                unlimited=False,
            )
            if held is None:
                self.lost(talk)
                return
            assert held.allowed_ms >= talk.held.allowed_ms
            talk.held, talk.counted_ms = held, told_ms

        talks = {}
        for number, segments in shown:
            if (talk := self.talk(number)) is not None:
                talk.show(segments)
                talks[talk.new.id] = talk
        await asyncio.gather(*(count(talk) for talk in talks.values()))

    def lost(self, talk: Talk) -> None:
        """Another has ended it: it cost what was counted."""
        assert self.costs[talk.new.id] == talk.counted_ms
        self.talks.pop(talk.new.id, None)

    @step(number=which, segments=segments, times=st.integers(1, 2))
    async def end(self, number, segments, times):
        """Show some more and end, while others look for who has died."""
        if (talk := self.talk(number)) is None:
            return
        talk.show(segments)
        ending = asyncio.gather(
            *(self.store(n).end(talk.new.id, talk.new.owner, talk.shown_ms, self.now) for n in range(times))
        )
        expired, ended = await asyncio.gather(self.store(talk.n).expire(self.now, limit=10), ending)
        self.ended(expired)
        costs = [each for each in ended if each is not None]
        if talk.new.id in self.costs:
            assert costs == []
            self.lost(talk)
        else:
            assert costs == [talk.shown_ms]
            self.costs[talk.new.id] = talk.shown_ms
            del self.talks[talk.new.id]

    @step(n=service, anew=st.booleans())
    async def die(self, n, anew):
        """Leave everything as it is; the same service may begin anew."""
        for name in [name for name, talk in self.talks.items() if talk.n == n]:
            self.left[name] = self.talks.pop(name).counted_ms
        await self.open[n].aclose()
        self.databases[n] = await self.open[n].enter_async_context(self.opening())
        if anew:
            self.ended(await self.store(n).release(str(n), self.now))

    @step(number=which)
    async def stop(self, number):
        if (talk := self.talk(number)) is not None:
            asked = await self.store(0).stop(talk.new.id, self.account_id, Ending.STOPPED)
            assert asked == (talk.new.id not in self.costs)

    @step(ms=st.integers(1, 5_000))
    async def buy(self, ms):
        await self.accounts(0).grant(self.account_id, ms, ref=f"{next(self.numbers)}", now=self.now)
        self.granted += ms

    @step(ms=st.integers(1, 3_000), used_ms=st.integers(0, 3_000))
    async def make_a_video(self, ms, used_ms):
        """Something else of the account takes of its time."""
        ref = f"job {next(self.numbers)}"
        with contextlib.suppress(InsufficientCredits, TooManyRequests):
            await self.accounts(1).reserve(
                self.account_id, ms, ref=ref, until=None, now=self.now, most_open=JOBS
            )
            self.jobs_used += await self.accounts(1).settle(ref, used_ms, self.now) or 0

    @step(seconds=st.sampled_from([10, 40]), looking=st.lists(service, min_size=1, max_size=3))
    async def time(self, seconds, looking):
        self.now += timedelta(seconds=seconds)
        for ended in await asyncio.gather(*(self.store(n).expire(self.now, limit=10) for n in looking)):
            self.ended(ended)

    def ended(self, ended: list[Ended]) -> None:
        """Whoever nobody held any more has cost what was counted, once."""
        for each in ended:
            assert each.id not in self.costs
            talk = self.talks.get(each.id)
            counted_ms = talk.counted_ms if talk else self.left.pop(each.id)
            assert each.shown_ms == counted_ms
            self.costs[each.id] = each.shown_ms

    @invariant()
    def nothing_is_lost(self):
        if self.account_id:
            self.call(self.look)

    async def look(self):
        def read(connection: sa.Connection) -> Any:
            return [
                connection.execute(sa.select(each)).all()
                for each in (accounts, ledger, reservations, live_sessions)
            ]

        (row,), entries, held, sessions = await self.databases[0].read(read)
        check_balance(row, entries, held)
        assert row.granted_ms == self.granted
        assert row.open <= JOBS
        assert {each.ref for each in held} == {each.id for each in sessions}
        there = {each.id for each in sessions}
        assert there == {name for name in self.talks if name not in self.costs} | self.left.keys()
        settled = sum(each.settled_ms for each in sessions)
        assert row.used_ms == sum(self.costs.values()) + settled + self.jobs_used

    def teardown(self):
        if self.account_id:
            self.call(self.finish)

    async def finish(self):
        self.now += 2 * LEASE
        self.ended(await self.store(0).expire(self.now, limit=1_000))
        await self.look()
        account = await self.accounts(0).get(self.account_id)
        assert account is not None
        assert (account.reserved_ms, account.open) == (0, 0)
        for stack in self.open:
            await stack.aclose()


def test_whatever_happens_sessions_cost_what_they_show_in_a_file(portal, tmp_path_factory, full):
    run_in_files(partial(SessionMachine, portal), tmp_path_factory, full=full)


def test_whatever_happens_sessions_cost_what_they_show_on_a_server(portal, postgres, full):
    tables = (live_sessions, reservations, ledger, accounts)
    run_on_a_server(partial(SessionMachine, portal), portal, postgres, tables, full=full)
