"""Finds in the sound when lips touch, which synthesisers tell only roughly."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.phonemes import CLOSURES, Phoneme

_STEPS = 400  # a second, in which closures are looked for
_SHIFTS = np.arange(-24, 25)  # steps: 60 ms either way
_STRESS = "ˈˌ "


def find_closures(pcm: NDArray[np.float32], sample_rate: int, phonemes: Sequence[Phoneme]) -> list[Phoneme]:
    """Put each /m b p/ where the sound around its time is most muffled, which is while the lips touch.

    Muffled is what has least energy in the high frequencies for the length of a closure; where that hardly differs,
    as beside a pause, the synthesiser's own time wins.
    """
    sharp = np.diff(pcm.astype(np.float64), 2, prepend=[0, 0]) ** 2  # rises by 12 dB an octave
    edges = np.arange(len(pcm) * _STEPS // sample_rate + 1) * sample_rate // _STEPS
    sums = np.concatenate([[0.0], np.cumsum(sharp)])[edges]
    found = list(phonemes)
    for i, (start_s, sound) in enumerate(phonemes[:-1]):
        letter = sound.strip(_STRESS)[:1]
        if letter not in CLOSURES:
            continue
        next_s = phonemes[i + 1].start_s
        held_s = min(max(next_s - start_s, 0.04), 0.1 if letter == "m" else 0.06)
        held = round(held_s * _STEPS)
        places = round(start_s * _STEPS) + _SHIFTS
        places = places[(places >= 0) & (places + held < len(sums))]
        if not len(places):
            continue
        energy = sums[places + held] - sums[places] + 1e-5 * sums[-1] / len(sums) * held + 1e-12
        doubt = 2 * ((places / _STEPS - start_s) / _SHIFTS[-1] * _STEPS) ** 2
        starts_s = float(places[np.argmin(np.log(energy) + doubt)]) / _STEPS
        found[i] = Phoneme(max(starts_s, found[i - 1].start_s if i else 0.0), sound)
        after_s = phonemes[i + 2].start_s if i + 2 < len(phonemes) else np.inf
        found[i + 1] = Phoneme(min(found[i].start_s + held_s, max(after_s, next_s)), phonemes[i + 1].sound)
    return found
