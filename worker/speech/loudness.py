"""Brings speech to one loudness and trims its silence, also while it still comes. Knows no text.

What leaves has -16 LUFS (ITU-R BS.1770-4, as EBU R 128 and streaming services measure it) and no true peak above
-1 dBFS. Speech as loud as that has peaks above it, which a limiter turns down for some milliseconds, and no more.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_TARGET_LUFS = -15.8  # of a stretch: the pauses between them take the rest
_OFFSET = -0.691  # from the weighted mean square in decibels to LUFS
_BLOCK_S, _STEP_S, _GATE_LU = 0.4, 0.1, -10.0
_MOST_MADE_UP = 10 ** (3 / 20)  # of what the limiter takes
_CEILING = 10 ** (-1.3 / 20)  # a peak between samples is known to 0.2 dB
_REACH_S = 0.004  # of the limiter, before and after a peak
_PHASES, _TAPS = 4, 16  # a true peak is looked for at four times the rate
_FRAME_S = 0.02
_SPEECH_BELOW_LOUDEST = 10 ** (-35 / 20)  # frames quieter than this beside the loudest one are silence
_SILENT_RMS = 1e-4
_HEARD_S = 1.0  # of speech, from which the level of all that follows is known well enough


def level_and_trim(samples: Samples, sample_rate: int) -> Samples:
    """Cut silence from both ends and scale what is left to the common level.

    Args:
        samples: float32 mono in [-1, 1], shape (N,).
        sample_rate: hertz.

    Returns:
        float32 mono, shape (M,) with M <= N; empty when all was silence.
    """
    return np.concatenate([samples[:0], *level_and_trim_pieces([samples], sample_rate)])


def level_and_trim_pieces(pieces: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
    """Do the same with an utterance that comes in pieces of any length.

    The gain is that of its first second and stays, so that nothing pumps; silence is held back until speech follows.

    Yields:
        float32 mono, none of them empty.
    """
    frame = round(sample_rate * _FRAME_S)
    waiting = np.zeros(0, np.float32)
    gain = threshold = 0.0
    limiter = _Limiter(sample_rate)
    for piece in chain(pieces, [None]):
        if piece is not None:
            waiting = np.concatenate([waiting, piece])
        whole = len(waiting) // frame * frame
        rms = np.sqrt(np.mean(waiting[:whole].reshape(-1, frame) ** 2, axis=1))  # (frames,)
        starts = gain == 0
        if starts:
            loudest = float(rms.max(initial=0))
            threshold = max(loudest * _SPEECH_BELOW_LOUDEST, _SILENT_RMS)
        speech = np.flatnonzero(rms > threshold)
        if not len(speech) or (starts and piece is not None and len(speech) * _FRAME_S < _HEARD_S):
            continue
        # One frame of margin on both sides keeps soft onsets and releases.
        first = max(0, int(speech[0]) - 1) * frame if starts else 0
        end = (int(speech[-1]) + 2) * frame
        if starts:
            gain = _gain(waiting[first:end], sample_rate)
        limited = limiter.push(waiting[first:end] * np.float32(gain))
        if len(limited):
            yield limited
        waiting = waiting[end:]
    limited = limiter.finish()
    if len(limited):
        yield limited


class _Limiter:
    """Turns down what is above the ceiling, smoothly and before it comes; without effect on all else.

    A class because it holds back the last milliseconds until it knows what follows them. The gain at a sample depends
    on what is around it alone, so that the pieces in which a sound comes make no difference.
    """

    def __init__(self, sample_rate: int) -> None:
        self._reach = round(sample_rate * _REACH_S)
        self._context = 2 * self._reach + _TAPS
        self._fade = np.hanning(2 * self._reach + 3)[1:-1]
        self._fade /= self._fade.sum()
        self._heard = np.zeros(0, np.float32)
        self._given = 0  # of these samples

    def push(self, samples: Samples) -> Samples:
        """Take samples; returns those that are certain."""
        self._heard = np.concatenate([self._heard, samples])
        return self._give(max(self._given, len(self._heard) - self._context))

    def finish(self) -> Samples:
        """Return the rest."""
        return self._give(len(self._heard))

    def _give(self, end: int) -> Samples:
        limited = (self._heard * self._gains())[self._given : end].astype(np.float32)
        forgotten = max(0, end - self._context)
        self._heard = self._heard[forgotten:]
        self._given = end - forgotten
        return limited

    def _gains(self) -> NDArray[np.float64]:
        """Return what each sample is turned down by, shape (N,)."""
        peaks = true_peaks(self._heard)
        if peaks.max(initial=0) <= _CEILING:
            return np.ones(len(self._heard))
        wanted = np.minimum(1, _CEILING / np.maximum(peaks, _CEILING))
        padded = np.pad(wanted, 2 * self._reach, constant_values=1)
        # Around each peak the gain is as low as it needs, then it is smoothed no further than that.
        least = sliding_window_view(padded, 2 * self._reach + 1).min(axis=1)
        return np.convolve(least, self._fade, "valid")


def true_peaks(samples: Samples) -> NDArray[np.float64]:
    """Return the highest magnitude from each sample to the next, of the sound that they stand for; shape (N,)."""
    peaks = np.abs(samples).astype(np.float64)
    if not len(samples):
        return peaks
    taps = np.arange(-_TAPS // 2 + 1, _TAPS // 2 + 1)
    for phase in range(1, _PHASES):
        shift = phase / _PHASES
        kernel = np.sinc(taps - shift) * np.cos(np.pi * (taps - shift) / (_TAPS + 1)) ** 2
        between = np.convolve(np.pad(samples, (_TAPS // 2 - 1, _TAPS // 2)), kernel[::-1], "valid")
        np.maximum(peaks, np.abs(between), out=peaks)
    return peaks


def _gain(samples: Samples, sample_rate: int) -> float:
    """Find what brings speech to the target, the limiter's loss made up for."""
    gain = 10 ** ((_TARGET_LUFS - _loudness(samples, sample_rate)) / 20)
    limiter = _Limiter(sample_rate)
    limited = np.concatenate([limiter.push(samples * np.float32(gain)), limiter.finish()])
    lost = 10 ** ((_TARGET_LUFS - _loudness(limited, sample_rate)) / 20)
    return float(gain * min(max(lost, 1.0), _MOST_MADE_UP))


def _loudness(samples: Samples, sample_rate: int) -> float:
    """Measure in LUFS, with the standard's gate; what is shorter than one of its blocks as one block."""
    sound = weighted(samples, sample_rate)
    block, step = min(round(_BLOCK_S * sample_rate), len(sound)), round(_STEP_S * sample_rate)
    starts = range(0, len(sound) - block + 1, step)
    energy = np.array([np.mean(sound[start : start + block] ** 2) for start in starts])
    gate = np.mean(energy) * 10 ** (_GATE_LU / 10)
    return float(_OFFSET + 10 * np.log10(np.mean(energy[energy >= gate])))


def weighted(samples: NDArray[np.floating], sample_rate: int) -> NDArray[np.float64]:
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
