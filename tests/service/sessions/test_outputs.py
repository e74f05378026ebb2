"""Outputs pace what is made for them, and each part of a session that is shown is paid for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from service.accounts.prepaid import AccountTerms, VideoTime
from service.assembly.stores import Kept, open_kept
from service.catalogue.choosing import Choosing
from service.errors import OutputGone
from service.orders.choice import Choice
from service.rendering.worker_client import HttpRenderer
from service.rendering.workers import Workers
from service.runtime.bells import Bells
from service.runtime.clock import utc_now
from service.runtime.stopping import Stopping
from service.sessions.live import Live
from service.sessions.records import Cleared, End, Finished, Init, Segment, Told
from service.sessions.session import Ending, Wish
from service.sessions.terms import LiveTerms
from tests.worker.live.test_sessions import buzz

DEADLINE_S = 60

WISH = Wish(choice=Choice(avatar="ann", emotion="neutral"), output="test")


class Screen:
    """A live output that wants one segment at a time, whenever it is told to."""

    live = True
    ahead = 1

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.wanted = asyncio.Semaphore(0)
        self.came = asyncio.Event()

    async def wants(self) -> None:
        await self.wanted.acquire()

    async def take(self, told: Told) -> None:
        self.told.append(told)
        self.came.set()

    def of(self, kind):
        return [each for each in self.told if isinstance(each, kind)]

    async def until(self, fact, *, play: bool = False) -> None:
        """Wait for what comes, while it plays or while nothing is wanted."""
        async with asyncio.timeout(DEADLINE_S):
            while not fact():
                if play:
                    shown = len(self.of(Segment))
                    self.wanted.release()
                    await self.until(lambda shown=shown: len(self.of(Segment)) > shown or fact())
                else:
                    self.came.clear()
                    await self.came.wait()

    @property
    def frames(self) -> int:
        return sum(each.frames for each in self.of(Segment))


class DeadScreen(Screen):
    """Takes three segments, and then no more; or breaks."""

    live = False
    ahead = 4

    def __init__(self, *, breaks: bool) -> None:
        super().__init__()
        self.breaks = breaks

    async def wants(self) -> None:
        pass

    async def take(self, told: Told) -> None:
        await super().take(told)
        if len(self.of(Segment)) > 3:
            if self.breaks:
                raise OutputGone
            await asyncio.Event().wait()


@pytest.fixture
async def kept(closed_shop):
    async with open_kept(closed_shop.settings()) as kept:
        yield kept


@pytest.fixture
async def account(kept):
    number = await kept.accounts.create("app", most_open=None, now=utc_now())
    await kept.accounts.grant(number, 60_000, ref="first", now=utc_now())
    return number


@contextlib.asynccontextmanager
async def opened(
    kept: Kept, url: str, *, owner: str = "here", bells: Bells | None = None, **terms
) -> AsyncIterator[Live]:
    """Sell as one more service does."""
    async with httpx.AsyncClient() as client:
        workers = Workers([HttpRenderer(client, url, silence_s=60)])
        yield Live(
            store=kept.live_sessions,
            renderers=workers,
            accounts=kept.accounts,
            video_time=VideoTime(kept.accounts, terms=AccountTerms(), now=utc_now),
            choosing=Choosing(avatars=workers.avatars, voices=workers.voices, now=utc_now),
            screen=None,
            owner=owner,
            terms=LiveTerms(**terms),
            stopping=Stopping(),
            bells=bells,
            now=utc_now,
        )


async def balance(kept, account):
    now = await kept.accounts.get(account)
    assert now.granted_ms == now.free_ms + now.reserved_ms + now.used_ms
    return now.free_ms, now.reserved_ms, now.used_ms


async def test_a_live_output_gets_what_it_wants_at_rest_and_in_speech_and_pays_for_both(kept, account, face):
    screen = Screen()
    async with opened(kept, face.url) as live, live.open(account, WISH, screen) as session:
        run = asyncio.create_task(session.run())
        await screen.until(lambda: bool(screen.of(Init)))
        assert screen.frames == 0  # nothing is made that is not wanted
        await screen.until(lambda: len(screen.of(Segment)) == 3, play=True)
        await session.hear("one", buzz(1))
        await session.done("one")
        await screen.until(lambda: bool(screen.of(Finished)), play=True)
        await session.finish()
        await screen.until(lambda: bool(screen.of(End)), play=True)
        assert await run is Ending.DONE

    assert [segment.utterance for segment in screen.of(Segment)[:3]] == [None] * 3
    assert [(each.id, each.outcome, each.samples) for each in screen.of(Finished)] == [
        ("one", "shown", 48_000)
    ]
    assert await balance(kept, account) == (60_000 - screen.frames * 40, 0, screen.frames * 40)


async def test_what_was_said_is_cleared(kept, account, face):
    screen = Screen()
    async with opened(kept, face.url) as live, live.open(account, WISH, screen) as session:
        run = asyncio.create_task(session.run())
        await session.hear("long", buzz(20))
        await screen.until(lambda: any(each.utterance for each in screen.of(Segment)), play=True)
        await session.clear()
        await screen.until(lambda: bool(screen.of(Cleared)))
        session.end(Ending.STOPPED)
        assert await run is Ending.STOPPED

    assert [(each.id, each.outcome) for each in screen.of(Finished)] == [("long", "interrupted")]
    assert await balance(kept, account) == (60_000 - screen.frames * 40, 0, screen.frames * 40)


@pytest.mark.parametrize("breaks", [True, False])
async def test_an_output_that_is_gone_or_takes_nothing_ends_its_session(kept, account, face, breaks):
    screen = DeadScreen(breaks=breaks)
    async with (
        opened(kept, face.url, live_patience_s=0.5) as live,
        live.open(account, WISH, screen) as session,
    ):
        await session.hear("long", buzz(20))
        assert await session.run() is Ending.LEFT

    shown = sum(each.frames for each in screen.of(Segment)[:3])  # the fourth was not taken
    assert await balance(kept, account) == (60_000 - shown * 40, 0, shown * 40)


async def test_nothing_said_for_long_ends_a_session(kept, account, face):
    async with (
        opened(kept, face.url, live_idle_s=0.3) as live,
        live.open(account, WISH, Screen()) as session,
    ):
        assert await session.run() is Ending.IDLE
    assert await balance(kept, account) == (60_000, 0, 0)


async def test_an_account_ends_a_session_at_whatever_service_shows_it(kept, account, face):
    stranger = await kept.accounts.create("stranger", most_open=None, now=utc_now())
    async with (
        opened(kept, face.url, live_lease_s=2) as live,
        opened(kept, face.url, owner="elsewhere", live_lease_s=60) as other,
        contextlib.AsyncExitStack() as stack,
    ):
        session = await stack.enter_async_context(live.open(account, WISH, Screen()))

        async def show():
            async with stack:
                return await session.run()

        run = asyncio.create_task(show())
        assert not await other.stop(stranger, session.id)
        assert not await live.stop(stranger, session.id)
        assert await other.stop(account, session.id)
        assert await run is Ending.STOPPED
        assert not await other.stop(account, session.id)

    assert await balance(kept, account) == (60_000, 0, 0)


async def test_a_session_of_the_same_name_at_another_service_is_replaced(kept, account, face):
    named = msgspec.structs.replace(WISH, stream="show")
    async with (
        opened(kept, face.url, live_lease_s=2) as live,
        opened(kept, face.url, owner="elsewhere", live_lease_s=60) as other,
    ):

        async def show(begun):
            async with live.open(account, named, Screen()) as session:
                begun.set()
                return await session.run()

        begun = asyncio.Event()
        first = asyncio.create_task(show(begun))
        await begun.wait()
        async with other.open(account, named, Screen()):
            assert await first is Ending.REPLACED

    assert await balance(kept, account) == (60_000, 0, 0)


@contextlib.asynccontextmanager
async def service_at(settings, url: str, *, owner: str) -> AsyncIterator[tuple[Kept, Live]]:
    """One of several services on a PostgreSQL, whose leases are renewed far too late to be what a test waits for."""
    async with open_kept(settings) as kept:
        peers = asyncio.create_task(kept.peers.listen(kept.bells))
        try:
            async with opened(kept, url, owner=owner, bells=kept.bells, live_lease_s=3_600) as live:
                yield kept, live
        finally:
            peers.cancel()
            await asyncio.wait([peers])


async def run_session(live: Live, account: int, wish: Wish, begun: asyncio.Queue[str]) -> Ending:
    async with live.open(account, wish, Screen()) as session:
        begun.put_nowait(session.id)
        return await session.run()


async def test_a_session_hears_at_once_that_another_service_is_asked_to_end_it(
    closed_shop, database_url, face
):
    settings = closed_shop.settings(database_url=database_url)
    async with (
        service_at(settings, face.url, owner="here") as (kept, live),
        service_at(settings, face.url, owner="elsewhere") as (_, other),
        asyncio.timeout(DEADLINE_S),
    ):
        account = await kept.accounts.create("app", most_open=None, now=utc_now())
        await kept.accounts.grant(account, 60_000, ref="first", now=utc_now())
        begun: asyncio.Queue[str] = asyncio.Queue()
        running = asyncio.create_task(run_session(live, account, WISH, begun))

        assert await other.stop(account, await begun.get())

        assert await running is Ending.STOPPED
        assert await balance(kept, account) == (60_000, 0, 0)


async def test_of_connections_of_one_name_that_come_at_once_the_last_goes_on_alone(kept, account, face):
    named = msgspec.structs.replace(WISH, stream="show")
    begun: asyncio.Queue[str] = asyncio.Queue()
    async with opened(kept, face.url, live_lease_s=3_600) as live, asyncio.timeout(DEADLINE_S):
        running = [asyncio.create_task(run_session(live, account, named, begun)) for _ in range(3)]
        all_begun = [await begun.get() for _ in running]
        while sum(each.done() for each in running) < 2:
            await asyncio.wait(
                [each for each in running if not each.done()], return_when=asyncio.FIRST_COMPLETED
            )
        assert await kept.live_sessions.named(account, "show") == all_begun[-1:]
        assert await live.stop(account, all_begun[-1])
        endings = await asyncio.gather(*running)

    assert sorted(ending.value for ending in endings) == ["replaced", "replaced", "stopped"]
    assert await balance(kept, account) == (60_000, 0, 0)


async def test_a_place_that_nothing_is_paid_for_is_kept_no_longer_than_what_is_left_could_be(kept, face):
    poor = await kept.accounts.create("poor", most_open=None, now=utc_now())
    await kept.accounts.grant(poor, 160, ref="first", now=utc_now())

    class Film(Screen):
        live = False

    async with (
        opened(kept, face.url, live_idle_s=3_600, live_quiet_s=0.2) as live,
        live.open(poor, WISH, Film()) as session,
        asyncio.timeout(DEADLINE_S),
    ):
        assert await session.run() is Ending.IDLE
