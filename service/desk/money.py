"""The money by day and by avatar. Days that are over are added up once an hour, and today is looked at anew."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from service.desk.port import Books, Share
from service.runtime.clock import Clock

SPANS = (7, 30, 90)
"""Days that can be shown."""

OVER_FRESH = timedelta(hours=1)
"""What came in on a day that is over stays as it is; which avatar it was for may be chosen later."""

TODAY_FRESH = timedelta(seconds=5)

DAY = timedelta(days=1)


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """The money of one day, UTC."""

    day: date
    received_msat: int
    payments: int
    refunded_msat: int  # with what the way cost


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The money of some days."""

    days: Sequence[Day]  # every day, the oldest first
    shares: Sequence[Share]  # the most first

    @property
    def received_msat(self) -> int:
        """All that came in."""
        return sum(day.received_msat for day in self.days)

    @property
    def refunded_msat(self) -> int:
        """All that went back."""
        return sum(day.refunded_msat for day in self.days)


class Money:
    """Adds the money up: a class since it remembers the days that are over."""

    def __init__(self, books: Books, now: Clock) -> None:
        self._books = books
        self._now = now
        self._known: dict[date, tuple[datetime, Sequence[Share]]] = {}
        self._adding = asyncio.Lock()  # whoever asks meanwhile finds what is known then

    async def figures(self, span: int) -> Figures:
        """Add up the last days, today included.

        Args:
            span: How many; one of `SPANS`.
        """
        now = self._now().astimezone(UTC)
        today = now.date()
        dates = [today - DAY * n for n in reversed(range(span))]
        async with self._adding:
            by_day = [await self._shares(each, now, over=each < today) for each in dates]
            self._forget(today)
            refunded = await self._books.refunded(_midnight(dates[0]), _midnight(today + DAY))
        days = [
            Day(
                day=each,
                received_msat=sum(share.received_msat for share in shares),
                payments=sum(share.payments for share in shares),
                refunded_msat=refunded.get(each, 0),
            )
            for each, shares in zip(dates, by_day, strict=True)
        ]
        return Figures(days=days, shares=_together(by_day))

    async def _shares(self, day: date, now: datetime, *, over: bool) -> Sequence[Share]:
        known = self._known.get(day)
        fresh = OVER_FRESH if over else TODAY_FRESH
        # What was added up before the day was over is not all of it.
        if known and timedelta(0) <= now - known[0] <= fresh and (not over or known[0].date() > day):
            return known[1]
        shares = await self._books.shares(_midnight(day), _midnight(day + DAY))
        self._known[day] = now, shares
        return shares

    def _forget(self, today: date) -> None:
        for day in [each for each in self._known if not timedelta(0) <= today - each < DAY * max(SPANS)]:
            del self._known[day]


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _together(days: Sequence[Sequence[Share]]) -> list[Share]:
    sums: dict[tuple[str | None, bool], tuple[int, int]] = {}
    for share in (share for shares in days for share in shares):
        msat, payments = sums.get((share.avatar, share.top_up), (0, 0))
        sums[share.avatar, share.top_up] = msat + share.received_msat, payments + share.payments
    return sorted(
        (
            Share(avatar=avatar, top_up=top_up, received_msat=msat, payments=payments)
            for (avatar, top_up), (msat, payments) in sums.items()
        ),
        key=lambda share: (-share.received_msat, share.avatar or ""),
    )
