# ruff: noqa: RUF001 - marks and letters of other scripts are the point
"""Counts what there is to speak in a normalized text: what `speech_length` multiplies with each language's weights."""

import itertools
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from importlib.resources import files
from operator import eq, or_
from typing import NamedTuple

import msgspec

from service.catalogue.built_in import LANGUAGES
from spoken import Passage, script_of

Letter = tuple[str, str]
"""Script and lower-case letter."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to speak, whatever the voice.

    Attributes:
        common: by feature, what the speaker's own language decides.
        letters: by script and feature; whether these letters are its own, each language decides. Readings in
            milliseconds.
        named: letters that stand alone, whose names are said.
        spelled: letters of words without vowels, whose names may be said.
        inner: stretches that end inside their sentence.
    """

    common: Counter[str]
    letters: Counter[tuple[str, str]]
    named: Counter[Letter]
    spelled: Counter[Letter]
    inner: int = 0


# Each begins with the character that it looks for, so that it is tried nowhere else.
_BY_EXPRESSION = {
    "clause": re.compile(r"[,;:–、](?:(?= )|(?<=、))"),
    "stop": re.compile(r"[.!?…。](?:(?<!。)(?= )|(?<=。)(?=.))"),
    "numbered": re.compile(r"\.(?<=\d\.)(?= )"),
    "bracket": re.compile(r"[()]"),
    "separator": re.compile(r"[.,:](?<=\d[.,:])(?=\d)"),
    "minus": re.compile(r"-(?=\d)"),
    "symbol": re.compile(r"[$€£°]"),
    "dot": re.compile(r"\.(?:(?<=[^\W\d_]\.)(?=\w)|(?<=\d\.)(?=[^\W\d_]))"),
    "slash": re.compile(r"/"),
}
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")  # of kA and iPhone, which are read as two words
# EU, MPa. Some voices read NASA as a word, or say kilocalories; priced are names of letters, which take the longest.
_INITIALS = re.compile(
    r"(?<![^\W\d_])(?!X{0,3}(?:IX|IV|V?I{0,3})(?![^\W\d_]))(?:[A-Z]{2,4}[a-z]?|kcal)(?![^\W\d_])"
)
_CAPITALS = re.compile(r"[A-Z]{2}|[a-z][A-Z]|kcal")
_RARE = re.compile(r"[^a-z' ,.!?\n]|\.[a-z]")  # what plain words have nothing of
_LATIN_WORD = re.compile(r"[a-z']+")
_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]+")
_DIGITS = re.compile(r"\d(?:(?<!\d\d)(?: \d)+(?!\d)|\d*)")
# Letters and the signs on them: of a normalized text, all beyond ASCII but a few marks.
_WORD = re.compile(r"[a-z'\u00df-\u00f6\u00f8-\u1fff\u3005-\U0003ffff]+")
_VOWELS = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿāăąēĕėęěĩīĭįıōŏőœũūŭůűųŷ]+|[аеёиоуыэюяіїєў]+")
_OTHER_VOWELS = re.compile(r"[αεηιουωάέήίόύώաեէըիոօაეიოუ]")
_ROMAN = re.compile(r"x{0,3}(?:ix|iv|v?i{0,3})")  # as far as they are no words

_TWICE_AND_ONE = re.compile(r"([b-df-hj-np-tv-xz])\1[a-z]|pte")  # no syllables, and spelled
_FIRST_READ, _LAST_READ = 0x3400, 0x9FFF  # ideographs whose readings were measured
_USUAL_MS = 270  # of one
_ONE_WORD, _ONE_WORD_OF_SYLLABLES = 12, 3  # characters of a stretch that is one short word
_FIRST_IDEOGRAPHIC = "\u3000"  # kana, ideographs and Hangul, of which each is a syllable, come after it
_ALONE = 3  # ideographs, repeated, whose longer reading as a word of its own is taken

_SPELLED_SCRIPTS = {"ARMENIAN", "CYRILLIC", "GEORGIAN", "GREEK", "LATIN"}
_JAMO = frozenset(map(chr, range(0x1100, 0x1200)))
_ARABIC_VOWELS = frozenset("اويىآأإة")


