"""Puts settlements back into the order of their index; knows no node and no clock."""

from collections.abc import Iterator

from lightning.invoice import PaymentHash, SettleIndex, Settlement

REMEMBERED = 1000
"""Settlements that are known again: of a replay, the last few come a second time as they happen."""


class InOrder:
    """Holds back what came too early.

    LND replays in order from its key-value store, but by age of the invoice from its native SQL one. A
    follower that keeps the last index would lose what comes after a higher one. Yet indices have gaps, so a
    missing one may never come: how long to wait for it is for the caller to say, who has the clock.

    No settlement is dropped for its index: one that comes late, or of a node that counts anew, is given out at once.

    Args:
        last: The index that was dealt with; what follows is due next.
    """

    def __init__(self, last: SettleIndex) -> None:
        self._last = last
        self._held: dict[int, Settlement] = {}
        self._given: dict[int, PaymentHash] = {}  # the latest, by index

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
        elif self._given.get(index) != settlement.payment_hash:
            yield self._give(settlement)

    def skip_gap(self) -> Iterator[Settlement]:
        """Stop waiting for what is missing before the first one held back."""
        first = min(self._held)
        self._last = SettleIndex(first - 1)
        yield from self._due()

    def _due(self) -> Iterator[Settlement]:
        while (settlement := self._held.pop(self._last + 1, None)) is not None:
            self._last = settlement.settle_index
            yield self._give(settlement)

    def _give(self, settlement: Settlement) -> Settlement:
        self._given.pop(settlement.settle_index, None)
        self._given[settlement.settle_index] = settlement.payment_hash
        if len(self._given) > REMEMBERED:
            del self._given[next(iter(self._given))]
        return settlement
