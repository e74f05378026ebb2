# ruff: noqa: RUF001 - these are letters of the International Phonetic Alphabet
"""Timed phonemes → mouth tracks; knows no synthesiser, avatar or network.

A track says for every video frame how far each of twelve ARKit face units is applied. Each phoneme has one target
shape, or more for a diphthong, and neighbours blend by dominance (Cohen and Massaro 1993, "Modeling coarticulation in
synthetic visual speech"): a target pulls with a Gaussian weight around its middle. Blending alone would leave the lips
of a quick /p/ apart, which is the error that people see first. So closures, and the bite of /f/ and /v/, are also held:
they are reached in full for at least a video frame, however fast the speech.

Axes: F video frames, K = 12 face units in the order of `UNITS`.
"""

import unicodedata
from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from faces.shapes import UNITS

FPS = 25
CLOSURES = frozenset("mbpɓ")
"""The sounds whose lips touch."""

Track = NDArray[np.float32]
Array = TypeVar("Array", bound=Any)


class Phoneme(NamedTuple):
    """What is said from `start_s` until the next phoneme starts; `sound` is IPA, or "" for a pause."""

    start_s: float
    sound: str


class _Shape(NamedTuple):
    """A target: how far each unit goes, how hard it pulls against its neighbours, and whether it must be reached."""

    units: dict[str, float]
    pull: float = 1.0
    hold: float = 0.0  # share of the shape that is reached whatever the neighbours want


_REST = _Shape({})
_CLOSED = _Shape(
    {"jawOpen": 0.04, "mouthClose": 0.05, "mouthPress": 0.55, "mouthRollLower": 0.25, "mouthRollUpper": 0.18},
    hold=1.0,
)
_LIP_TO_TEETH = _Shape(
    {"jawOpen": 0.07, "mouthRollLower": 0.55, "mouthUpperUp": 0.25, "mouthLowerDown": -0.05}, hold=0.9
)
_NARROW = _Shape({"jawOpen": 0.08, "mouthPress": 0.15, "mouthRollLower": 0.1, "mouthFunnel": 0.15}, 2)
_ROUND_TIGHT = _Shape({"jawOpen": 0.08, "mouthPucker": 0.85, "mouthFunnel": 0.2}, 3)
_ROUND_CLOSE = _Shape({"jawOpen": 0.12, "mouthPucker": 0.75, "mouthFunnel": 0.3}, 1.5)
_ROUND_MID = _Shape({"jawOpen": 0.32, "mouthFunnel": 0.65, "mouthPucker": 0.25})
_ROUND_OPEN = _Shape({"jawOpen": 0.42, "mouthFunnel": 0.5})
_OPEN = _Shape({"jawOpen": 0.55, "mouthLowerDown": 0.28, "mouthUpperUp": 0.15, "mouthStretch": 0.08})
_MID = _Shape(
    {"jawOpen": 0.3, "mouthStretch": 0.3, "mouthLowerDown": 0.22, "mouthUpperUp": 0.15, "mouthSmile": 0.12}
)
_NEUTRAL_VOWEL = _Shape(
    {"jawOpen": 0.25, "mouthStretch": 0.12, "mouthLowerDown": 0.2, "mouthUpperUp": 0.1}, 0.7
)
_SPREAD = _Shape(
    {"jawOpen": 0.15, "mouthStretch": 0.42, "mouthSmile": 0.3, "mouthLowerDown": 0.22, "mouthUpperUp": 0.15}
)
_PROTRUDED = _Shape(
    {"jawOpen": 0.09, "mouthFunnel": 0.6, "mouthPucker": 0.2, "mouthLowerDown": 0.2, "mouthUpperUp": 0.12}, 3
)
_TEETH = _Shape({"jawOpen": 0.06, "mouthStretch": 0.25, "mouthLowerDown": 0.35, "mouthUpperUp": 0.15})
_TONGUE = _Shape(
    {"jawOpen": 0.14, "mouthStretch": 0.25, "mouthLowerDown": 0.35, "mouthUpperUp": 0.15, "tongueOut": 0.35}
)
_TONGUE_TIP = _Shape({"jawOpen": 0.17, "mouthLowerDown": 0.25, "mouthUpperUp": 0.12, "mouthStretch": 0.12})
_RHOTIC = _Shape({"jawOpen": 0.14, "mouthFunnel": 0.32, "mouthPucker": 0.15, "mouthLowerDown": 0.1})
_BACK = _Shape({"jawOpen": 0.24, "mouthLowerDown": 0.18, "mouthUpperUp": 0.08}, 0.7)
_OTHER = _Shape({"jawOpen": 0.18, "mouthLowerDown": 0.15}, 0.7)

