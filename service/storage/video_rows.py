"""Videos as rows of jobs."""

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from service.orders.choice import Choice
from service.orders.video import Video, VideoState
from service.runtime.clock import from_millis, to_millis
from service.storage.database import Row
from service.storage.schema import jobs

VIDEO = "video"
"""The kind of these jobs."""

NEW: dict[str, Any] = {
    "kind": VIDEO,
    "edition": 0,
    "owner": None,
    "tries": 0,
    "tried_at": None,
    "queued_at": None,
    "refused": False,
    "segments": 0,
    "frames": 0,
    "base_frames": 0,
    "playable_frames": 0,
}


def fresh_of(choice: Choice) -> dict[str, Any]:
    """Lay out what a video has of which nothing is stored."""
    return {**msgspec.structs.asdict(choice), "init": None, "size": 0, "playable_size": 0}


def waiting_job(order_id: int, choice: Choice, now: datetime) -> dict[str, Any]:
    """Lay out the row of a video that nobody is at: it is due at once, and whoever comes first begins."""
    return {
        **NEW,
        **fresh_of(choice),
        "order_id": order_id,
        "state": VideoState.INTERRUPTED.value,
        "attempt": 0,
        "lease_until": to_millis(now),
        "failure": None,
    }


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
