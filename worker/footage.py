"""Footage: a film of somebody at rest, decoded as far as it was shown, that plays for ever. Knows no network.

Beside it may run a film of the same frames' other mouths: squares side by side, pixel on pixel like the footage, so
that nothing is scaled between the two. Films are shown as they were filmed or made smaller, mouths and all
(`worker.shrinking`).
"""

import threading
from collections.abc import Callable, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from av import VideoFrame
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from worker.backdrop import Backdrop
from worker.compose import CROP, Box, Eyes, IdleFrame, crop
from worker.errors import BadAssets
from worker.film_mattes import FilmMattes
from worker.matte import Alpha, Mattes, Studio
from worker.planes import to_yuv
from worker.reel import Reel
from worker.shrinking import Rgb, Shrinking
from worker.sights import Shelf
from worker.stage import PLAIN
from worker.walk import LEAST_FRAMES, Order, Playback, Round, Walk

LIDS_MOVE = 2
"""Frames before and after the eyes are shut in which their lids move."""


class Mouths(msgspec.Struct, frozen=True, kw_only=True):
    """Other mouths of every frame: same pose, same light, same `square`."""

    film: str  # file name
    shapes: int  # K - 1: how many stand side by side in a frame
    size: int  # S: pixels of each


def references_shape(mouths: Mouths | None, smaller: Shrinking | None = None) -> tuple[int, int]:
    """Return K and S of the references of every frame of a film, as it was filmed or made smaller."""
    if mouths is None:
        return 1, CROP
    return 1 + mouths.shapes, 2 * round(smaller.length(mouths.size) / 2) if smaller else mouths.size


def square(box: Box, size: int, frame: int) -> Box:
    """Return the square of `size` pixels of a frame of `frame` pixels that holds a mouth's box in its middle.

    It begins with an even pixel, as those of the colours do, and lies within the frame.
    """
    left, top = (2 * round(min(max(at - size / 2, 0), frame - size) / 2) for at in box[:2])
    return left + size / 2, top + size / 2, float(size)


