"""What the studio leaves when it has made something, without the work."""

from datetime import timedelta
from typing import Any

from service.catalogue.own import own_name, pack_object
from service.runtime.clock import utc_now
from service.studio.job import Kind, NewJob

JOB = "0123456789abcdef01234567"

PACK = b"the tar of an avatar"


async def make_avatar(
    kept: Any,
    account_id: int,
    public_id: str = JOB,
    *,
    pack: bytes = PACK,
    held_ms: int = 1000,
    request: dict[str, Any] | None = None,
) -> str:
    """Keep an avatar of an account; its name."""
    now = utc_now()
    new = NewJob(
        public_id=public_id,
        account_id=account_id,
        kind=Kind.AVATAR,
        request=request or {},
        held_ms=held_ms,
        key=None,
        created_at=now,
    )
    await kept.studio_jobs.add(new, most_open=5, unlimited=False)
    job = await kept.studio_jobs.claim("test", now=now, until=now + timedelta(hours=1))
    assert job is not None
    result = {"label": "Me", "gender": "female", "emotions": ["neutral"], "warnings": []}
    await kept.objects.put(pack_object(public_id), pack)
    assert await kept.studio_jobs.complete(job, result, now)
    return own_name(public_id)
