# ruff: noqa: RUF001 - marks and letters of other scripts are the point
"""Predicts how long a text takes to speak, before anyone speaks it.

The prediction is linear in what can be counted: letters, syllable nuclei and words of each script, digits, pauses. The
weights of each language were fitted to the worker's own voices (`python -m bench.speech_length --fit`) and lie in
`speech_length.json`. Text is counted as it will be spoken: of a web address only the host, of a long number each digit,
of emoji nothing. Pure and bounded: one pass over the characters, whatever they are.
"""

import itertools
import math
import re
import unicodedata
from collections import Counter
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

from service.catalogue.built_in import LANGUAGES
from service.speech.languages import detect_language

FEATURES = (
    "stretch",  # about a sentence: what is spoken between two full pauses
    "clause",  # a comma, colon or dash: a short pause
    "word",
    "letter",  # what stands for most of the time in each script, see `_letter_kind`
    "consonant",  # a letter of a Latin word without vowels: many voices spell PDF, and some Czech words are like that
    "nucleus",  # what stands for the rest: a group of vowels, an ideograph, a vowel sign
    "number",  # a run of digits
    "digit",  # one that is read as part of a number
    "hundred",  # a number of three digits or more
    "thousand",  # a number of four digits or more
    "spelled",  # a digit that is read by itself: a leading zero, or in a run too long to be a number
    "separator",  # a point, comma or colon between digits
    "symbol",
    "dot",  # the dot or at sign of an address, said as a word
    "borrowed",  # a letter of a script that another voice reads: Latin in Japanese, Greek in French
    "switch",  # a word of it
)
Weights = dict[str, float]
"""Milliseconds by feature."""


