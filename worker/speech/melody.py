# ruff: noqa: RUF001 - letters of the phonetic alphabet are the point
"""Has questions ask: changes the pitch that the network has chosen for the end of one, before anything sounds.

The network says a question as it says a statement, and lets its last syllable fade. How voices ask what yes or no
answers differs by language. Portuguese of Brazil (Truckenbrodt and others, 2009), Russian (Bryzgunova's third
construction; Post, 2008), Hungarian (Varga, 2002) and Turkish (Göksel and Kerslake, 2005) rise and fall again. Japanese
and Korean (Jun, ed., 2005) raise the last syllable alone, as does French. Mandarin keeps its tones, and raises them
more and more (Yuan, 2006). All others go up from the last stressed syllable on (Ladd, 2008; Frota and Prieto, eds.,
2015). The heights are ours: within what speakers reach who do not raise their voice.

What comes of it hangs on the words and on what the network has chosen alone, so that a resumed text fits.
"""

import re
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float32]
"""One number for each 1/80 s, (2t,)."""

Melody = Callable[[Curve, Curve, NDArray[np.int64]], tuple[Curve, Curve]]
"""Pitch in hertz, loudness, and how many 1/40 s each token takes, (n,), to the pitch and loudness that are to sound."""

Shape = Literal["rise", "last", "peak", "penult", "particle", "lift"]
"""How a question is asked.

rise: low on the last stressed syllable, and up from there to the end.
last: up on the last syllable alone.
peak, penult, particle: up on the last stressed syllable, the last but one, or that before the particle; then down.
lift: as it is, but higher and higher.
"""

_SHAPES: dict[str, Shape] = {
    "fr": "last", "hu": "penult", "ja": "last", "ko": "last", "pt": "peak", "ru": "peak", "tr": "particle",
    "zh": "lift",
}  # fmt: skip

# Semitones beside the mean of what is said.
_LOW, _HIGH = -1.5, 6.0
_AHEAD_OF_END = 0.4  # how much of the way up a rise is where its last syllable begins
_PEAK, _AFTER = 5.5, -3.0
_LIFT = 1.0, 3.0, 5.0  # at the start, where the last syllable begins, and at the end

_MARK = "?"
_ENDS = frozenset(".!?…")
_STRESS = "ˈ"
_VOWELS = frozenset("aeiouyɑɐɒæɔəɚɛɜɨɪøœɯʊʌɤAIOQWYᵊᵻ")
_OF_VOWELS = frozenset("ː̃ᵝ→↗↓↘")  # belongs to the vowel before it
_VOICED_CODAS = frozenset("mnŋɲɴlɹɾrʁjwʎɱvzʒðbdɡ")
_PARTICLE = re.compile(r" m[iɨuy][^ ]*$")  # Turkish

# In 1/80 s.
_LEAST_HEARD = 12  # of a vowel at the end
_FADE = 5  # in which it ends
_EASE = 8  # in which a change begins

# Loudness is a logarithm, some 8 in vowels and -9 in silence.
_WEAKER = 2.0  # by how much a syllable that asks may be weaker than the loudest
_HEARD = 4.0  # and one that is heard at all
_SILENCE = -9.0
_LOUDEST_PERCENT = 90
_VOICED = 0.45  # of the mean pitch; below that there is no voice


class _Syllables(NamedTuple):
    """The vowels of a question.

    Attributes:
        vowels: index of the first symbol of each, the mark of stress included, which sounds as they do; and behind its
            last.
        stressed: the last stressed one, else the last.
    """

    vowels: Sequence[tuple[int, int]]
    stressed: int


class _Times(NamedTuple):
    """When the syllables of a question begin, their vowels begin and are over, and when its voice ends, in 1/80 s."""

    onsets: list[int]
    begins: list[int]
    over: list[int]
    end: int


