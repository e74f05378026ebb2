"""Places where sessions are shown: those that are lost, and those whose names are slow to resolve."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from service.accounts.prepaid import AccountTerms, VideoTime
from service.assembly.stores import open_kept
from service.catalogue.choosing import Choosing
from service.errors import InsufficientCredits, TooManyRequests
from service.orders.choice import Choice
from service.rendering.worker_client import HttpRenderer
from service.rendering.workers import Workers
from service.runtime.clock import utc_now
from service.runtime.internet import Names
from service.runtime.stopping import Stopping
from service.sessions.live import Live
from service.sessions.places import Places, PlaceTerms, Push, Room
from service.sessions.playing import MOST_WAITING
from service.sessions.session import Ending, Wish
from service.sessions.showing import Showing
from service.sessions.stages import Gone, Heard, News, Whole
from service.sessions.terms import LiveTerms
from tests.worker.live.test_sessions import buzz

DEADLINE_S = 60

WISH = Wish(choice=Choice(avatar="ann", emotion="neutral"), audio=True, output="livekit")

ROOM = Room(url="wss://rooms.example", token="token")


class Hall:
    """A stage that hears what it is told to, shows nothing, and is gone when it is told to."""

    live = True
    ahead = 4

    def __init__(self) -> None:
        self.heard: asyncio.Queue[News] = asyncio.Queue()
        self.last_heard = asyncio.Event()
        self.lost = asyncio.get_running_loop().create_future()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_error):
        pass

    async def wants(self):
        await asyncio.Event().wait()

    async def take(self, told):
        pass

    async def news(self):
        news = await self.heard.get()
        if isinstance(news, Heard) and news.id == str(MOST_WAITING):
            self.last_heard.set()
        return news

    async def gone(self):
        return await self.lost


class Halls:
    """Has one hall."""

    def __init__(self, hall) -> None:
        self.hall = hall

    def stage(self, place):
        return self.hall


class SlowNames(Names):
    """Names whose servers answer when a test lets them."""

    def __init__(self) -> None:
        super().__init__(private=False)
        self.asked = 0
        self.all_asked = asyncio.Event()
        self.answers = asyncio.Event()

    async def resolve(self, host, port):
        self.asked += 1
        if self.asked == LiveTerms().live_sessions_per_account:
            self.all_asked.set()
        await self.answers.wait()
        return ["192.0.2.1"]


@pytest.fixture
async def kept(closed_shop):
    async with open_kept(closed_shop.settings()) as kept:
        yield kept


@pytest.fixture
async def poor(kept):
    return await kept.accounts.create("app", most_open=None, now=utc_now())


@pytest.fixture
async def account(kept, poor):
    await kept.accounts.grant(poor, 200_000, ref="first", now=utc_now())
    return poor


@contextlib.asynccontextmanager
async def showing(kept, url: str, names: Names, hall: Hall) -> AsyncIterator[Showing]:
    async with httpx.AsyncClient() as client:
        workers = Workers([HttpRenderer(client, url, silence_s=60)])
        live = Live(
            store=kept.live_sessions,
            renderers=workers,
            accounts=kept.accounts,
            video_time=VideoTime(kept.accounts, terms=AccountTerms(), now=utc_now),
            choosing=Choosing(avatars=workers.avatars, voices=workers.voices, now=utc_now),
            screen=None,
            owner="here",
            terms=LiveTerms(),
            stopping=Stopping(),
            now=utc_now,
        )
        yield Showing(live, Places(names, PlaceTerms()), Halls(hall))


async def test_a_place_that_is_lost_ends_its_session_whatever_still_waits_to_be_said(kept, account, face):
    names, hall = SlowNames(), Hall()
    names.answers.set()
    async with (
        showing(kept, face.url, names, hall) as places,
        places.open(account, WISH, ROOM) as shown,
        asyncio.timeout(DEADLINE_S),
    ):
        run = asyncio.create_task(shown.session.run())
        for number in range(MOST_WAITING + 1):
            hall.heard.put_nowait(Heard(str(number), buzz(0.2)))
            hall.heard.put_nowait(Whole(str(number)))
        await hall.last_heard.wait()  # and cannot be said: too many wait
        hall.lost.set_result(Gone(Ending.LEFT))

        assert await run is Ending.LEFT


async def test_an_account_has_few_names_resolved_at_once_however_often_it_asks(kept, account, face):
    names = SlowNames()

    async def begin():
        async with places.open(account, WISH, ROOM):
            pass

    async with showing(kept, face.url, names, Hall()) as places, asyncio.timeout(DEADLINE_S):
        begun = [asyncio.create_task(begin()) for _ in range(LiveTerms().live_sessions_per_account)]
        await names.all_asked.wait()
        with pytest.raises(TooManyRequests):
            await begin()
        assert names.asked == len(begun)

        names.answers.set()
        await asyncio.gather(*begun)
        await begin()


async def test_a_place_is_gone_to_by_the_addresses_by_which_it_was_judged():
    names = SlowNames()
    names.answers.set()
    places = Places(names, PlaceTerms(livekit_url="wss://own.example"))

    assert (await places.check(ROOM)).addresses == ("192.0.2.1",)
    assert (await places.check(Push(url="rtmp://push.example/live/key"))).addresses == ("192.0.2.1",)
    assert (await places.check(msgspec.structs.replace(ROOM, url="", addresses=("203.0.113.7",)))) == Room(
        url="wss://own.example", token="token"
    )
    anywhere = Places(names, PlaceTerms(live_private=True))
    assert (await anywhere.check(ROOM)).addresses == ()


async def test_nothing_is_resolved_for_an_account_without_video_time(kept, poor, face):
    names = SlowNames()
    async with showing(kept, face.url, names, Hall()) as places, asyncio.timeout(DEADLINE_S):
        with pytest.raises(InsufficientCredits):
            async with places.open(poor, WISH, ROOM):
                pass

    assert names.asked == 0
