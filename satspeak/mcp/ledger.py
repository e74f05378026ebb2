"""What was spent, in a file: booked before a wallet is asked, so that no number of calls spends more than the budget.

The file is SQLite's. Booking is one transaction that holds the file, whatever processes share it and whenever they die.
What is booked stays so until it is certain that nothing was paid: an outcome that nobody knows counts as spent.
"""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

BUSY_S = 10

MSAT = 1000

_SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS purchases (
    id TEXT PRIMARY KEY,           -- what the agent calls it
    wish TEXT NOT NULL,            -- sha256 of what it is for
    day TEXT NOT NULL,             -- UTC: whose budget it is
    state TEXT NOT NULL CHECK (state IN ('booked', 'paid', 'unpaid')),
    sats INTEGER NOT NULL CHECK (sats >= 0), -- that count: at most what may be paid, then what was
    invoice TEXT NOT NULL,
    refund_token TEXT NOT NULL,
    preimage TEXT,
    booked_at REAL NOT NULL
) STRICT
""",
    "CREATE TABLE IF NOT EXISTS names (salt TEXT NOT NULL) STRICT",
    "INSERT INTO names SELECT lower(hex(randomblob(16))) WHERE NOT EXISTS (SELECT 1 FROM names)",
)
"""The salt goes into what purchases are called elsewhere: two files may have one of the same name."""


_FIELDS = ("id", "wish", "state", "sats", "invoice", "refund_token", "preimage")
_ALL = "SELECT id, wish, state, sats, invoice, refund_token, preimage FROM purchases"


class State(Enum):
    """What a purchase has come to."""

    BOOKED = "booked"  # the wallet may have been asked, and nobody knows what came of it
    PAID = "paid"
    UNPAID = "unpaid"  # nothing was paid, and nothing will be


class Purchase(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that an agent wanted to buy."""

    id: str
    wish: str
    state: State
    sats: int
    invoice: str
    refund_token: str
    preimage: str | None


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """Most that may be spent, fees included, in whole satoshi."""

    per_call: int
    per_day: int  # in UTC


class OverBudget(Exception):
    """So much may not be spent.

    Attributes:
        sats: What was asked for.
        left: What may be spent at once now.
    """

    def __init__(self, sats: int, left: int) -> None:
        super().__init__(f"{sats} sat, of which {left} may be spent")
        self.sats = sats
        self.left = left


class LedgerUnusable(Exception):
    """The file cannot be read or written: then nothing may be spent."""


class Ledger:
    """Books purchases.

    Args:
        path: Its file, which is made where it is missing.
        budget: What may be spent.
        now: The time.
    """

    def __init__(
        self, path: Path, budget: Budget, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._path = path
        self.budget = budget
        self._now = now

    def find(self, purchase_id: str) -> Purchase | None:
        """Look up what became of a purchase.

        Raises:
            LedgerUnusable: The file cannot be read.
        """
        with self._transaction() as file:
            return _find(file, purchase_id)

    def book(
        self, purchase_id: str, wish: str, sats: int, *, invoice: str, refund_token: str
    ) -> Purchase | None:
        """Set money aside for a purchase, unless it was booked or paid before, which is returned then.

        None: this booked it, and its wallet may be asked, once.

        Raises:
            OverBudget: Nothing was booked.
            LedgerUnusable: Nothing may be paid.
        """
        with self._transaction() as file:
            before = _find(file, purchase_id)
            if before is not None and before.state is not State.UNPAID:
                return before
            left = self._left(file)
            if not 0 < sats <= left:
                raise OverBudget(sats, left)
            row = (purchase_id, wish, self._day(), "booked", sats, invoice, refund_token, time.time())
            file.execute(
                "INSERT OR REPLACE INTO purchases (id, wish, day, state, sats, invoice, refund_token, booked_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        return None

    def paid(self, purchase_id: str, *, sats: int | None, preimage: str | None) -> None:
        """Note that a purchase was paid, and by how much; None counts what was booked."""
        with self._transaction() as file:
            file.execute(
                "UPDATE purchases SET state = 'paid', sats = coalesce(?, sats), preimage = coalesce(?, preimage)"
                " WHERE id = ? AND state = 'booked'",
                (sats, preimage, purchase_id),
            )

    def unpaid(self, purchase_id: str, *, invoice: str | None = None) -> None:
        """Free what was booked: it is certain that nothing was paid and that nothing will be.

        Args:
            purchase_id: Whose.
            invoice: Of this one alone, where another may be booked by the same name meanwhile.
        """
        with self._transaction() as file:
            file.execute(
                "UPDATE purchases SET state = 'unpaid', sats = 0"
                " WHERE id = ? AND state = 'booked' AND invoice = coalesce(?, invoice)",
                (purchase_id, invoice),
            )

    def purchases(self) -> list[Purchase]:
        """List all, those that were booked last first."""
        with self._transaction() as file:
            rows = file.execute(f"{_ALL} ORDER BY booked_at DESC").fetchall()
        return [_purchase(row) for row in rows]

    def salt(self) -> str:
        """Tell what sets the purchases of this file apart from those of others."""
        with self._transaction() as file:
            [(salt,)] = file.execute("SELECT salt FROM names").fetchall()
        return str(salt)

    def left(self) -> int:
        """Tell how much one purchase may cost now."""
        with self._transaction() as file:
            return self._left(file)

    def spent(self) -> int:
        """Tell how much of today's budget is spent or booked."""
        with self._transaction() as file:
            return self._spent(file)

    def _left(self, file: sqlite3.Connection) -> int:
        return max(min(self.budget.per_call, self.budget.per_day - self._spent(file)), 0)

    def _spent(self, file: sqlite3.Connection) -> int:
        [(spent,)] = file.execute(
            # What nobody knows the end of counts for every day, until somebody does.
            "SELECT coalesce(sum(sats), 0) FROM purchases WHERE day = ? OR state = 'booked'",
            (self._day(),),
        ).fetchall()
        return int(spent)

    def _day(self) -> str:
        return self._now().astimezone(UTC).date().isoformat()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the file; what is written is on the disk when this ends."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if not self._path.exists():
                # By the receipts and refund tokens in it anyone has the money of a failed video paid to themselves.
                self._path.touch(mode=0o600)
            with contextlib.closing(
                sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)
            ) as file:
                file.execute("PRAGMA synchronous = FULL")
                file.execute("BEGIN IMMEDIATE")
                for statement in _SCHEMA:
                    file.execute(statement)
                try:
                    yield file
                except BaseException:
                    file.execute("ROLLBACK")
                    raise
                file.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise LedgerUnusable(f"{self._path}: {error}") from error


def _find(file: sqlite3.Connection, purchase_id: str) -> Purchase | None:
    row = file.execute(f"{_ALL} WHERE id = ?", (purchase_id,)).fetchone()
    return None if row is None else _purchase(row)


def _purchase(row: Sequence[Any]) -> Purchase:
    values = dict(zip(_FIELDS, row, strict=True))
    return Purchase(**{**values, "state": State(values["state"])})
