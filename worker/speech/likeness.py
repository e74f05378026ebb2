"""Finds which of our voices comes nearest to samples of somebody's, and how it has to be turned.

It resembles them in pitch, in the length of the vocal tract and in colour, and is not that person: this is no clone.
Measured are the median pitch, and the mean spectral envelope of what is voiced, on a logarithmic scale of frequency,
where another length of the tract is a shift.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np
import pyworld
from numpy.typing import NDArray

from worker.speech.errors import UnfitSamples
from worker.speech.port import Voice
from worker.speech.turning import BANDS_HZ, MOST_DB, MOST_PITCH, MOST_TRACT, Turn

RATE = 16_000
"""Of samples, in hertz."""

LEAST_VOICED_S = 5.0
MOST_S = 60
"""Of one sample that is listened to."""

_STEP = 0.02  # of the logarithm of frequency
_GRID_HZ = np.exp(np.arange(np.log(180), np.log(6500), _STEP))
_SMOOTH = 9  # points: what is finer than formants is the speech's and not the speaker's
_FURTHEST = round(np.log(MOST_TRACT) / _STEP) - 1
_CLIPPED, _MOST_CLIPPED = 0.995, 0.01
_LEAST_SNR_DB = 12.0
_APART = 6.0  # semitones between medians: another speaker
_DB = 10 / np.log(10)
_PITCH_WEIGHT = 0.35  # decibels that a semitone counts for by which a voice is turned
_TRACT_WEIGHT = 25.0  # as well, of 1 in the logarithm

Envelope = NDArray[np.float64]  # decibels on `_GRID_HZ`, without their mean


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured of a voice."""

    pitch_hz: float
    envelope: Envelope
    voiced_s: float


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """A voice of ours that is like somebody's.

    Attributes:
        voice: its name, with how it is turned.
        base: the voice that is turned.
        language: that it speaks.
        gender: of the voice that is turned.
        pitch_hz: of the samples.
        pitch: times that of the base.
        tract: as well.
        cosine: of the envelopes of the samples and of the voice; 1 is the same.
        cosine_unmatched: of the base as it is.
    """

    voice: str
    base: str
    language: str
    gender: str
    pitch_hz: float
    pitch: float
    tract: float
    cosine: float
    cosine_unmatched: float


