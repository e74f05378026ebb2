"""Accounts and their ledger in SQL."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from service.accounts.account import Account, Entry, Move, Reservation, Usage
from service.errors import NameTaken
from service.orders.tokens import new_name
from service.runtime.clock import from_millis, to_millis
from service.storage.database import Database
from service.storage.ledger import credit, end, reserve
from service.storage.schema import accounts, ledger, reservations, settled

HOUSE = "house"
"""The name of the operator's own account."""

DAY_MS = 86_400_000


class SqlAccounts:
    """Keeps accounts, their balances and every move of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, *, most_open: int | None, now: datetime) -> int:
        """Keep a new account and return its number."""
        row = {**new_account(now), "name": name, "most_open": most_open}

        def work(connection: sa.Connection) -> int:
            try:
                added = connection.execute(accounts.insert().values(row).returning(accounts.c.id))
            except sa.exc.IntegrityError as error:
                raise NameTaken(name) from error
            return int(added.scalar_one())

        return await self._database.write(work)

    async def ensure_house(self, now: datetime) -> None:
        """Make the operator's own account where it is missing."""
        row = {**new_account(now), "name": HOUSE, "house": True}

        def work(connection: sa.Connection) -> None:
            there = sa.select(accounts.c.id).where(accounts.c.name == HOUSE)
            if connection.execute(there).first() is None:
                try:
                    connection.execute(accounts.insert().values(row))
                except sa.exc.IntegrityError as error:  # another replica was first
                    raise NameTaken(HOUSE) from error

        try:
            await self._database.write(work)
        except NameTaken:
            return

    async def get(self, account_id: int) -> Account | None:
        """Find an account by its number."""
        return await self._one(accounts.c.id == account_id)

    async def named(self, name: str) -> Account | None:
        """Find an account by its name."""
        return await self._one(accounts.c.name == name)

    async def addressed(self, address: str) -> Account | None:
        """Find an account by the name in its Lightning Address."""
        return await self._one(accounts.c.address == address)

    async def all(self) -> list[Account]:
        """Return all accounts, the oldest first."""
        query = sa.select(accounts).order_by(accounts.c.id)
        rows = await self._database.scan(lambda connection: connection.execute(query).mappings().all())
        return [_account(row) for row in rows]

    async def limit(self, account_id: int, most_open: int | None) -> bool:
        """Say how many reservations of an account may be open; False where there is no such account."""
        change = accounts.update().where(accounts.c.id == account_id).values(most_open=most_open)
        return await self._database.write(lambda connection: connection.execute(change).rowcount > 0)

    async def grant(self, account_id: int, ms: int, *, ref: str, now: datetime) -> bool:
        """Give video time, once by its reference; whether this did it."""
        return await self._database.write(
            lambda connection: credit(connection, account_id, ms, move=Move.GRANT, ref=ref, now=now)
        )

    async def reserve(
        self,
        account_id: int,
        ms: int,
        *,
        ref: str,
        until: datetime | None,
        now: datetime,
        most_open: int,
        unlimited: bool = False,
    ) -> bool:
        """Set video time aside, once by its reference; whether this did it."""

        def work(connection: sa.Connection) -> bool:
            return reserve(
                connection,
                account_id,
                ms,
                ref=ref,
                until=until,
                now=now,
                most_open=most_open,
                unlimited=unlimited,
            )

        try:
            return await self._database.write(work)
        except (
            sa.exc.IntegrityError
        ):  # the same reference at the same time, on another replica: now it is known
            return await self._database.write(work)

    async def renew(self, ref: str, *, used_ms: int, until: datetime) -> bool:
        """Note how much was used so far, which never falls nor passes what is held; False where it is ended."""
        used = sa.case(
            (reservations.c.used_ms > used_ms, reservations.c.used_ms),
            (reservations.c.held_ms < used_ms, reservations.c.held_ms),
            else_=used_ms,
        )
        renewed = (
            reservations.update()
            .where(reservations.c.ref == ref)
            .values(used_ms=used, until=to_millis(until))
        )
        return await self._database.write(lambda connection: connection.execute(renewed).rowcount > 0)

    async def reserved(self, ref: str, now: datetime) -> bool:
        """Whether something is set aside under a reference, by a lease that is not over."""
        lasts = reservations.c.until.is_(None) | (reservations.c.until > to_millis(now))
        query = sa.select(reservations.c.ref).where(reservations.c.ref == ref, lasts)
        return await self._database.read(lambda connection: connection.execute(query).first() is not None)

    async def settle(self, ref: str, used_ms: int, now: datetime) -> int | None:
        """End a reservation: so much of it is used, at most what is held, and the rest is free again."""
        ended = await self._database.write(lambda connection: end(connection, ref, used_ms, now))
        return None if ended is None else ended.used_ms

    async def expire(self, now: datetime, *, limit: int) -> list[Reservation]:
        """End reservations that nobody renewed, at their last count; those that this ended."""
        late = reservations.c.until <= to_millis(now)
        due = sa.select(reservations.c.ref).where(late).order_by(reservations.c.until).limit(limit)

        def work(connection: sa.Connection) -> list[Reservation]:
            refs = connection.execute(due).scalars().all()
            ended = [end(connection, ref, None, now, late) for ref in refs]
            return [each for each in ended if each is not None]

        return await self._database.write(work)

    async def statement(
        self, account_id: int, *, before_id: int | None, limit: int
    ) -> tuple[Account, list[Entry]] | None:
        """Return an account and its newest moves, the newest first, below an id; of one moment, by one query."""
        newest = sa.select(ledger).where(ledger.c.account_id == account_id)
        if before_id is not None:
            newest = newest.where(ledger.c.id < before_id)
        moves = newest.order_by(ledger.c.id.desc()).limit(limit).subquery()
        query = (
            sa.select(accounts, moves)
            .outerjoin(moves, moves.c.account_id == accounts.c.id)
            .where(accounts.c.id == account_id)
            .order_by(moves.c.id.desc())
        )
        rows = await self._database.scan(lambda connection: connection.execute(query).mappings().all())
        if not rows:
            return None
        entries = [
            _entry({column.name: row[column] for column in moves.c}) for row in rows if row[moves.c.id]
        ]
        return _account({column.name: rows[0][column] for column in accounts.c}), entries

    async def usage(self, account_id: int, *, since: datetime) -> list[Usage]:
        """Return what was used on each day since a moment, the oldest first; days without use are left out."""
        day = (ledger.c.at // DAY_MS).label("day")
        query = (
            sa.select(day, sa.cast(sa.func.sum(ledger.c.ms), sa.BigInteger).label("used_ms"))
            .where(
                ledger.c.account_id == account_id,
                settled,
                ledger.c.at >= to_millis(since),
            )
            .group_by(day)
            .order_by(day)
        )
        rows = await self._database.scan(lambda connection: connection.execute(query).all())
        return [
            Usage(day=datetime.fromtimestamp(row.day * DAY_MS // 1000, UTC).date(), used_ms=row.used_ms)
            for row in rows
        ]

    async def _one(self, which: sa.ColumnElement[bool]) -> Account | None:
        query = sa.select(accounts).where(which)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return None if row is None else _account(row)


def new_account(now: datetime) -> dict[str, Any]:
    """Lay out the row of an account that has nothing."""
    return {
        "name": None,
        "house": False,
        **dict.fromkeys(("granted_ms", "free_ms", "reserved_ms", "used_ms", "open"), 0),
        "most_open": None,
        "created_at": to_millis(now),
        "address": new_name(),
    }


def _entry(row: Mapping[Any, Any]) -> Entry:
    return Entry(
        id=row["id"], move=Move(row["move"]), ref=row["ref"], ms=row["ms"], at=from_millis(row["at"])
    )


def _account(row: Mapping[Any, Any]) -> Account:
    return Account(**{**row, "created_at": from_millis(row["created_at"])})
