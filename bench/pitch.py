"""How high a voice is, by the autocorrelation of its voiced frames."""

import numpy as np

from worker.speech import SAMPLE_RATE

VOICED = 1000
"""The least standard deviation of a frame, of int16."""


def pitch(pcm: np.ndarray) -> float:
    """Return the median pitch in hertz.

    Args:
        pcm: int16 samples at `SAMPLE_RATE`, shape (N,).
    """
    size, found = SAMPLE_RATE // 20, []
    for start in range(0, len(pcm) - size, size):
        frame = pcm[start : start + size].astype(float)
        frame -= frame.mean()
        correlation = np.correlate(frame, frame, "full")[size - 1 :]
        lag = 60 + int(correlation[60:400].argmax())
        if frame.std() > VOICED and correlation[lag] > correlation[0] / 2:
            found.append(SAMPLE_RATE / lag)
    return float(np.median(found))
