"""Hours of synthesised speech to learn hearing from, roughened anew each time it is heard.

Axes: B batch, T mel frames, K face units; one sequence of T + 31 mel frames holds the windows of T mouths.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.clips import Speaker
from training.network import HEARD
from training.phonemes import FPS, Track
from worker.mel import MEL, Mel

MINUTES_A_FILE = 20

# A video frame's window starts with a whole mel frame, on average so much of one too early.
_ROUNDED = 0.4
_PACE = 0.12  # spread of the logarithm: people speak a phrase faster or slower than they are told to
_SILENCE = -MEL.largest


class Sounds:
    """Speech of seventeen languages as mel frames and tracks; spoken once and kept in files.

    Clips lie one behind the other with a whole window of silence between them, so that any place is one to hear at.

    Args:
        folder: where the files are, each of `MINUTES_A_FILE`; what is missing is spoken first.
        minutes: how much to use.
    """

    def __init__(self, folder: Path, minutes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        mels, tracks = [], []
        for number in range(-(-minutes // MINUTES_A_FILE)):
            path = folder / f"{number}.npz"
            if not path.exists():
                speak(path, number)
            with np.load(path) as file:
                mels.append(file["mel"])
                tracks.append(file["tracks"])
        self._mel: Mel = np.ascontiguousarray(np.concatenate(mels, 1).T)  # (all, 80) float16
        exact: Track = np.concatenate(tracks)
        self.tracks = (1 - _ROUNDED) * exact[:-1] + _ROUNDED * exact[1:]  # (all - 1, K)

    def batch(self, size: int, mouths: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Return sequences of mel frames (B, 1, 80, T + 31) and the mouths of their windows (B, T, K)."""
        length = mouths + HEARD.frames - 1
        pace = np.exp(rng.normal(0, _PACE, (size, 1)))
        last = len(self.tracks) - 2 - int(length * pace.max())
        places = rng.integers(0, last, (size, 1)) + pace * np.arange(length)  # (B, T + 31) mel frames
        heard = slice(HEARD.before, HEARD.before + mouths)
        mel = _between(self._mel, places).transpose(0, 2, 1)
        tracks = _between(self.tracks, places[:, heard])
        return torch.from_numpy(spoil(mel, rng))[:, None], torch.from_numpy(tracks)


def _between(rows: NDArray[np.floating], places: NDArray[np.float64]) -> NDArray[np.float32]:
    """Read rows of shape (all, C) at places (B, T) between them, linearly; (B, T, C)."""
    before = places.astype(int)
    share = (places - before)[..., None].astype(np.float32)
    return rows[before] * (1 - share) + rows[before + 1] * share


def speak(path: Path, number: int) -> None:
    """Write a file of speech; its number decides what is said."""
    speaker, rng = Speaker(), np.random.default_rng([1, number])
    mels, tracks = [], []
    spoken_s = 0.0
    while spoken_s < MINUTES_A_FILE * 60:
        clip = speaker.training_clip(rng)
        silent = HEARD.frames
        mels.append(np.pad(clip.mel, ((0, 0), (silent, 0)), constant_values=_SILENCE).astype(np.float16))
        tracks.append(np.pad(clip.dense_track, ((silent, 0), (0, 0))))
        spoken_s += len(clip.track) / FPS
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, mel=np.concatenate(mels, 1), tracks=np.concatenate(tracks))
    unfinished.replace(path)


def spoil(mel: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Vary level, colour and noise floor of sequences (B, 80, T), in the log domain where that is nearly free."""
    batch = len(mel)
    band = np.linspace(0, 1, MEL.bands)[None]  # (1, 80)
    bend = rng.normal(0, 0.3, (batch, 1)) * np.cos(
        np.pi * rng.uniform(0.5, 3, (batch, 1)) * band + rng.uniform(0, 2 * np.pi, (batch, 1))
    )
    tilt = rng.normal(0, 0.3, (batch, 1)) * (band - 0.5)
    level = rng.normal(0, 0.2, (batch, 1))
    mel = mel + (bend + tilt + level)[..., None].astype(np.float32)
    floor = rng.uniform(-6.5, -2.4, (batch, 1, 1)).astype(np.float32)
    hiss = floor + 0.25 * rng.standard_normal(mel.shape, np.float32)
    mel = np.logaddexp(mel * 3, hiss * 3) / 3  # louder of speech and noise, with a soft corner
    return np.clip(mel, -MEL.largest, MEL.largest)
