"""A graph at work on ONNX Runtime: what is heard and faces in, mouths out. Knows no audio, video or file.

`WholeGraph` runs a graph as it is. `SplitGraph` runs it in parts, one frame at a time and several frames at once: what
it makes of a face is kept with the film, and where the mouth is at rest nothing is drawn. On a CPU a larger batch is no
faster than its frames one by one, and takes more memory.

Axes: B frames, K references, S pixels of a square, M mel frames.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from worker.compose import CROP, IdleFrame
from worker.sights import Sight
from worker.splitting import MEL, MOUTH, Parts

Inputs = dict[str, NDArray[Any]]


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """When a graph leaves the idle mouth as it is.

    Attributes:
        units: the value of the graph that tells what is heard, (B, …).
        below: up to this size of all of them the mouth is at rest.
    """

    units: str
    below: float


class WholeGraph:
    """A graph as it is, on all frames at once.

    Args:
        session: of the graph.
    """

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        self._session = session

    def draw(self, mel: NDArray[np.float32], faces: Sequence[IdleFrame]) -> NDArray[np.uint8]:
        """Draw mouths; see `LipModel.predict`."""
        (drawn,) = self._session.run([MOUTH], {MEL: mel, **face_inputs(faces)})
        return _mouths(drawn)


class SplitGraph:
    """A graph in parts, on the CPU.

    Args:
        parts: of the graph.
        open_session: loads one of them; told which runs `rarely`, so that it should keep no memory in between.
        rest: when nothing needs to be drawn; None where that is not known.
        executor: draws several frames at once; None draws them one after the other.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        open_session: Callable[..., onnxruntime.InferenceSession],
        rest: Rest | None,
        executor: Executor | None,
    ) -> None:
        self._kept = parts.kept
        self._heard = parts.heard
        self._see = open_session(parts.see, rarely=True)
        self._draw = open_session(parts.draw)
        self._hear = open_session(parts.hear, rarely=True) if parts.hear else None
        self._seen_inputs = _names(self._see)
        self._drawn_inputs = _names(self._draw) - {parts.heard, *parts.kept}
        self._still_below = rest.below if rest and self._hear else None
        self._executor = executor

    def draw(self, mel: NDArray[np.float32], faces: Sequence[IdleFrame]) -> NDArray[np.uint8]:
        """Draw mouths; see `LipModel.predict`."""
        heard = mel
        if self._hear:
            (heard,) = self._hear.run([self._heard], {MEL: mel})
        frames = range(len(faces))
        mouths = map if self._executor is None else self._executor.map
        return np.stack(
            list(mouths(lambda frame: self._mouth(heard[frame : frame + 1], faces[frame]), frames))
        )

    def _mouth(self, heard: NDArray[np.float32], face: IdleFrame) -> NDArray[np.uint8]:
        """Draw one mouth, (S, S, 3)."""
        if face.box is None or self._is_still(heard):
            return np.asarray(face.references[0])
        sight = face.sight(lambda: self._sight(face))
        inputs = {self._heard: heard, **dict(zip(self._kept, sight, strict=True))}
        if self._drawn_inputs:
            inputs |= _only(self._drawn_inputs, face_inputs([face]))
        (drawn,) = self._draw.run([MOUTH], inputs)
        mouth: NDArray[np.uint8] = _mouths(drawn)[0]
        return mouth

    def _is_still(self, heard: NDArray[np.float32]) -> bool:
        return self._still_below is not None and bool(np.abs(heard).max() <= self._still_below)

    def _sight(self, face: IdleFrame) -> Sight:
        return tuple(self._see.run(self._kept, _only(self._seen_inputs, face_inputs([face]))))


def face_inputs(faces: Sequence[IdleFrame]) -> Inputs:
    """Return what a graph is shown of some faces with as many references: pictures and framings, or pictures alone."""
    references = np.stack([face.references for face in faces])
    if references.shape[1] == 1:
        return {"face": _halved_and_whole(references[:, 0])}
    return {"references": references, "framing": np.array([face.framing for face in faces], np.float32)}


def _mouths(drawn: NDArray[Any]) -> NDArray[np.uint8]:
    """Return what a graph drew as RGB of 8 bits, (B, S, S, 3)."""
    if drawn.dtype != np.uint8:
        drawn = np.rint(255 * np.clip(drawn.transpose(0, 2, 3, 1), 0, 1))
    mouths: NDArray[np.uint8] = np.asarray(drawn, np.uint8)
    return mouths


def _halved_and_whole(idle: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the squares with their lower half blank, and the squares.

    Args:
        idle: RGB, (B, 96, 96, 3).

    Returns:
        RGB in [0, 1], (B, 6, 96, 96).
    """
    whole = idle.transpose(0, 3, 1, 2).astype(np.float32) / 255
    face = np.concatenate([whole, whole], axis=1)
    face[:, :3, CROP // 2 :] = 0
    return face


def _names(session: onnxruntime.InferenceSession) -> set[str]:
    return {value.name for value in session.get_inputs()}


def _only(names: set[str], inputs: Mapping[str, NDArray[Any]]) -> Inputs:
    return {name: inputs[name] for name in names}
