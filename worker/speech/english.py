"""The neural English voice: hibari, whose one bundled model is a woman's voice; a man's is derived from it.

The model predicts pitch and spectrum apart from each other, so that a lower pitch costs nothing; reading its waveform
out slower lowers the resonances of the vocal tract as a longer one would. As many frames are left out as that
stretches the time (12.5 ms each, evenly spread), so that both voices keep the same rhythm and take equally long.
"""

import zlib

import numpy as np
import soxr
from hibari import SAMPLE_RATE, Hibari, dsp
from numpy.typing import NDArray

from worker.speech.port import Gender

# A man's vocal tract is about 17 % longer than a woman's and his pitch little more than half of hers (Fant 1966,
# Titze 1989): 0.85 for the resonances, 0.85 x 0.73 = 0.62 for the pitch, which puts this voice at about 115 Hz.
_MALE_RESONANCE = 0.85
_MALE_PITCH = 0.73
_VOICED_HZ = 40.0  # the model's own threshold
_BIN_HZ = SAMPLE_RATE / dsp.N_FFT
_FREE_FROM_HZ = 2_000  # breath, above the strong harmonics
_SILENT = -30.0  # log magnitude

Spectrum = NDArray[np.float32]


class EnglishVoice:
    """The loaded model: half a second to make, safe to use from several threads."""

    def __init__(self) -> None:
        self._model = Hibari()

    def utter(self, text: str, gender: Gender) -> NDArray[np.float32]:
        """Say a text.

        Returns:
            float32 mono at 24 kHz in about [-1, 1], shape (N,); empty when the model knows none of its characters.
        """
        parts = [self._say(phonemes, gender) for phonemes in self._model.phonemize(text)]
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)

    def _say(self, phonemes: str, gender: Gender) -> NDArray[np.float32]:
        ids = self._model.ids(phonemes)
        if len(ids) <= 2:  # noqa: PLR2004 - only the padding at both ends
            return np.zeros(0, np.float32)
        inputs = {"ids": np.asarray([ids], np.int64), "speed": np.ones(1, np.float32)}
        outputs = [
            output[0] for output in self._model.sess.run(None, inputs)
        ]  # five (601, F), the pitch (F,)
        # The breath noise is seeded by what is said, so that a resumed text sounds exactly the same.
        noise = np.random.default_rng(zlib.crc32(phonemes.encode()))
        if gender == "female":
            return np.asarray(dsp.synth(*outputs, noise), np.float32)
        kept = (np.arange(round(outputs[-1].size * _MALE_RESONANCE)) / _MALE_RESONANCE).astype(int)
        harmonic, phase, noise_level, free, free_phase, pitch_hz = (output[..., kept] for output in outputs)
        _make_pitch_free(harmonic, phase, free, pitch_hz)
        lower = pitch_hz * _MALE_PITCH
        samples = dsp.synth(harmonic, phase, noise_level, free, free_phase, lower, noise)
        return np.asarray(soxr.resample(samples, SAMPLE_RATE * _MALE_RESONANCE, SAMPLE_RATE), np.float32)


def _make_pitch_free(
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
