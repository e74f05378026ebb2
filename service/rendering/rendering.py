"""Renders an order's video once, whoever asks for it: each piece is stored as it comes from the worker.

A render belongs to the order, not to a request: it goes on when its buyer goes away, and another attempt goes
on after the last segment that was stored.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import msgspec
import structlog

from service.errors import LeaseLost, RenderFailed, RenderRefused, Unavailable, WorkerDown
from service.jobs.port import Objects, SegmentPart, SpeechPart, Videos
from service.orders.choice import Choice
from service.orders.order import Order
from service.orders.video import Video
from service.rendering.port import End, Init, Record, Renderer, Renderers, RenderRequest, Segment, Speech
from service.rendering.terms import Terms
from service.runtime.bells import Bells
from service.runtime.clock import Clock
from service.runtime.counters import Counters
from service.speech.languages import detect_language
from service.speech.wav import SAMPLE_BYTES, SAMPLE_RATE

FAILED = "The video is not finished yet. Your payment is safe: it goes on by itself, or when you ask again."

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=15)
"""Before a render that failed is taken up by itself."""

log = structlog.get_logger()


class Rendering:
    """The renders of this process. A class since requests join those that run."""

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

    async def start(self, order: Order, choice: Choice, *, again: bool = False) -> Video | None:
        """Begin a render; None where there is nothing to begin: it runs somewhere, or the video is whole.

        Args:
            order: Whose video.
            choice: What to show.
            again: No buyer asks: it is taken up by itself.
        """
        if self._closed:
            return None
        now = self._now()
        video = await self._videos.claim(
            order.id, choice, owner=self._owner, now=now, until=now + self._lease, again=again
        )
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

    async def claim_pieces(self) -> Video | None:
        """Find a whole video whose pieces somebody left as they were; it is for us to `join` now."""
        now = self._now()
        return await self._videos.claim_pieces(owner=self._owner, now=now, until=now + self._lease)

    async def join(self, order: Order) -> None:
        """Make one object of a whole video's pieces, and forget all that it was made from.

        Who reads the pieces meanwhile goes on in the object.

        Raises:
            LeaseLost: Another has done it.
        """
        video = await self._videos.get(order.id)
        assert video is not None
        name = video_name(video.id)
        await self._objects.put(name, self._whole(video))
        await self._videos.join(video.id, name)
        await self._objects.delete(pieces_folder(video.id))
        if order.upload is not None:
            await self._objects.delete(order.upload)

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
        failure: str | None = None
        refused, rest = False, timedelta(0)
        try:
            await self._render(order, video)
        except LeaseLost:
            notes.warning("render_taken_over")
        except RenderRefused as error:
            failure, refused = error.detail, True
        except Unavailable as error:
            failure, rest = error.detail, timedelta(seconds=error.retry_after_s)
        except RenderFailed as error:
            notes.warning("render_failed", error=str(error))
            failure = FAILED
        except Exception:  # noqa: BLE001 - a disk that is full, say: the order must be told and the lease given back
            notes.exception("render_broke")
            failure = FAILED
        else:
            notes.info("render_finished")
            self._counters.renders_finished += 1
        if failure is not None:
            self._counters.renders_failed += 1
            await self._interrupt(video, failure, refused=refused, rest=rest)
        self._bells.ring(order.id)

    async def _interrupt(self, video: Video, failure: str, *, refused: bool, rest: timedelta) -> None:
        """Say why an attempt ended; without effect on a video that is whole."""
        try:
            until = self._now() + min(max(pause(video.tries), rest), LONGEST_PAUSE)
            await self._videos.interrupt(video, failure, refused=refused, until=until)
        except Unavailable as error:  # the lease will run out by itself
            log.warning("interrupt_lost", order=video.order_id, error=repr(error))

    async def _render(self, order: Order, video: Video) -> None:
        """Have the video rendered, by one worker after the other while each gets further.

        Raises:
            WorkerDown, RenderFailed: All were tried in vain since the last frame was stored.
            RenderRefused: It can never be rendered.
        """
        parts = await self._videos.speech(video.id)
        recorder = _Recorder(self._videos, self._objects, video, parts, lease=self._lease)
        tried: set[Renderer] = set()
        worker = self._workers.least_loaded(video.choice)
        assert worker is not None
        while not recorder.whole:
            frames = recorder.frames
            try:
                await self._render_on(worker, order, recorder)
            except (WorkerDown, RenderFailed) as error:
                tried = {worker} if recorder.frames > frames else tried | {worker}
                worker = self._workers.least_loaded(video.choice, besides=tried)
                if worker is None:
                    raise
                self._counters.renders_moved += 1
                log.warning("render_moved", order=order.id, first_frame=recorder.frames, error=repr(error))
                # A worker's silence may have used it up.
                await self._videos.renew(video, until=self._now() + self._lease)
        await self.join(order)

    async def _render_on(self, worker: Renderer, order: Order, recorder: "_Recorder") -> None:
        """Store what a worker renders, from the first frame that is not stored yet."""
        pcm = self._pcm(order, tuple(recorder.parts))
        async with contextlib.aclosing(worker.render(recorder.job(order), pcm)) as records:
            async for record in records:
                await recorder.keep(record, self._now())
                self._bells.ring(order.id)

    async def _pcm(self, order: Order, parts: Sequence[SpeechPart]) -> AsyncIterator[bytes]:
        """The speech that there is: the upload, or what was synthesised so far."""
        if order.upload is not None:
            async for chunk in self._objects.read(order.upload, 0, None):
                yield chunk
        for part in parts:
            async for chunk in self._objects.read(part.object, 0, None):
                yield chunk

    async def _whole(self, video: Video) -> AsyncIterator[bytes]:
        assert video.init is not None
        yield video.init
        parts = await self._videos.segments(video.id, after=0)
        if not parts or parts[-1].offset + parts[-1].size != video.size:
            raise LeaseLost  # another has joined them meanwhile
        for part in parts:
            async for chunk in self._objects.read(part.object, 0, part.size):
                yield chunk


def pause(tries: int) -> timedelta:
    """How long a render rests that failed so often in a row."""
    return min(FIRST_PAUSE * (1 << min(tries, 20)), LONGEST_PAUSE)


class _Recorder:
    """Stores what one attempt renders. A class since each piece goes where the last one ended.

    Attributes:
        frames: Stored so far.
        parts: The speech stored so far.
        whole: Nothing is missing.
    """

    def __init__(
        self, videos: Videos, objects: Objects, video: Video, parts: list[SpeechPart], *, lease: timedelta
    ) -> None:
        self.frames = video.frames
        self.parts = parts
        self.whole = False
        self._videos = videos
        self._objects = objects
        self._video = video
        self._choice = video.choice
        self._lease = lease
        self._segments = video.segments
        self._offset = video.size  # 0 until there is an init

    def job(self, order: Order) -> RenderRequest:
        """Say what is still to be rendered."""
        choice = self._choice
        if order.text is not None and choice.language is None:
            # As the quote priced it: the worker might hear another language in a short text.
            choice = msgspec.structs.replace(choice, language=detect_language(order.text))
        return RenderRequest(
            order_id=order.id,
            choice=choice,
            text=order.text,
            sample_rate=self.parts[-1].sample_rate if self.parts else SAMPLE_RATE,
            spoken=self.parts[-1].spoken if self.parts else 0,
            first_frame=self.frames,
        )

    async def keep(self, record: Record, now: datetime) -> None:
        """Store a record: first its bytes, then the row that points to them.

        Raises:
            RenderFailed: The record does not continue what is stored.
            LeaseLost: Another attempt has taken over.
        """
        until = now + self._lease
        match record:
            case Speech():
                await self._speech(record, until)
            case Init() if self._offset == 0:
                await self._videos.add_init(self._video, record)
                self._offset = len(record.data)
                self._bind(record)
            case Segment():
                await self._segment(record, until)
            case End():
                if record.frames != self.frames:
                    raise RenderFailed(f"{record.frames} frames were to come, {self.frames} are there")
                await self._videos.finish(self._video, record.engine)
                self.whole = True

    async def _speech(self, record: Speech, until: datetime) -> None:
        name = self._name(f"speech-{len(self.parts)}")
        await self._objects.put(name, record.pcm)
        part = SpeechPart(
            samples=len(record.pcm) // SAMPLE_BYTES,
            sample_rate=record.sample_rate,
            spoken=record.spoken,
            object=name,
        )
        await self._videos.add_speech(self._video, part, until=until)
        self.parts.append(part)
        self._bind(record)

    async def _segment(self, record: Segment, until: datetime) -> None:
        if self._offset == 0 or record.first_frame != self.frames:
            raise RenderFailed(f"a segment from frame {record.first_frame}, {self.frames} are there")
        name = self._name(f"{self._segments}")
        await self._objects.put(name, record.data)
        part = SegmentPart(
            first_frame=record.first_frame,
            frames=record.frames,
            offset=self._offset,
            size=len(record.data),
            object=name,
        )
        await self._videos.add_segment(self._video, part, until=until)
        self._segments += 1
        self.frames += record.frames
        self._offset += part.size

    def _bind(self, record: Speech | Init) -> None:
        """Have the next worker speak as this one does."""
        self._choice = self._choice.filled_by(Choice(language=record.language, voice=record.voice))

    def _name(self, piece: str) -> str:
        """Name a piece. By attempt: one that was taken over may still be writing."""
        return f"{pieces_folder(self._video.id)}{self._video.attempt}-{piece}"


def pieces_folder(job_id: int) -> str:
    """Where the pieces of a video are until it is whole."""
    return f"pieces/{job_id}/"


def video_name(job_id: int) -> str:
    """What the object of a whole video is called."""
    return f"videos/{job_id}.mp4"
