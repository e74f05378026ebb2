"""Loudness as ITU-R BS.1770-4 measures it, of one channel."""

import numpy as np
from numpy.typing import NDArray

_BLOCK_S, _STEP_S = 0.4, 0.1
_ABSOLUTE_LUFS, _RELATIVE_LU = -70.0, -10.0
_OFFSET = -0.691


def loudness_lufs(samples: NDArray[np.floating], sample_rate: int) -> float:
    """Measure the integrated loudness; about -70 for silence.

    Args:
        samples: mono in [-1, 1], shape (N,), at least 0.4 s.
        sample_rate: hertz.
    """
    weighted = _weighted(samples, sample_rate)
    block, step = round(_BLOCK_S * sample_rate), round(_STEP_S * sample_rate)
    energy = np.array(
        [np.mean(weighted[start : start + block] ** 2) for start in range(0, len(samples) - block + 1, step)]
    )
    levels = _OFFSET + 10 * np.log10(energy + 1e-12)
    heard = energy[levels > _ABSOLUTE_LUFS]
    if not len(heard):
        return _ABSOLUTE_LUFS
    gate = _OFFSET + 10 * np.log10(heard.mean()) + _RELATIVE_LU
    return float(_OFFSET + 10 * np.log10(heard[_OFFSET + 10 * np.log10(heard) > gate].mean()))


def _weighted(samples: NDArray[np.floating], sample_rate: int) -> NDArray[np.float64]:
    """Apply the K weighting by its frequency response: a shelf of 4 dB above 1.7 kHz and a high-pass at 38 Hz.

    The response is that of the analogue filters behind the standard's coefficients for 48 kHz.
    """
    frequency = np.fft.rfftfreq(len(samples), 1 / sample_rate)
    s = 1j * np.maximum(frequency, 1e-3)
    shelf_hz, shelf_q, gain = 1681.974450955533, 0.7071752369554196, 10 ** (3.999843853973347 / 20)
    middle = gain**0.4996667741545416
    u = s / shelf_hz
    shelf = (gain * u**2 + middle * u / shelf_q + 1) / (u**2 + u / shelf_q + 1)
    u = s / 38.13547087602444
    high_pass = u**2 / (u**2 + u / 0.5003270373238773 + 1)
    return np.fft.irfft(np.fft.rfft(samples) * shelf * high_pass, len(samples))
