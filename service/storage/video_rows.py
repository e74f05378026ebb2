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
        name: None if row[name] is None else from_millis(row[name])
        for name in ("tried_at", "queued_at", "finished_at", "delivered_at")
    }
    return Video(
        id=row["id"],
        order_id=row["order_id"],
        state=VideoState(row["state"]),
        attempt=row["attempt"],
        edition=row["edition"],
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
        playable_frames=row["playable_frames"],
        playable_size=row["playable_size"],
        object=row["object"],
        **moments,
    )