def asking(phonemes: str, language: str, asked: Sequence[bool]) -> Melody | None:
    """Return how to ask what is said; None where nothing of it is to be asked.

    Args:
        phonemes: as the network takes them.
        language: of the voice.
        asked: of each question in the words, up to the last, whether the voice asks it.
    """
    questions = [
        question for question, asks in zip(_questions(phonemes)[::-1], asked[::-1], strict=False) if asks
    ]
    if not questions:
        return None
    shape = _SHAPES.get(language, "rise")

    def change(pitch: Curve, loudness: Curve, frames: NDArray[np.int64]) -> tuple[Curve, Curve]:
        ends = 2 * np.cumsum(frames)  # of the padding, then of each symbol
        pitch, loudness = pitch.copy(), loudness.copy()
        for start, mark in questions:
            _ask(pitch, loudness, ends, phonemes[:mark], start, shape)
        return pitch, loudness

    return change


def sung(
    chosen: Sequence[NDArray[np.float32]], frames: NDArray[np.int64], melody: Melody | None
) -> list[NDArray[np.float32]]:
    """Change what the network has chosen.

    Args:
        chosen: sounds, pitch and loudness, the latter two (1, 1, 2t).
        frames: see `Melody`.
        melody: None leaves all as it is.
    """
    sounds, pitch, loudness = chosen
    if melody is None:
        return [sounds, pitch, loudness]
    curves = melody(pitch.reshape(-1), loudness.reshape(-1), frames.reshape(-1))
    return [sounds, *(curve.reshape(1, 1, -1) for curve in curves)]


def _questions(phonemes: str) -> list[tuple[int, int]]:
    """Return where each question begins, and its mark."""
    questions, start = [], 0
    for index, symbol in enumerate(phonemes):
        if symbol in _ENDS:
            if symbol == _MARK and _VOWELS.intersection(phonemes[start:index]):
                questions.append((start, index))
            start = index + 1
    return questions


def _ask(
    pitch: Curve, loudness: Curve, ends: NDArray[np.int64], phonemes: str, start: int, shape: Shape
) -> None:
    """Change both curves in place for the question from `start` to the end of the phonemes."""
    said = slice(int(ends[start]), int(ends[len(phonemes)]))
    loudest = float(np.percentile(loudness[said], _LOUDEST_PERCENT))
    high = float(np.percentile(pitch[said], _LOUDEST_PERCENT))
    sure = (pitch[said] > high / 3) & (loudness[said] > loudest - _HEARD)
    if not sure.any():
        return
    mean = float(np.log2(pitch[said][sure]).mean())
    syllables = _syllables(phonemes, start)
    top = _top(shape, syllables, phonemes)
    last = len(syllables.vowels) - 1
    falls = shape != "lift" and top < last
    times = _times(loudness, loudest, ends, phonemes, syllables, fades=falls)
    begin = times.begins[top]
    over = times.over[top] if falls else times.end
    _strengthen(loudness, loudest - _WEAKER, begin, over)

    own_voice = pitch > _VOICED * 2**mean
    own = 12 * (np.log2(np.where(own_voice, pitch, 2**mean)) - mean)
    points, heights = _contour(shape, times, syllables.stressed, top)
    if shape == "lift":
        points, heights = [said.start, times.begins[last], times.end], list(_LIFT)
    first = max(said.start, points[0] - _EASE)
    where = np.arange(first, min(times.end + _FADE, len(pitch)))
    wanted = np.interp(where, points, heights)
    if shape == "lift":
        wanted += own[where]
    share = np.clip((where - first + 1) / (points[0] - first + 1), 0, 1)
    changed = 2 ** (mean + (share * wanted + (1 - share) * own[where]) / 12)
    voiced = own_voice[where] | ((where >= begin) & (where < over + (0 if falls else _FADE)))
    pitch[where] = np.where(voiced, changed, pitch[where])


