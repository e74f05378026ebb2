# ruff: noqa: RUF001 - Arabic is the point
"""Reads Arabic: puts in the vowels that are not written, and writes what is then there as sounds.

The vowels are found by a network of text2tashkeel. Case endings are left away, as people do who do not recite.
"""

import os
import re

from text2tashkeel import Diacritizer

_MODEL = "rawi-v2-int8"
_FATHA, _DAMMA, _KASRA, _SHADDA, _SUKUN = "\u064e\u064f\u0650\u0651\u0652"
_FATHATAN, _DAGGER = "\u064b\u0670"
_SIGNS = "\u064b-\u0652\u0670"
_VOWELS = {
    _FATHA: "a",
    _DAMMA: "u",
    _KASRA: "i",
    _FATHATAN: "an",
    "\u064c": "un",
    "\u064d": "in",
    _DAGGER: "aː",
}
# A vowel, and the letter that makes it long; so does the throat's own, which the voices cannot say.
_LENGTHENED = frozenset({("a", "ا"), ("a", "ى"), ("i", "ي"), ("u", "و"), ("a", "ع"), ("i", "ع"), ("u", "ع")})
# What the voices that are lent have not learnt is said by its neighbour: emphatics, and the throat's own.
_CONSONANTS = {
    "ب": "b", "ت": "t", "ث": "θ", "ج": "ʤ", "ح": "h", "خ": "x", "د": "d", "ذ": "ð", "ر": "r", "ز": "z", "س": "s",
    "ش": "ʃ", "ص": "s", "ض": "d", "ط": "t", "ظ": "ð", "ع": "", "غ": "ɣ", "ف": "f", "ق": "k", "ك": "k", "ل": "l",
    "م": "m", "ن": "n", "ه": "h", "و": "w", "ي": "j", "ء": "", "أ": "", "إ": "", "ؤ": "", "ئ": "", "ة": "", "ى": "",
    "ا": "", "پ": "p", "چ": "ʧ", "گ": "ɡ", "ڤ": "v", "ک": "k", "ی": "j",
}  # fmt: skip
_WORD = re.compile(rf"[\u0621-\u064a\u066e-\u06d3{_SIGNS}]+")
_LETTER = re.compile(rf"(.)([{_SIGNS}]*)")
_ENDING = re.compile(rf"[{_SIGNS}]+$")
_MADDA = {"آ": "أَا", "ٱ": "ا"}


class ArabicReader:
    """The loaded network. Safe to use from several threads."""

    def __init__(self) -> None:
        # Its own setting, which it reads when it loads: threads that spin would take the cores from the pictures.
        os.environ.setdefault("TT_ORT_THREADS", "1")
        self._network = Diacritizer(_MODEL)
        self._network.diacritize("م")  # loads it

    def read(self, words: str) -> str:
        """Write Arabic as Kokoro's symbols; what is not Arabic stays."""
        return sounds(self._network.diacritize(words))


def sounds(vowelled: str) -> str:
    """Write Arabic that has its vowels as sounds."""
    for letter, meant in _MADDA.items():
        vowelled = vowelled.replace(letter, meant)
    return _WORD.sub(lambda match: _word(match[0]), vowelled)


def _word(word: str) -> str:
    letters = _LETTER.findall(_ENDING.sub(_without_case, word))
    said = ""
    for index, (letter, signs) in enumerate(letters):
        following, its_signs = letters[index + 1] if index + 1 < len(letters) else ("", "")
        vowel = next((_VOWELS[sign] for sign in signs if sign in _VOWELS), "")
        doubled = _SHADDA in signs
        if letter == "ا" and not vowel and following == "ل" and _is_article(letters, index):
            said += "" if index else "a"
        elif letter == "ا" and not vowel and not index:
            said += "a" if following == "ل" else "i"
        elif letter == "ل" and index and _SHADDA in its_signs and _is_article(letters, index - 1):
            continue  # it is said as the letter after it
        elif not vowel and not doubled and (said[-1:], letter) in _LENGTHENED:
            said += "ː"
        else:
            consonant = "t" if letter == "ة" and vowel else _CONSONANTS.get(letter, "")
            said += consonant + ("ː" if consonant and doubled else "") + vowel
    return said


def _without_case(signs: re.Match[str]) -> str:
    """Leave of the signs at the end of a word those that are heard: a doubled letter, and the an of an adverb."""
    return "".join(sign for sign in signs[0] if sign in (_SHADDA, _FATHATAN, _DAGGER))


def _is_article(letters: list[tuple[str, str]], index: int) -> bool:
    """Tell whether the letter here and the next one are the article, at the beginning or after a word of one letter."""
    if index + 2 >= len(letters) or letters[index][0] != "ا" or letters[index + 1][0] != "ل":
        return False
    is_first = index == 0 or (index == 1 and letters[0][0] in "وفبك")
    return is_first and not any(sign in _VOWELS for sign in letters[index + 1][1])
