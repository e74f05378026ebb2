"""Renders an order's video once, whoever asks for it: each piece is stored as it comes from the worker.

A render belongs to the order, not to a request: it goes on when its buyer goes away, and another attempt goes
on after the last segment that was stored.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog

from service.bells import Bells
from service.errors import LeaseLost, RenderFailed, RenderRefused, Unavailable
from service.orders import Choice, Order, Video
from service.ports import (
    Clock,
    End,
    Init,
    Job,
    Objects,
    Renderer,
    Segment,
    SegmentPart,
    Speech,
    SpeechPart,
    Videos,
)
from service.wav import SAMPLE_BYTES, SAMPLE_RATE

FAILED = "The video could not be finished. Your payment is safe: ask again to go on where it stopped."

log = structlog.get_logger()


class Rendering:
    """The renders of this process. A class since requests join those that run."""

    def __init__(
        self,
        *,
        videos: Videos,
        objects: Objects,
        renderer: Renderer,
        bells: Bells,
        now: Clock,
        lease: timedelta,
    ) -> None:
        self._videos = videos
        self._objects = objects
        self._renderer = renderer
        self._bells = bells
        self._now = now
        self._lease = lease
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, order: Order, choice: Choice) -> Video | None:
        """Begin a render; None where there is nothing to begin: it runs already, or the video is whole."""
        now = self._now()
        video = await self._videos.claim(order.id, choice, now=now, until=now + self._lease)
        if video is not None:
            task = asyncio.create_task(self._run(order, video))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return video

    async def recover(self) -> None:
        """Take up what the last run of this program left: leases that nobody holds, whole videos in pieces."""
        await self._videos.interrupt_all()
        for order_id in await self._videos.in_pieces():
            await self._join(order_id)

    async def aclose(self) -> None:
        """Stop every render; each goes on where it stopped when it is asked for again."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, order: Order, video: Video) -> None:
        """Render, and leave the row saying how it ended."""
        notes = log.bind(order=order.id, attempt=video.attempt)
        notes.info("render_started", first_frame=video.frames)
        failure, refused = "The service was stopped. Ask again to go on.", False
        try:
            await self._render(order, video)
        except LeaseLost:
            notes.warning("render_taken_over")
        except RenderRefused as error:
            failure, refused = error.detail, True
        except Unavailable as error:
            failure = error.detail
        except RenderFailed as error:
            notes.warning("render_failed", error=str(error))
            failure = FAILED
        except Exception:
            notes.exception("render_broke")
            failure = FAILED
        else:
            notes.info("render_finished")
            return
        finally:
            # Without effect on a video that is whole.
            await self._videos.interrupt(video, failure, refused=refused)
            self._bells.ring(order.id)

    async def _render(self, order: Order, video: Video) -> None:
        parts = await self._videos.speech(order.id)
        job = Job(
            order_id=order.id,
            choice=video.choice,
            text=order.text,
            sample_rate=parts[-1].sample_rate if parts else SAMPLE_RATE,
            spoken=parts[-1].spoken if parts else 0,
            first_frame=video.frames,
        )
        offset, has_init = video.size, video.init is not None
        spoken_parts, n = len(parts), video.segments
        async for record in self._renderer.render(job, self._pcm(order, parts)):
            until = self._now() + self._lease
            match record:
                case Speech(pcm=pcm):
                    name = f"{_folder(order.id)}{video.attempt}-speech-{spoken_parts}"
                    await self._objects.put(name, pcm)
                    part = SpeechPart(
                        samples=len(pcm) // SAMPLE_BYTES,
                        sample_rate=record.sample_rate,
                        spoken=record.spoken,
                        object=name,
                    )
                    await self._videos.add_speech(video, part, until=until)
                    spoken_parts += 1
                case Init() if not has_init:
                    await self._videos.add_init(video, record)
                    offset, has_init = len(record.data), True
                case Segment(data=data):
                    if not has_init:
                        raise RenderFailed("a segment before the init record")
                    name = f"{_folder(order.id)}{video.attempt}-{n}"
                    await self._objects.put(name, data)
                    segment = SegmentPart(
                        first_frame=record.first_frame,
                        frames=record.frames,
                        offset=offset,
                        size=len(data),
                        object=name,
                    )
                    await self._videos.add_segment(video, segment, until=until)
                    offset += len(data)
                    n += 1
                    self._bells.ring(order.id)
                case End():
                    await self._videos.finish(video, record.engine)
                    self._bells.ring(order.id)
        await self._join(order.id)

    async def _pcm(self, order: Order, parts: list[SpeechPart]) -> AsyncIterator[bytes]:
        """The speech that there is: the upload, or what was synthesised so far."""
        if order.upload is not None:
            async for chunk in self._objects.read(order.upload, 0, None):
                yield chunk
        for part in parts:
            async for chunk in self._objects.read(part.object, 0, None):
                yield chunk

    async def _join(self, order_id: int) -> None:
        """Make one object of a whole video's pieces. Who reads the pieces meanwhile goes on in the object."""
        video = await self._videos.get(order_id)
        assert video is not None
        name = f"videos/{order_id}.mp4"
        await self._objects.put(name, self._whole(video))
        await self._videos.join(order_id, name)
        await self._objects.delete(_folder(order_id))

    async def _whole(self, video: Video) -> AsyncIterator[bytes]:
        assert video.init is not None
        yield video.init
        for part in await self._videos.segments(video.order_id, after=0):
            async for chunk in self._objects.read(part.object, 0, part.size):
                yield chunk


def _folder(order_id: int) -> str:
    """Where the pieces of a video are until it is whole."""
    return f"pieces/{order_id}/"
