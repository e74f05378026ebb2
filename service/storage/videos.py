"""The jobs that make videos, in SQL: how far each is, who renders it, and where its bytes are."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from service.errors import LeaseLost
from service.jobs.attempts import Failure, Verdict, judge
from service.jobs.port import Playable, SegmentPart, SpeechPart
from service.orders.choice import Choice
from service.orders.video import FPS, Video, VideoState
from service.orders.webhook import Event
from service.rendering.port import Init
from service.runtime.clock import to_millis
from service.storage import reservations
from service.storage.outbox import tell
from service.storage.pieces import SqlPieces
from service.storage.queue import behind, paid_order, renderable
from service.storage.schema import jobs, payments, segments, speech, unfinished
from service.storage.video_rows import NEW, fresh_of, get_video, to_video, waiting_job

MS_PER_FRAME = 1000 // FPS

QUEUED = "Others who paid earlier are first. Your payment is safe: it goes on by itself, or ask again soon."


class SqlVideos(SqlPieces):
    """Keeps what is known of videos."""

    async def get(self, order_id: int) -> Video | None:
        """Find the video of an order."""
        return await self._database.read(lambda connection: get_video(connection, order_id))

    async def claim(
        self,
        order_id: int,
        choice: Choice,
        *,
        owner: str,
        now: datetime,
        until: datetime,
        again: bool = False,
        rivals: Collection[str] | None = None,
    ) -> Video | None:
        """Begin the next attempt, unless the video is whole or leased, nobody pays for it, or others are first."""
        attempt = {
            "state": VideoState.RENDERING.value,
            "owner": owner,
            "lease_until": to_millis(until),
            "failure": None,
            "refused": False,
        }
        fresh = fresh_of(choice)
        takable = _IDLE if again else (_IDLE | (jobs.c.state == VideoState.FAILED.value))
        abandoned = (jobs.c.state == VideoState.RENDERING.value) & (jobs.c.lease_until <= to_millis(now))

        def work(connection: sa.Connection) -> Video | None:
            # The lock: of a claim, a refund's binding and a payment's going back, one is first.
            lock = sa.select(payments.c.id).where(payments.c.order_id == order_id).with_for_update()
            if connection.scalar(lock) is None or not connection.scalar(sa.select(renderable(order_id))):
                return None
            video = get_video(connection, order_id)
            if connection.scalar(sa.select(behind(order_id, rivals))):
                _queue(connection, order_id, video, choice, takable | abandoned, now)
                return None
            if video is None:
                new = {**NEW, **attempt, **fresh, "order_id": order_id, "attempt": 1}
                connection.execute(jobs.insert(), new)
                tell(connection, order_id, Event.VIDEO_STARTED, now)
                return get_video(connection, order_id)
            claimed = connection.execute(
                jobs.update()
                .where(jobs.c.id == video.id, jobs.c.attempt == video.attempt, takable | abandoned)
                .values(
                    **attempt,
                    **({} if video.fixed else fresh),
                    attempt=video.attempt + 1,
                    base_frames=video.frames,
                )
            )
            if claimed.rowcount == 0:
                return None
            if video.attempt == 0:
                tell(connection, order_id, Event.VIDEO_STARTED, now)
            if video.segments == 0:
                connection.execute(speech.delete().where(speech.c.job_id == video.id))
            return get_video(connection, order_id)

        return await self._database.write(work)

    async def renew(self, video: Video, *, until: datetime) -> None:
        """Renew the lease."""
        await self._database.write(
            lambda connection: _change(connection, video, lease_until=to_millis(until))
        )

    async def add_init(self, video: Video, init: Init) -> None:
        """Keep the start of the MP4 and what the worker chose."""
        chosen = {name: value for name in ("language", "voice") if (value := getattr(init, name)) is not None}
        size = len(init.data)
        await self._database.write(
            lambda connection: _change(
                connection, video, init=init.data, size=size, playable_size=size, **chosen, **_ADMITTED
            )
        )

    async def add_speech(
        self, video: Video, part: SpeechPart, *, playable: Playable, until: datetime
    ) -> None:
        """Keep speech, say what can be played now, and renew the lease."""

        def work(connection: sa.Connection) -> None:
            _change(connection, video, lease_until=to_millis(until), **_told(playable), **_ADMITTED)
            count = sa.select(sa.func.count()).where(speech.c.job_id == video.id)
            row = {"job_id": video.id, "n": connection.scalar(count), **msgspec.structs.asdict(part)}
            connection.execute(speech.insert(), row)

        await self._database.write(work)

    async def add_segment(
        self, video: Video, part: SegmentPart, *, playable: Playable, until: datetime
    ) -> None:
        """Keep the next segment, say what can be played now, and renew the lease."""

        def work(connection: sa.Connection) -> None:
            _change(
                connection,
                video,
                lease_until=to_millis(until),
                segments=jobs.c.segments + 1,
                frames=part.first_frame + part.frames,
                size=part.offset + part.size,
                **_told(playable),
                **_ADMITTED,
            )
            count = sa.select(jobs.c.segments - 1).where(jobs.c.id == video.id)
            row = {"job_id": video.id, "n": connection.scalar(count), **msgspec.structs.asdict(part)}
            connection.execute(segments.insert(), row)

        await self._database.write(work)

    async def finish(self, video: Video, engine: dict[str, Any], now: datetime) -> None:
        """Call the video whole: all of it can be played, and who pays for it from an account pays."""

        def work(connection: sa.Connection) -> None:
            _change(
                connection,
                video,
                state=VideoState.READY.value,
                playable_frames=jobs.c.frames,
                playable_size=jobs.c.size,
                tries=0,
                tried_at=None,
                finished_at=to_millis(now),
                engine=msgspec.json.encode(engine).decode(),
                **_ADMITTED,
            )
            frames = connection.execute(sa.select(jobs.c.frames).where(jobs.c.id == video.id)).scalar_one()
            reservations.settle(connection, video.order_id, frames * MS_PER_FRAME, now)
            tell(connection, video.order_id, Event.VIDEO_READY, now)

        await self._database.write(work)

    async def interrupt(self, video: Video, failure: Failure, now: datetime) -> Verdict | None:
        """End the attempt, as `service.jobs.attempts` judges it; None and no effect once another has taken over.

        Where it is given up, an account that pays for it has its video time back.
        """

        def work(connection: sa.Connection) -> Verdict | None:
            reservations.lock_payment(connection, video.order_id)
            current = get_video(connection, video.order_id)
            if current is None:
                return None
            verdict = judge(current, failure, now)
            ended = connection.execute(
                jobs.update()
                .where(_held(video))
                .values(
                    state=verdict.state.value,
                    failure=failure.reason,
                    refused=failure.refused,
                    tries=verdict.tries,
                    tried_at=_millis(verdict.tried_at),
                    queued_at=_millis(verdict.queued_at),
                    lease_until=to_millis(verdict.until),
                )
            )
            if ended.rowcount == 0:
                return None
            if verdict.state is VideoState.FAILED:
                reservations.give_back(connection, video.order_id, now)
                tell(connection, video.order_id, Event.VIDEO_FAILED, now)
            return verdict

        return await self._database.write(work)

    async def lose(self, video: Video, now: datetime) -> bool:
        """Begin anew with a video of which something that was stored is gone; whether this did it."""
        lost = (
            jobs.update()
            .where(
                jobs.c.id == video.id,
                jobs.c.edition == video.edition,
                jobs.c.state.in_(_BEGUN),
                # Whose pieces are gone since they are one object now has lost nothing.
                jobs.c.object.is_not_distinct_from(video.object),
            )
            .values(
                {
                    **NEW,
                    "state": VideoState.RENDERING.value,  # and abandoned: whoever needs it goes on at once
                    "attempt": jobs.c.attempt + 1,
                    "edition": jobs.c.edition + 1,
                    "lease_until": to_millis(now),
                    **dict.fromkeys(("failure", "init", "object", "engine")),
                    **dict.fromkeys(("size", "playable_size"), 0),
                }
            )
        )

        def work(connection: sa.Connection) -> bool:
            if connection.execute(lost).rowcount == 0:
                return False
            for pieces in (segments, speech):
                connection.execute(pieces.delete().where(pieces.c.job_id == video.id))
            return True

        return await self._database.write(work)

    async def deliver(self, video: Video, now: datetime) -> bool:
        """Note that the last bytes of a video that was whole are about to be handed out; whether they may be."""
        delivered = (
            jobs.update()
            .where(
                jobs.c.id == video.id,
                jobs.c.finished_at.is_not(None),
                jobs.c.delivered_at.is_not(None) | jobs.c.state.in_(_BEGUN),
            )
            .values(delivered_at=sa.func.coalesce(jobs.c.delivered_at, to_millis(now)))
        )
        return await self._database.write(lambda connection: connection.execute(delivered).rowcount > 0)

    async def release(self, owner: str, now: datetime) -> list[int]:
        """Give back the leases of a replica that stops or has stopped; the orders whose they were."""
        release = (
            jobs.update()
            .where(
                jobs.c.owner == owner,
                jobs.c.state.in_((VideoState.RENDERING.value, VideoState.READY.value)),
                jobs.c.lease_until > to_millis(now),
                unfinished,
            )
            .values(lease_until=to_millis(now))
            .returning(jobs.c.order_id)
        )
        return await self._database.write(lambda connection: list(connection.execute(release).scalars()))

    async def stalled(self, now: datetime, *, limit: int) -> list[Video]:
        """Return the videos that are to be taken up by themselves, in the order in which they were paid for."""
        query = (
            sa.select(jobs)
            .join(payments, payments.c.order_id == jobs.c.order_id)
            .where(
                jobs.c.state.in_((VideoState.RENDERING.value, VideoState.INTERRUPTED.value)),
                jobs.c.lease_until <= to_millis(now),
                renderable(jobs.c.order_id),
                unfinished,
            )
            .order_by(*paid_order())
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [to_video(row) for row in rows]


_BEGUN = (VideoState.RENDERING.value, VideoState.INTERRUPTED.value, VideoState.READY.value)
"""Neither given up nor forgotten."""

_IDLE = jobs.c.state == VideoState.INTERRUPTED.value

_ADMITTED: dict[str, Any] = {"queued_at": None}
"""A worker is at it: nobody waits behind it any more."""


def _queue(
    connection: sa.Connection,
    order_id: int,
    video: Video | None,
    choice: Choice,
    takable: sa.ColumnElement[bool],
    now: datetime,
) -> None:
    """Have a video wait behind those that were paid for earlier; it is due whenever they are gone."""
    waiting = {
        "state": VideoState.INTERRUPTED.value,
        "queued_at": to_millis(now),
        "lease_until": to_millis(now),
        "failure": QUEUED,
        "refused": False,
    }
    if video is None:
        connection.execute(jobs.insert(), {**waiting_job(order_id, choice, now), **waiting})
    elif video.queued_at is None:
        takes = jobs.update().where(jobs.c.id == video.id, jobs.c.attempt == video.attempt, takable)
        connection.execute(takes.values(waiting))


def _told(playable: Playable) -> dict[str, int]:
    return {"playable_frames": playable.frames, "playable_size": playable.size}


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else to_millis(moment)


def _held(video: Video) -> sa.ColumnElement[bool]:
    """Whether this attempt still renders."""
    return (
        (jobs.c.id == video.id)
        & (jobs.c.attempt == video.attempt)
        & (jobs.c.state == VideoState.RENDERING.value)
    )


def _change(connection: sa.Connection, video: Video, **values: Any) -> None:
    if connection.execute(jobs.update().where(_held(video)).values(**values)).rowcount == 0:
        raise LeaseLost
