# ruff: noqa: RUF001 - these are letters of the International Phonetic Alphabet
"""Four English voices of Flite, a small synthesiser that tells its phonemes' times (Debian: `flite`).

Three men and a woman spoke what its voices are made of, so that they sound like other people than eSpeak NG and the
neural voice do; for training alone.
"""

import shutil
import subprocess
import tempfile
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.phonemes import Phoneme

VOICES = ("rms", "awb", "slt", "kal16")

_SOUNDS = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə", "ay": "aɪ", "ch": "tʃ", "dh": "ð", "eh": "ɛ",
    "er": "ɚ", "ey": "eɪ", "g": "ɡ", "hh": "h", "ih": "ɪ", "iy": "i", "jh": "dʒ", "ng": "ŋ", "ow": "oʊ", "oy": "ɔɪ",
    "pau": "", "r": "ɹ", "sh": "ʃ", "th": "θ", "uh": "ʊ", "uw": "u", "y": "j", "zh": "ʒ",
}  # fmt: skip


def say(text: str, voice: str, *, stretch: float) -> tuple[NDArray[np.float32], int, list[Phoneme]]:
    """Say a text.

    Args:
        text: English.
        voice: one of `VOICES`.
        stretch: how much longer than by itself it takes.

    Returns:
        float32 mono of shape (N,), its sample rate, and its phonemes.

    Raises:
        SystemExit: Flite is not installed.
    """
    program = shutil.which("flite")
    if program is None:
        raise SystemExit("flite is not installed (Debian: apt-get install flite)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        told = subprocess.run(
            [program, "-voice", voice, "--setf", f"duration_stretch={stretch:.3f}", "-psdur", "-t", text, "-o", path],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        with wave.open(str(path)) as file:
            sample_rate = file.getframerate()
            pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    phonemes = []
    start_s = 0.0
    for part in told.split():
        sound, end_s = part.rsplit(":", 1)
        phonemes.append(Phoneme(start_s, _SOUNDS.get(sound, sound)))
        start_s = float(end_s)
    return pcm, sample_rate, phonemes
