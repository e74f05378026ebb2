"""Tells of a script how easy it is to follow, and what would help: by published formulas, over what is counted. Pure.

Readability is Flesch's Reading Ease, in the form that was published for each language; a language without one has
none. Syllables are counted as groups of vowels, which is what a voice speaks; English and French drop a silent e.

    en  206.835 - 1.015 W - 84.6 S      Flesch 1948
    de  180 - W - 58.5 S                Amstad 1978
    es  206.84 - 1.02 W - 60 S          Fernández Huerta 1959, S for each word
    fr  207 - 1.015 W - 73.6 S          Kandel and Moles 1958
    it  217 - 1.3 W - 60 S              Franchina and Vacca 1972, which counts in hundred words
    pt  248.835 - 1.015 W - 84.6 S      Martins et al. 1996
    ru  206.835 - 1.3 W - 60.1 S        Oborneva 2006
    nl  206.835 - 0.93 W - 77 S         Douma 1960

W: words a sentence. S: syllables a word.
"""

import re
import unicodedata
from typing import Literal

import msgspec

FORMULAS = {
    "en": (206.835, 1.015, 84.6, "Flesch Reading Ease"),
    "de": (180.0, 1.0, 58.5, "Amstad's Flesch Reading Ease"),
    "es": (206.84, 1.02, 60.0, "Fernández Huerta"),
    "fr": (207.0, 1.015, 73.6, "Kandel and Moles"),
    "it": (217.0, 1.3, 60.0, "Franchina and Vacca"),
    "pt": (248.835, 1.015, 84.6, "Martins et al."),
    "ru": (206.835, 1.3, 60.1, "Oborneva"),
    "nl": (206.835, 0.93, 77.0, "Douma"),
}

UNSPACED = frozenset({"zh", "ja"})
"""Written without spaces between words: characters are counted."""

LONG_SENTENCE, VERY_LONG_SENTENCE = 20, 30
LONG_WORD_SYLLABLES = 3
EASY_WORDS, HARD_WORDS = 0.08, 0.18
"""Shares of words of three syllables and more: up to the first simple, beyond the second advanced."""
SHORT, LONG = 12.0, 20.0
"""Words a sentence: below the first simple, beyond the second complex."""

MIDDLE_CHARACTERS, LONG_CHARACTERS = 20, 35
"""The same in characters, of what is written without spaces."""

PASSIVE_SHARE = 0.3

Level = Literal["basic", "intermediate", "advanced"]
Sentences = Literal["simple", "medium", "complex"]
Overall = Literal["easy", "moderate", "difficult"]

_SENTENCE = re.compile(r"[^.!?\u3002\uff01\uff1f\u2026]+[.!?\u3002\uff01\uff1f\u2026]*")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*|\d[\d.,]*")
_VOWELS = {
    "en": re.compile(r"[aeiouy]+"),
    "ru": re.compile(r"[аеёиоуыэюя]"),
}
_LATIN_VOWELS = re.compile(r"[aeiouyæœø]+")
_SILENT_E = {
    "en": re.compile(r"(?<![aeiouyl])e$|(?<=[aeiouy])le$|(?<![dt])ed$"),
    "fr": re.compile(r"(?<=[^aeiouy])e(?:s|nt)?$"),
}
_EXAMPLE = {
    "en": re.compile(r"\b(?:for example|for instance|such as|e\.g\.|imagine|consider)\b", re.IGNORECASE),
    "de": re.compile(r"\b(?:zum beispiel|etwa|z\. ?b\.|stell)", re.IGNORECASE),
    "es": re.compile(r"\b(?:por ejemplo|como|imagin)", re.IGNORECASE),
    "fr": re.compile(r"\b(?:par exemple|comme|imagin)", re.IGNORECASE),
    "it": re.compile(r"\b(?:per esempio|ad esempio|come|immagin)", re.IGNORECASE),
    "pt": re.compile(r"\b(?:por exemplo|como|imagin)", re.IGNORECASE),
}
_PASSIVE = re.compile(r"\b(?:is|are|was|were|be|been|being)\s+(?:\w+ly\s+)?\w+(?:ed|en)\b", re.IGNORECASE)


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted.

    Attributes:
        units: What `words` counts.
        syllables: None where nobody counts them.
    """

    sentences: tuple[str, ...]
    words: int
    units: Literal["words", "characters"]
    syllables: int | None
    long_words: int


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What follows from it.

    Attributes:
        readability: 0 is hard and 100 easy, and both can be passed; None where the language has no formula.
        method: Whose formula it is, or why there is none.
    """

    counted: Counted
    readability: float | None
    method: str
    vocabulary: Level | None
    sentences: Sentences
    overall: Overall
    suggestions: tuple[str, ...]


