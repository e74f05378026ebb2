"""The neural English voice: hibari, whose one bundled model is a woman's voice; a man's is derived from it.

The model predicts pitch and spectrum apart from each other, so that a lower pitch costs nothing; reading its waveform
out slower lowers the resonances of the vocal tract as a longer one would. The model is asked to speak faster by as
much, and both voices take equally long.
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
        resonance, pitch = (_MALE_RESONANCE, _MALE_PITCH) if gender == "male" else (1.0, 1.0)
        speed = np.asarray([1 / resonance], np.float32)
        outputs = self._model.sess.run(None, {"ids": np.asarray([ids], np.int64), "speed": speed})
        *spectrum, pitch_hz = (output[0] for output in outputs)
        # The breath noise is seeded by what is said, so that a resumed text sounds exactly the same.
        noise = np.random.default_rng(zlib.crc32(phonemes.encode()))
        samples = dsp.synth(*spectrum, pitch_hz * pitch, noise)
        if resonance != 1:
            samples = soxr.resample(samples, SAMPLE_RATE * resonance, SAMPLE_RATE)
        return np.asarray(samples, np.float32)
