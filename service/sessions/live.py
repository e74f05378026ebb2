"""Sells live sessions: who may have one, from the first slice of video time to the last."""

import asyncio
import contextlib
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta

import structlog

from service.accounts.port import Accounts
from service.accounts.prepaid import VideoTime
from service.catalogue.choosing import Choosing
from service.errors import (
    ContentRefused,
    InsufficientCredits,
    InvalidApiKey,
    StreamTaken,
    TooManyRequests,
    Unavailable,
)
from service.quotes.port import Screen
from service.runtime.bells import Bells, of_account
from service.runtime.clock import Clock
from service.runtime.stopping import Stopping
from service.sessions.lasting import lasting
from service.sessions.meter import Meter
from service.sessions.playing import SEGMENT_MS, LiveSession
from service.sessions.port import MOST_AHEAD, LiveRenderers, LiveSessions, Output
from service.sessions.records import Open
from service.sessions.session import Ending, Held, NewSession, Wish
from service.sessions.terms import LiveTerms

MOST_REPLACED = 8
"""Sessions of one name that one session replaces before it begins."""

PAGE = 200
"""Sessions that one look ends."""

RETRY_S = 10
"""When a session of somebody else may be over."""

LOOK_S = 0.1
"""Pause between looks whether another replica has ended a session."""

log = structlog.get_logger()


