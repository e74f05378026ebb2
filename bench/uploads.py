"""How uploads move the lips: speech in every language and in bad conditions as ever, music and noise hardly at all."""

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import msgspec
import numpy as np
import soxr
from numpy.typing import NDArray

from bench.mouths import RATE, Worker, corners_of, difference
from bench.noises import NOISES, noise
from worker.encode import FPS, Pcm
from worker.speech.espeak import Espeak
from worker.speech.speaker import ESPEAK_LANGUAGE

SENTENCES = Path(__file__).parent / "sentences"

_FACE = ("european_woman", "neutral")
_LINE = 8  # of each language's sentences
_NOISE_S = 6
_LEVEL = 0.5
_WHISPER = 400  # samples of a window


class Uploads(msgspec.Struct, frozen=True, kw_only=True):
    """What uploads do.

    Attributes:
        music_motion: how far music, beeps, drums and hiss move the mouth from rest, of what speech does; the largest.
        speech_kept: how much of its motion speech keeps, for who asks whether it is speech; the smallest.
        motions: the former of each.
        kept: the latter of each.
    """

    music_motion: float
    speech_kept: float
    motions: dict[str, float]
    kept: dict[str, float]


def hear_uploads(lips: Worker) -> Uploads:
    """Measure both on one face."""
    plain, kept = [], {}
    for name, samples in speech():
        asked, always = (_motion(lips, samples, uploaded=uploaded) for uploaded in (True, False))
        kept[name] = asked / always
        plain.append(always)
    usual = fmean(plain)
    motions = {name: _motion(lips, noise(name, _NOISE_S), uploaded=True) / usual for name in NOISES}
    return Uploads(
        music_motion=max(motions.values()), speech_kept=min(kept.values()), motions=motions, kept=kept
    )


def speech() -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield speech, float32 at 16 kHz, by its name: a woman and a man in every language, and a few that are hard."""
    for language in sorted(ESPEAK_LANGUAGE):
        yield f"{language} female", _say(language, "f2")
        yield f"{language} male", _say(language, "m7")
    draw = np.random.default_rng(1)
    for language in ("de", "en", "fr", "zh"):
        said = _say(language, "f2")
        yield f"{language} quiet", said / np.float32(40)
        yield f"{language} whispered", _whispered(said, draw)
        yield f"{language} in noise", said + draw.normal(0, said.std(), len(said)).astype(np.float32)


def _say(language: str, variant: str) -> NDArray[np.float32]:
    text = (SENTENCES / f"{language}.txt").read_text().splitlines()[_LINE]
    said = Espeak().utter(text, f"{ESPEAK_LANGUAGE[language]}+{variant}")
    samples = soxr.resample(said.pcm.astype(np.float32) / 32_768, said.sample_rate, RATE)
    return np.asarray(samples / np.abs(samples).max() * _LEVEL, np.float32)


def _whispered(said: NDArray[np.float32], draw: np.random.Generator) -> NDArray[np.float32]:
    """Replace the voice by breath: noise with the spectrum of speech, and without its harmonics."""
    window = np.hanning(_WHISPER + 1)[:-1]
    breathed = np.zeros(len(said) + _WHISPER)
    for start in range(0, len(said) - _WHISPER, _WHISPER // 4):
        spectrum = np.abs(np.fft.rfft(said[start : start + _WHISPER] * window))
        smooth = np.convolve(spectrum, np.ones(7) / 7, "same")
        phases = np.exp(2j * np.pi * draw.random(len(smooth)))
        breathed[start : start + _WHISPER] += np.fft.irfft(smooth * phases) * window
    return np.asarray(breathed[: len(said)] / np.abs(breathed).max() * _LEVEL, np.float32)


def _motion(lips: Worker, samples: NDArray[np.float32], *, uploaded: bool) -> float:
    """Return how far a mouth is from rest, the mean over an upload."""
    footage = lips.footage(*_FACE)
    pcm = _whole_frames((np.clip(samples, -1, 1) * 32_767).astype(np.int16))
    corners = corners_of(footage, len(pcm) * FPS // RATE)
    moved = lips.film(footage, pcm, corners, uploaded=uploaded)
    return float(difference(moved, lips.rest(footage, corners)).mean())


def _whole_frames(pcm: Pcm) -> Pcm:
    return pcm[: len(pcm) // (RATE // FPS) * (RATE // FPS)]