class Film:
    """The frames of a file, each decoded when it is asked for first.

    A class because the decoder stands where it stopped: the first segment of a render needs four frames, and
    should not wait until two seconds are decoded. Safe to use from several threads.

    Args:
        path: of the film.
        boxes: one a frame; None where no face is.
        mouths: beside it in the same folder, if there are any.
        eyes: one pair a frame, or none at all.
        shelf: where networks keep what they make of its frames.
        filmed: lines of the file, which is as wide as high.
        lines: of its frames, which are never more than that.

    Raises:
        BadAssets: a file cannot be opened or has another number of frames or lines.
    """

    def __init__(
        self,
        path: Path,
        boxes: Sequence[Box | None],
        mouths: Mouths | None = None,
        *,
        eyes: Sequence[Eyes | None] = (),
        shelf: Shelf | None = None,
        filmed: int = PLAIN,
        lines: int = PLAIN,
    ) -> None:
        self._boxes = boxes
        self._eyes = eyes or [None] * len(boxes)
        self._shelf = shelf
        self._mouths = mouths
        self._frames: list[IdleFrame] = []
        self._lock = threading.Lock()
        self._reel = Reel(path, len(boxes))
        if self._reel.size != (filmed, filmed):
            width, height = self._reel.size
            raise BadAssets(f"{path} is {width}×{height} and not a square of {filmed} lines.")
        self._smaller = Shrinking(filmed=filmed, shown=lines) if lines < filmed else None
        self._backdrop = Backdrop()
        self._mouth_reel = _mouth_reel(path.with_name(mouths.film), mouths, len(boxes)) if mouths else None

    def __len__(self) -> int:
        return len(self._boxes)

    def __getitem__(self, index: int) -> IdleFrame:
        """Return a frame.

        Raises:
            BadAssets: the film is damaged there.
        """
        with self._lock:
            while len(self._frames) <= index:
                self._frames.append(self._next_frame())
                if len(self._frames) == len(self):
                    self._close()
            return self._frames[index]

    def _next_frame(self) -> IdleFrame:
        index = len(self._frames)
        # Through RGB, so that every film ends up in the encoder's colour space whatever its own was.
        filmed = _rgb(self._reel.next())
        rgb = self._smaller.frame(filmed) if self._smaller else filmed
        picture = self._backdrop.smooth(to_yuv(rgb))
        box, eyes = self._shown(self._boxes[index]), self._shown(self._eyes[index])
        if self._mouths and self._mouth_reel:
            others = _rgb(self._mouth_reel.next())
            if box:
                return self._with_mouths(index, filmed, others, rgb, picture)
        count, size = references_shape(self._mouths, self._smaller)
        references = np.zeros((count, size, size, 3), np.uint8)
        if box:
            references[0] = crop(rgb, box, size)
        return IdleFrame(
            picture=picture, references=references, box=box, eyes=eyes, shelf=self._shelf, index=index
        )

    def _with_mouths(
        self, index: int, filmed: Rgb, others: Rgb, rgb: Rgb, picture: NDArray[np.uint8]
    ) -> IdleFrame:
        """Put the mouths of a frame beside it.

        Args:
            index: of the frame, which has a box.
            filmed: as it was filmed, which is not needed afterwards.
            others: the mouths that were filmed with it, side by side.
            rgb: the frame as large as it is shown.
            picture: the same for the encoder.
        """
        assert self._mouths
        tile = self._mouths.size
        tiles = others.reshape(tile, self._mouths.shapes, tile, 3).swapaxes(0, 1)
        count, size = references_shape(self._mouths, self._smaller)
        filmed_box = self._boxes[index]
        box = self._shown(filmed_box)
        assert filmed_box
        place = square(box, size, len(rgb))
        left, top = _corner(place)
        references = np.empty((count, size, size, 3), np.uint8)
        references[0] = rgb[top : top + size, left : left + size]
        if self._smaller:
            # Each in its frame, so that it shrinks as the frame does.
            x, y = _corner(square(filmed_box, tile, len(filmed)))
            for reference, mouth in zip(references[1:], tiles, strict=True):
                filmed[y : y + tile, x : x + tile] = mouth
                reference[:] = self._smaller.square(filmed, (left, top), size)
        else:
            references[1:] = tiles
        return IdleFrame(
            picture=picture,
            references=references,
            framing=(box[0] - left, box[1] - top, box[2]),
            box=place,
            eyes=self._shown(self._eyes[index]),
            shelf=self._shelf,
            index=index,
        )

    def _length(self, filmed: float) -> float:
        return self._smaller.length(filmed) if self._smaller else filmed

    def _shown(self, places: Any) -> Any:
        """Return a box or eyes in pixels of what is shown."""
        return places and tuple(map(self._length, places))

    def _close(self) -> None:
        self._reel.close()
        if self._mouth_reel:
            self._mouth_reel.close()


def _rgb(picture: VideoFrame) -> Rgb:
    """Return a picture, (height, width, 3), which may be written to."""
    return np.array(picture.reformat(format="rgb24", dst_color_range=ColorRange.JPEG).to_ndarray(), np.uint8)


def _corner(place: Box) -> tuple[int, int]:
    """Return left and top of a square of whole pixels."""
    x, y, size = place
    return int(x - size / 2), int(y - size / 2)


def _mouth_reel(path: Path, mouths: Mouths, frames: int) -> Reel:
    reel = Reel(path, frames)
    if reel.size != (mouths.shapes * mouths.size, mouths.size):
        raise BadAssets(
            f"{path} is {reel.size[0]}×{reel.size[1]} and not {mouths.shapes} mouths of {mouths.size} pixels."
        )
    return reel


