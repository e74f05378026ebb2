"""Payments of a time as CSV, for a bookkeeper's spreadsheet: row by row, however many there are."""

import csv
import io
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime, timedelta

from service.desk.port import Books, Receipt
from service.errors import InvalidRequest

LONGEST_DAYS = 366

PAGE = 500
"""Rows that are in memory at once."""

COLUMNS = (
    *(
        "payment",
        "paid_at_utc",
        "order",
        "account",
        "kind",
        "status",
        "amount_sat",
        "received_msat",
        "usd_quoted",
    ),
    *("duration_s", "avatar", "refunded_msat", "refund_fee_msat", "payment_hash"),
)

USD_MICROS = 1_000_000

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection)."""


class Export:
    """Writes payments down."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def rows(self, first: date, last: date) -> AsyncIterator[bytes]:
        """Write the payments that came in from the first day to the last, UTC, both included, the oldest first.

        Raises:
            InvalidRequest: The last day comes before the first, or too many lie between.
        """
        if last < first:
            raise InvalidRequest("The last day comes before the first.", field="to")
        if (last - first).days >= LONGEST_DAYS:
            raise InvalidRequest(f"At most {LONGEST_DAYS} days are exported at once.", field="from")
        since, until = _midnight(first), _midnight(last) + timedelta(days=1)
        return self._write(since, until)

    async def _write(self, since: datetime, until: datetime) -> AsyncIterator[bytes]:
        yield _lines([COLUMNS])
        after: tuple[datetime, int] | None = None
        while page := await self._books.receipts(since, until, after=after, limit=PAGE):
            yield _lines(_cells(receipt) for receipt in page)
            after = page[-1].paid_at, page[-1].id
            if len(page) < PAGE:
                return


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _cells(receipt: Receipt) -> tuple[object, ...]:
    return (
        receipt.id,
        f"{receipt.paid_at:%Y-%m-%dT%H:%M:%SZ}",
        "" if receipt.order_id is None else receipt.order_id,
        "" if receipt.account_id is None else receipt.account_id,
        "top-up" if receipt.order_id is None else receipt.kind.value,
        receipt.status.value,
        receipt.amount_sat,
        receipt.paid_msat,
        f"{receipt.usd_micros / USD_MICROS:.6f}",
        f"{receipt.duration_ms / 1000:.3f}",
        harmless(receipt.avatar or ""),
        receipt.refunded_msat,
        receipt.refund_fee_msat,
        receipt.payment_hash.hex(),
    )


def harmless(text: str) -> str:
    """Write a text so that no spreadsheet computes it."""
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _lines(rows: Iterable[Iterable[object]]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()
