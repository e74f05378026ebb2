# ruff: noqa: RUF001 - these are letters of the International Phonetic Alphabet
"""Known words in a recording of somebody → when each phoneme is said; English alone.

Real speech comes without times. Where pocketsphinx is installed (`uv sync --group listening`) its acoustic model finds
them: it is told each word as the phonemes that the neural voice would say, and pauses may lie between words. On the
neural voice itself, whose times are known, the mouths that follow are heard nearly as well as those of its own times
(opening 0.90, of 0.92), so that what is heard worse of people is not the aligner's error.

Axes: N samples.
"""

import importlib
from typing import Any, NamedTuple

import hibari
import numpy as np
from numpy.typing import NDArray

from training.closures import find_closures
from training.phonemes import Phoneme

RATE = 16_000
SOUNDS = {"A": "eɪ", "I": "aɪ", "O": "oʊ", "Q": "əʊ", "W": "aʊ", "Y": "ɔɪ", "T": "ɾ"}
"""Hibari writes diphthongs and the flap as single letters (misaki's alphabet)."""

_STEPS = 100  # a second, in which pocketsphinx tells times
_LEAD_S = 0.3  # of silence around it, or the first /p/ would begin with the recording, long before it bursts
_NOISE = 1e-4  # so that digital silence has a spectrum
_PHONES = {
    letter: phone
    for phone, letters in {
        "AA": "ɑɒa", "AE": "æ", "AH": "ʌəɐᵊ", "AO": "ɔ", "AW": "W", "AY": "I", "B": "b", "CH": "ʧ", "D": "dɾT",
        "DH": "ð", "EH": "ɛ", "ER": "ɜɚ", "EY": "Ae", "F": "f", "G": "ɡ", "HH": "h", "IH": "ɪᵻɨ", "IY": "i",
        "JH": "ʤ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ", "OW": "OQo", "OY": "Y", "P": "p", "R": "ɹ",
        "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "UH": "ʊ", "UW": "u", "V": "v", "W": "w", "Y": "j", "Z": "z",
        "ZH": "ʒ",
    }.items()
    for letter in letters
}  # fmt: skip
_VOWELS = frozenset("AIOQWYaeiouæɑɐɒɔəɚɛɜɪʊʌᵊᵻɨ")


class _Part(NamedTuple):
    """A phone of the acoustic model, and the letters that it is heard as."""

    phone: str
    letters: str


class Aligner:
    """Finds phonemes in recordings; a class because both models are loaded once.

    Raises:
        ImportError: pocketsphinx is not installed.
    """

    def __init__(self) -> None:
        self._sphinx: Any = importlib.import_module("pocketsphinx")
        self._hibari = hibari.Hibari()

    def align(self, pcm: NDArray[np.float32], text: str) -> list[Phoneme] | None:
        """Find out when each phoneme is said.

        Args:
            pcm: float32 mono at 16 kHz in [-1, 1], shape (N,).
            text: what is said, in English, numbers as digits or words.

        Returns:
            Phonemes as `phonemes.track` takes them, closures where the sound tells, a pause at the end; None where the
            words are not found in the sound.
        """
        said = [_parts(word) for sentence in self._hibari.phonemize(text) for word in sentence.split()]
        words = {f"word{number}": parts for number, parts in enumerate(filter(None, said))}
        # Its search for the best path through the words leaves phones of a single frame, which no alignment has.
        decoder = self._sphinx.Decoder(lm=None, dict=None, samprate=RATE, bestpath=False, loglevel="FATAL")
        for word, parts in words.items():
            decoder.add_word(word, " ".join(part.phone for part in parts), update=True)
        sound = np.pad(pcm, round(_LEAD_S * RATE))
        sound = np.clip(sound + np.random.default_rng(0).normal(0, _NOISE, len(sound)), -1, 1)
        samples = (sound * 32_767).astype("<i2").tobytes()
        try:
            decoder.set_align_text(" ".join(words))  # the words first
            _hear(decoder, samples)
            if decoder.hyp() is None:
                return None
            decoder.set_alignment()  # then the phones in them
            _hear(decoder, samples)
        except RuntimeError:
            return None
        phonemes: list[Phoneme] = []
        missing = list(words)
        for word in decoder.get_alignment():  # not kept: its parts end with it
            if not missing or word.name != missing[0]:
                phonemes.append(Phoneme(_time(word.start), ""))
                continue
            for part, phone in zip(words[missing.pop(0)], word, strict=True):
                each = phone.duration / len(part.letters)
                phonemes += [
                    Phoneme(_time(phone.start + number * each), SOUNDS.get(letter, letter))
                    for number, letter in enumerate(part.letters)
                ]
        if missing:
            return None
        return find_closures(pcm, RATE, [*phonemes, Phoneme(max(phonemes[-1].start_s, len(pcm) / RATE), "")])


def _time(step: float) -> float:
    return max(0.0, step / _STEPS - _LEAD_S)


def _hear(decoder: Any, samples: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(samples, full_utt=True)
    decoder.end_utt()


def _parts(word: str) -> list[_Part]:
    """Split a word in misaki's alphabet into phones; a vowel coloured by the r after it is one."""
    letters = [letter for letter in word if letter in _PHONES]
    parts: list[_Part] = []
    for n, letter in enumerate(letters):
        before = letters[n - 1] if n else ""
        vowel_follows = n + 1 < len(letters) and letters[n + 1] in _VOWELS
        if letter == "ɹ" and before in ("ɜ", "ə") and not vowel_follows:
            parts[-1] = _Part("ER", before + letter)
        else:
            parts.append(_Part(_PHONES[letter], letter))
    return parts
