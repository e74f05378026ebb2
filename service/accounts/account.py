"""What an account is: who holds keys, and a balance of video time that was paid or granted in advance. Pure.

A balance is integer milliseconds. What came in is free, reserved for work that is not over, or used, and never
anything else; the ledger tells each move, once by its reference:

    TOP_UP, GRANT ──► free ──RESERVE──► reserved ──SETTLE──► used
                        ▲──────RELEASE──────┘
"""

from datetime import date, datetime
from enum import Enum

import msgspec


class Move(Enum):
    """What moves video time."""

    TOP_UP = "top-up"  # was paid for
    GRANT = "grant"  # the operator gave it
    RESERVE = "reserve"  # is set aside for work that is about to begin
    SETTLE = "settle"  # was used by it
    RELEASE = "release"  # was not, and is free again


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds keys, and how much video time is theirs."""

    id: int
    name: str | None  # None: a wallet made it
    house: bool  # the operator's own, which may have no end
    granted_ms: int  # ever, be it paid or given
    free_ms: int
    reserved_ms: int
    used_ms: int
    open: int  # reservations that are not ended
    most_open: int | None  # None: what is set for all
    created_at: datetime
    address: str  # the name in its Lightning Address: whoever knows it can top it up, and no more


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One move."""

    id: int
    move: Move
    ref: str  # what it was for
    ms: int  # above 0
    at: datetime


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """Video time that is set aside."""

    ref: str
    account_id: int
    held_ms: int
    used_ms: int  # at the last count
    until: (
        datetime | None
    )  # it ends at that count then, unless it is renewed; None: whoever asked for it ends it


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What was used on one day, UTC."""

    day: date
    used_ms: int


def whole_seconds(ms: int) -> int:
    """Count video time in credits: whole seconds, rounded up."""
    return -(-ms // 1000)
