"""Cuts a person out of a picture of whose background nothing is known. Knows no codec.

MediaPipe's selfie segmentation on LiteRT tells roughly where the person is. Mixtures of the colours of both sides
(GrabCut: Rother et al. 2004) tell on which side of an edge the doubtful pixels are. Along the edge, each pixel is a
share of the person's colour near by, and for the rest of the background's.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.litert import PictureNetwork
from worker.matte import Alpha, Plane, gone_on, weighted
from worker.planes import Rgb, to_yuv, whole

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
_EDGE = 3  # pixels on either side of where GrabCut puts the edge
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
        """Tell how much of each pixel of a picture with a person in its middle, (H, W, 3), is that person."""
        small = np.asarray(cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.uint8)
        likely = self._network.look(small)[..., 0]
        self.in_doubt = float(np.mean(np.abs(likely - _EVEN) < _EVEN - _DOUBT))
        size = picture.shape[1], picture.shape[0]
        found = self._by_colour(small, likely).astype(np.float32)
        person = np.asarray(cv2.resize(found, size, interpolation=cv2.INTER_LINEAR)) > _EVEN
        likely = np.asarray(cv2.resize(likely, size, interpolation=cv2.INTER_LINEAR), np.float32)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _EDGE + 1, 2 * _EDGE + 1))
        inside = cv2.erode(person.astype(np.uint8), kernel) > 0
        outside = cv2.erode((~person).astype(np.uint8), kernel) > 0
        pixels = whole(to_yuv(picture))
        backdrop = gone_on(pixels, outside)
        change, own = weighted(pixels - backdrop), weighted(gone_on(pixels, inside) - backdrop)
        share = ((change * own).sum(axis=2) + _NOISE**2 * likely) / ((own**2).sum(axis=2) + _NOISE**2)
        share = np.clip(share, 0, 1)
        share[inside], share[outside] = 1, 0
        return np.asarray(np.rint(255 * share), np.uint8)

    def _by_colour(self, picture: Rgb, likely: Plane) -> NDArray[np.bool_]:
        """Tell which pixels are more like the person's than like the background's."""
        labels = np.where(likely > _EVEN, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
        labels[likely > 1 - _SURE], labels[likely < _SURE] = cv2.GC_FGD, cv2.GC_BGD
        if _LEAST < np.mean(labels & 1) < _MOST:  # it needs some of each
            how, rounds = (cv2.GC_EVAL, 1) if self._colours[0].any() else (cv2.GC_INIT_WITH_MASK, _ROUNDS)
            cv2.setRNGSeed(1)  # the same film is cut out the same
            cv2.grabCut(picture, labels, (0, 0, 0, 0), *self._colours, rounds, how)
        return np.asarray(labels & 1 == 1)


def cut_film(pictures: Iterable[Rgb]) -> tuple[list[Alpha], list[str]]:
    """Cut somebody out of all pictures of a film; tell what is to be warned of.

    There are no mattes where not all pictures show so much of a person that they could be theirs.

    Raises:
        ModuleNotFoundError: LiteRT is not installed.
    """
    cutter = Cutter()
    found, doubts = [], []
    for picture in pictures:
        found.append(cutter.cut(picture))
        doubts.append(cutter.in_doubt)
        if not _LEAST < found[-1].mean() / 255 < _MOST:
            return [], [NOT_TOLD]
    return list(_steadied(found)), [HARDLY_TOLD] if np.mean(doubts) > _MUCH_DOUBT else []


def _steadied(mattes: list[Alpha]) -> Iterator[Alpha]:
    """Yield of each three mattes in a row the middle one's pixels that lie between the others': nothing flickers."""
    for index, alpha in enumerate(mattes):
        before, after = mattes[max(index - 1, 0)], mattes[min(index + 1, len(mattes) - 1)]
        low, high = np.minimum(before, after), np.maximum(before, after)
        yield np.clip(alpha, low, high)
