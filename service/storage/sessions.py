"""Live sessions in SQL. Each move is one transaction with what it does to the account.

A transaction locks the session first, then its reservation, and the account last.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from service.accounts.account import Reservation
from service.errors import InsufficientCredits, StreamTaken
from service.runtime.clock import to_millis
from service.sessions.session import Ended, Ending, Held, NewSession
from service.storage.database import Database
from service.storage.ledger import end, extend, grant_missing, reserve, to_reservation
from service.storage.receivers import note_use
from service.storage.schema import accounts, keys, reservations
from service.storage.session_schema import live_sessions


class SqlLiveSessions:
    """Keeps the sessions that are not over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(
        self, session: NewSession, *, slice_ms: int, least_ms: int, most_open: int, unlimited: bool
    ) -> Held:
        """Keep a session with its first slice, or less where less is free."""
        row = {
            "id": session.id,
            "account_id": session.account_id,
            "key_id": session.key_id,
            "owner": session.owner,
            "output": session.output,
            "stream": session.stream,
            "slices": 1,
            "settled_ms": 0,
            "until": to_millis(session.until),
            "created_at": to_millis(session.created_at),
        }

        def work(connection: sa.Connection) -> Held:
            if not _keep(connection, row):
                raise StreamTaken
            free_ms = _free_ms(connection, session.account_id)
            ms = slice_ms if unlimited else min(slice_ms, free_ms)
            if ms < least_ms:
                raise InsufficientCredits(asked_ms=least_ms, free_ms=free_ms)
            reserve(
                connection,
                session.account_id,
                ms,
                ref=session.id,
                until=None,  # the session has the lease
                now=session.created_at,
                most_open=most_open,
                unlimited=unlimited,
            )
            return Held(allowed_ms=ms, more=unlimited or free_ms > ms)

        return await self._database.write(work)

    async def renew(
        self,
        session_id: str,
        owner: str,
        shown_ms: int,
        *,
        until: datetime,
        now: datetime,
        slice_ms: int,
        unlimited: bool,
    ) -> Held | None:
        """Count what was shown and keep the lease; where less than half a slice is left, settle and take another."""
        renewed = (
            live_sessions.update()
            .where(live_sessions.c.id == session_id, live_sessions.c.owner == owner)
            .values(until=to_millis(until))
            .returning(*live_sessions.c)
        )

        def work(connection: sa.Connection) -> Held | None:
            row = connection.execute(renewed).mappings().first()
            if row is None:
                return None
            reservation = _reservation(connection, session_id)
            used_ms = min(max(shown_ms - row["settled_ms"], reservation.used_ms), reservation.held_ms)
            left_ms = reservation.held_ms - used_ms
            stop = _wanted_end(connection, row)
            allowed_ms = row["settled_ms"] + reservation.held_ms
            if 2 * left_ms < slice_ms:
                taken_ms = _take_slice(
                    connection, reservation, used_ms, row["slices"], slice_ms, now, unlimited=unlimited
                )
                if taken_ms:
                    return Held(allowed_ms=allowed_ms + taken_ms, more=True, stop=stop)
            connection.execute(
                reservations.update().where(reservations.c.ref == session_id).values(used_ms=used_ms)
            )
            return Held(allowed_ms=allowed_ms, more=2 * left_ms >= slice_ms, stop=stop)

        return await self._database.write(work)

    async def end(self, session_id: str, owner: str, shown_ms: int, now: datetime) -> int | None:
        """End a session: what was shown is used, and the rest is free; what it has cost."""
        which = (live_sessions.c.id == session_id) & (live_sessions.c.owner == owner)
        ended = await self._database.write(lambda connection: _end(connection, which, shown_ms, now))
        return None if ended is None else ended.shown_ms

    async def stop(self, session_id: str, account_id: int, ending: Ending) -> bool:
        """Ask whoever holds a session of an account to end it; False where there is none."""
        asked = (
            live_sessions.update()
            .where(live_sessions.c.id == session_id, live_sessions.c.account_id == account_id)
            .values(stop=ending.value)
        )
        return await self._database.write(lambda connection: connection.execute(asked).rowcount > 0)

    async def named(self, account_id: int, stream: str) -> list[str]:
        """Return the sessions of an account that have a name, by their ids."""
        query = sa.select(live_sessions.c.id).where(
            live_sessions.c.account_id == account_id, live_sessions.c.stream == stream
        )
        return list(await self._database.read(lambda connection: connection.execute(query).scalars().all()))

    async def exists(self, session_id: str) -> bool:
        """Tell whether a session is not over."""
        query = sa.select(live_sessions.c.id).where(live_sessions.c.id == session_id)
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def release(self, owner: str, now: datetime) -> list[Ended]:
        """End all sessions of an owner, at their last count: it has begun anew."""
        return await self._end_all(live_sessions.c.owner == owner, now)

    async def expire(self, now: datetime, *, limit: int) -> list[Ended]:
        """End sessions whose lease has run out, at their last count; those that this ended."""
        return await self._end_all(live_sessions.c.until <= to_millis(now), now, limit=limit)

    async def _end_all(
        self, which: sa.ColumnElement[bool], now: datetime, *, limit: int | None = None
    ) -> list[Ended]:
        due = sa.select(live_sessions.c.id).where(which).order_by(live_sessions.c.until).limit(limit)
        ids = await self._database.read(lambda connection: connection.execute(due).scalars().all())
        # One at a time: who holds several rows may wait for another who does.
        ended = [await self._end_one(which & (live_sessions.c.id == each), now) for each in ids]
        return [each for each in ended if each is not None]

    async def _end_one(self, which: sa.ColumnElement[bool], now: datetime) -> Ended | None:
        return await self._database.write(lambda connection: _end(connection, which, None, now))


