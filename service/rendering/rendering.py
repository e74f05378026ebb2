"""Renders an order's video once, whoever asks for it: each piece is stored as it comes from the worker.

A render belongs to the order, not to a request: it goes on when its buyer goes away, and another attempt goes
on after the last segment that was stored.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import structlog

from service.errors import (
    LeaseLost,
    RenderFailed,
    RenderRefused,
    StoredByOthers,
    StoredLost,
    Unavailable,
    WorkerBusy,
    WorkerDown,
)
from service.jobs.attempts import Failure
from service.jobs.names import pieces_folder, video_name
from service.jobs.port import Objects, SpeechPart, Videos
from service.orders.choice import Choice
from service.orders.order import Order
from service.orders.video import Video, VideoState
from service.rendering.container import whole_start
from service.rendering.lending import lend, lend_background, lend_voice
from service.rendering.port import Renderer, Renderers
from service.rendering.recorder import Recorder
from service.rendering.terms import Terms
from service.runtime.bells import Bells
from service.runtime.clock import Clock
from service.runtime.counters import Counters

FAILED = "The video is not finished yet. Your payment is safe: it goes on by itself, or when you ask again."

INPUT_LOST = "The recording that this video is made of was lost, so it cannot be made."


log = structlog.get_logger()


class Rendering:
    """The renders of this process. A class since requests join those that run.

    Attributes:
        crowded: Orders wait for a worker that has room.
        room: Set when a worker may have room for one of them.
    """

    def __init__(
        self,
        *,
        videos: Videos,
        objects: Objects,
        workers: Renderers,
        bells: Bells,
        now: Clock,
        owner: str,
        terms: Terms,
        counters: Counters,
    ) -> None:
        self._videos = videos
        self._objects = objects
        self._workers = workers
        self._bells = bells
        self._now = now
        self._owner = owner
        self._lease = timedelta(seconds=terms.lease_s)
        self._counters = counters
        self._tasks: dict[asyncio.Task[None], int] = {}  # whose order's each is
        self._closed = False
        self.crowded = False
        self.room = asyncio.Event()

    async def start(self, order: Order, choice: Choice, *, again: bool = False) -> Video | None:
        """Begin a render; None where there is nothing to begin: it runs somewhere, waits its turn, or is whole.

        Args:
            order: Whose video.
            choice: What to show.
            again: No buyer asks: it is taken up by itself.
        """
        # A buyer who goes away in between would leave a claim that nobody fulfils.
        return await asyncio.shield(self._start(order, choice, again=again))

    async def _start(self, order: Order, choice: Choice, *, again: bool) -> Video | None:
        if self._closed:
            return None
        now = self._now()
        video = await self._videos.claim(
            order.id,
            choice,
            owner=self._owner,
            now=now,
            until=now + self._lease,
            again=again,
            rivals=self._workers.rivals(choice),
        )
        if video is not None and self._closed:
            await self.release()
            return None
        if video is not None:
            task = asyncio.create_task(self._run(order, video))
            self._tasks[task] = order.id
            task.add_done_callback(self._tasks.pop)
        return video

    def stop(self, order_id: int) -> None:
        """Stop what renders an order here, whose video nobody will have: its worker is for others."""
        for task, its_order in self._tasks.items():
            if its_order == order_id:
                task.cancel()

    async def release(self) -> None:
        """Give back the leases of this replica, or of its last run: nobody has to wait until they are over."""
        for order_id in await self._videos.release(self._owner, self._now()):
            self._bells.ring(order_id)

    async def lose(self, video: Video) -> None:
        """Begin anew with a video of which something that was stored is gone: it is made again from its input."""
        if await self._videos.lose(video, self._now()):
            log.error("video_lost", order=video.order_id, state=video.state.value, edition=video.edition)
            self._bells.ring(video.order_id)

    async def claim_pieces(self) -> Video | None:
        """Find a whole video whose pieces somebody left as they were; it is for us to `join` now."""
        now = self._now()
        return await self._videos.claim_pieces(owner=self._owner, now=now, until=now + self._lease)

    async def join(self, order: Order) -> None:
        """Make one object of a whole video's pieces, and forget them. What it was made from is kept as long as it is.

        Who reads the pieces meanwhile goes on in the object.

        Raises:
            LeaseLost: Another has done it, or a piece is gone.
        """
        video = await self._videos.get(order.id)
        assert video is not None
        name = video_name(video.id)
        try:
            await self._objects.put(name, self._whole(video))
        except FileNotFoundError as error:
            await self.lose(video)
            raise LeaseLost from error
        await self._videos.join(video.id, name)
        await self._objects.delete(pieces_folder(video.id))

    async def aclose(self) -> None:
        """Stop every render; each goes on where it stopped, on another replica or when this one is back."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self.release()

    async def _run(self, order: Order, video: Video) -> None:
        """Render, and leave the row saying how it ended."""
        notes = log.bind(order=order.id, attempt=video.attempt)
        notes.info("render_started", first_frame=video.frames)
        self._counters.renders_started += 1
        failure: Failure | None = None
        try:
            await self._render(order, video)
        except LeaseLost:
            notes.warning("render_taken_over")
        except (StoredLost, StoredByOthers) as error:
            failure = await self._anew(order, video, error)
        except RenderRefused as error:
            failure = Failure(reason=error.detail, refused=True)
        except Unavailable as error:
            self.crowded |= (busy := isinstance(error, WorkerBusy))
            failure = Failure(reason=error.detail, busy=busy, rest=timedelta(seconds=error.retry_after_s))
        except RenderFailed as error:
            notes.warning("render_failed", error=str(error))
            failure = Failure(reason=FAILED)
        except Exception:  # noqa: BLE001 - a disk that is full, say: the order must be told and the lease given back
            notes.exception("render_broke")
            failure = Failure(reason=FAILED)
        else:
            notes.info("render_finished")
            self._counters.renders_finished += 1
        if failure is not None:
            self._counters.renders_failed += 1
            await self._interrupt(video, failure)
        self._bells.ring(order.id)
        if failure is None or not failure.busy:
            self._tell_room()

    async def _anew(self, order: Order, video: Video, error: StoredLost | StoredByOthers) -> Failure | None:
        """Give a video up whose recording is gone; where only speech is, or pictures do not fit, all is made anew."""
        if isinstance(error, StoredLost) and order.wish.upload is not None:
            return Failure(reason=INPUT_LOST, refused=True)
        await self.lose(video)
        return None

    async def _interrupt(self, video: Video, failure: Failure) -> None:
        """Say why an attempt ended; without effect on a video that is whole."""
        try:
            verdict = await self._videos.interrupt(video, failure, self._now())
        except Unavailable as error:  # the lease will run out by itself
            log.warning("interrupt_lost", order=video.order_id, error=repr(error))
            return
        if verdict is not None and verdict.state is VideoState.FAILED:
            log.error("video_given_up", order=video.order_id, tries=verdict.tries, refused=failure.refused)

    def _tell_room(self) -> None:
        """Have whoever waits for a worker look: one may have room."""
        if self.crowded:
            self.room.set()

    async def _render(self, order: Order, video: Video) -> None:
        """Have the video rendered, by one worker after the other while each gets further.

        Raises:
            WorkerDown, RenderFailed: All were tried in vain since the last frame was stored.
            RenderRefused: It can never be rendered.
        """
        parts = await self._videos.speech(video.id)
        recorder = Recorder(self._videos, self._objects, order, video, parts, lease=self._lease)
        tried: dict[Renderer, Exception] = {}
        worker = self._workers.least_loaded(recorder.choice)
        assert worker is not None
        while not recorder.whole:
            await self._check_input(order, recorder.parts)
            frames = recorder.frames
            try:
                await self._render_on(worker, order, video, recorder)
            except (WorkerDown, RenderFailed) as error:
                if recorder.frames > frames:
                    tried = {} if worker.many else {worker: error}
                else:
                    tried = {**tried, worker: error}
                worker = self._workers.least_loaded(recorder.choice, besides=tried)
                if worker is None:  # who is only busy can still do it
                    raise next(
                        (each for each in tried.values() if isinstance(each, WorkerBusy)), error
                    ) from error
                self._counters.renders_moved += 1
                log.warning("render_moved", order=order.id, first_frame=recorder.frames, error=repr(error))
                # A worker's silence may have used it up.
                await self._videos.renew(video, until=self._now() + self._lease)
        await self.join(order)

    async def _render_on(self, worker: Renderer, order: Order, video: Video, recorder: Recorder) -> None:
        """Store what a worker renders, from the first frame that is not stored yet."""
        await lend(worker, recorder.choice.avatar, self._objects)
        await lend_voice(worker, recorder.choice.voice, self._objects)
        if (stage := order.wish.stage) is not None:
            await lend_background(worker, stage.picture, self._objects)
        pcm = self._pcm(order, tuple(recorder.parts))
        waited = video.queued_at is not None
        async with contextlib.aclosing(worker.render(recorder.job(), pcm)) as records:
            async for record in records:
                await recorder.keep(record, self._now())
                self._bells.ring(order.id)
                if waited:
                    waited = False
                    self._tell_room()  # the next in the queue may try

    async def _check_input(self, order: Order, parts: Sequence[SpeechPart]) -> None:
        """Look whether all is there that a worker is to be sent; raises StoredLost."""
        names = [part.object for part in parts]
        if order.wish.upload is not None:
            names.append(order.wish.upload)
        try:
            for name in names:
                await self._objects.size(name)
        except FileNotFoundError as error:
            raise StoredLost from error

    async def _pcm(self, order: Order, parts: Sequence[SpeechPart]) -> AsyncIterator[bytes]:
        """The speech that there is: the upload, or what was synthesised so far."""
        if order.wish.upload is not None:
            async for chunk in self._objects.read(order.wish.upload, 0, None):
                yield chunk
        for part in parts:
            async for chunk in self._objects.read(part.object, 0, None):
                yield chunk

    async def _whole(self, video: Video) -> AsyncIterator[bytes]:
        assert video.init is not None
        parts = await self._videos.segments(video.id, after=0)
        if not parts or parts[-1].offset + parts[-1].size != video.size:
            raise LeaseLost  # another has joined them meanwhile
        yield whole_start(video.init, parts)
        for part in parts:
            async for chunk in self._objects.read(part.object, 0, part.size):
                yield chunk
