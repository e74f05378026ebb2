"""Lives of accounts that nobody would think of: hypothesis chooses what sessions ask, which services die, and when.

After each step every balance is what its ledger says, nothing is lost and nothing is below zero. At the end all
leases run out, and what nobody settled is free again.
"""

import asyncio
import contextlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from service.accounts.account import Account
from service.accounts.prepaid import AccountTerms, VideoTime
from service.errors import InsufficientCredits, TooManyRequests
from service.storage.accounts import SqlAccounts
from service.storage.schema import accounts, ledger, reservations
from tests.service.machines import Machine, check_balance, run_in_files, run_on_a_server, step

LEASE = timedelta(seconds=30)
SERVICES, ACCOUNTS = 3, 2
JOBS = 4

service = st.integers(0, SERVICES - 1)
account = st.integers(0, ACCOUNTS - 1)
ms = st.integers(1, 6000)
ref = st.integers(0, 15)


class LedgerMachine(Machine):
    """Three services on one database, and two accounts. The house has no end, the other what it was given."""

    def __init__(self, portal, opening) -> None:
        super().__init__(portal)
        self.opening = opening
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.terms = AccountTerms(house_account=True, account_jobs=JOBS)
        self.open: list[contextlib.AsyncExitStack] = [contextlib.AsyncExitStack() for _ in range(SERVICES)]
        self.stores: list[SqlAccounts] = []
        self.services: list[VideoTime] = []
        self.accounts: list[Account] = []
        self.granted: Counter[int] = Counter()  # by account, what we know of

    @step(initialize)
    async def begin(self):
        for n in range(SERVICES):
            await self.start(n)
        await self.stores[0].ensure_house(self.now)
        await self.stores[0].create("app", most_open=None, now=self.now)
        self.accounts = sorted(await self.stores[0].all(), key=lambda each: each.house)

    async def start(self, n: int) -> None:
        database = await self.open[n].enter_async_context(self.opening())
        store = SqlAccounts(database)
        self.stores[n : n + 1] = [store]
        self.services[n : n + 1] = [VideoTime(store, terms=self.terms, now=lambda: self.now)]

    @step(account=account, ms=st.integers(1, 20_000), ref=ref, times=st.integers(1, 3))
    async def grant(self, account, ms, ref, times):
        """Give time, at several services at once: it comes once."""
        asked = [
            self.services[n % SERVICES].grant(self.accounts[account], ms, ref=f"{account} {ref}")
            for n in range(times)
        ]
        given = (await asyncio.gather(*asked)).count(True)
        assert given <= 1
        self.granted[account] += given * ms

    @step(
        asked=st.lists(st.tuples(service, account, ms, ref), min_size=1, max_size=8),
        leased=st.booleans(),
        interrupted=st.sampled_from([False, False, True]),
    )
    async def reserve(self, asked, leased, interrupted):
        """Many ask at once; whoever asks may die in the middle of it."""
        tasks = [
            asyncio.create_task(
                self.services[n].reserve(
                    self.accounts[which], ms, ref=f"job {ref}", lease=LEASE if leased else None
                )
            )
            for n, which, ms, ref in asked
        ]
        if interrupted:
            await asyncio.sleep(0)
            tasks[0].cancel()
        for task in await asyncio.gather(*tasks, return_exceptions=True):
            assert task in (True, False) or isinstance(
                task, InsufficientCredits | TooManyRequests | asyncio.CancelledError
            ), task

    @step(n=service, ref=ref, ms=ms)
    async def renew(self, n, ref, ms):
        await self.services[n].renew(f"job {ref}", used_ms=ms, lease=LEASE)

    @step(ref=ref, used=st.lists(ms, min_size=1, max_size=3))
    async def settle(self, ref, used):
        """End a job, at several services at once and each with a count of its own: one of them counts."""
        ended = await asyncio.gather(
            *(self.services[n % SERVICES].settle(f"job {ref}", used_ms) for n, used_ms in enumerate(used))
        )
        assert len([each for each in ended if each is not None]) <= 1

    @step(n=service, ref=ref)
    async def fail(self, n, ref):
        await self.services[n].release(f"job {ref}")

    @step(n=service)
    async def die(self, n):
        """Leave everything as it is; another takes the place."""
        await self.open[n].aclose()
        await self.start(n)

    @step(seconds=st.sampled_from([10, 40]), looking=st.lists(service, min_size=1, max_size=3))
    async def time(self, seconds, looking):
        self.now += timedelta(seconds=seconds)
        await asyncio.gather(*(self.services[n].look(self.now) for n in looking))

    @invariant()
    def nothing_is_lost(self):
        if self.accounts:
            self.call(self.look)

    async def look(self):
        def read(connection: sa.Connection) -> tuple[list[Any], list[Any], list[Any]]:
            return tuple(
                connection.execute(sa.select(each)).all() for each in (accounts, ledger, reservations)
            )  # type: ignore[return-value]

        rows, entries, held = await self.stores[0]._database.read(read)
        for row in rows:
            check_balance(row, entries, held)
            assert row.open <= JOBS
            if not row.house:
                assert row.granted_ms == self.granted[0]

    def teardown(self):
        if self.accounts:
            self.call(self.end)

    async def end(self):
        for n in range(16):
            await self.services[0].settle(f"job {n}", 0)
        self.now += 2 * LEASE
        await self.services[1].look(self.now)
        await self.look()
        for each in self.accounts:
            now = await self.stores[0].get(each.id)
            assert now is not None
            assert (now.reserved_ms, now.open) == (0, 0)
        for stack in self.open:
            await stack.aclose()


def test_whatever_happens_no_video_time_is_lost_or_made_in_a_file(portal, tmp_path_factory, full):
    run_in_files(partial(LedgerMachine, portal), tmp_path_factory, full=full)


def test_whatever_happens_no_video_time_is_lost_or_made_on_a_server(portal, postgres, full):
    tables = (reservations, ledger, accounts)
    run_on_a_server(partial(LedgerMachine, portal), portal, postgres, tables, full=full)
