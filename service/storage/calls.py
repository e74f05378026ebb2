"""Recordings of calls, and links to calls and recordings, in SQL."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.runtime.clock import from_millis, to_millis
from service.sessions.call_port import Link, Recording
from service.storage.database import Database
from service.storage.session_schema import call_links, recordings


class SqlRecordings:
    """Knows of recordings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, recording: Recording, now: datetime) -> None:
        """Note a recording that is about to be stored."""
        row = {
            "id": recording.id,
            "account_id": recording.account_id,
            "call": recording.call,
            "size": recording.size,
            "ms": recording.ms,
            "stored": False,
            "created_at": to_millis(now),
            "expires_at": to_millis(recording.expires_at),
        }
        await self._database.write(lambda connection: connection.execute(recordings.insert().values(row)))

    async def store(self, recording_id: str) -> None:
        """Note that it is stored."""
        await self._set(recording_id, stored=True)

    async def latest(self, account_id: int, call: int) -> Recording | None:
        """Return the last stored recording of a call."""
        return await self._one(
            sa.select(recordings)
            .where(recordings.c.account_id == account_id, recordings.c.call == call, recordings.c.stored)
            .order_by(recordings.c.created_at.desc(), recordings.c.id)
            .limit(1)
        )

    async def get(self, recording_id: str) -> Recording | None:
        """Return a stored recording."""
        return await self._one(
            sa.select(recordings).where(recordings.c.id == recording_id, recordings.c.stored)
        )

    async def name(self, recording_id: str, title: str) -> None:
        """Note what its owner calls it."""
        await self._set(recording_id, title=title)

    async def expired(self, now: datetime, *, limit: int) -> list[Recording]:
        """Return those whose time is over, stored or not."""
        query = sa.select(recordings).where(recordings.c.expires_at <= to_millis(now)).limit(limit)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [_recording(row) for row in rows]

    async def forget(self, recording_id: str) -> None:
        """Forget one."""
        delete = recordings.delete().where(recordings.c.id == recording_id)
        await self._database.write(lambda connection: connection.execute(delete))

    async def _set(self, recording_id: str, **values: Any) -> None:
        update = recordings.update().where(recordings.c.id == recording_id).values(values)
        await self._database.write(lambda connection: connection.execute(update))

    async def _one(self, query: sa.Select[Any]) -> Recording | None:
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else _recording(row)


class SqlCallLinks:
    """Keeps the hashes of tokens in links."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: bytes, link: Link) -> None:
        """Keep one."""
        row = {
            "hash": token,
            "account_id": link.account_id,
            "key_hash": link.key,
            "recording": link.recording,
            "until": to_millis(link.until),
        }
        await self._database.write(lambda connection: connection.execute(call_links.insert().values(row)))

    async def get(self, token: bytes) -> Link | None:
        """Return what a token is good for."""
        query = sa.select(call_links).where(call_links.c.hash == token)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            return None
        return Link(
            account_id=row.account_id,
            key=row.key_hash,
            recording=row.recording,
            until=from_millis(row.until),
        )

    async def expire(self, now: datetime) -> None:
        """Forget those whose time is over."""
        delete = call_links.delete().where(call_links.c.until <= to_millis(now))
        await self._database.write(lambda connection: connection.execute(delete))


def _recording(row: Any) -> Recording:
    return Recording(
        id=row.id,
        account_id=row.account_id,
        call=row.call,
        size=row.size,
        ms=row.ms,
        expires_at=from_millis(row.expires_at),
    )