def judge(script: str, language: str) -> Judged:
    """Judge a script."""
    counted = count(script, language)
    readability, method = _readability(counted, language)
    vocabulary = _vocabulary(counted)
    sentences = _sentences(counted)
    return Judged(
        counted=counted,
        readability=readability,
        method=method,
        vocabulary=vocabulary,
        sentences=sentences,
        overall=_overall(vocabulary, sentences),
        suggestions=tuple(_suggestions(script, counted, language)),
    )


def count(script: str, language: str) -> Counted:
    """Count a script's sentences, words and syllables."""
    found = (match.group().strip() for match in _SENTENCE.finditer(script))
    if language in UNSPACED:
        sentences = tuple(sentence for sentence in found if _characters(sentence))
        characters = sum(map(_characters, sentences))
        return Counted(
            sentences=sentences, words=characters, units="characters", syllables=None, long_words=0
        )
    sentences = tuple(sentence for sentence in found if _WORD.search(sentence))
    words = [word for sentence in sentences for word in _WORD.findall(sentence)]
    syllables = [syllables_of(word, language) for word in words] if language in FORMULAS else None
    return Counted(
        sentences=sentences,
        words=len(words),
        units="words",
        syllables=None if syllables is None else sum(syllables),
        long_words=sum(each >= LONG_WORD_SYLLABLES for each in syllables or ()),
    )


def syllables_of(word: str, language: str) -> int:
    """Count the syllables of a word: at least one."""
    word = word.lower()
    if language == "ru":
        return max(len(_VOWELS["ru"].findall(word)), 1)
    plain = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
    if language == "en" or (language == "fr" and not word.endswith(("é", "és"))):
        shorter = _SILENT_E[language].sub("", plain)
        plain = shorter if _LATIN_VOWELS.search(shorter) else plain
    return max(len(_LATIN_VOWELS.findall(plain)), 1)


def _characters(text: str) -> int:
    return sum(unicodedata.category(letter)[0] in "LN" for letter in text)


def _readability(counted: Counted, language: str) -> tuple[float | None, str]:
    if counted.syllables is None:
        return None, f"no formula was published for '{language}' that we know of"
    base, of_words, of_syllables, method = FORMULAS[language]
    if not counted.words:
        return None, "there are no words"
    a_sentence = counted.words / len(counted.sentences)
    return round(base - of_words * a_sentence - of_syllables * counted.syllables / counted.words, 1), method


def _vocabulary(counted: Counted) -> Level | None:
    if counted.syllables is None or not counted.words:
        return None
    share = counted.long_words / counted.words
    return "basic" if share <= EASY_WORDS else "intermediate" if share <= HARD_WORDS else "advanced"


def _sentences(counted: Counted) -> Sentences:
    each = counted.words / max(len(counted.sentences), 1)
    short, long = (SHORT, LONG) if counted.units == "words" else (MIDDLE_CHARACTERS, LONG_CHARACTERS)
    return "simple" if each < short else "medium" if each <= long else "complex"


def _overall(vocabulary: Level | None, sentences: Sentences) -> Overall:
    levels = [("simple", "medium", "complex").index(sentences)]
    if vocabulary is not None:
        levels.append(("basic", "intermediate", "advanced").index(vocabulary))
    mean = sum(levels) / len(levels)
    return "easy" if mean < 1 else "moderate" if mean == 1 else "difficult"


def _suggestions(script: str, counted: Counted, language: str) -> list[str]:
    """Say what would help; each names what was counted."""
    if not counted.sentences:
        return ["There is nothing to speak in it."]
    said: list[str] = []
    per = [_length(sentence, counted) for sentence in counted.sentences]
    long, very_long = (LONG_SENTENCE, VERY_LONG_SENTENCE) if counted.units == "words" else (35, 50)
    if per[0] > long:
        said.append(f"The first sentence has {per[0]} {counted.units}: open with one of at most {long}.")
    if max(per) > very_long:
        number = per.index(max(per)) + 1
        said.append(f"Sentence {number} has {max(per)} {counted.units}: break it into several.")
    if len(per) >= 4 and not re.search(r"[?\uff1f]", script):  # noqa: PLR2004 - in fewer none is missed
        said.append(f"None of its {len(per)} sentences is a question: ask one to draw listeners in.")
    example = _EXAMPLE.get(language)
    if example is not None and len(per) >= 4 and not example.search(script):  # noqa: PLR2004
        said.append(f"None of its {len(per)} sentences gives an example: add one.")
    if language == "en":
        passive = sum(bool(_PASSIVE.search(sentence)) for sentence in counted.sentences)
        if passive > PASSIVE_SHARE * len(per):
            said.append(f"{passive} of {len(per)} sentences are in the passive voice: say who does it.")
    return said


def _length(sentence: str, counted: Counted) -> int:
    return _characters(sentence) if counted.units == "characters" else len(_WORD.findall(sentence))
