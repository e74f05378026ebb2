"""Lives of accounts' videos that nobody would think of: hypothesis chooses who asks, what fails and which services die.

After each step every balance is what its ledger says. A video's time is set aside, and then used or free again, once:
used where it is whole, free where it was given up, and never both. What somebody has read to its end is paid for. At
the end nothing is set aside any more.
"""

import asyncio
import contextlib
import itertools
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant

from service.accounts.account import Move
from service.errors import InsufficientCredits, KeyTaken, LeaseLost, TooManyRequests
from service.jobs.attempts import Failure
from service.jobs.port import Playable, SegmentPart
from service.orders.choice import Choice
from service.orders.order import Order, Status
from service.orders.prepaid import Holding, NewPrepaid
from service.orders.tokens import IdempotencyKey
from service.orders.video import Video, VideoState
from service.orders.wish import Wish
from service.rendering.port import Init
from service.storage.accounts import SqlAccounts
from service.storage.prepaid import SqlPrepaidOrders
from service.storage.schema import (
    accounts,
    idempotency_keys,
    jobs,
    ledger,
    orders,
    payments,
    reservations,
    segments,
)
from service.storage.videos import SqlVideos
from tests.service.machines import Machine, run_in_files, run_on_a_server, step

SERVICES, JOBS, DELAYED = 3, 4, 3
HELD_MS = 2000
LEASE = timedelta(seconds=30)
CHOICE = Choice(avatar="arab_woman", emotion="happy", language="en")
HOLDING = Holding(most_open=JOBS, most_delayed=DELAYED, unlimited=False)

service = st.integers(0, SERVICES - 1)
which = st.integers(0, 30)


