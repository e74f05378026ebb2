"""The neural English voices: hibari, whose one bundled model is a woman's voice; the others are derived from it.

The model predicts pitch and spectrum apart from each other, so that a lower pitch costs nothing; reading its waveform
out slower lowers the resonances of the vocal tract as a longer one would. As many frames are left out as that
stretches the time (12.5 ms each, evenly spread), so that all voices keep the same rhythm and take equally long.

Age changes the pitch, which falls in women and rises in men, makes it tremble and lets more breath through
(Linville 1996). It slows speech, too; that is left out, since the price of a text does not know the voice.
"""

import zlib

import msgspec
import numpy as np
import soxr
from hibari import SAMPLE_RATE, Hibari, dsp
from numpy.typing import NDArray

from worker.speech.port import Gender


class _Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """How a voice differs from the model's: its resonances, its pitch before they move it, its age."""

    resonance: float
    pitch: float
    tremor: float = 0  # of the pitch, up and down
    breath: float = 0  # added to the log magnitude of the noise


# A man's vocal tract is about 17 % longer than a woman's and his pitch little more than half of hers (Fant 1966,
# Titze 1989): 0.85 for the resonances, 0.85 x 0.73 = 0.62 for the pitch, which puts this voice at about 115 Hz.
_SPEAKERS: dict[tuple[Gender, bool], _Speaker] = {  # by gender and whether elderly
    ("male", False): _Speaker(resonance=0.85, pitch=0.73),
    ("female", True): _Speaker(resonance=0.92, pitch=1, tremor=0.015, breath=0.3),
    ("male", True): _Speaker(resonance=0.87, pitch=0.79, tremor=0.03, breath=0.3),
}
_FRAMES_PER_S = 80
_TREMOR_HZ = 5.2
_VOICED_HZ = 40.0  # the model's own threshold
_BIN_HZ = SAMPLE_RATE / dsp.N_FFT
_FREE_FROM_HZ = 2_000  # breath, above the strong harmonics
_SILENT = -30.0  # log magnitude

Spectrum = NDArray[np.float32]


class EnglishVoice:
    """The loaded model: half a second to make, safe to use from several threads."""

    def __init__(self) -> None:
        self._model = Hibari()

    def utter(
        self, text: str, gender: Gender, *, elderly: bool = False, speed: float = 1.0
    ) -> NDArray[np.float32]:
        """Say a text, at so many times its own pace.

        Returns:
            float32 mono at 24 kHz in about [-1, 1], shape (N,); empty when the model knows none of its characters.
        """
        parts = [
            self._say(phonemes, _SPEAKERS.get((gender, elderly)), speed)
            for phonemes in self._model.phonemize(text)
        ]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def phonemes(self, text: str) -> str:
        """Write a text as symbols of sounds, with its marks; they are Kokoro's, from which it was distilled."""
        return " ".join(self._model.phonemize(text))

    def _say(self, phonemes: str, speaker: _Speaker | None, speed: float) -> NDArray[np.float32]:
        ids = self._model.ids(phonemes)
        if len(ids) <= 2:  # noqa: PLR2004 - only the padding at both ends
            return np.zeros(0, np.float32)
        inputs = {"ids": np.asarray([ids], np.int64), "speed": np.ones(1, np.float32)}
        outputs = [
            output[0] for output in self._model.sess.run(None, inputs)
        ]  # five (601, F), the pitch (F,)
        # The breath noise is seeded by what is said, so that a resumed text sounds exactly the same.
        noise = np.random.default_rng(zlib.crc32(phonemes.encode()))
        if speaker is None:
            if speed != 1:
                outputs = [output[..., _kept(outputs[-1].size, 1 / speed)] for output in outputs]
            return np.asarray(dsp.synth(*outputs, noise), np.float32)
        kept = _kept(outputs[-1].size, speaker.resonance / speed)
        harmonic, phase, noise_level, free, free_phase, pitch_hz = (output[..., kept] for output in outputs)
        if speaker.pitch != 1:  # it costs clarity: a recogniser mistakes twice as many words
            make_pitch_free(harmonic, phase, free, pitch_hz)
        trembling = np.sin(2 * np.pi * _TREMOR_HZ / _FRAMES_PER_S * np.arange(pitch_hz.size))
        moved = pitch_hz * np.float32(speaker.pitch) * (1 + speaker.tremor * trembling).astype(np.float32)
        breath = noise_level + np.float32(speaker.breath)
        samples = dsp.synth(harmonic, phase, breath, free, free_phase, moved, noise)
        return np.asarray(soxr.resample(samples, SAMPLE_RATE * speaker.resonance, SAMPLE_RATE), np.float32)


def _kept(frames: int, share: float) -> NDArray[np.intp]:
    """Choose a share of frames, evenly spread; some of them twice where it is more than all.

    The model's own speed shortens long sounds alone, and by less than it is told to.
    """
    return np.asarray(np.minimum((np.arange(round(frames * share)) / share).astype(int), frames - 1))


def make_pitch_free(
    harmonic: Spectrum, phase: Spectrum, free: Spectrum, pitch_hz: NDArray[np.float32]
) -> None:
    """Make a predicted spectrum good for any pitch, in place.

    The model learnt its harmonic spectrum only where the harmonics of its own pitch are; between them, and below the
    first, it holds whatever. There it is drawn straight from one harmonic to the next. The free branch corrects low
    harmonics of the old pitch, so that it goes where there are any.

    Args:
        harmonic: log magnitude of the harmonic branch, shape (601, F).
        phase: its phase.
        free: log magnitude of the free branch.
        pitch_hz: shape (F,).
    """
    bins = np.arange(len(harmonic))
    for frame in np.flatnonzero(pitch_hz > _VOICED_HZ):
        pitch_bins = pitch_hz[frame] / _BIN_HZ
        harmonics = np.round(np.arange(pitch_bins, len(bins) - 1, pitch_bins)).astype(int)
        harmonic[:, frame] = np.interp(bins, harmonics, harmonic[harmonics, frame])
        phase[:, frame] = np.interp(bins, harmonics, phase[harmonics, frame])
        free[bins * _BIN_HZ < _FREE_FROM_HZ, frame] = _SILENT