def count(spoken: Iterable[Passage]) -> Counts:
    """Count what there is to speak."""
    passages = list(spoken)
    text = "\n".join(passage.words for passage in passages)
    initials: list[str] = []
    if _CAPITALS.search(text):
        text = _INNER_CAPITAL.sub(" ", text)
        initials = _INITIALS.findall(text)
        text = _INITIALS.sub("", text)
    text = text.lower()
    counts = Counts(
        common=Counter(
            {
                "stretch": len(passages),
                "alone": sum(map(_is_one_word, passages)),
                "repeated": sum(map(_repeated, passages)),
            }
        ),
        letters=Counter(),
        named=Counter(),
        spelled=Counter(),
        inner=sum(passage.goes_on for passage in passages),
    )
    if passages and not _RARE.search(text):
        counts.common["clause"] = text.count(", ")
        counts.common["stop"] = text.count(". ") + text.count("! ") + text.count("? ")
        _count_latin_words(text, counts)
    elif passages:
        for feature, expression in _BY_EXPRESSION.items():
            counts.common[feature] = len(expression.findall(text))
        _count_digits(text, counts.common)
        _count_words(text, counts)
        _count_letters(text, counts)
    counts.named.update(("LATIN", letter) for letter in "".join(initials).lower())
    counts.letters["LATIN", "word"] += len(initials)
    return counts


def _is_one_word(passage: Passage) -> bool:
    longest = _ONE_WORD if passage.words[0] < _FIRST_IDEOGRAPHIC else _ONE_WORD_OF_SYLLABLES
    return len(passage.words) <= longest and " " not in passage.words


def _repeated(passage: Passage) -> int:
    """Count words and numbers that are one of the two before them."""
    words = passage.words.split()
    nearest, next_nearest = map(eq, words[1:], words), map(eq, words[2:], words)
    return sum(map(or_, nearest, itertools.chain((False,), next_nearest)))


def _count_latin_words(text: str, counts: Counts) -> None:
    """Do what `_count_words` and `_count_letters` do, word by word, for letters of ASCII."""
    words = letters = nuclei = romans = 0
    for written in _LATIN_WORD.findall(text):
        one = _latin_word(written)
        if one.named:
            counts.named["LATIN", one.named] += 1
            continue
        words += one.words
        letters += one.letters
        nuclei += one.nuclei
        romans += one.romans
        for letter in one.spelled:
            counts.spelled["LATIN", letter] += 1
    counts.common["roman"] += romans
    counts.letters["LATIN", "word"] += words
    counts.letters["LATIN", "letter"] += letters
    counts.letters["LATIN", "nucleus"] += nuclei


class _LatinWord(NamedTuple):
    """What one word adds to the counts."""

    named: str
    words: int
    letters: int
    nuclei: int
    romans: int
    spelled: str


@lru_cache(maxsize=16_384)
def _latin_word(written: str) -> _LatinWord:
    word = written.strip("'")
    if len(word) <= 1:
        return _LatinWord(word, 0, 0, 0, 0, "")
    return _LatinWord(
        named="",
        words=1,
        letters=len(word) - word.count("'") + word.count("x"),  # two sounds
        nuclei=len(_VOWELS.findall(word)),
        romans=_ROMAN.fullmatch(word) is not None,
        spelled=word.replace("'", "") if _is_spelled(word) else "",
    )


def _is_spelled(word: str) -> bool:
    voiced = _VOWELS.search(word) or _OTHER_VOWELS.search(word)
    return not voiced or _TWICE_AND_ONE.fullmatch(word) is not None


def without(counts: Counts, others: Counts) -> Counts:
    """Take some of the passages out of what was counted in all of them."""
    return Counts(
        common=counts.common - others.common,
        letters=counts.letters - others.letters,
        named=counts.named - others.named,
        spelled=counts.spelled - others.spelled,
        inner=counts.inner - others.inner,
    )


def _count_digits(text: str, common: Counter[str]) -> None:
    for run in _DIGITS.findall(text):
        length = len(run)
        if " " in run:  # one by one
            common["spelled"] += length - length // 2
            continue
        leading = length - len(run.lstrip("0"))
        common["number"] += 1
        common["spelled"] += leading
        common["digit"] += length - run.count("0")
        tens = run[leading:][-2::-3]
        common["ten"] += sum(digit > "1" for digit in tens)
        common["high ten"] += sum(digit > "6" for digit in tens)
        common["hundred"] += length - leading >= len("100")
        common["thousand"] += length - leading >= len("1000")


def _count_words(text: str, counts: Counts) -> None:
    for written, number in Counter(_WORD.findall(text)).items():
        for part in _parts(written):
            if part.named:
                counts.named[part.script, part.named] += number
                continue
            counts.letters[part.script, "word"] += number
            counts.common["roman"] += number * part.is_roman
            if part.alone:
                counts.letters["CJK", "nucleus"] += number * part.alone
                counts.letters["CJK", "reading"] += number * part.alone * reading_ms(written[0])
            for letter in part.spelled:
                counts.spelled[part.script, letter] += number


class _Part(NamedTuple):
    """What a word, or a part of it that one voice reads, adds to the counts."""

    script: str
    named: str
    is_roman: bool
    alone: int
    spelled: tuple[str, ...]


