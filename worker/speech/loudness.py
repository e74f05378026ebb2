"""Brings speech to one loudness and trims its silence, also while it still comes. Knows no text."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_TARGET_RMS = 10 ** (-20.3 / 20)  # of full scale, weighted as ears do, where there is speech: -21 LUFS
_KNEE, _CEILING = (
    0.6,
    0.95,
)  # peaks above the knee are bent, so that a peaky voice is not softer than the others
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
    return next(level_and_trim_pieces([samples], sample_rate), samples[:0])


def level_and_trim_pieces(pieces: Iterable[Samples], sample_rate: int) -> Iterator[Samples]:
    """Do the same with an utterance that comes in pieces of any length.

    The gain is that of its first second and stays, so that nothing pumps; silence is held back until speech follows.

    Yields:
        float32 mono, none of them empty.
    """
    frame = round(sample_rate * _FRAME_S)
    waiting = np.zeros(0, np.float32)
    gain = threshold = 0.0
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
        if starts:
            heard = weighted(waiting[:whole], sample_rate).reshape(-1, frame)[speech]
            gain = _TARGET_RMS / float(np.sqrt(np.mean(heard**2)))
        # One frame of margin on both sides keeps soft onsets and releases.
        first = max(0, int(speech[0]) - 1) * frame if starts else 0
        end = (int(speech[-1]) + 2) * frame
        yield _bent(waiting[first:end] * np.float32(gain))
        waiting = waiting[end:]


def _bent(samples: Samples) -> Samples:
    room = _CEILING - _KNEE
    bent = _KNEE + room * np.tanh((np.abs(samples) - _KNEE) / room)
    return np.where(np.abs(samples) > _KNEE, np.copysign(bent, samples), samples).astype(np.float32)


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