class SpeechLength(msgspec.Struct, frozen=True, kw_only=True):
    """How long a text will take.

    Attributes:
        milliseconds: 0 exactly when there is nothing to speak.
        language: that it was counted in.
        counts: what there is to speak of it.
    """

    milliseconds: int
    language: str
    counts: "Counts"


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to speak in a text, whatever the language.

    Attributes:
        common: by feature, what the speaker's own language decides.
        letters: by script and feature; whether these letters are its own, each language decides.
        rare: letters that a voice can only name ("Cyrillic letter four eight one").
    """

    common: dict[str, int]
    letters: dict[tuple[str, str], int]
    rare: int = 0


# Only the characters of real addresses: in Japanese the next word follows without a space.
_ADDRESS = re.compile(
    r"(?:https?://|www\.)(?:[!-.0-~]*@)?([a-z0-9\u00c0-\u024f.-]*)[!-~]*"
    r"|(?<![\w.@-])((?:[a-z0-9-]{1,63}\.){1,5}(?-i:[a-z]{2,12}))(?![\w@-])(?:/[!-~]*)?",
    re.IGNORECASE,
)
_MAIL = re.compile(r"([\w.+-]{1,64})@([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_STRETCH_END = re.compile(r"[.!?…؟۔]+(?=['\"’”»)\]]*(?:\s|$))|[。！？｡؟।॥]+|\n+")
_CLAUSE_END = re.compile(r"[,;:،؛](?=\s)|[、，；：]|\s[-–—]+\s")
_DIGITS = re.compile(r"\d+")
_SEPARATOR = re.compile(r"(?<=\d)[.,:](?=\d)")
_WORD = re.compile(r"[^\W\d_]+")
_VOWELS = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýÿāăąēęěīıőœūůű]+|[аеёиоуыэюя]+")
_SYMBOLS = frozenset("+=%&@#€$£¥₹₽°×÷<>")

# The letters that voices read in words, lower case; the others of their scripts they spell out.
_USUAL = re.compile(
    r"[a-z\u00df-\u017f\u0386-\u03ce\u0400-\u045f\u0490\u0491\u0531-\u0587\u05d0-\u05ea\u0620-\u064a\u067e\u0686\u0698"
    r"\u06a9\u06af\u06cc\u0901-\u0e5b\u10d0-\u10ff\u1200-\u137f\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3]"
)
_RARE_MS = 1_300  # about what most take: not counted, they would be sold for a tenth of their work
_ACCENTED = re.compile(r"[\u0180-\u024f\u1e00-\u1eff]")

_LONGEST_STRETCH = 180  # letters; the worker cuts longer sentences
_LONGEST_NUMBER = 9  # digits; the worker spells longer ones

_OWN_SCRIPTS = {
    "ar": {"ARABIC"}, "hi": {"DEVANAGARI"}, "ja": {"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"},
    "ko": {"HANGUL"}, "ru": {"CYRILLIC"}, "zh": {"CJK", "IDEOGRAPHIC"},
}  # fmt: skip
_LATIN = {"LATIN"}
_SPELLED = 3  # letters that the name of one is worth
_VOWEL_GROUPS = {"CYRILLIC", "LATIN"}  # whose nuclei are letters too
# The first word in the Unicode name of each letter that a voice can read, and how many Latin letters it is worth.
_SCRIPTS = {
    "ARABIC": 2, "ARMENIAN": 1, "BENGALI": 1, "CJK": 4, "CYRILLIC": 1, "DEVANAGARI": 1, "ETHIOPIC": 2, "GEORGIAN": 1,
    "GREEK": 1, "GUJARATI": 1, "GURMUKHI": 1, "HANGUL": 3, "HEBREW": 2, "HIRAGANA": 2, "IDEOGRAPHIC": 4, "KANNADA": 1,
    "KATAKANA": 2, "KATAKANA-HIRAGANA": 2, "LATIN": 1, "MALAYALAM": 1, "SINHALA": 1, "TAMIL": 1, "TELUGU": 1, "THAI": 1,
}  # fmt: skip
_ARABIC_VOWELS = frozenset("اويىآأإة")


def estimate(text: str, language: str | None) -> SpeechLength:
    """Predict how long a text takes in a language.

    Args:
        text: of any length and content.
        language: one of `LANGUAGES`; None to tell it from the text.
    """
    language = language or detect_language(text)
    counts = count(text)
    return SpeechLength(milliseconds=_milliseconds(counts, language), language=language, counts=counts)


def longest(counts: Counts) -> int:
    """Predict the milliseconds of the slowest reading that a text can get in any language."""
    return max(_milliseconds(counts, language) for language in LANGUAGES)


def longest_at_most(counts: Counts) -> int:
    """Bound `longest` from above, which is enough to know of most texts: takes a fiftieth of the time.

    As if each letter and pause had the language that takes the longest over it.
    """
    common, letters = _slowest()
    most = sum(common[feature] * number for feature, number in counts.common.items())
    most += sum(letters[kind] * number for kind, number in counts.letters.items())
    return math.ceil(most) + counts.rare * _RARE_MS


def features(counts: Counts, language: str) -> dict[str, int]:
    """Count each of `FEATURES` as a speaker of a language meets it."""
    own = _OWN_SCRIPTS.get(language, _LATIN)
    met = Counter(counts.common)
    for (script, feature), number in counts.letters.items():
        if script in own:
            met[feature] += number
        elif feature == "word":
            met["switch"] += number
        elif feature == "consonant":
            met["borrowed"] += number * _SPELLED
        elif script not in _VOWEL_GROUPS or feature == "letter":
            met["borrowed"] += number * _SCRIPTS[script]
    return met


def _milliseconds(counts: Counts, language: str) -> int:
    weights = _weights()[language]
    met = features(counts, language)
    return round(sum(weights[feature] * number for feature, number in met.items())) + counts.rare * _RARE_MS


def count(text: str) -> Counts:
    """Count what there is to speak."""
    text, dots = _spell_addresses(text)
    text = unicodedata.normalize("NFKC", text).lower()
    # The voices leave the accents of such letters out, too: ế is read as e.
    text = _ACCENTED.sub(lambda match: unicodedata.normalize("NFD", match[0])[0], text)
    characters = Counter(text)
    letters = _count_letters(text, characters)
    common = _count_digits(text)
    if not letters and not common["number"]:
        return Counts(common={}, letters={})
    common["stretch"] = _count_stretches(text)
    common["clause"] = len(_CLAUSE_END.findall(text))
    common["symbol"] = sum(characters.get(symbol, 0) for symbol in _SYMBOLS)
    common["dot"] = dots
    return Counts(common=dict(common), letters=dict(letters), rare=_count_rare(characters))


def _spell_addresses(text: str) -> tuple[str, int]:
    """Leave of each address the words that are spoken; return also how often "dot" or "at" is said."""
    dots = 0

    def host_words(host: str) -> str:
        nonlocal dots
        host = host.removeprefix("www.").strip(".")
        dots += host.count(".")
        return host.replace(".", " ")

    def mail_words(match: re.Match[str]) -> str:
        nonlocal dots
        dots += 1
        return f"{match[1]} {host_words(match[2])}"

    text = _ADDRESS.sub(lambda match: host_words(match[1] or match[2] or ""), text)
    return _MAIL.sub(mail_words, text), dots


def _count_stretches(text: str) -> int:
    stretches = 0
    for sentence in _STRETCH_END.split(text):
        if any(character.isalnum() for character in sentence):
            weight = sum(_stretch_weight(character) * n for character, n in Counter(sentence).items())
            stretches += 1 + weight // _LONGEST_STRETCH
    return max(stretches, 1)


@lru_cache(maxsize=8192)
def _stretch_weight(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    if character.isdigit() or character in _SYMBOLS or character == ".":
        return 6
    return 3 if unicodedata.east_asian_width(character) in "WF" else 1


def _count_digits(text: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    for run in _DIGITS.findall(text):
        length = len(run)
        counted["number"] += 1
        if length > _LONGEST_NUMBER:
            counted["spelled"] += length
            continue
        leading = length - len(run.lstrip("0"))
        counted["spelled"] += leading
        counted["digit"] += sum(digit != "0" for digit in run[leading:])
        counted["hundred"] += length - leading >= len("100")
        counted["thousand"] += length - leading >= len("1000")
    counted["separator"] = len(_SEPARATOR.findall(text))
    return counted


def _count_letters(text: str, characters: Counter[str]) -> Counter[tuple[str, str]]:
    counted: Counter[tuple[str, str]] = Counter()
    for character, number in characters.items():
        kind = _letter_kind(character)
        if kind is not None:
            counted[kind] += number
    for word in _WORD.findall(text):
        first = _letter_kind(word[0])
        if first is not None:
            counted[first[0], "word"] += 1
            if first[0] == "LATIN" and not _VOWELS.search(word):
                counted["LATIN", "consonant"] += len(word)
    for group in _VOWELS.findall(text):
        counted["CYRILLIC" if group[0] >= "а" else "LATIN", "nucleus"] += 1
    return counted


def _count_rare(characters: Counter[str]) -> int:
    return sum(number for character, number in characters.items() if _is_rare(character))


@lru_cache(maxsize=8192)
def _is_rare(character: str) -> bool:
    return character.isalpha() and _letter_kind(character) is not None and not _USUAL.match(character)


@lru_cache(maxsize=8192)
def _letter_kind(character: str) -> tuple[str, str] | None:
    """Tell the script of a letter or sign and the feature that it counts as; None for what is not spoken."""
    if unicodedata.category(character)[0] not in "LM":
        return None
    script = unicodedata.name(character, "?").split(" ", 1)[0]
    if script not in _SCRIPTS:
        return None
    is_nucleus = (
        script in {"CJK", "IDEOGRAPHIC"}
        or (script == "DEVANAGARI" and unicodedata.category(character)[0] == "M")
        or (script == "ARABIC" and character in _ARABIC_VOWELS)
        or (script == "HANGUL" and (ord(character) - ord("가")) % 28 > 0)  # with a final consonant
    )
    return script, "nucleus" if is_nucleus else "letter"


@cache
def _slowest() -> tuple[Weights, dict[tuple[str, str], float]]:
    """Find the most that each count costs in any language: by feature, and by script and feature."""
    weights = _weights()
    common = {feature: max(weights[language][feature] for language in LANGUAGES) for feature in FEATURES}
    letters = {
        kind: max(
            sum(weights[language][met] * number for met, number in features(one, language).items())
            for language in LANGUAGES
        )
        for kind in itertools.product(_SCRIPTS, ("word", "letter", "consonant", "nucleus"))
        for one in [Counts(common={}, letters={kind: 1})]
    }
    return common, letters


@cache
def _weights() -> dict[str, Weights]:
    table = files("service.speech").joinpath("speech_length.json").read_bytes()
    return msgspec.json.decode(table, type=dict[str, Weights])