class Footage:
    """A film that plays for ever: frame i of the video is some frame of the film.

    Args:
        frames: the film.
        playback: how it goes on at its end.
        turns: frames between its ends where a walk through it may turn; see `worker.walk`.
        blinks: frames in which the eyes are shut.
        studio: what all of it was filmed before, where that is known.
        mattes: the film of its mattes, where there is one.
        filmed: lines of that, where they are not those of the frames.
        emotion: that it shows.
        grown: told whenever its mattes take more memory.
    """

    def __init__(
        self,
        frames: Film | Sequence[IdleFrame],
        playback: Playback,
        *,
        turns: Sequence[int] = (),
        blinks: Sequence[int] = (),
        studio: Studio | None = None,
        mattes: Path | None = None,
        filmed: int | None = None,
        emotion: str = "",
        grown: Callable[[], None] = lambda: None,
    ) -> None:
        self._frames = frames
        self._grown = grown
        self._studio = studio
        self._mattes_path = mattes
        self._filmed = filmed
        self._mattes: list[Mattes | FilmMattes] = []  # one, once it was asked for
        self._turns = turns
        self.blinks = blinks
        self.emotion = emotion
        self.seed = ""  # of the walk, and of all else that chance decides
        self.order: Order = Round(len(frames), playback)

    def walk(self, seed: str) -> "Footage":
        """Return the same film as one video shows it, where it has turns; the same each time for a seed."""
        if not self._turns or len(self._frames) < LEAST_FRAMES:
            return self
        walked = copy(self)
        walked.seed = seed
        walked.order = Walk(len(self._frames), turns=self._turns, blinks=self.blinks, seed=seed)
        return walked

    @property
    def first(self) -> IdleFrame:
        """The first frame as it was filmed, whatever is shown first."""
        return self._frames[0]

    @property
    def mattes(self) -> Mattes | FilmMattes | None:
        """The mattes of the film, which all walks through it share; None where nobody can be cut out.

        Raises:
            BadAssets: they cannot be read.
        """
        if not self._mattes and (made := self._make_mattes()):
            self._mattes.append(made)
            self._grown()
        return self._mattes[0] if self._mattes else None

    def _make_mattes(self) -> Mattes | FilmMattes | None:
        if self._studio is not None:
            # By its frames and not by itself, which has the mattes: footage that is forgotten is to go at once. Else
            # hundreds of megabytes wait for Python's collector, which counts objects and has few to count.
            frames = self._frames
            return Mattes(self._studio, lambda frame: frames[frame].picture, grown=self._grown)
        if self._mattes_path is None:
            return None
        first = self.first.picture
        return FilmMattes(self._mattes_path, len(self._frames), first, filmed=self._filmed, grown=self._grown)

    def matte(self, index: int) -> Alpha:
        """Return the matte of what is shown at a frame of the video."""
        mattes = self.mattes
        assert mattes is not None
        return mattes[self.order[index]]

    @property
    def references(self) -> int:
        """K: how many mouths the network sees of every frame."""
        return len(self._frames[0].references)

    @property
    def bytes(self) -> int:
        """How much memory it takes, once all of it was shown, but for its mattes."""
        first = self._frames[0]
        return len(self._frames) * (first.picture.nbytes + first.references.nbytes)

    @property
    def mattes_bytes(self) -> int:
        """How much memory its mattes take by now; most videos need none."""
        return sum(mattes.bytes for mattes in self._mattes)

    @property
    def film(self) -> list[IdleFrame]:
        """The frames as they were filmed."""
        return [self._frames[index] for index in range(len(self._frames))]

    def faces(self, frames: range) -> list[IdleFrame]:
        """Return the frames to show at frames of the video."""
        return [self.frame(index) for index in frames]

    def frame(self, index: int) -> IdleFrame:
        """Return the frame to show at a frame of the video."""
        return self._frames[self.order[index]]

    def lids(self, before: int) -> IdleFrame:
        """Return the frame of the film so many frames before its eyes are shut; it must have `blinks`."""
        return self._frames[max(self.blinks[0] - before, 0)]

    def blinks_within(self, frames: range) -> bool:
        """Tell whether the film blinks by itself at frames of the video."""
        return any(
            abs(self.order[index] - blink) <= LIDS_MOVE
            for index in frames[max(-frames.start, 0) :]
            for blink in self.blinks
        )
