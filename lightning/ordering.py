"""Puts settlements back into the order of their index; knows no node and no clock."""

from collections.abc import Iterator

from lightning.invoice import SettleIndex, Settlement


class InOrder:
    """Holds back what came too early.

    LND replays in order from its key-value store, but by age of the invoice from its native SQL one. A
    follower that keeps the last index would lose what comes after a higher one. Yet indices have gaps, so a
    missing one may never come: how long to wait for it is for the caller to say, who has the clock.

    Args:
        last: The index that was dealt with; what follows is due next.
    """

    def __init__(self, last: SettleIndex) -> None:
        self._last = last
        self._held: dict[int, Settlement] = {}
        self._skipped: list[range] = []

    @property
    def has_gap(self) -> bool:
        """Whether something is held back."""
        return bool(self._held)

    def push(self, settlement: Settlement) -> Iterator[Settlement]:
        """Take one in; give out all that are due, each once."""
        index = settlement.settle_index
        if index > self._last:
            self._held[index] = settlement
            yield from self._due()
        elif any(index in skipped for skipped in self._skipped):
            yield settlement  # late, but it is somebody's money

    def skip_gap(self) -> Iterator[Settlement]:
        """Stop waiting for what is missing before the first one held back."""
        first = min(self._held)
        self._skipped.append(range(self._last + 1, first))
        self._last = SettleIndex(first - 1)
        yield from self._due()

    def _due(self) -> Iterator[Settlement]:
        while (settlement := self._held.pop(self._last + 1, None)) is not None:
            self._last = settlement.settle_index
            yield settlement
