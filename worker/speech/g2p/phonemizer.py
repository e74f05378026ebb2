# ruff: noqa: RUF001 - marks of other scripts are the point
"""Chooses who reads which words, and puts the pauses back that their marks ask for."""

import re
from collections.abc import Callable, Sequence

from worker.speech.espeak import Espeak
from worker.speech.g2p.hangul import hangul
from worker.speech.g2p.ipa import kokoro_phonemes
from worker.speech.g2p.kana import kana
from worker.speech.g2p.pinyin import chinese
from worker.speech.g2p.symbols import MARKS, spelled
from worker.speech.japanese import JapaneseReader

_MARKS = {
    "、": ",", "，": ",", "،": ",", "；": ";", "؛": ";", "：": ":", "。": ".", "｡": ".", "।": ".", "॥": ".", "۔": ".",
    "！": "!", "？": "?", "؟": "?", "–": "—",
}  # fmt: skip
_TO_MARKS = str.maketrans(_MARKS)
_ENDING_MARK = re.compile(r"([;:,.!?—…])\W*\w?\W?$")
_SPACE_BEFORE_MARK = re.compile(r" +(?=[;:,.!?])")
_MARK_BEFORE_WORD = re.compile(r"([;:,.!?])(?=[^\s;:,.!?])")
_UNSPOKEN = re.compile(r"[^\w\s;:,.!?—…ʰʲˈˌː→↗↘↓ᵝ̃]|_")


class Phonemizer:
    """All readers.

    A class because they are loaded once. Safe to use from several threads.

    Args:
        english: writes English as Kokoro's symbols, with its marks.
        japanese: writes Japanese as kana.
        arabic: writes Arabic as Kokoro's symbols, with its marks.
        espeak_languages: eSpeak NG's name of a language, where it is not our own.
    """

    def __init__(
        self,
        *,
        english: Callable[[str], str],
        japanese: JapaneseReader,
        arabic: Callable[[str], str],
        espeak: Espeak,
        espeak_languages: dict[str, str],
    ) -> None:
        self._english = english
        self._japanese = japanese
        self._arabic = arabic
        self._espeak = espeak
        self._espeak_languages = espeak_languages

    def phonemes(self, runs: Sequence[tuple[str, str]]) -> str:
        """Write runs of words as one utterance.

        Args:
            runs: language and words of each.

        Returns:
            Letters of `SYMBOLS`; none where there is nothing that anybody can read.

        Raises:
            SynthesisFailed: nobody reads one of the languages.
        """
        said = " ".join(self._read(words, language) for language, words in runs)
        return _SPACE_BEFORE_MARK.sub("", " ".join(said.split())).lstrip(";:,.!?—… ")

    def _read(self, words: str, language: str) -> str:
        words = words.translate(_TO_MARKS)
        match language:
            case "ar":
                return self._ours(self._arabic(words))
            case "en":
                return spelled(self._english(words))
            case "ja":
                return self._ours(kana(self._japanese.read(words, lengthened=False)))
            case "ko":
                return self._ours(hangul(words))
            case "zh":
                return self._ours(chinese(words))
        clauses = self._espeak.phonemes(words, self._espeak_languages.get(language, language))
        return " ".join(kokoro_phonemes(clause.ipa, language) + _mark(clause.text) for clause in clauses)

    @staticmethod
    def _ours(said: str) -> str:
        """Keep the marks that a reader of ours leaves as they are, each with a space after it, and no other sign."""
        said = _MARK_BEFORE_WORD.sub(r"\1 ", said)
        return spelled(_UNSPOKEN.sub(" ", said))


def _mark(text: str) -> str:
    """Return the mark that ends a clause."""
    found = _ENDING_MARK.search(text.translate(_TO_MARKS))
    return found[1] if found and found[1] in MARKS else ""
