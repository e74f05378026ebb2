"""The errors that were logged last, for the operator: in memory, a bounded number of them, of this process alone."""

import logging
from collections import deque
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

import msgspec

MOST = 200

LONGEST = 500
"""Characters of what is kept of one."""

ALIKE = 10
"""Errors back among which one that comes again is looked for: what is tried each second is to hide nothing else."""

LEVELS = ("warning", "error", "critical")

_BESIDE = {"event", "level", "timestamp", "exc_info", "exception", "stack_info"}


class Logged(msgspec.Struct, frozen=True, kw_only=True):
    """An error as it was logged, once or again and again."""

    at: datetime  # the last time
    times: int
    level: str
    event: str
    facts: str


class RecentErrors:
    """Remembers what was logged as a warning or worse. Whoever logs takes care that it holds no text and no invoice."""

    def __init__(self) -> None:
        self._logged: deque[Logged] = deque(maxlen=MOST)

    @property
    def newest(self) -> list[Logged]:
        """What is remembered, the newest first."""
        return list(reversed(self._logged))

    def note(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        """Remember a line of the log: a processor of structlog, after the level is added."""
        if event.get("level") in LEVELS:
            facts = [f"{name}={value}" for name, value in event.items() if name not in _BESIDE]
            failure = event.get("exc_info")
            if isinstance(failure, BaseException):  # its words may hold what somebody sent
                facts.append(f"error={type(failure).__name__}")
            self.add(str(event["level"]), str(event.get("event", "")), " ".join(facts))
        return event

    def add(self, level: str, event: str, facts: str) -> None:
        """Remember one; one that only says again what the last few said is counted with it."""
        event, facts = event[:LONGEST], facts[:LONGEST]
        times = 1
        for known in list(self._logged)[-ALIKE:]:
            if (known.level, known.event, known.facts) == (level, event, facts):
                times += known.times
                self._logged.remove(known)
        self._logged.append(Logged(at=datetime.now(UTC), times=times, level=level, event=event, facts=facts))

    def handler(self) -> logging.Handler:
        """Make what remembers the same of the standard library's loggers, such as the server's."""
        return _Handler(self)


class _Handler(logging.Handler):
    def __init__(self, recent: RecentErrors) -> None:
        super().__init__(logging.WARNING)
        self._recent = recent

    def emit(self, record: logging.LogRecord) -> None:
        """Remember where it comes from and what it was; without the words of an exception."""
        failure = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        facts = f"{record.name} {failure}".strip()
        self._recent.add(record.levelname.lower(), record.getMessage(), facts)
