"""Voices turned into others: another pitch, a longer or shorter vocal tract, another colour. Pure.

How a voice is turned is part of its name, `en-male~087-094-88a9876`, so that every worker, and whoever goes on with a
video, makes the same sound of it without being told anything else. The sound is taken apart by WORLD (Morise et al.
2016) into pitch, spectrum and breath, and put together again; it keeps its length to the sample, and its rhythm.
"""

import re

import msgspec
import numpy as np
import pyworld
from numpy.typing import NDArray

Sound = NDArray[np.float32]  # mono in about [-1, 1], (N,)

BANDS_HZ = (200.0, 400.0, 750.0, 1300.0, 2100.0, 3300.0, 5200.0)
"""Middles of the bands of a colour."""

MOST_PITCH, MOST_TRACT, MOST_DB = 1.8, 1.3, 7
"""How far a voice is turned, up or down: beyond these it sounds like no person."""

_NAME = re.compile(r"(?P<base>[^~]+)~(?P<pitch>\d{3})-(?P<tract>\d{3})-(?P<colour>[1-9a-f]{7})")
_FLAT = 8  # the digit of 0 dB
_FRAME_MS = 5.0
_QUIET = 1e-16


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """How a voice is turned.

    Attributes:
        pitch: times its own.
        tract: times the frequencies of its own resonances; below 1 is a longer tract.
        colour: decibels added in each of `BANDS_HZ`.
    """

    pitch: float = 1.0
    tract: float = 1.0
    colour: tuple[int, ...] = (0,) * len(BANDS_HZ)

    def name(self, base: str) -> str:
        """Name a voice that is turned so."""
        colour = "".join(f"{each + _FLAT:x}" for each in self.colour)
        return f"{base}~{round(100 * self.pitch):03}-{round(100 * self.tract):03}-{colour}"

    def turned(self, samples: Sound, rate: int) -> Sound:
        """Turn a sound.

        Args:
            samples: any length.
            rate: in hertz.
        """
        if not len(samples) or not np.abs(samples).max() > 0:
            return samples
        sound = samples.astype(np.float64)
        pitch_hz, times = pyworld.dio(sound, rate, frame_period=_FRAME_MS)
        pitch_hz = pyworld.stonemask(sound, pitch_hz, times, rate)
        spectrum = pyworld.cheaptrick(sound, pitch_hz, times, rate)  # power, (F, bins)
        breath = pyworld.d4c(sound, pitch_hz, times, rate)
        bins = spectrum.shape[1]
        source = np.minimum(np.arange(bins) / self.tract, bins - 1)
        low = np.minimum(source.astype(int), bins - 2)
        share = source - low
        spectrum = np.exp(_between(np.log(spectrum + _QUIET), low, share))
        breath = _between(breath, low, share)
        hertz = np.arange(bins) * rate / 2 / (bins - 1)
        gain_db = np.interp(np.log(hertz + 1), np.log(BANDS_HZ), self.colour)
        spectrum = np.ascontiguousarray(spectrum * 10 ** (gain_db / 10))
        said = pyworld.synthesize(
            pitch_hz * self.pitch, spectrum, np.ascontiguousarray(breath), rate, _FRAME_MS
        )
        said = np.pad(said, (0, max(0, len(samples) - len(said))))[: len(samples)]
        loud = np.sqrt(np.mean(sound**2)) / max(float(np.sqrt(np.mean(said**2))), 1e-9)
        return np.asarray(said * min(loud, 1 / max(float(np.abs(said).max()), 1e-9)), np.float32)


def turn_of(name: str) -> tuple[str, Turn] | None:
    """Read which voice a name turns, and how; None of one that turns none, or further than voices are turned."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    pitch, tract = int(match["pitch"]) / 100, int(match["tract"]) / 100
    if not (1 / MOST_PITCH <= pitch <= MOST_PITCH and 1 / MOST_TRACT <= tract <= MOST_TRACT):
        return None
    colour = tuple(int(digit, 16) - _FLAT for digit in match["colour"])
    return match["base"], Turn(pitch=pitch, tract=tract, colour=colour)


def _between(
    frames: NDArray[np.float64], low: NDArray[np.int_], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(frames[:, low] * (1 - share) + frames[:, low + 1] * share, np.float64)