@lru_cache(maxsize=16_384)
def _parts(written: str) -> tuple[_Part, ...]:
    return tuple(_part(script, word, written) for script, word in _by_script(written))


def _part(script: str, word: str, written: str) -> _Part:
    known = alphabets()
    if len(word) == 1 and (script, word) in known:
        return _Part(script, word, is_roman=False, alone=0, spelled=())
    spelled = script in _SPELLED_SCRIPTS and _is_spelled(word)
    return _Part(
        script,
        named="",
        is_roman=script == "LATIN" and _ROMAN.fullmatch(word) is not None,
        # A word by itself, which takes longer than in a compound.
        alone=min(len(word), _ALONE) if script == "CJK" and len(set(written)) == 1 else 0,
        spelled=tuple(letter for letter in word if (script, letter) in known) if spelled else (),
    )


def _count_letters(text: str, counts: Counts) -> None:
    """Count the letters of words, and the vowels; `_count_words` has counted those that stand alone."""
    alone = Counter({letter: number for (_, letter), number in counts.named.items()})
    characters = Counter(text)
    for jamo in characters.keys() & _JAMO:  # a part of a syllable, which nothing completed
        counts.named["HANGUL", jamo] = characters[jamo]
        alone[jamo] = characters[jamo]
    characters.subtract(alone)
    for character, number in characters.items():
        kind = _letter_kind(character)
        if kind is not None and number:
            counts.letters[kind] += 2 * number if character == "x" else number
            if kind == ("CJK", "nucleus"):
                counts.letters["CJK", "reading"] += number * reading_ms(character)
    for group, number in Counter(_VOWELS.findall(text)).items():
        counts.letters["CYRILLIC" if group[0] >= "а" else "LATIN", "nucleus"] += number
    for vowel, number in alone.items():
        if _VOWELS.match(vowel):
            counts.letters["CYRILLIC" if vowel >= "а" else "LATIN", "nucleus"] -= number


def _by_script(word: str) -> Iterable[tuple[str, str]]:
    """Cut a word where another voice goes on with it."""
    if word.isascii():
        return [("LATIN", word.strip("'"))] if word != "'" else []
    if _IDEOGRAPHS.fullmatch(word):
        return [("CJK", word)]
    scripts = [script_of(letter) for letter in word]
    if None not in scripts and len(set(scripts)) == 1:
        return [(str(scripts[0]), word)]
    runs = itertools.groupby(zip(scripts, word, strict=True), key=lambda pair: pair[0])
    return [(script, "".join(letter for _, letter in run)) for script, run in runs if script]


@lru_cache(maxsize=8192)
def _letter_kind(character: str) -> tuple[str, str] | None:
    """Tell the script of a letter or sign and the feature that it counts as; None for what is none."""
    script = script_of(character)
    if script is None:
        return None
    is_nucleus = (
        script in {"CJK", "IDEOGRAPHIC"}
        or (script == "DEVANAGARI" and unicodedata.category(character)[0] == "M")
        or (script == "ARABIC" and character in _ARABIC_VOWELS)
        or (script == "HANGUL" and (ord(character) - ord("가")) % 28 > 0)  # with a final consonant
    )
    return script, "nucleus" if is_nucleus else "letter"


def reading_ms(ideograph: str) -> int:
    """Tell how long Chinese says an ideograph, in milliseconds; a common length for those that were not measured."""
    index = ord(ideograph) - _FIRST_READ
    readings = _readings()
    return readings[index] if 0 <= index < len(readings) else _USUAL_MS


@cache
def _readings() -> "array[int]":
    by_length: dict[str, str] = msgspec.json.decode(
        files("service.speech").joinpath("readings.json").read_bytes()
    )
    readings = array("H", [_USUAL_MS]) * (_LAST_READ - _FIRST_READ + 1)
    for length, ideographs in by_length.items():
        for ideograph in ideographs:
            readings[ord(ideograph) - _FIRST_READ] = int(length)
    return readings


@cache
def _letter_names() -> dict[str, dict[str, float]]:
    """By language the milliseconds of the names of Latin letters, by script those of all others."""
    table = files("service.speech").joinpath("letter_names.json").read_bytes()
    return msgspec.json.decode(table, type=dict[str, dict[str, float]])


@cache
def names_in(language: str) -> dict[Letter, float]:
    """Tell how long the name of each letter takes in a language, in milliseconds."""
    table = _letter_names()
    names = {
        (script, letter): length
        for script in table
        if script.isupper()
        for letter, length in table[script].items()
    }
    for letter, length in table[language].items():  # its own are said as a part of what it says
        names[script_of(letter) or "LATIN", letter] = length
    return names


@cache
def alphabets() -> frozenset[Letter]:
    """Return the letters whose names are known."""
    return frozenset(itertools.chain.from_iterable(map(names_in, LANGUAGES)))
