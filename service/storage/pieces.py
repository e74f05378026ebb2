"""The pieces of videos in SQL: speech and segments, until one object has them all."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from service.errors import LeaseLost
from service.jobs.port import SegmentPart, SpeechPart
from service.orders.video import Video, VideoState
from service.runtime.clock import to_millis
from service.storage.database import Database
from service.storage.schema import jobs, segments, speech, unfinished
from service.storage.video_rows import get_video


class SqlPieces:
    """Knows the pieces of videos, and who makes one object of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        """Point to the one object that has the whole MP4, and forget the pieces, both or neither.

        When what was spoken stays known, for captions.
        """

        def work(connection: sa.Connection) -> None:
            whole = jobs.c.state == VideoState.READY.value
            joined = jobs.update().where(jobs.c.id == job_id, whole, unfinished).values(object=name)
            if connection.execute(joined).rowcount == 0:
                raise LeaseLost
            connection.execute(segments.delete().where(segments.c.job_id == job_id))

        await self._database.write(work)


def _columns(table: sa.Table, kind: type[msgspec.Struct]) -> sa.Select[Any]:
    """Select the columns that a struct is made of."""
    return sa.select(*(table.c[name] for name in kind.__struct_fields__))