def measure(sound: NDArray[np.floating], rate: int) -> Heard | None:
    """Measure a voice; None where nothing of it is voiced."""
    samples = np.ascontiguousarray(sound[: MOST_S * rate], np.float64)
    pitch_hz, times = pyworld.dio(samples, rate)
    pitch_hz = pyworld.stonemask(samples, pitch_hz, times, rate)
    voiced = pitch_hz > 0
    if not voiced.any():
        return None
    spectrum = pyworld.cheaptrick(samples, pitch_hz, times, rate)[voiced]
    power = spectrum.sum(axis=1)
    loud = power > np.percentile(power, 25)
    hertz = np.arange(spectrum.shape[1]) * rate / 2 / (spectrum.shape[1] - 1)
    mean = np.log(spectrum[loud] + 1e-16).mean(axis=0)
    on_grid = np.convolve(
        np.pad(np.interp(_GRID_HZ, hertz, mean), _SMOOTH // 2, "edge"), np.ones(_SMOOTH) / _SMOOTH, "valid"
    )
    return Heard(
        pitch_hz=float(np.median(pitch_hz[voiced])),
        envelope=_DB * (on_grid - on_grid.mean()),
        voiced_s=float(voiced.sum()) * 0.005,
    )


def listen(samples: Sequence[NDArray[np.int16]], *, least_voiced_s: float = LEAST_VOICED_S) -> Heard:
    """Measure somebody by some samples, at `RATE`.

    Args:
        samples: s16, mono.
        least_voiced_s: of all of them together.

    Raises:
        UnfitSamples: they are too short, too noisy, clipped, or not of one speaker; says which and why.
    """
    heard = []
    for number, pcm in enumerate(samples, 1):
        sound = pcm.astype(np.float64) / 32768
        one = measure(sound, RATE) if len(sound) > RATE // 4 else None
        if one is None:
            raise UnfitSamples(f"Sample {number} has no voice in it.")
        if (np.abs(sound) > _CLIPPED).mean() > _MOST_CLIPPED:
            raise UnfitSamples(f"Sample {number} is clipped: record it at a lower level.")
        if _snr_db(sound) < _LEAST_SNR_DB:
            raise UnfitSamples(
                f"Sample {number} is too noisy: record it in a quiet room, close to the mouth."
            )
        heard.append(one)
    voiced_s = sum(each.voiced_s for each in heard)
    if voiced_s < least_voiced_s:
        raise UnfitSamples(
            f"The samples have {voiced_s:.1f} s of voice together; at least {least_voiced_s:.0f} s are needed."
        )
    pitch_hz = float(np.median([each.pitch_hz for each in heard]))
    for number, each in enumerate(heard, 1):
        if abs(_semitones(each.pitch_hz / pitch_hz)) > _APART:
            raise UnfitSamples(f"Sample {number} sounds like somebody else than the others.")
    envelope = sum(each.voiced_s * each.envelope for each in heard) / voiced_s
    return Heard(pitch_hz=pitch_hz, envelope=np.asarray(envelope), voiced_s=voiced_s)


def nearest(wanted: Heard, voices: Iterable[Voice], say: Callable[[Voice], Heard | None]) -> Likeness | None:
    """Choose the voice that has to be turned least to be like somebody's, and turn it.

    Args:
        wanted: whose.
        voices: to choose from.
        say: measures one of them; None where it does not speak.

    Returns:
        None where none speaks.
    """
    found: tuple[float, Likeness] | None = None
    for voice in voices:
        own = say(voice)
        if own is None:
            continue
        pitch = _within(wanted.pitch_hz / own.pitch_hz, MOST_PITCH)
        shift, moved = _tract(wanted.envelope, own.envelope)
        left = wanted.envelope - moved
        turn = Turn(
            pitch=round(pitch, 2),
            tract=round(_within(float(np.exp(shift * _STEP)), MOST_TRACT), 2),
            colour=_colour(left),
        )
        cost = (
            float(np.sqrt(np.mean(left**2)))
            + _PITCH_WEIGHT * abs(_semitones(pitch))
            + _TRACT_WEIGHT * abs(shift * _STEP)
        )
        coloured = moved + np.interp(np.log(_GRID_HZ), np.log(BANDS_HZ), turn.colour)
        like = Likeness(
            voice=turn.name(voice.name),
            base=voice.name,
            language=voice.language,
            gender=voice.gender,
            pitch_hz=round(wanted.pitch_hz, 1),
            pitch=turn.pitch,
            tract=turn.tract,
            cosine=round(cosine(wanted.envelope, coloured), 3),
            cosine_unmatched=round(cosine(wanted.envelope, own.envelope), 3),
        )
        if found is None or cost < found[0]:
            found = cost, like
    return found and found[1]


def cosine(one: Envelope, other: Envelope) -> float:
    """Compare two envelopes, without their means and their slopes, which all speech has: 1 is the same."""
    first, second = (_unsloped(each) for each in (one, other))
    return float(first @ second / max(float(np.linalg.norm(first) * np.linalg.norm(second)), 1e-9))


def _unsloped(envelope: Envelope) -> Envelope:
    along = np.arange(len(envelope)) - (len(envelope) - 1) / 2
    centred = envelope - envelope.mean()
    return np.asarray(centred - along * (centred @ along) / (along @ along))


def _tract(wanted: Envelope, own: Envelope) -> tuple[int, Envelope]:
    """Find the shift that makes one envelope most like another, and what it is then."""
    shifts = range(-_FURTHEST, _FURTHEST + 1)
    moved = {shift: _shifted(own, shift) for shift in shifts}
    best = max(shifts, key=lambda shift: cosine(wanted, moved[shift]) - 0.2 * abs(shift * _STEP))
    return best, moved[best]


def _shifted(envelope: Envelope, points: int) -> Envelope:
    along = np.arange(len(envelope))
    moved = np.interp(along - points, along, envelope)
    return np.asarray(moved - moved.mean())


def _colour(left: Envelope) -> tuple[int, ...]:
    """Tell what is missing in each band, in whole decibels."""
    edges = np.sqrt(np.array(BANDS_HZ[:-1]) * BANDS_HZ[1:])
    band = np.searchsorted(edges, _GRID_HZ)
    return tuple(
        int(np.clip(round(float(left[band == number].mean())), -MOST_DB, MOST_DB))
        for number in range(len(BANDS_HZ))
    )


def _within(ratio: float, most: float) -> float:
    return min(max(ratio, 1 / most + 0.01), most - 0.01)


def _semitones(ratio: float) -> float:
    return float(12 * np.log2(ratio))


def _snr_db(sound: NDArray[np.float64]) -> float:
    """Tell how much louder the loud parts are than the quiet ones."""
    frames = sound[: len(sound) // 320 * 320].reshape(-1, 320)
    loudness = np.sqrt((frames**2).mean(axis=1)) + 1e-5
    return float(20 * np.log10(np.percentile(loudness, 90) / np.percentile(loudness, 5)))
