"""Cuts a person out of a picture of whose background nothing is known. Knows no codec.

MediaPipe's selfie segmentation on LiteRT tells roughly where the person is. Mixtures of the colours of both sides
(GrabCut: Rother et al. 2004) tell on which side of an edge the doubtful pixels are. Along the edge, each pixel is a
share of the person's colour near by, and for the rest of the background's.
"""

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.importing import Pictures
from worker.litert import PictureNetwork
from worker.matte import Alpha, Plane, gone_on, weighted
from worker.planes import Rgb, to_yuv, whole
from worker.stage import PLAIN

MODEL = Path(__file__).parent / "assets/segmentation/selfie_segmentation.tflite"

HARDLY_TOLD = (
    "The person can hardly be told from what is behind them: before another background edges may be wrong. "
    "Light that is even, and a plain wall further away, give clean ones."
)

NOT_TOLD = "The person cannot be told from what is behind them: they are always seen before it."

_SIDE = 256  # pixels that the network sees, at which colours are compared as well
_SURE = 0.01  # likelier than this to be mistaken, a pixel is judged by its colour
_EVEN = 0.5
_DOUBT = 0.1
_LEAST, _MOST = 0.1, 0.97  # of a picture that is cut around a face is the person
_MUCH_DOUBT = 0.045  # of the pixels; people before a plain wall leave 0.02
_ROUNDS = 3
_EDGE = 3  # pixels of up to 512 lines, on either side of where GrabCut puts the edge
_NOISE = 14.0  # levels: colours that differ by less say little of a share


class Cutter:
    """Cuts out one film, or a picture. A class since the colours that were told apart are those of the next frame too.

    Attributes:
        in_doubt: which share of the pixels of the last picture could be of the person or not.

    Raises:
        ModuleNotFoundError: LiteRT is not installed.
    """

    def __init__(self) -> None:
        self._network = PictureNetwork(MODEL)
        self._colours = np.zeros((1, 65)), np.zeros((1, 65))  # of background and person, as GrabCut has them
        self.in_doubt = 0.0

    def cut(self, picture: Rgb) -> Alpha:
        """Tell how much of each pixel of a picture with a person in its middle, (H, H, 3), is that person."""
        small = np.asarray(cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)
        likely = self._network.look(small)[..., 0]
        self.in_doubt = float(np.mean(np.abs(likely - _EVEN) < _EVEN - _DOUBT))
        lines = len(picture)
        person = _of_lines(self._by_colour(small, likely), min(lines, PLAIN)).astype(np.uint8)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _EDGE + 1, 2 * _EDGE + 1))
        inside, outside = (_of_lines(cv2.erode(side, kernel) > 0, lines) for side in (person, 1 - person))
        pixels = whole(to_yuv(picture))
        edge = ~(inside | outside)
        behind = gone_on(pixels, outside)[edge]
        change, own = weighted(pixels[edge] - behind), weighted(gone_on(pixels, inside)[edge] - behind)
        doubt = np.asarray(cv2.resize(likely, (lines, lines), interpolation=cv2.INTER_LINEAR), np.float32)
        share = ((change * own).sum(axis=1) + _NOISE**2 * doubt[edge]) / ((own**2).sum(axis=1) + _NOISE**2)
        alpha = np.where(inside, 255, 0).astype(np.uint8)
        alpha[edge] = np.rint(255 * np.clip(share, 0, 1))
        return alpha

    def _by_colour(self, picture: Rgb, likely: Plane) -> NDArray[np.bool_]:
        """Tell which pixels are more like the person's than like the background's."""
        labels = np.where(likely > _EVEN, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        labels[likely > 1 - _SURE], labels[likely < _SURE] = cv2.GC_FGD, cv2.GC_BGD
        if _LEAST < np.mean(labels & 1) < _MOST:  # it needs some of each
            how, rounds = (cv2.GC_EVAL, 1) if self._colours[0].any() else (cv2.GC_INIT_WITH_MASK, _ROUNDS)
            cv2.setRNGSeed(1)  # the same film is cut out the same
            cv2.grabCut(picture, labels, (0, 0, 0, 0), *self._colours, rounds, how)
        return np.asarray(labels & 1 == 1)


def _of_lines(side: NDArray[np.bool_], lines: int) -> NDArray[np.bool_]:
    if len(side) == lines:
        return side
    scaled = cv2.resize(side.astype(np.float32), (lines, lines), interpolation=cv2.INTER_LINEAR)
    return np.asarray(scaled > _EVEN)


def cut_film(pictures: Iterable[Rgb]) -> tuple[Pictures, list[str]]:
    """Cut somebody out of all pictures of a film; tell what is to be warned of.

    There are no mattes where not all pictures show so much of a person that they could be theirs.

    Raises:
        ModuleNotFoundError: LiteRT is not installed.
    """
    cutter = Cutter()
    found, doubts = _Steadied(), []
    for picture in pictures:
        alpha = cutter.cut(picture)
        found.put(alpha)
        doubts.append(cutter.in_doubt)
        if not _LEAST < alpha.mean() / 255 < _MOST:
            return [], [NOT_TOLD]
    return found, [HARDLY_TOLD] if np.mean(doubts) > _MUCH_DOUBT else []


class _Steadied:
    """Of each three mattes in a row the middle one's pixels that lie between the others': nothing flickers.

    They are kept packed, since those of a film would take as much memory as all the rest.
    """

    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._shape = 0, 0

    def put(self, alpha: Alpha) -> None:
        self._shape = alpha.shape[0], alpha.shape[1]
        self._packed.append(zlib.compress(alpha.tobytes(), 1))

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[Alpha]:
        before = alpha = self._unpacked(0)
        for index in range(len(self)):
            after = self._unpacked(min(index + 1, len(self) - 1))
            yield np.clip(alpha, np.minimum(before, after), np.maximum(before, after))
            before, alpha = alpha, after

    def _unpacked(self, index: int) -> Alpha:
        return np.frombuffer(zlib.decompress(self._packed[index]), np.uint8).reshape(self._shape)
