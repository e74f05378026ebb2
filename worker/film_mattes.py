"""The mattes of an avatar's film that were made when it was imported: a film beside it, coded without loss."""

import threading
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from worker.errors import BadAssets
from worker.matte import Alpha, gone_on
from worker.planes import Picture, Whole, planes, whole
from worker.reel import Reel
from worker.shrinking import Shrinking


class FilmMattes:
    """They are decoded as they are asked for, and kept packed. Safe to use from several threads.

    Attributes:
        backdrop: YUV, (H, W, 3): the first frame without the person; what was behind goes on a little under their edge.
        bytes: of what is kept.

    Args:
        path: of the film of mattes.
        frames: that it should have.
        first: picture of the avatar's film, as it is shown.
        filmed: lines of that film; without them it is shown with all of its own.
        grown: told whenever more is kept.

    Raises:
        BadAssets: it cannot be read, or is not of that film.
    """

    def __init__(
        self,
        path: Path,
        frames: int,
        first: Picture,
        *,
        filmed: int | None = None,
        grown: Callable[[], None] = lambda: None,
    ) -> None:
        picture = whole(first)
        self._reel = Reel(path, frames)
        self._shape = picture.shape[:2]
        shown = len(picture)
        filmed = filmed or shown
        self._smaller = Shrinking(filmed=filmed, shown=shown) if shown < filmed else None
        if self._reel.size != (filmed, filmed):
            raise BadAssets(f"The mattes in {path} have the size {self._reel.size}, not the film's.")
        self._frames = frames
        self._grown = grown
        self.bytes = 0
        self._lock = threading.Lock()
        self._packed: list[bytes] = []
        self.backdrop = without_person(picture, self[0])
        self.bytes += self.backdrop.nbytes

    def __getitem__(self, frame: int) -> Alpha:
        """Return the matte of a frame of the film.

        Raises:
            BadAssets: it is damaged there.
        """
        with self._lock:
            before = self.bytes
            while len(self._packed) <= frame:
                luma = next(planes(np.asarray(self._reel.next().to_ndarray(), np.uint8)))
                alpha = self._smaller.frame(luma) if self._smaller else luma
                self._packed.append(zlib.compress(alpha.tobytes(), 1))
                self.bytes += len(self._packed[-1])
                if len(self._packed) == self._frames:
                    self._reel.close()
            more = self.bytes > before
        if more:
            self._grown()  # without the lock, since whoever is told may have one of its own
        return np.frombuffer(zlib.decompress(self._packed[frame]), np.uint8).reshape(self._shape)


def without_person(picture: Whole, alpha: Alpha) -> Whole:
    """Return a picture, YUV (H, W, 3), without its person."""
    nobody = alpha == 0
    return np.where(nobody[..., None], picture, gone_on(picture, nobody))
