"""How high a voice is, by the autocorrelation of its voiced frames."""

import numpy as np

from worker.speech import SAMPLE_RATE

VOICED = 1000
"""The least standard deviation of a frame, of int16."""

WINDOW = SAMPLE_RATE // 20
"""Samples of a frame."""


def pitch(pcm: np.ndarray) -> float:
    """Return the median pitch in hertz.

    Args:
        pcm: int16 samples at `SAMPLE_RATE`, shape (N,).
    """
    return float(np.nanmedian(contour(pcm)))


def contour(pcm: np.ndarray) -> np.ndarray:
    """Return the pitch in hertz of each frame of `WINDOW`, (frames,); NaN where there is no voice."""
    starts = range(0, len(pcm) - WINDOW, WINDOW)
    found = [frame_pitch(pcm[start : start + WINDOW]) for start in starts]
    return np.array([np.nan if hertz is None else hertz for hertz in found])


def frame_pitch(frame: np.ndarray) -> float | None:
    """Return the pitch of a frame, (`WINDOW`,), in hertz; None without a voice."""
    frame = frame.astype(float) - frame.mean()
    correlation = np.correlate(frame, frame, "full")[len(frame) - 1 :]
    lag = 60 + int(correlation[60:400].argmax())
    if frame.std() > VOICED and correlation[lag] > correlation[0] / 2:
        return SAMPLE_RATE / lag
    return None
