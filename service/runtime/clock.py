"""The time, and how moments are stored."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""The time, in UTC."""


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


def from_millis(moment: int) -> datetime:
    """Turn a stored moment into UTC."""
    return datetime.fromtimestamp(moment / 1000, UTC)


def to_millis(moment: datetime) -> int:
    """Turn a moment into what is stored."""
    return round(moment.timestamp() * 1000)
