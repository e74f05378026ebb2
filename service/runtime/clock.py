"""The time, and how moments are stored."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

Clock = Callable[[], datetime]
"""The time, in UTC."""


STEADY_FOR = timedelta(minutes=10)
"""How long a clock has to go on as time passes before it is believed: what sets clocks right does so within minutes."""

LARGEST_STEP = timedelta(seconds=5)
"""What a clock may be moved between two looks without being doubted: a leap second, or a small correction."""

log = structlog.get_logger()


class SteadyClock:
    """The time, for who does what cannot be undone: it tells whether the clock was set lately.

    A clock that is wrong for a moment jumps twice: there, and back. What counts the seconds since the machine started
    cannot be set, so a jump is seen, and for a while nothing is done. A clock that stays where it jumped to is
    believed after that.
    """

    def __init__(self, now: Clock, monotonic: Callable[[], float]) -> None:
        self._now = now
        self._monotonic = monotonic
        self._since = monotonic()
        self._offset = now().timestamp() - self._since

    def certain(self) -> datetime | None:
        """Look at the clock: the time, where it has gone on as time passed, at each look, for long enough."""
        now, passed = self._now(), self._monotonic()
        offset = now.timestamp() - passed
        if abs(offset - self._offset) > LARGEST_STEP.total_seconds():
            log.warning("clock_jumped", seconds=round(offset - self._offset))
            self._since = passed
        self._offset = offset
        return now if passed - self._since >= STEADY_FOR.total_seconds() else None


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


def from_millis(moment: int) -> datetime:
    """Turn a stored moment into UTC."""
    return datetime.fromtimestamp(moment / 1000, UTC)


def to_millis(moment: datetime) -> int:
    """Turn a moment into what is stored."""
    return round(moment.timestamp() * 1000)