# IPA letters of all seventeen languages, after diacritics, stress, length and tone marks are gone.
_SHAPES = {
    letter: shape
    for letters, shape in (
        ("".join(CLOSURES), _CLOSED),
        ("fvɱʋ", _LIP_TO_TEETH),
        ("βɸ", _NARROW),
        ("wʍɥ", _ROUND_TIGHT),
        ("uʊɯʉyʏ", _ROUND_CLOSE),
        ("oɔɵøœɤ", _ROUND_MID),
        ("ɒ", _ROUND_OPEN),
        ("aɑɐʌæ", _OPEN),
        ("eɛɜɘ3", _MID),
        ("əɚᵊ", _NEUTRAL_VOWEL),
        ("iɪjɨᵻɿʅʲ", _SPREAD),
        ("ʃʒʂʐɕʑʧʤɻ", _PROTRUDED),
        ("szʦʣ", _TEETH),
        ("θð", _TONGUE),
        ("tdnlɾɲʎɟcɫɭɳʈɖɽ", _TONGUE_TIP),
        ("rɹʁʀ", _RHOTIC),
        ("kɡgŋxhɣqħʕʔχɦɴ", _BACK),
    )
    for letter in letters
}
_VOWELS = frozenset("uʊɯʉyʏoɔɵøœɤɒaɑɐʌæeɛɜɘ3əɚᵊiɪɨᵻ")
_SOFTENED = frozenset("ʃʒʂʐɕʑszɻ")  # the second letter of an affricate, which is what the lips show

_LONGEST_S = (
    0.35  # nobody holds a mouth longer; synthesisers put the pause after a sentence into its last phoneme
)
_SHORTEST_PAUSE_S = 0.03
_GAP_S = 0.12  # between words, where lips need not come to rest
_LEAD_S = 0.015  # lips arrive a little before the sound
_REST_PULL = 0.02  # so that frames far from any phoneme are at rest
_SHORTEST_HOLD_S = 0.05  # a video frame is 0.04 s, so that every closure is seen in one at least
_REACH_S = 0.04  # lips take so long to come together, and apart


def track(phonemes: Sequence[Phoneme], duration_s: float, *, rate: float = FPS) -> Track:
    """Work out the mouth of every video frame.

    Args:
        phonemes: in order of time; pauses are phonemes with no sound.
        duration_s: where the last one ends.
        rate: frames a second, if not those of the video.

    Returns:
        Shape (F, K). Whatever the rate, frame n is the mouth of the video frame that starts n / `rate` seconds into
        the speech, taken in that video frame's middle.
    """
    times = np.arange(round(duration_s * rate)) / rate + 0.5 / FPS + _LEAD_S  # (F,)
    pulled = np.zeros((len(times), len(UNITS)))  # (F, K)
    pulls = np.full((len(times), 1), _REST_PULL)  # (F, 1)
    targets = _targets(phonemes, duration_s)
    for start_s, end_s, shape in targets:
        length_s = end_s - start_s
        if shape is _REST:
            if length_s < _SHORTEST_PAUSE_S:
                continue
            width = max(length_s * 0.5, 0.04)
            strength = 0.6 if length_s < _GAP_S else 1.5
        else:
            width = max(length_s * 0.55, 0.035)
            strength = shape.pull
        away = np.abs(times - (start_s + end_s) / 2) / width
        pull = strength * np.exp(-0.5 * away**2) * np.where(away < 1, 1.3, 1.0)  # (F,)
        pulled += pull[:, None] * _row(shape)
        pulls += pull[:, None]
    blended = pulled / pulls
    for start_s, end_s, shape in targets:
        if shape.hold:
            held_s = max(end_s - start_s - _REACH_S, _SHORTEST_HOLD_S)
            away = np.abs(times - (start_s + end_s) / 2) - held_s / 2  # seconds outside of what is held
            share = shape.hold * (0.5 + 0.5 * np.cos(np.pi * np.clip(away / _REACH_S, 0, 1)))  # (F,)
            blended += share[:, None] * (_row(shape) - blended)
    return blended.astype(np.float32)


