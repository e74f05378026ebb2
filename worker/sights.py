"""What networks make of the frames of films, kept while there is room. Knows no network and no film."""

import time
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

Sight = tuple[NDArray[Any], ...]
"""What a network makes of one frame's face, whatever is said; see `worker.splitting`."""


class Shelf:
    """The sights of one film, which all its renders share.

    A class because they are made one by one as they are asked for. Safe to use from several threads: two that ask for
    the same one at once may both make it.

    Attributes:
        bytes: of what is kept.
        used_s: when one was asked for last.

    Args:
        keep: told of each that is made; puts it here if there is room.
        clock: seconds that only go forward.
    """

    def __init__(
        self, keep: "Callable[[Shelf, int, Sight], None]", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keep = keep
        self._clock = clock
        self._kept: dict[int, Sight] = {}
        self.bytes = 0
        self.used_s = clock()

    def __len__(self) -> int:
        return len(self._kept)

    def sight(self, frame: int, see: Callable[[], Sight]) -> Sight:
        """Return the sight of a frame, made by `see` where it is not kept."""
        self.used_s = self._clock()
        kept = self._kept.get(frame)
        if kept is not None:
            return kept
        sight = see()
        self._keep(self, frame, sight)
        return sight

    def put(self, frame: int, sight: Sight) -> None:
        """Keep a sight; for who was told of it."""
        if frame not in self._kept:
            self._kept[frame] = sight
            self.bytes += size(sight)

    def clear(self) -> None:
        """Forget all of them."""
        self._kept = {}
        self.bytes = 0


def size(sight: Sight) -> int:
    """Return how many bytes a sight takes."""
    return sum(part.nbytes for part in sight)
