"""Finds lids and lips in a picture of a face: MediaPipe's face mesh on LiteRT, asked twice, the second time nearer."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from worker.litert import PictureNetwork
from worker.planes import Rgb

Points = NDArray[np.float64]  # (468, 2): x, y

MODEL = Path(__file__).parent / "assets/landmarks/face_landmark.tflite"

UPPER_LIDS = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (362, 398, 384, 385, 386, 387, 388, 466, 263))
LOWER_LIDS = ((33, 7, 163, 144, 145, 153, 154, 155, 133), (362, 382, 381, 380, 374, 373, 390, 249, 263))
"""Points along the lids, from the left of the picture to the right; the first of each pair is the left eye."""

INNER_LIPS = (13, 14)
"""The middles of the upper and of the lower lip, where they touch."""

_SIDE = 192  # pixels that the network sees
_FACE = 3.9  # sides of the first look's square, in distances between the eyes
_AROUND = 1.5  # of the points' extent, the second look's


class Landmarks:
    """The network, loaded.

    Raises:
        ModuleNotFoundError: LiteRT is not installed.
    """

    def __init__(self) -> None:
        self._network = PictureNetwork(MODEL)

    def find(self, picture: Rgb, left_eye: tuple[float, float], right_eye: tuple[float, float]) -> Points:
        """Return the points of a face, of which the eyes' middles are known roughly."""
        eyes = np.array([left_eye, right_eye], float)
        across = eyes[1] - eyes[0]
        apart = float(np.hypot(*across))
        down = np.array([-across[1], across[0]]) / apart
        points = self._look(picture, eyes.mean(axis=0) + 0.45 * apart * down, _FACE * apart, across)
        centre = (points.min(axis=0) + points.max(axis=0)) / 2
        return self._look(picture, centre, _AROUND * float(np.ptp(points, axis=0).max()), across)

    def _look(self, picture: Rgb, centre: Points, side: float, across: Points) -> Points:
        """Look at a square whose upper edge is along `across`."""
        angle = float(np.arctan2(across[1], across[0]))
        scale = side / _SIDE
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        to_picture = np.column_stack([turn, centre - turn @ np.array([_SIDE / 2, _SIDE / 2])])
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        square = cv2.warpAffine(
            picture, to_picture, (_SIDE, _SIDE), flags=how, borderMode=cv2.BORDER_REPLICATE
        )
        found = self._network.look(np.asarray(square, np.uint8)).astype(float).reshape(-1, 3)[:, :2]
        return np.asarray(found @ turn.T + to_picture[:, 2])
