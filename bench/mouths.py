"""Mouths in films: what the worker makes of speech, the truth beside it, and how the two are compared.

Axes: F frames; squares are RGB in [0, 1], (F, 160, 160, 3), pixel on pixel the 512 pixel frame around a mouth.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from training.phonemes import CLOSURES
from training.shots import SIDE, TRUTH, Shot
from worker.accents import AT_REST
from worker.avatars import Avatars
from worker.encode import FPS, GOP, Pcm
from worker.footage import Footage
from worker.gestures import Performer
from worker.listening import REST_FRAMES, Listener
from worker.model import LipModel

Squares = NDArray[np.float32]
Curve = NDArray[np.float64]  # (F,)
Probe = Callable[[Squares, Squares], Curve]

MOUTH = (slice(46, 126), slice(38, 122))  # rows and columns of a square in which a mouth moves
RATE = 16_000

_PRESSED = 0.4  # from here on the rig's lips touch
_NEAR = 1 / 3  # of the way from a true closure to the median of true speech
_WAYS = 6  # more would fit the noise of a shot's few frames


class Seen(NamedTuple):
    """One shot as the worker shows it, as it truly is, and at rest."""

    shot: Shot
    ours: Squares
    truth: Squares
    idle: Squares


class Worker:
    """The worker's own parts, from samples to composed pictures; a class because the network is loaded once."""

    def __init__(self, assets: Path) -> None:
        self.assets = assets
        self._model = LipModel(assets / "model", provider="cpu", threads=0)
        self._avatars = Avatars(assets / "avatars", memory_bytes=256_000_000)

    def footage(self, avatar: str, emotion: str) -> Footage:
        """Open footage."""
        return self._avatars.footage(self._avatars.find(avatar, emotion), emotion)

    def film(
        self,
        footage: Footage,
        pcm: Pcm,
        corners: Sequence[tuple[int, int]],
        *,
        uploaded: bool = False,
        excerpt: bool = False,
    ) -> Squares:
        """Let footage say samples at 16 kHz; return the squares of the pictures that are encoded.

        A video begins and ends at rest. An `excerpt` is out of the middle of one, so its mouth does not.
        """
        graph = self._model.graph(footage.references)
        around = REST_FRAMES if excerpt else 0
        listener = Listener(sample_rate=RATE, first_frame=around, window=graph.mel, uploaded=uploaded)
        listener.hear(np.pad(pcm, around * RATE // FPS))
        listener.end_of_speech(len(corners) + 2 * around)
        performer = Performer(footage, graph.mask)
        pictures = []
        for start in range(0, len(corners), GOP):
            frames = range(start, min(start + GOP, len(corners)))
            mouths = self._model.predict(listener.take(frames.stop + around), footage.faces(frames))
            # The truth nods to nothing.
            pictures += [
                performer.show(frame, mouth, AT_REST) for frame, mouth in zip(frames, mouths, strict=True)
            ]
        return _squares(pictures, corners)

    def rest(self, footage: Footage, corners: Sequence[tuple[int, int]]) -> Squares:
        """Return the squares of the footage alone."""
        return _squares([footage.frame(frame).picture for frame in range(len(corners))], corners)

    def see(self, shot: Shot) -> Seen:
        """Film what a shot shows.

        Raises:
            SystemExit: the truth belongs to other footage.
        """
        pack = self._avatars.find(shot.avatar, shot.emotion)
        film = self.assets / "avatars" / shot.avatar / pack.emotions[shot.emotion].footage
        with av.open(film, "r") as container:
            if shot.footage not in container.metadata["comment"]:
                raise SystemExit(
                    f"{film} changed since its truth was rendered: run python -m training truth, which needs EGL."
                )
        footage = self.footage(shot.avatar, shot.emotion)
        return Seen(
            shot=shot,
            ours=self.film(footage, read_sound(TRUTH / f"{shot.name}.wav"), shot.corners, excerpt=True),
            truth=read_film(TRUTH / f"{shot.name}.mp4"),
            idle=self.rest(footage, shot.corners),
        )


def corners_of(footage: Footage, frames: int) -> list[tuple[int, int]]:
    """Return left and top of the mouth's square in each frame."""
    boxes = [footage.frame(frame).box for frame in range(frames)]
    return [(round((b[0] - SIDE / 2) / 2) * 2, round((b[1] - SIDE / 2) / 2) * 2) for b in boxes if b]


def read_sound(path: Path) -> Pcm:
    """Decode a mono sound at 16 kHz to whole video frames of samples."""
    with av.open(str(path)) as container:
        pieces = [frame.to_ndarray().ravel() for frame in container.decode(audio=0)]
    pcm = np.concatenate(pieces).astype(np.int16)
    return np.pad(pcm, (0, -len(pcm) % (RATE // FPS)))


def fit_probe(truth: Squares, idle: Squares, opening: Sequence[float]) -> Probe:
    """Fit how far a mouth is open, in units of the rig, to true pictures of one person.

    What they change of the idle mouth is projected onto the few ways in which it changes most, and those are weighed by
    least squares. Drawn mouths of the same person are then measured along the same lines.
    """
    changes = _changes(truth, idle)
    middle = changes.mean(axis=0)
    _, _, ways = np.linalg.svd(changes - middle, full_matrices=False)

    def project(squares: Squares, idle: Squares) -> NDArray[np.float64]:
        projected = (_changes(squares, idle) - middle) @ ways[:_WAYS].T
        return np.pad(projected, ((0, 0), (0, 1)), constant_values=1)  # (F, ways + 1)

    weights, *_ = np.linalg.lstsq(project(truth, idle), np.array(opening), rcond=None)
    return lambda squares, idle: np.asarray(project(squares, idle) @ weights)


def closures(phonemes: Sequence[tuple[float, str]], pressed: Sequence[float]) -> list[int]:
    """Return the frame of each /m b p/ in which the rig's lips press hardest, where they do."""
    frames = []
    for (start_s, sound), (end_s, _) in pairwise(phonemes):
        if sound.strip("ˈˌ")[:1] in CLOSURES:
            first, last = max(0, int(start_s * FPS) - 2), min(len(pressed), int(end_s * FPS) + 2)
            frame = first + int(np.argmax(pressed[first:last])) if first < last else 0
            if pressed[frame] > _PRESSED and frame not in frames:
                frames.append(frame)
    return frames


def hits(opened: Curve, closed: Sequence[int], true: Curve, speaking: NDArray[np.bool_]) -> list[bool]:
    """Tell of each closure whether the lips come nearly as close as those of the truth."""
    if not closed:
        return []
    shut = np.mean(true[list(closed)])
    limit = shut + _NEAR * (np.median(true[speaking]) - shut)
    return [bool(opened[max(0, frame - 1) : frame + 2].min() <= limit) for frame in closed]


def difference(a: Squares, b: Squares) -> Curve:
    """Return the mean absolute difference of two mouths in each frame."""
    return np.asarray(np.abs(a - b)[:, *MOUTH].mean(axis=(1, 2, 3)), np.float64)


def psnr(a: Squares, b: Squares) -> float:
    """Return the peak signal-to-noise ratio of all frames' mouths together, in dB; 100 where there is no noise."""
    return float(-10 * np.log10(max(1e-10, ((a - b)[:, *MOUTH] ** 2).mean(dtype=np.float64))))


def ssim(a: Squares, b: Squares) -> float:
    """Return the structural similarity (Wang et al. 2004) of the mouths, grey, with their Gaussian of 1.5 pixels."""

    def smooth(picture: Squares) -> Squares:
        return np.asarray(cv2.GaussianBlur(picture, (11, 11), 1.5), np.float32)

    scores = []
    for one, other in zip(_grey(a), _grey(b), strict=True):
        m, n = smooth(one), smooth(other)
        variances = smooth(one**2) - m**2 + smooth(other**2) - n**2
        covariance = smooth(one * other) - m * n
        likeness = (2 * m * n + 0.01**2) * (2 * covariance + 0.03**2)
        likeness /= (m**2 + n**2 + 0.01**2) * (variances + 0.03**2)
        scores.append(likeness[MOUTH].mean())
    return float(np.mean(scores))


def sharpness(squares: Squares) -> Curve:
    """Return the variance of the Laplacian of each frame's mouth."""
    return np.array([cv2.Laplacian(grey, cv2.CV_32F)[MOUTH].var() for grey in _grey(squares)])


def flicker(squares: Squares) -> float:
    """Return how abruptly a mouth changes: its mean absolute second difference over the frames."""
    return float(np.abs(np.diff(squares[:, *MOUTH], n=2, axis=0)).mean())


def _grey(squares: Squares) -> list[Squares]:
    return [np.asarray(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY), np.float32) for square in squares]


def _changes(squares: Squares, idle: Squares) -> NDArray[np.float64]:
    """Shrink what differs from the idle mouth to 16 by 16 pixels; (F, 768)."""
    rows, columns = MOUTH
    return np.array(
        [
            cv2.resize(change[rows, columns], (16, 16), interpolation=cv2.INTER_AREA).ravel()
            for change in squares - idle
        ],
        np.float64,
    )


def _squares(pictures: Sequence[NDArray[np.uint8]], corners: Sequence[tuple[int, int]]) -> Squares:
    """Cut the squares out of the encoder's pictures."""
    cut = []
    for picture, (left, top) in zip(pictures, corners, strict=True):
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        rgb = frame.reformat(
            format="rgb24",
            src_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
        ).to_ndarray()
        cut.append(rgb[top : top + SIDE, left : left + SIDE])
    return np.array(cut, np.float32) / np.float32(255)


def read_film(path: Path) -> Squares:
    """Decode the squares of a true film."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.array(frames, np.float32) / np.float32(255)
