"""Sounds that are no speech, made here: music, beeps, drums, an organ and hiss. float32 mono at 16 kHz in [-1, 1]."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

_RATE = 16_000
_LEVEL = 0.7
_CHORDS = ((262, 330, 392), (294, 349, 440), (330, 392, 494), (247, 294, 392))  # hertz
_OVERTONES = 4
_TREMBLE_HZ, _TREMBLE_S = 5, 0.002

Sound = NDArray[np.float64]


def noise(name: str, seconds: int) -> NDArray[np.float32]:
    """Make one of `NOISES`."""
    times = np.arange(seconds * _RATE) / _RATE
    sound = NOISES[name](times)
    return np.asarray(sound / np.abs(sound).max() * _LEVEL, np.float32)


def _struck(times: Sound, beats: Sequence[float] | Sound, fall_s: float) -> Sound:
    """Return how loud is what is struck at each beat and dies away."""
    loud = np.zeros_like(times)
    for beat in beats:
        loud += np.where(times >= beat, np.exp(-np.maximum(times - beat, 0) / fall_s), 0)
    return loud


def _music(times: Sound) -> Sound:
    sound = np.zeros_like(times)
    for number, chord in enumerate(_CHORDS):
        loud = _struck(times, np.arange(number / 2, times[-1], len(_CHORDS) / 2), 0.6)
        for hertz in chord:
            for overtone in range(1, 1 + _OVERTONES):
                sound += np.sin(2 * np.pi * hertz * overtone * times) / overtone * loud
    return sound


def _beeps(times: Sound) -> Sound:
    return np.sin(2 * np.pi * 1_000 * times) * (times % 1 < 0.3)  # noqa: PLR2004 - of each second


def _drums(times: Sound) -> Sound:
    snare = np.random.default_rng(1).normal(size=len(times)) * _struck(
        times, np.arange(0.5, times[-1], 1), 0.08
    )
    return snare / 2 + np.sin(2 * np.pi * 60 * times) * _struck(times, np.arange(0, times[-1], 0.5), 0.1)


def _organ(times: Sound) -> Sound:
    trembling = times + _TREMBLE_S * np.sin(2 * np.pi * _TREMBLE_HZ * times)
    notes = enumerate((440, 523, 659, 587))
    return sum(
        (
            np.sin(2 * np.pi * hertz * trembling) * _struck(times, np.arange(at * 0.4, times[-1], 1.6), 0.9)
            for at, hertz in notes
        ),
        np.zeros_like(times),
    )


def _hiss(times: Sound) -> Sound:
    return np.random.default_rng(2).normal(size=len(times))


NOISES: dict[str, Callable[[Sound], Sound]] = {
    "music": _music,
    "beeps": _beeps,
    "drums": _drums,
    "organ": _organ,
    "hiss": _hiss,
    "band": lambda times: _music(times) / 8 + _drums(times),
}
