"""Sessions that nobody's connection holds: begun by one request, ended by another, or by what happens in their room."""

import asyncio
import uuid

import structlog

from service.errors import PlaceLost, RenderFailed, Unavailable
from service.sessions.live import Live
from service.sessions.places import Room
from service.sessions.session import Ending, Wish
from service.sessions.showing import Showing

log = structlog.get_logger()


class Rooms:
    """The sessions in rooms that were begun here.

    Args:
        live: Ends them, wherever they are.
        showing: Opens them.
    """

    def __init__(self, live: Live, showing: Showing) -> None:
        self._live = live
        self._showing = showing
        self._tasks: set[asyncio.Task[None]] = set()

    async def create(self, account_id: int, wish: Wish, room: Room, *, key_id: int | None = None) -> str:
        """Begin a session in a room, and return its id once it is shown there.

        Raises:
            InvalidRequest: It cannot be shown there; or as `Live.open`.
            Unavailable: It ended before.
        """
        started: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._show(account_id, wish, room, started, key_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(started)
        except asyncio.CancelledError:
            task.cancel()  # nobody would know its id
            raise

    async def end(self, account_id: int, session_id: str) -> bool:
        """End a session of an account; False where there is none."""
        try:
            uuid.UUID(session_id)
        except ValueError:
            return False
        return await self._live.stop(account_id, session_id)

    async def aclose(self) -> None:
        """End all that are shown here."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _show(
        self, account_id: int, wish: Wish, room: Room, started: asyncio.Future[str], key_id: int | None
    ) -> None:
        try:
            async with self._showing.open(account_id, wish, room, key_id=key_id) as shown:
                running = asyncio.create_task(shown.session.run())
                ready = asyncio.create_task(shown.ready())
                try:
                    await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
                    if ready.done():
                        started.set_result(shown.session.id)
                    ending = await running
                finally:
                    for task in (running, ready):
                        task.cancel()
                    await asyncio.gather(running, ready, return_exceptions=True)
                shown.check()
                if not started.done():
                    started.set_exception(Unavailable(_ENDED_BEFORE.get(ending, "The session is over.")))
        except asyncio.CancelledError:
            started.cancel()
            raise
        except Exception as error:
            if not started.done():
                started.set_exception(error)
            elif isinstance(error, PlaceLost | RenderFailed):
                log.warning("live_room_lost", error=str(error))
            else:
                log.exception("live_room_failed")


_ENDED_BEFORE = {Ending.RESTARTING: "The service is about to restart. Try again soon."}
