"""The moves of video time, within a transaction: of an account alone, or with what else they are part of.

An account's row is changed by one statement whose condition is that there is enough. So of any number that ask at once,
on any number of replicas, each finds what the one before it left.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.accounts.account import Move, Reservation
from service.errors import InsufficientCredits, InvalidApiKey, TooManyRequests
from service.runtime.clock import from_millis, to_millis
from service.storage.receivers import note_use
from service.storage.schema import accounts, ledger, reservations

OPEN_RETRY_S = 5
"""When a job of the account may be over."""


def known(connection: sa.Connection, move: Move, ref: str) -> bool:
    """Whether a move was made."""
    query = sa.select(ledger.c.id).where(ledger.c.move == move.value, ledger.c.ref == ref)
    return connection.execute(query).first() is not None


def credit(
    connection: sa.Connection, account_id: int, ms: int, *, move: Move, ref: str, now: datetime
) -> bool:
    """Let video time come in, once by its reference; whether this did it."""
    # The lock: of two that bring the same reference, the second sees the first.
    connection.execute(sa.select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
    if known(connection, move, ref):
        return False
    connection.execute(
        accounts.update()
        .where(accounts.c.id == account_id)
        .values(granted_ms=accounts.c.granted_ms + ms, free_ms=accounts.c.free_ms + ms)
    )
    _note(connection, account_id, move, ref, ms, now)
    return True


def reserve(
    connection: sa.Connection,
    account_id: int,
    ms: int,
    *,
    ref: str,
    until: datetime | None,
    now: datetime,
    most_open: int,
    unlimited: bool = False,
    siblings: int = 0,
) -> bool:
    """Set video time aside, once by its reference; whether this did it. Raises as `Accounts.reserve` does.

    Of several that are set aside together, `siblings` that came before count as none that are open.
    """
    if ms <= 0:
        raise ValueError(ms)
    # A reference that is used twice at the same time breaks the later transaction, by what is unique.
    if known(connection, Move.RESERVE, ref):
        return False
    if unlimited:
        grant_missing(connection, account_id, ms, ref=ref, now=now)
    taken = connection.execute(
        accounts.update()
        .where(
            accounts.c.id == account_id,
            accounts.c.free_ms >= ms,
            accounts.c.open < sa.func.coalesce(accounts.c.most_open, most_open) + siblings,
        )
        .values(
            free_ms=accounts.c.free_ms - ms,
            reserved_ms=accounts.c.reserved_ms + ms,
            open=accounts.c.open + 1,
        )
    )
    if taken.rowcount == 0:
        raise _refusal(connection, account_id, ms)
    _note(connection, account_id, Move.RESERVE, ref, ms, now)
    end = None if until is None else to_millis(until)
    row = {"ref": ref, "account_id": account_id, "held_ms": ms, "used_ms": 0, "until": end}
    connection.execute(reservations.insert(), row)
    return True


def extend(
    connection: sa.Connection,
    reservation: Reservation,
    *,
    used_ms: int,
    more_ms: int,
    slice_ref: str,
    now: datetime,
) -> bool:
    """Settle what was used of a reservation and set more aside, by the reference of a slice; whether so much was free.

    The row of the reservation has to be locked.
    """
    if not 0 <= used_ms <= reservation.held_ms or more_ms <= 0:
        raise ValueError(used_ms, more_ms)
    taken = connection.execute(
        accounts.update()
        .where(accounts.c.id == reservation.account_id, accounts.c.free_ms >= more_ms)
        .values(
            free_ms=accounts.c.free_ms - more_ms,
            reserved_ms=accounts.c.reserved_ms + more_ms - used_ms,
            used_ms=accounts.c.used_ms + used_ms,
        )
    )
    if taken.rowcount == 0:
        return False
    for move, ms in ((Move.SETTLE, used_ms), (Move.RESERVE, more_ms)):
        if ms:
            _note(connection, reservation.account_id, move, slice_ref, ms, now)
    connection.execute(
        reservations.update()
        .where(reservations.c.ref == reservation.ref)
        .values(held_ms=reservation.held_ms + more_ms - used_ms, used_ms=0)
    )
    return True


def end(
    connection: sa.Connection,
    ref: str,
    used_ms: int | None,
    now: datetime,
    condition: sa.ColumnElement[bool] | None = None,
) -> Reservation | None:
    """End a reservation, once: so much is used, at most what is held, and the rest is free again.

    Args:
        connection: In a transaction.
        ref: Which.
        used_ms: How much; None for the last count.
        now: The time.
        condition: What has to be so of its row.

    Returns:
        What was reserved and, as `used_ms`, what of it was used; None where this ended nothing.
    """
    which = reservations.c.ref == ref
    gone = connection.execute(
        reservations.delete()
        .where(which if condition is None else which & condition)
        .returning(*reservations.c)
    )
    row = gone.mappings().first()
    if row is None:
        return None
    held = row["held_ms"]
    used = min(max(row["used_ms"] if used_ms is None else used_ms, 0), held)
    left_ms = connection.execute(
        accounts.update()
        .where(accounts.c.id == row["account_id"])
        .values(
            free_ms=accounts.c.free_ms + held - used,
            reserved_ms=accounts.c.reserved_ms - held,
            used_ms=accounts.c.used_ms + used,
            open=accounts.c.open - 1,
        )
        .returning(accounts.c.granted_ms - accounts.c.used_ms)
    ).scalar_one()
    if used:
        note_use(connection, row["account_id"], left_ms=left_ms, used_ms=used, now=now)
    for move, ms in ((Move.SETTLE, used), (Move.RELEASE, held - used)):
        if ms:
            _note(connection, row["account_id"], move, ref, ms, now)
    return to_reservation({**row, "used_ms": used})


def to_reservation(row: Mapping[Any, Any]) -> Reservation:
    """Make a reservation of its row."""
    until = None if row["until"] is None else from_millis(row["until"])
    return Reservation(**{**row, "until": until})


def grant_missing(connection: sa.Connection, account_id: int, ms: int, *, ref: str, now: datetime) -> None:
    """Let come in what an account without an end does not have yet."""
    lock = sa.select(accounts.c.free_ms).where(accounts.c.id == account_id).with_for_update()
    missing = ms - connection.execute(lock).scalar_one()
    if missing > 0:
        credit(connection, account_id, missing, move=Move.GRANT, ref=f"for {ref}", now=now)


def _refusal(connection: sa.Connection, account_id: int, ms: int) -> Exception:
    """Say why nothing could be set aside."""
    query = sa.select(accounts.c.free_ms, accounts.c.open).where(accounts.c.id == account_id)
    account = connection.execute(query).first()
    if account is None:  # it was made for a top-up that nobody paid, and has just gone
        return InvalidApiKey()
    if account.free_ms < ms:
        return InsufficientCredits(asked_ms=ms, free_ms=account.free_ms)
    return TooManyRequests(
        f"This account has {account.open} jobs at once: wait until one is over.", retry_after_s=OPEN_RETRY_S
    )


def _note(connection: sa.Connection, account_id: int, move: Move, ref: str, ms: int, now: datetime) -> None:
    row = {"account_id": account_id, "move": move.value, "ref": ref, "ms": ms, "at": to_millis(now)}
    connection.execute(ledger.insert(), row)
