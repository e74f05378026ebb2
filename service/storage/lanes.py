"""Connections to a file, each used by one thread alone, and queues of what is asked of connections.

No task stands between who asks and the thread: nothing can die there and leave everybody waiting.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa
import structlog

from service.storage.database import Work

T = TypeVar("T")

log = structlog.get_logger()


class Lane:
    """A connection, and the thread that uses it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqlite")
        self._connection: sa.Connection | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, engine: sa.Engine) -> "AsyncIterator[Lane]":
        """Connect; what is being done when this ends is done first."""
        lane = cls(engine)
        try:
            await lane.run(lambda connection: connection.rollback())
            yield lane
        finally:
            await asyncio.wrap_future(lane._thread.submit(lane._disconnect))
            lane._thread.shutdown()

    async def run(self, work: Work[T]) -> T:
        """Do something by the connection; what was begun ends, whoever is cancelled meanwhile."""
        return await asyncio.shield(asyncio.wrap_future(self.begin(work)))

    def begin(self, work: Work[T]) -> "Future[T]":
        """Have something done by the connection."""
        return self._thread.submit(self._do, work)

    def _do(self, work: Work[T]) -> T:
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            result = work(self._connection)
        except BaseException:  # nobody knows in what state it is
            self._disconnect()
            raise
        if self._connection.invalidated:
            self._disconnect()
        return result

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                connection.close()


class Asked(Generic[T]):
    """Something to be done, and who waits for it.

    Args:
        work: Takes rows, and returns a result for each.
        row: What is asked of it.
        together: It may be given the rows of several who ask at once.
    """

    def __init__(
        self,
        work: Callable[[sa.Connection, Sequence[Any]], Sequence[T]],
        row: Any,
        *,
        together: bool = True,
    ) -> None:
        self.work = work
        self.row = row
        self.together = together
        self.answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def resolve(self, result: T | BaseException) -> None:
        """Tell who asked; who was cancelled meanwhile is told nothing."""
        if self.answer.done():
            return
        if isinstance(result, BaseException):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


Run = Callable[[sa.Connection, Sequence[Asked[Any]]], Sequence[Any]]
"""Does what many asked for: a result for each of them, or the error in its place."""


def _units(asked: Sequence[Asked[Any]]) -> list[tuple[Callable[..., Sequence[Any]], list[int]]]:
    """Sort what was asked into calls, each with the places of those whom it is for."""
    units: list[tuple[Callable[..., Sequence[Any]], list[int]]] = []
    shared: dict[Callable[..., Sequence[Any]], list[int]] = {}
    for place, each in enumerate(asked):
        if each.together and each.work in shared:
            shared[each.work].append(place)
            continue
        units.append((each.work, [place]))
        if each.together:
            shared[each.work] = units[-1][1]
    return units


def do(connection: sa.Connection, asked: Sequence[Asked[Any]]) -> list[Any]:
    """Do all, those together that may be; a result for each."""
    results: list[Any] = [None] * len(asked)
    for work, places in _units(asked):
        found = work(connection, [asked[place].row for place in places])
        for place, result in zip(places, found, strict=True):
            results[place] = result
    return results


class AnyLane(Protocol):
    """A connection that does one thing after another: a `Lane`, or one of a pool."""

    def begin(self, work: Work[T]) -> "Future[T] | asyncio.Future[T]":
        """Have something done by it."""
        ...


class Queue:
    """What waits for the next of some lanes. A class since who asks and the lanes share it.

    Args:
        lanes: What is asked of.
        run: Does what many asked for at once.
        rest_s: For how long a lane rests that has done so for more than one: those who come then go together too. What
            goes with nothing else ends the rest.
    """

    def __init__(self, lanes: Sequence[AnyLane], run: Run, *, rest_s: float = 0.0) -> None:
        self._idle = list(lanes)
        self._run = run
        self._rest_s = rest_s
        self._waiting: list[Asked[Any]] = []
        self._resting: list[tuple[AnyLane, asyncio.TimerHandle]] = []

    async def ask(self, asked: Asked[T]) -> T:
        """Have something done."""
        roused = not asked.together and self._rouse()
        if roused or not self._waiting:  # all who ask before the loop comes round go together
            asyncio.get_running_loop().call_soon(self._start)
        self._waiting.append(asked)
        return await asked.answer

    def _rouse(self) -> bool:
        """End every rest; whether there was one."""
        resting, self._resting = self._resting, []
        for lane, rest in resting:
            rest.cancel()
            self._idle.append(lane)
        return bool(resting)

    def _start(self) -> None:
        if not self._waiting or not self._idle:
            return
        lane, asked, self._waiting = self._idle.pop(), self._waiting, []
        loop = asyncio.get_running_loop()
        try:
            done = lane.begin(lambda connection: self._run(connection, asked))
        except RuntimeError as error:  # the thread ends with the program
            self._finish(lane, asked, error)
            return
        done.add_done_callback(lambda done: loop.call_soon_threadsafe(self._end, lane, asked, done))

    def _end(
        self,
        lane: AnyLane,
        asked: Sequence[Asked[Any]],
        done: "Future[Sequence[Any]] | asyncio.Future[Sequence[Any]]",
    ) -> None:
        failure = asyncio.CancelledError() if done.cancelled() else done.exception()
        self._finish(lane, asked, failure or done.result())

    def _finish(
        self, lane: AnyLane, asked: Sequence[Asked[Any]], results: Sequence[Any] | BaseException
    ) -> None:
        """Tell all who asked, and go on with who came meanwhile, at once or after a rest."""
        if isinstance(results, BaseException):
            log.error("lane_failed", failure=repr(results), asked=len(asked))
            results = [results] * len(asked)
        for each, result in zip(asked, results, strict=True):
            each.resolve(result)
        if self._rest_s and len(asked) > 1:
            rest = asyncio.get_running_loop().call_later(self._rest_s, self._rested, lane)
            self._resting.append((lane, rest))
        else:
            self._free(lane)

    def _rested(self, lane: AnyLane) -> None:
        self._resting = [each for each in self._resting if each[0] is not lane]
        self._free(lane)

    def _free(self, lane: AnyLane) -> None:
        self._idle.append(lane)
        self._start()
