"""How much of what is sent at once each kind of receiver may have, so that none that dawdles keeps quick ones waiting.

Whoever asks for a quote names a receiver, which costs nothing, and can have it hold each message for as long as is
waited. So receivers are told apart by what was seen of them. Those that were slow before have a small share of what is
sent at once, these and all that nobody knows yet a larger one, and the rest is kept for those that proved quick. What
is on its way for long counts as slow, whoever it is for. Pure: it is told the time.
"""

from collections import Counter
from enum import Enum

import msgspec

QUICK_S = 1.0
"""Whoever takes longer for an answer is slow."""

PROOF = 3
"""So many quick answers one after the other prove a receiver, or have one forgiven that was slow."""

MOST_SLOW, MOST_UNPROVEN = 0.25, 0.75
"""Shares: of those that were slow, and of these and all who have not proved quick."""

REMEMBERED = 4096
"""So many receivers that proved quick are known, and so many others: who was seen first is forgotten first."""


class Kind(Enum):
    """What was seen of a receiver."""

    SLOW = "slow"
    UNKNOWN = "unknown"
    PROVEN = "proven"


class Flight(msgspec.Struct, frozen=True, eq=False):
    """A message on its way."""

    receiver: str
    group: str
    kind: Kind  # when it began
    began: float


class Lanes:
    """Counts what is on its way. A class since all that is sent shares it.

    Args:
        total: Most at once.
        group: Most at once of a group that have not proved quick: receivers that are probably one person's.
    """

    def __init__(self, *, total: int, group: int) -> None:
        self._total = total
        self._most_slow = round(total * MOST_SLOW)
        self._most_unproven = round(total * MOST_UNPROVEN)
        self._most_of_group = group
        self._going: set[Flight] = set()
        self._proven: dict[str, None] = {}
        self._others: dict[str, int] = {}  # quick answers in a row; below 0: it was slow

    def kind(self, receiver: str) -> Kind:
        """Tell what was seen of a receiver."""
        if receiver in self._proven:
            return Kind.PROVEN
        return Kind.SLOW if self._others.get(receiver, 0) < 0 else Kind.UNKNOWN

    def begin(self, receiver: str, group: str, now: float) -> Flight | None:
        """Have a message on its way, unless those of its kind have all that they may; None then.

        Args:
            receiver: What it is known by.
            group: What it has in common with others that are probably the same person's.
            now: In seconds, of a clock that is never set.
        """
        kind = self.kind(receiver)
        if len(self._going) >= self._total:
            return None
        kinds = Counter(self._kind_now(flight, now) for flight in self._going)
        slow, unproven = kinds[Kind.SLOW], kinds[Kind.SLOW] + kinds[Kind.UNKNOWN]
        if kind is not Kind.PROVEN and unproven >= self._most_unproven:
            return None
        if kind is Kind.SLOW and slow >= self._most_slow:
            return None
        if kind is not Kind.PROVEN and self._of_group(group) >= self._most_of_group:
            return None
        flight = Flight(receiver, group, kind, now)
        self._going.add(flight)
        return flight

    def end(self, flight: Flight, now: float, *, answered: bool) -> None:
        """Note that it is over: it was answered or, refused or given up, it was not, which proves nothing."""
        self._going.discard(flight)
        receiver = flight.receiver
        if now - flight.began > QUICK_S:
            self._proven.pop(receiver, None)
            self._remember(receiver, -PROOF)
            return
        if receiver in self._proven or not answered:
            return
        quick = self._others.get(receiver, 0) + 1
        if quick < PROOF:
            self._remember(receiver, quick)
            return
        self._others.pop(receiver, None)
        self._proven[receiver] = None
        if len(self._proven) > REMEMBERED:
            del self._proven[next(iter(self._proven))]

    def _remember(self, receiver: str, quick: int) -> None:
        self._others[receiver] = quick
        if len(self._others) > REMEMBERED:
            del self._others[next(iter(self._others))]

    def _of_group(self, group: str) -> int:
        return sum(flight.group == group and flight.kind is not Kind.PROVEN for flight in self._going)

    def _kind_now(self, flight: Flight, now: float) -> Kind:
        return Kind.SLOW if now - flight.began > QUICK_S else flight.kind
