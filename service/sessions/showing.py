"""Shows live sessions in rooms and at RTMP servers: what is heard there is said, and their end is the session's."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from service.errors import InvalidRequest, PlaceLost, RenderFailed, TooManyRequests
from service.sessions.live import RETRY_S, Live
from service.sessions.places import Place, Places
from service.sessions.playing import LiveSession
from service.sessions.port import Output
from service.sessions.records import Told
from service.sessions.session import Ending, Wish
from service.sessions.stages import Heard, Interrupted, News, Ready, Stage, Stages, Whole


class Shown:
    """A session that is shown somewhere.

    Attributes:
        session: The session, which is to be run.
    """

    def __init__(self, session: LiveSession, stage: Stage) -> None:
        self.session = session
        self._stage = stage
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lost: str | None = None

    async def ready(self) -> None:
        """Wait until it is shown; where that will never be, for ever."""
        await asyncio.shield(self._ready)

    def check(self) -> None:
        """Tell what became of the place, once the session is over.

        Raises:
            InvalidRequest: It could not be shown there.
            PlaceLost: It was shown there, until the place was lost.
        """
        if self._lost is None:
            return
        raise PlaceLost(self._lost) if self._ready.done() else InvalidRequest(self._lost)

    async def hear(self) -> None:
        """Do what the place tells, until it is gone.

        What was heard may wait for what was heard before it to be shown, which nothing is any more where the place is
        gone: so that is heard beside the news.
        """
        doing = asyncio.create_task(self._do_all())
        try:
            gone = await self._stage.gone()
        finally:
            doing.cancel()
            await asyncio.wait([doing])
        if gone.ending is Ending.PLACE_LOST:
            self._lost = gone.detail
        self.session.end(gone.ending)

    async def _do_all(self) -> None:
        while True:
            news = await self._stage.news()
            with contextlib.suppress(RenderFailed):  # the session itself tells why
                await self._do(news)

    async def _do(self, news: News) -> None:
        match news:
            case Ready():
                if not self._ready.done():
                    self._ready.set_result(None)
            case Heard():
                await self.session.hear(news.id, news.pcm)
            case Whole():
                await self.session.done(news.id)
            case Interrupted():
                await self.session.clear()


Tell = Callable[[Told], Awaitable[None]]


class _Told:
    """An output of which somebody else is told, too."""

    def __init__(self, stage: Stage, tell: Tell) -> None:
        self.live = stage.live
        self.ahead = stage.ahead
        self.wants = stage.wants
        self._stage = stage
        self._tell = tell

    async def take(self, told: Told) -> None:
        await self._tell(told)
        await self._stage.take(told)


class Showing:
    """Opens sessions that are shown somewhere.

    Args:
        live: Sells them.
        places: Judges where.
        stages: Knows how to get there.
    """

    def __init__(self, live: Live, places: Places, stages: Stages) -> None:
        self._live = live
        self._places = places
        self._stages = stages
        self._judged: Counter[int] = Counter()  # by account: places that are being judged

    @contextlib.asynccontextmanager
    async def open(
        self,
        account_id: int,
        wish: Wish,
        place: Place,
        *,
        tell: Tell | None = None,
        key_id: int | None = None,
    ) -> AsyncIterator[Shown]:
        """Begin a session and go to a place; raises as `Live.open` and `Places.check` do.

        Args:
            account_id: Whose it is.
            wish: How it is to be.
            place: Where it is to be shown.
            tell: Is told besides what the place is told.
            key_id: As in `Live.open`.
        """
        with self._judging(account_id):
            await self._live.require_time(account_id)
            place = await self._places.check(place)
        stage = self._stages.stage(place)
        output: Output = stage if tell is None else _Told(stage, tell)
        async with self._live.open(account_id, wish, output, key_id=key_id) as session, stage:
            shown = Shown(session, stage)
            hearing = asyncio.create_task(shown.hear())
            try:
                yield shown
            finally:
                hearing.cancel()
                await asyncio.wait([hearing])

    @contextlib.contextmanager
    def _judging(self, account_id: int) -> Iterator[None]:
        """Bound what an account has resolved at once, before anything is waited for.

        Whoever answers for a name chooses how long that takes, and all accounts share the threads. It is no session
        yet, and has no place of one: else whoever is slow to answer would keep those from others.
        """
        if self._judged[account_id] >= self._live.terms.live_sessions_per_account:
            raise TooManyRequests(
                "This account begins too many live sessions at once.", retry_after_s=RETRY_S
            )
        self._judged[account_id] += 1
        try:
            yield
        finally:
            self._judged[account_id] -= 1
            if not self._judged[account_id]:
                del self._judged[account_id]