def _keep(connection: sa.Connection, row: dict[str, Any]) -> bool:
    """Keep a session; False where its account has one of its name, of whoever began it a moment before."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    kept = (
        insert(live_sessions)
        .values(row)
        .on_conflict_do_nothing(index_elements=[live_sessions.c.account_id, live_sessions.c.stream])
    )
    return connection.execute(kept).rowcount > 0


def _wanted_end(connection: sa.Connection, row: sa.RowMapping) -> Ending | None:
    """Tell why somebody wants a session to end; None where nobody does."""
    if row["stop"] is not None:
        return Ending(row["stop"])
    revoked = sa.select(keys.c.id).where(keys.c.id == row["key_id"], keys.c.revoked_at.is_not(None))
    return None if connection.execute(revoked).first() is None else Ending.REVOKED


def _end(
    connection: sa.Connection, which: sa.ColumnElement[bool], shown_ms: int | None, now: datetime
) -> Ended | None:
    """End a session, once: whoever deletes its row ends its reservation. Without a count it ends at the last one."""
    row = (
        connection.execute(live_sessions.delete().where(which).returning(*live_sessions.c)).mappings().first()
    )
    if row is None:
        return None
    used_ms = None
    if shown_ms is not None:
        counted_ms = _reservation(connection, row["id"]).used_ms
        used_ms = max(shown_ms - row["settled_ms"], counted_ms)
    ended = end(connection, row["id"], used_ms, now)
    assert ended is not None, "a session has its reservation until its end"
    return Ended(id=row["id"], account_id=row["account_id"], shown_ms=row["settled_ms"] + ended.used_ms)


def _take_slice(
    connection: sa.Connection,
    reservation: Reservation,
    used_ms: int,
    slices: int,
    slice_ms: int,
    now: datetime,
    *,
    unlimited: bool,
) -> int:
    """Settle what is used and set up to a slice more aside; how much that is, which is 0 where nothing is free."""
    slice_ref = f"{reservation.ref} {slices}"
    if unlimited:
        grant_missing(connection, reservation.account_id, slice_ms, ref=slice_ref, now=now)
    more_ms = min(slice_ms, _free_ms(connection, reservation.account_id))
    if more_ms == 0 or not extend(
        connection, reservation, used_ms=used_ms, more_ms=more_ms, slice_ref=slice_ref, now=now
    ):
        return 0
    if used_ms and not unlimited:
        note_use(
            connection,
            reservation.account_id,
            left_ms=_left_ms(connection, reservation.account_id),
            used_ms=used_ms,
            now=now,
        )
    connection.execute(
        live_sessions.update()
        .where(live_sessions.c.id == reservation.ref)
        .values(slices=slices + 1, settled_ms=live_sessions.c.settled_ms + used_ms)
    )
    return more_ms


def _reservation(connection: sa.Connection, ref: str) -> Reservation:
    query = sa.select(reservations).where(reservations.c.ref == ref).with_for_update()
    return to_reservation(connection.execute(query).mappings().one())


def _left_ms(connection: sa.Connection, account_id: int) -> int:
    """Read what an account has not used, what is set aside with it."""
    query = sa.select(accounts.c.granted_ms - accounts.c.used_ms).where(accounts.c.id == account_id)
    return int(connection.execute(query).scalar_one())


def _free_ms(connection: sa.Connection, account_id: int) -> int:
    """Read what is free of an account, and lock it: not against whoever refers to it, as those do that begin."""
    query = sa.select(accounts.c.free_ms).where(accounts.c.id == account_id).with_for_update(key_share=True)
    return int(connection.execute(query).scalar_one())