def _syllables(phonemes: str, start: int) -> _Syllables:
    vowels: list[tuple[int, int]] = []
    stressed, stress = None, 0
    for index in range(start, len(phonemes)):
        symbol = phonemes[index]
        goes_on = bool(vowels) and vowels[-1][1] == index
        if symbol == _STRESS:
            stress = 1
        elif symbol in _OF_VOWELS or symbol in _VOWELS:
            if goes_on and not stress:
                vowels[-1] = (vowels[-1][0], index + 1)
            elif symbol in _VOWELS:
                vowels.append((index - stress, index + 1))
                stressed, stress = (len(vowels) - 1 if stress else stressed), 0
    return _Syllables(vowels, len(vowels) - 1 if stressed is None else stressed)


def _top(shape: Shape, syllables: _Syllables, phonemes: str) -> int:
    """Return the syllable that is the highest at its end."""
    vowels, stressed = syllables
    last = len(vowels) - 1
    match shape:
        case "peak":
            return stressed
        case "penult":  # of two syllables, the last
            return last - 1 if last > 1 else last
        case "particle":
            particle = _PARTICLE.search(phonemes)
            before = [
                number for number, (first, _) in enumerate(vowels) if particle and first < particle.start()
            ]
            return before[-1] if before else last
        case _:
            return last


def _times(
    loudness: Curve,
    loudest: float,
    ends: NDArray[np.int64],
    phonemes: str,
    syllables: _Syllables,
    *,
    fades: bool,
) -> _Times:
    vowels = syllables.vowels
    begins = [int(ends[first]) for first, _ in vowels]
    over = [int(ends[behind]) for _, behind in vowels]
    onsets = [int(ends[_onset(phonemes, first)]) for first, _ in vowels]
    coda = vowels[-1][1]
    while coda < len(phonemes) and phonemes[coda] in _VOICED_CODAS:
        coda += 1
    end = int(ends[coda])
    if not any(symbol.isalpha() for symbol in phonemes[coda:]):
        # What the last sound of all is given is silence for the most part.
        loud = np.flatnonzero(loudness[begins[-1] : end] > loudest - _HEARD)
        heard = begins[-1] + int(loud[-1]) + 1 if len(loud) else begins[-1]
        end = max(heard, min(begins[-1] + (1 if fades else _LEAST_HEARD), end - _FADE))
    over[-1] = min(over[-1], end)
    return _Times(onsets, begins, over, end)


def _onset(phonemes: str, vowel: int) -> int:
    """Return where the consonant before a vowel begins."""
    before = vowel - 1
    return before if before >= 0 and phonemes[before].isalpha() and phonemes[before] not in _VOWELS else vowel


def _contour(shape: Shape, times: _Times, stressed: int, top: int) -> tuple[list[int], list[float]]:
    """Return points in time and the heights there."""
    onsets, begins, over, end = times
    last = len(begins) - 1
    high = begins[last] + round(0.8 * (end - begins[last]))  # behind, it fades
    if shape == "last":
        return [onsets[last], begins[last], high], [_LOW / 2, _LOW / 2, _HIGH]
    if shape == "rise" and stressed < last:
        points = [onsets[stressed], over[stressed], begins[last], high]
        return points, [_LOW, _LOW, _AHEAD_OF_END * _HIGH, _HIGH]
    if top < last:
        low = (begins[top + 1] + over[top + 1]) // 2
        return [onsets[top], begins[top], over[top], low], [_LOW, 0.0, _PEAK, _AFTER]
    return [onsets[last], begins[last], high], [_LOW, _LOW, _HIGH]


def _strengthen(loudness: Curve, least: float, begin: int, end: int) -> None:
    """Have a syllable heard, and fade from there on."""
    loudness[begin:end] = np.maximum(loudness[begin:end], least)
    fading = loudness[end : end + _FADE]
    away = np.arange(1, len(fading) + 1, dtype=np.float32) / (_FADE + 1)
    np.maximum(fading, least + (_SILENCE - least) * away, out=fading)
