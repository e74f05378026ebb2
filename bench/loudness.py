"""Loudness as ITU-R BS.1770-4 measures it, of one channel."""

import numpy as np
from numpy.typing import NDArray

from worker.speech.loudness import weighted

_BLOCK_S, _STEP_S = 0.4, 0.1
_ABSOLUTE_LUFS, _RELATIVE_LU = -70.0, -10.0
_OFFSET = -0.691


def loudness_lufs(samples: NDArray[np.floating], sample_rate: int) -> float:
    """Measure the integrated loudness; about -70 for silence.

    Args:
        samples: mono in [-1, 1], shape (N,), at least 0.4 s.
        sample_rate: hertz.
    """
    sound = weighted(samples, sample_rate)
    block, step = round(_BLOCK_S * sample_rate), round(_STEP_S * sample_rate)
    energy = np.array(
        [np.mean(sound[start : start + block] ** 2) for start in range(0, len(samples) - block + 1, step)]
    )
    levels = _OFFSET + 10 * np.log10(energy + 1e-12)
    heard = energy[levels > _ABSOLUTE_LUFS]
    if not len(heard):
        return _ABSOLUTE_LUFS
    gate = _OFFSET + 10 * np.log10(heard.mean()) + _RELATIVE_LU
    return float(_OFFSET + 10 * np.log10(heard[_OFFSET + 10 * np.log10(heard) > gate].mean()))