class Live:
    """Live sessions of this service.

    Args:
        store: Keeps them.
        renderers: Who shows faces.
        accounts: Whose they are.
        video_time: What accounts may do.
        choosing: Who there is to be seen.
        screen: Who judges texts; None where nobody does.
        owner: This replica.
        terms: What the operator allows.
        stopping: Told when this service is about to stop.
        now: The clock.
        sound_percent: What is heard and not seen costs so much of its length.
        bells: Tell the services of one database that a session is to end; None where this one is alone.
    """

    def __init__(
        self,
        *,
        store: LiveSessions,
        renderers: LiveRenderers,
        accounts: Accounts,
        video_time: VideoTime,
        choosing: Choosing,
        screen: Screen | None,
        owner: str,
        terms: LiveTerms,
        stopping: Stopping,
        now: Clock,
        sound_percent: int = 100,
        bells: Bells | None = None,
    ) -> None:
        self.terms = terms
        self.active = 0
        self._store = store
        self._renderers = renderers
        self._accounts = accounts
        self._video_time = video_time
        self._choosing = choosing
        self._screen = screen
        self._owner = owner
        self._stopping = stopping
        self._now = now
        self._sound_percent = sound_percent
        self._bells = bells or Bells()
        self._of_account: Counter[int] = Counter()
        self._here: dict[str, tuple[int, LiveSession]] = {}

    @contextlib.asynccontextmanager
    async def open(
        self, account_id: int, wish: Wish, output: Output, *, key_id: int | None = None
    ) -> AsyncIterator[LiveSession]:
        """Begin a session: its first slice is set aside, and a worker has room for it. `run` shows it.

        Whatever ends it, what was shown is settled once and the rest is free again.

        Args:
            account_id: Whose it is.
            wish: How it is to be.
            output: Where it is to be shown.
            key_id: The key by which it is begun: once that is revoked, it ends.

        Raises:
            TooManyRequests: The account has too many.
            Unavailable: All accounts together have, or no worker has room.
            InsufficientCredits: The account has no video time.
            InvalidRequest: There is no such avatar, emotion, language or voice.
            ContentRefused: Recordings are not taken where somebody judges.
        """
        if not 0 < output.ahead <= MOST_AHEAD:
            raise ValueError(output.ahead)
        with self._place(account_id):
            if wish.audio:
                self.check_recordings()
            choice = await self._choosing.check(wish.choice, spoken=not wish.audio, account_id=account_id)
            if choice.avatar is None or choice.emotion is None:
                raise ValueError(choice)
            account = await self._accounts.get(account_id)
            if account is None:
                raise InvalidApiKey
            session_id = str(uuid.uuid4())
            now = self._now()
            until = now + timedelta(seconds=self.terms.live_lease_s)
            unlimited = self._video_time.unlimited(account)
            new = NewSession(
                id=session_id,
                account_id=account_id,
                key_id=key_id,
                owner=self._owner,
                output=wish.output,
                stream=wish.stream,
                until=until,
                created_at=now,
            )
            # Whoever is cancelled here may leave a session behind that shows nothing: its lease runs out.
            held = await self._begin(new, most_open=self._video_time.most_open(account), unlimited=unlimited)
            meter = Meter(
                self._store,
                session_id=session_id,
                account_id=account_id,
                owner=self._owner,
                held=held,
                until=until,
                unlimited=unlimited,
                terms=self.terms,
                bells=self._bells,
                now=self._now,
            )
            logger = log.bind(session=session_id, account=account_id)
            session: LiveSession | None = None
            try:
                opening = Open(
                    session=session_id,
                    avatar=choice.avatar,
                    emotion=choice.emotion,
                    language=choice.language,
                    voice=choice.voice,
                    live=output.live,
                    pictures=wish.pictures,
                )
                async with lasting(self._renderers, opening) as render:
                    session = LiveSession(
                        session_id=session_id,
                        render=render,
                        output=output,
                        meter=meter,
                        percent=100 if wish.pictures else self._sound_percent,
                        terms=self.terms,
                        stopping=self._stopping,
                        screen=self._screen,
                    )
                    self._here[session_id] = account_id, session
                    logger.info("live_session_begun", output=wish.output)
                    yield session
            finally:
                self._here.pop(session_id, None)
                used_ms = await asyncio.shield(meter.end())
                ending = None if session is None else session.ending
                logger.info("live_session_over", reason=ending.value if ending else "failed", used_ms=used_ms)

    def check_recordings(self) -> None:
        """Turn recordings away where somebody judges all that is said, who cannot judge them.

        Raises:
            ContentRefused: They are not taken.
        """
        if self._screen is not None and not self.terms.live_unscreened_audio:
            raise ContentRefused("Live recordings are not taken here: they cannot be judged before.")

    async def require_time(self, account_id: int) -> None:
        """Turn away whoever could not show anything, before something is done for them that costs no video time.

        What is set aside counts: a session that is replaced gives it back.

        Raises:
            InsufficientCredits: The account has no video time.
        """
        account = await self._accounts.get(account_id)
        if account is None:
            raise InvalidApiKey
        left_ms = account.free_ms + account.reserved_ms
        if left_ms < SEGMENT_MS and not self._video_time.unlimited(account):
            raise InsufficientCredits(asked_ms=SEGMENT_MS, free_ms=left_ms)

    async def stop(self, account_id: int, session_id: str, ending: Ending = Ending.STOPPED) -> bool:
        """End a session of an account, wherever it is shown; False where there is none.

        Raises:
            Unavailable: The replica that shows it does not answer. Its lease runs out.
        """
        whose, session = self._here.get(session_id, (None, None))
        if session is not None and whose == account_id:
            session.end(ending)
        elif await self._store.stop(session_id, account_id, ending):
            self._bells.ring(of_account(account_id))
        else:
            return False
        try:
            async with asyncio.timeout(self.terms.live_lease_s):
                while await self._store.exists(session_id):  # noqa: ASYNC110 - another replica may show it
                    await asyncio.sleep(LOOK_S)
        except TimeoutError as error:
            raise Unavailable("The session has not ended yet. Try again soon.") from error
        return True

    async def sweep(self, every_s: float) -> None:
        """End what nobody holds any more, for ever."""
        while True:
            await self.look(self._now())
            await asyncio.sleep(every_s)

    async def look(self, now: datetime) -> None:
        """End sessions whose service has died."""
        while ended := await self._store.expire(now, limit=PAGE):
            for session in ended:
                log.warning(
                    "live_session_expired",
                    session=session.id,
                    account=session.account_id,
                    used_ms=session.shown_ms,
                )

    async def release(self) -> None:
        """End the sessions of this replica's last life."""
        for session in await self._store.release(self._owner, self._now()):
            log.warning("live_session_released", session=session.id, used_ms=session.shown_ms)

    @contextlib.contextmanager
    def _place(self, account_id: int) -> Iterator[None]:
        """Take a place, before anything is waited for."""
        if self._stopping.begun:
            raise Unavailable("The service is about to restart. Try again soon.")
        if self._of_account[account_id] >= self.terms.live_sessions_per_account:
            raise TooManyRequests("This account has too many live sessions.", retry_after_s=RETRY_S)
        if self.active >= self.terms.live_sessions:
            raise Unavailable("There are too many live sessions now.", retry_after_s=RETRY_S)
        self.active += 1
        self._of_account[account_id] += 1
        try:
            yield
        finally:
            self.active -= 1
            self._of_account[account_id] -= 1
            if not self._of_account[account_id]:
                del self._of_account[account_id]

    async def _begin(self, new: NewSession, *, most_open: int, unlimited: bool) -> Held:
        """Keep a session, once those of its account are over that have its name.

        Raises:
            TooManyRequests: Others of its name begin all the time.
        """
        for _ in range(MOST_REPLACED):
            if new.stream is not None:
                for session_id in await self._store.named(new.account_id, new.stream):
                    await self.stop(new.account_id, session_id, Ending.REPLACED)
            with contextlib.suppress(StreamTaken):  # another has just begun, which is to be replaced as well
                return await self._store.open(
                    new,
                    slice_ms=self.terms.live_slice_s * 1000,
                    least_ms=SEGMENT_MS,
                    most_open=most_open,
                    unlimited=unlimited,
                )
        raise TooManyRequests("Too many connections of this stream_id begin at once.", retry_after_s=RETRY_S)
