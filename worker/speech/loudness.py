"""Brings speech to one loudness and trims its silence, also while it still comes. Knows no text."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_TARGET_RMS = 10 ** (-20 / 20)  # of full scale, where there is speech
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
            gain = _TARGET_RMS / float(np.sqrt(np.mean(rms[speech] ** 2)))
        # One frame of margin on both sides keeps soft onsets and releases.
        first = max(0, int(speech[0]) - 1) * frame if starts else 0
        end = (int(speech[-1]) + 2) * frame
        yield _bent(waiting[first:end] * np.float32(gain))
        waiting = waiting[end:]


def _bent(samples: Samples) -> Samples:
    room = _CEILING - _KNEE
    bent = _KNEE + room * np.tanh((np.abs(samples) - _KNEE) / room)
    return np.where(np.abs(samples) > _KNEE, np.copysign(bent, samples), samples).astype(np.float32)
