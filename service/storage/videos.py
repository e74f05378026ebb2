"""The jobs that make videos, in SQL: how far each is, who renders it, and where its bytes are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from service.errors import LeaseLost
from service.jobs.port import SegmentPart, SpeechPart
from service.orders.choice import Choice
from service.orders.order import RENDERABLE
from service.orders.video import MOST_TRIES, Video, VideoState
from service.refunds.refund import RefundState
from service.rendering.port import Init
from service.runtime.clock import from_millis, to_millis
from service.storage.database import Database
from service.storage.schema import jobs, payments, refunds, segments, speech, unfinished


class SqlVideos:
    """Keeps what is known of videos."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
    ) -> Video | None:
        """Begin the next attempt, unless the video is whole, another attempt holds its lease, or a refund is bound."""
        attempt = {
            "state": VideoState.RENDERING.value,
            "owner": owner,
            "lease_until": to_millis(until),
            "failure": None,
            "refused": False,
        }
        fresh = {**msgspec.structs.asdict(choice), "init": None, "size": 0}

        def work(connection: sa.Connection) -> Video | None:
            paid = sa.select(payments.c.status).where(payments.c.order_id == order_id).with_for_update()
            if connection.scalar(paid) not in _RENDERABLE:
                return None
            if connection.scalar(sa.select(_refund_is_bound(order_id))):
                return None
            video = get_video(connection, order_id)
            if video is None:
                row = {**attempt, **fresh, **dict.fromkeys(("tries", "segments", "frames", "base_frames"), 0)}
                row["attempt"] = 1
                connection.execute(jobs.insert().values(order_id=order_id, kind=VIDEO, **row))
                return get_video(connection, order_id)
            idle = (jobs.c.state == VideoState.INTERRUPTED.value) | (
                (jobs.c.state == VideoState.RENDERING.value) & (jobs.c.lease_until <= to_millis(now))
            )
            claimed = connection.execute(
                jobs.update()
                .where(jobs.c.order_id == order_id, jobs.c.attempt == video.attempt, idle)
                .values(
                    **attempt,
                    **({} if video.segments else fresh),
                    attempt=video.attempt + 1,
                    tries=video.tries + 1 if again and video.frames == video.base_frames else int(again),
                    base_frames=video.frames,
                )
            )
            if claimed.rowcount == 0:
                return None
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
        await self._database.write(
            lambda connection: _change(connection, video, init=init.data, size=len(init.data), **chosen)
        )

    async def add_speech(self, video: Video, part: SpeechPart, *, until: datetime) -> None:
        """Keep speech and renew the lease."""

        def work(connection: sa.Connection) -> None:
            _change(connection, video, lease_until=to_millis(until))
            count = sa.select(sa.func.count()).where(speech.c.job_id == video.id)
            connection.execute(
                speech.insert().values(
                    job_id=video.id, n=connection.scalar(count), **msgspec.structs.asdict(part)
                )
            )

        await self._database.write(work)

    async def add_segment(self, video: Video, part: SegmentPart, *, until: datetime) -> None:
        """Keep the next segment, which is readable from now on, and renew the lease."""

        def work(connection: sa.Connection) -> None:
            _change(
                connection,
                video,
                lease_until=to_millis(until),
                segments=jobs.c.segments + 1,
                frames=part.first_frame + part.frames,
                size=part.offset + part.size,
            )
            count = sa.select(jobs.c.segments - 1).where(jobs.c.id == video.id)
            connection.execute(
                segments.insert().values(
                    job_id=video.id, n=connection.scalar(count), **msgspec.structs.asdict(part)
                )
            )

        await self._database.write(work)

    async def finish(self, video: Video, engine: dict[str, Any]) -> None:
        """Call the video whole."""
        await self._database.write(
            lambda connection: _change(
                connection,
                video,
                state=VideoState.READY.value,
                engine=msgspec.json.encode(engine).decode(),
            )
        )

    async def interrupt(self, video: Video, failure: str, *, refused: bool, until: datetime) -> None:
        """End the attempt, with the reason; of no effect once another has taken over."""
        await self._database.write(
            lambda connection: connection.execute(
                jobs.update()
                .where(_held(video))
                .values(
                    state=VideoState.INTERRUPTED.value,
                    failure=failure,
                    refused=refused,
                    lease_until=to_millis(until),
                )
            )
        )

    async def release(self, owner: str, now: datetime) -> list[int]:
        """Give back the leases of a replica that stops or has stopped; the orders whose they were."""
        release = (
            jobs.update()
            .where(
                jobs.c.owner == owner,
                jobs.c.state != VideoState.INTERRUPTED.value,
                jobs.c.lease_until > to_millis(now),
                unfinished,
            )
            .values(lease_until=to_millis(now))
            .returning(jobs.c.order_id)
        )
        return await self._database.write(lambda connection: list(connection.execute(release).scalars()))

    async def stalled(self, now: datetime, *, limit: int) -> list[Video]:
        """Return the videos that are to be taken up by themselves, those first that wait the longest."""
        states = [VideoState.RENDERING.value, VideoState.INTERRUPTED.value]
        query = (
            sa.select(jobs)
            .join(payments, payments.c.order_id == jobs.c.order_id)
            .where(
                payments.c.status.in_(_RENDERABLE),
                jobs.c.state.in_(states),
                jobs.c.lease_until <= to_millis(now),
                jobs.c.tries < MOST_TRIES,
                ~jobs.c.refused,
                ~_refund_is_bound(jobs.c.order_id),
                unfinished,
            )
            .order_by(jobs.c.lease_until)
            .limit(limit)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_video(row) for row in rows]

    async def speech(self, job_id: int) -> list[SpeechPart]:
        """Return the stored speech in its order."""
        query = _columns(speech, SpeechPart).where(speech.c.job_id == job_id).order_by(speech.c.n)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [SpeechPart(**row) for row in rows]

    async def segments(self, job_id: int, *, after: int) -> list[SegmentPart]:
        """Return the stored segments that have bytes from this offset on, in their order."""
        query = (
            _columns(segments, SegmentPart)
            .where(segments.c.job_id == job_id, segments.c.offset + segments.c.size > after)
            .order_by(segments.c.n)
        )
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [SegmentPart(**row) for row in rows]

    async def claim_pieces(self, *, owner: str, now: datetime, until: datetime) -> Video | None:
        """Lease a whole video that is still in pieces, of which nobody is making one object."""
        left = (
            jobs.c.state == VideoState.READY.value,
            jobs.c.lease_until <= to_millis(now),
            unfinished,
        )

        def work(connection: sa.Connection) -> Video | None:
            order_id = connection.scalar(sa.select(jobs.c.order_id).where(*left).limit(1))
            if order_id is None:
                return None
            claim = jobs.update().where(jobs.c.order_id == order_id, *left)
            claimed = connection.execute(claim.values(owner=owner, lease_until=to_millis(until)))
            return get_video(connection, order_id) if claimed.rowcount else None

        return await self._database.write(work)

    async def join(self, job_id: int, name: str) -> None:
        """Point to the one object that has the whole MP4, and forget the pieces, both or neither."""

        def work(connection: sa.Connection) -> None:
            joined = jobs.update().where(jobs.c.id == job_id, unfinished).values(object=name)
            if connection.execute(joined).rowcount == 0:
                raise LeaseLost
            connection.execute(segments.delete().where(segments.c.job_id == job_id))
            connection.execute(speech.delete().where(speech.c.job_id == job_id))

        await self._database.write(work)