class PrepaidMachine(Machine):
    """Three services on one database, and one account."""

    def __init__(self, portal, opening) -> None:
        super().__init__(portal)
        self.opening = opening
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.open = [contextlib.AsyncExitStack() for _ in range(SERVICES)]
        self.databases: list[Any] = []
        self.account_id = 0
        self.ids: list[str] = []
        self.running: list[tuple[int, Video]] = []  # attempts that some service believes in
        self.reading: list[Video] = []
        self.read_whole: set[int] = set()  # orders
        self.numbers = itertools.count()

    @step(initialize)
    async def begin(self):
        for stack in self.open:
            self.databases.append(await stack.enter_async_context(self.opening()))
        store = SqlAccounts(self.databases[0])
        self.account_id = await store.create("app", most_open=None, now=self.now)
        await store.grant(self.account_id, 12_000, ref="first", now=self.now)

    def prepaid(self, n: int) -> SqlPrepaidOrders:
        return SqlPrepaidOrders(self.databases[n])

    def videos(self, n: int) -> SqlVideos:
        return SqlVideos(self.databases[n])

    async def order(self, number: int) -> Order | None:
        return await self.prepaid(0).find(self.ids[number % len(self.ids)]) if self.ids else None

    @step(asked=st.lists(st.tuples(service, st.booleans(), st.integers(0, 4)), min_size=1, max_size=5))
    async def ask(self, asked):
        """Some ask at once, some with the same key."""

        async def add(n: int, delayed: bool, key: int) -> str | None:
            name = str(uuid.UUID(int=next(self.numbers) + (4 << 76)))
            idempotency = (
                IdempotencyKey(key_hash=bytes([key]) * 32, fingerprint=b"f" * 32, salt=b"") if key else None
            )
            new = NewPrepaid(
                public_id=name,
                account_id=self.account_id,
                wish=Wish(text="Hello.", upload=None, duration_ms=1900, choice=CHOICE),
                held_ms=HELD_MS,
                delayed=delayed,
                idempotency=idempotency,
                created_at=self.now,
                expires_at=self.now + timedelta(hours=1),
            )
            try:
                await self.prepaid(n).add(new, HOLDING)
            except (InsufficientCredits, TooManyRequests, KeyTaken):
                return None
            return name

        added = await asyncio.gather(*(add(*each) for each in asked))
        self.ids += [name for name in added if name is not None]

    @step(number=which, times=st.integers(1, 3))
    async def open_link(self, number, times):
        """Some open the same link at once: one of them has it paid for."""
        order = await self.order(number)
        if order is None:
            return
        begun = await asyncio.gather(
            *(self.prepaid(n).begin(order, CHOICE, HELD_MS, HOLDING, self.now) for n in range(times)),
            return_exceptions=True,
        )
        assert begun.count(True) <= 1
        assert all(isinstance(each, bool | InsufficientCredits | TooManyRequests) for each in begun), begun

    @step(number=which, n=service)
    async def claim(self, number, n):
        order = await self.order(number)
        if order is None:
            return
        until = self.now + LEASE
        video = await self.videos(n).claim(order.id, CHOICE, owner=str(n), now=self.now, until=until)
        if video is not None:
            assert order.status is Status.PAID
            self.running.append((n, video))

    @step(
        number=which, frames=st.integers(1, 80), ends=st.sampled_from(["whole", "refused", "broken", "dies"])
    )
    async def render(self, number, frames, ends):
        """An attempt goes on and ends, if it is not another's by now."""
        if not self.running:
            return
        n, video = self.running.pop(number % len(self.running))
        videos = self.videos(n)
        until = self.now + LEASE
        with contextlib.suppress(LeaseLost):
            if ends in ("whole", "dies"):
                if video.init is None:
                    await videos.add_init(video, Init(data=b"init"))
                part = SegmentPart(
                    first_frame=video.frames, frames=frames, offset=video.size, size=9, object="o"
                )
                playable = Playable(frames=video.frames, size=4)
                await videos.add_segment(video, part, playable=playable, until=until)
            if ends == "whole":
                await videos.finish(video, {}, self.now)
        if ends in ("refused", "broken"):
            failure = Failure(reason="no", refused=ends == "refused")
            await videos.interrupt(video, failure, self.now)

    @step(number=which, n=service, meanwhile=st.booleans())
    async def give_up(self, number, n, meanwhile):
        """Who asked is told that it failed, perhaps at the moment in which it is whole."""
        order = await self.order(number)
        if order is None:
            return
        video = await self.videos(n).get(order.id)
        was_whole = video is not None and video.state is VideoState.READY
        doing: list[Any] = [self.prepaid(n).release(order.id, self.now)]
        if meanwhile and self.running and self.running[-1][1].frames:  # without one no video is whole
            other, video = self.running.pop()
            doing.append(self.videos(other).finish(video, {}, self.now))
        for each in await asyncio.gather(*doing, return_exceptions=True):
            assert each is None or isinstance(each, bool | LeaseLost), each
            assert not (was_whole and each is True)

    @step(number=which, n=service)
    async def lose(self, number, n):
        order = await self.order(number)
        video = None if order is None else await self.videos(n).get(order.id)
        if video is not None:
            await self.videos(n).lose(video, self.now)

    @step(number=which)
    async def read(self, number):
        """Begin to read a whole video."""
        order = await self.order(number)
        video = None if order is None else await self.videos(0).get(order.id)
        if video is not None and video.state is VideoState.READY:
            self.reading.append(video)

    @step(number=which, n=service)
    async def read_to_the_end(self, number, n):
        """Have the last bytes, whatever happened to the video since, unless its time was given back."""
        if self.reading:
            video = self.reading.pop(number % len(self.reading))
            if await self.videos(n).deliver(video, self.now):
                self.read_whole.add(video.order_id)

    @step(seconds=st.sampled_from([10, 40, 4000]))
    async def time(self, seconds):
        self.now += timedelta(seconds=seconds)

    @invariant()
    def nothing_is_lost(self):
        if self.account_id:
            self.call(self.look)

    async def look(self):
        def read(connection: sa.Connection) -> list[Any]:
            sold = sa.select(orders.c.public_id, payments.c.status, jobs).join(payments).outerjoin(jobs)
            found = [
                connection.execute(each).all() for each in (sa.select(ledger), sa.select(reservations), sold)
            ]
            return [connection.execute(sa.select(accounts)).one(), *found]

        row, entries, held, sold = await self.databases[0].read(read)
        moved: dict[str, dict[Move, int]] = {}
        for entry in entries:
            moves = moved.setdefault(entry.ref, {})
            assert Move(entry.move) not in moves
            moves[Move(entry.move)] = entry.ms
        assert min(row.free_ms, row.reserved_ms, row.used_ms) >= 0
        assert row.granted_ms == row.free_ms + row.reserved_ms + row.used_ms
        assert row.granted_ms == 12_000 + sum(m.get(Move.GRANT, 0) for r, m in moved.items() if r != "first")
        assert row.reserved_ms == sum(each.held_ms for each in held)
        assert row.open == len(held) <= JOBS
        waiting = {each.ref for each in held}
        for each in sold:
            moves = moved.get(each.public_id, {})
            used, freed = moves.get(Move.SETTLE, 0), moves.get(Move.RELEASE, 0)
            given_up = each.status == Status.REFUNDED.value
            if each.status == Status.PENDING.value:
                assert not moves
                continue
            assert moves[Move.RESERVE] == HELD_MS
            assert (each.public_id in waiting) == (used + freed == 0)
            assert used + freed in (0, HELD_MS)
            if each.state == VideoState.READY.value:
                assert used
            assert not (given_up and each.order_id in self.read_whole), "read to its end, and for nothing"
            if given_up:
                assert each.state == VideoState.FAILED.value
                assert used == moved.get(f"lost {each.public_id}", {}).get(Move.GRANT, 0)
            if used and not given_up:  # it was whole once
                assert each.finished_at is not None

    def teardown(self):
        if self.account_id:
            self.call(self.end)

    async def end(self):
        """Everybody comes back and goes on until all is done: nothing stays set aside."""
        self.now += timedelta(days=2)
        for name in self.ids:
            order = await self.prepaid(0).find(name)
            assert order is not None
            until = self.now + LEASE
            video = await self.videos(0).claim(order.id, CHOICE, owner="end", now=self.now, until=until)
            if video is not None:
                await self.videos(0).interrupt(video, Failure(reason="no", refused=True), self.now)
        await self.look()
        account = await SqlAccounts(self.databases[0]).get(self.account_id)
        assert account is not None
        assert (account.reserved_ms, account.open) == (0, 0)
        for stack in self.open:
            await stack.aclose()


def test_whatever_happens_a_video_is_paid_for_or_given_up_in_a_file(portal, tmp_path_factory, full):
    run_in_files(partial(PrepaidMachine, portal), tmp_path_factory, full=full)


def test_whatever_happens_a_video_is_paid_for_or_given_up_on_a_server(portal, postgres, full):
    tables = (segments, jobs, idempotency_keys, payments, orders, reservations, ledger, accounts)
    run_on_a_server(partial(PrepaidMachine, portal), portal, postgres, tables, full=full)
