"""Brings speech to one loudness and trims its silence. Knows no text."""

import numpy as np
from numpy.typing import NDArray

_TARGET_RMS = 10 ** (-20 / 20)  # of full scale, where there is speech
_KNEE, _CEILING = (
    0.6,
    0.95,
)  # peaks above the knee are bent, so that a peaky voice is not softer than the others
_FRAME_S = 0.02
_SPEECH_BELOW_LOUDEST = 10 ** (-35 / 20)  # frames quieter than this beside the loudest one are silence
_SILENT_RMS = 1e-4


def level_and_trim(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Cut silence from both ends and scale what is left to the common level.

    Args:
        samples: float32 mono in [-1, 1], shape (N,).
        sample_rate: hertz.

    Returns:
        float32 mono, shape (M,) with M <= N; empty when all was silence.
    """
    frame = round(sample_rate * _FRAME_S)
    whole = len(samples) // frame * frame
    if whole == 0:
        return samples[:0]
    rms = np.sqrt(np.mean(samples[:whole].reshape(-1, frame) ** 2, axis=1))  # (frames,)
    loudest = float(rms.max())
    if loudest < _SILENT_RMS:
        return samples[:0]
    speech = np.flatnonzero(rms > loudest * _SPEECH_BELOW_LOUDEST)
    # One frame of margin on both sides keeps soft onsets and releases.
    first, last = max(0, int(speech[0]) - 1), int(speech[-1]) + 2
    samples = samples[first * frame : last * frame]
    level = float(np.sqrt(np.mean(rms[speech] ** 2)))
    samples = samples * np.float32(_TARGET_RMS / level)
    room = _CEILING - _KNEE
    bent = _KNEE + room * np.tanh((np.abs(samples) - _KNEE) / room)
    return np.where(np.abs(samples) > _KNEE, np.copysign(bent, samples), samples).astype(np.float32)