VIDEO = "video"
"""The kind of these jobs."""

_RENDERABLE = [status.value for status in RENDERABLE]


def _refund_is_bound(order_id: int | sa.ColumnElement[int]) -> sa.Exists:
    """Whether the order's money is on its way back."""
    return sa.exists().where(refunds.c.order_id == order_id, refunds.c.state != RefundState.FAILED.value)


def _columns(table: sa.Table, kind: type[msgspec.Struct]) -> sa.Select[Any]:
    """Select the columns that a struct is made of."""
    return sa.select(*(table.c[name] for name in kind.__struct_fields__))


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


def get_video(connection: sa.Connection, order_id: int) -> Video | None:
    """Find the video of an order, within a transaction."""
    row: Mapping[Any, Any] | None = (
        connection.execute(sa.select(jobs).where(jobs.c.order_id == order_id)).mappings().first()
    )
    return None if row is None else _video(row)


def _video(row: Mapping[Any, Any]) -> Video:
    return Video(
        id=row["id"],
        order_id=row["order_id"],
        state=VideoState(row["state"]),
        attempt=row["attempt"],
        tries=row["tries"],
        lease_until=from_millis(row["lease_until"]),
        failure=row["failure"],
        refused=row["refused"],
        base_frames=row["base_frames"],
        choice=Choice(
            avatar=row["avatar"], emotion=row["emotion"], language=row["language"], voice=row["voice"]
        ),
        init=row["init"],
        segments=row["segments"],
        frames=row["frames"],
        size=row["size"],
        object=row["object"],
    )
