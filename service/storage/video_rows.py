"""Videos as rows of jobs."""

import sqlalchemy as sa

from service.orders.choice import Choice
from service.orders.video import Video, VideoState
from service.runtime.clock import from_millis
from service.storage.database import Row
from service.storage.schema import jobs


def get_video(connection: sa.Connection, order_id: int) -> Video | None:
    """Find the video of an order, within a transaction."""
    row = connection.execute(sa.select(jobs).where(jobs.c.order_id == order_id)).mappings().first()
    return None if row is None else to_video(row)


def to_video(row: Row) -> Video:
    """Make a video of its row."""
    moments = {
        name: None if row[jobs.c[name]] is None else from_millis(row[jobs.c[name]])
        for name in ("tried_at", "queued_at", "finished_at", "delivered_at")
    }
    return Video(
        id=row[jobs.c.id],
        order_id=row[jobs.c.order_id],
        state=VideoState(row[jobs.c.state]),
        attempt=row[jobs.c.attempt],
        edition=row[jobs.c.edition],
        tries=row[jobs.c.tries],
        lease_until=from_millis(row[jobs.c.lease_until]),
        failure=row[jobs.c.failure],
        refused=row[jobs.c.refused],
        base_frames=row[jobs.c.base_frames],
        choice=Choice(
            avatar=row[jobs.c.avatar],
            emotion=row[jobs.c.emotion],
            language=row[jobs.c.language],
            voice=row[jobs.c.voice],
        ),
        init=row[jobs.c.init],
        segments=row[jobs.c.segments],
        frames=row[jobs.c.frames],
        size=row[jobs.c.size],
        playable_frames=row[jobs.c.playable_frames],
        playable_size=row[jobs.c.playable_size],
        object=row[jobs.c.object],
        **moments,
    )