def follow_loudness(track: Track, pcm: NDArray[np.float32], sample_rate: int, *, rate: float = FPS) -> Track:
    """Open the jaw a little wider where the speech (float32 mono, shape (N,)) is louder than the rest of it."""
    starts = np.arange(len(track)) / rate - 0.5 / FPS  # each frame and half of either neighbour
    edges = np.clip(np.stack([starts, starts + 2 / FPS]) * sample_rate, 0, len(pcm)).astype(int)  # (2, F)
    energy = np.concatenate([[0.0], np.cumsum(pcm.astype(np.float64) ** 2)])
    loudness = np.sqrt((energy[edges[1]] - energy[edges[0]]) / (2 / FPS * sample_rate))  # (F,)
    gain = np.clip(0.75 + 0.35 * loudness / (np.percentile(loudness, 80) + 1e-6), 0.7, 1.2)
    louder = track.copy()
    for unit in ("jawOpen", "mouthLowerDown"):
        louder[:, UNITS.index(unit)] *= gain
    return louder


def opening(units: Array) -> Array:
    """Return how far the lips are apart, roughly, for units of shape (..., K), in numpy or PyTorch; shape (...)."""
    jaw, lower, upper = (
        units[..., UNITS.index(unit)] for unit in ("jawOpen", "mouthLowerDown", "mouthUpperUp")
    )
    return jaw + 0.5 * lower + 0.3 * upper


def _targets(phonemes: Sequence[Phoneme], duration_s: float) -> list[tuple[float, float, _Shape]]:
    targets = []
    ends = [following.start_s for following in phonemes[1:]] + [duration_s]
    for (start_s, sound), end_s in zip(phonemes, ends, strict=True):
        shapes = _shapes(sound)
        if not shapes:
            targets.append((start_s, end_s, _REST))
            continue
        spoken_s = min(end_s - start_s, _LONGEST_S)
        each_s = spoken_s / len(shapes)
        targets += [(start_s + i * each_s, start_s + (i + 1) * each_s, s) for i, s in enumerate(shapes)]
        if end_s - start_s > spoken_s:
            targets.append((start_s + spoken_s, end_s, _REST))
    return targets


def _shapes(sound: str) -> list[_Shape]:
    """Return one shape for most sounds, several for a diphthong, none for a pause."""
    decomposed = unicodedata.normalize("NFD", sound)
    letters = [c for c in decomposed if c in _SHAPES]
    if not letters:
        return [_OTHER] if any(unicodedata.category(c) == "Ll" for c in decomposed) else []
    first = letters[0]
    if first in _VOWELS:
        vowels = [letter for letter in letters if letter in _VOWELS]
        return [_SHAPES[vowel] for vowel, _ in groupby(vowels)]
    if len(letters) > 1 and letters[1] in _SOFTENED:
        first = letters[1]
    return [_SHAPES[first]]


def _row(shape: _Shape) -> NDArray[np.float64]:
    return np.array([shape.units.get(unit, 0.0) for unit in UNITS])
