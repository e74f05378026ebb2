"""Predicts how long a text takes to speak, before anyone speaks it.

The prediction is linear in what can be counted: letters, syllable nuclei and words of each script, digits, pauses, and
the names of letters that are spelled. The weights of each language were fitted to the worker's own voices
(`python -m bench.speech_length --fit`) and lie in `speech_length.json`, the names in `letter_names.json`, and how
long Chinese says each ideograph in `readings.json`. What is
counted is what the worker hands to its voices: the text as `spoken.passages` writes it. Pure and bounded.
"""

import itertools
import math
import unicodedata
from collections import Counter, defaultdict
from functools import cache
from importlib.resources import files

import msgspec

from service.catalogue.built_in import LANGUAGES
from service.speech.counting import Counts, Letter, alphabets, count, names_in, without
from spoken import passages
from spoken.languages import detect_language

FEATURES = (
    "stretch",  # about a sentence: what is spoken between two full pauses
    "alone",  # one that is a single short word
    "clause",  # a comma, colon or dash: a short pause
    "stop",  # a full stop, question or exclamation mark inside a stretch
    "numbered",  # one of these after a number
    "bracket",
    "word",
    "repeated",  # a word or number that is one of the two before it: said with more care than in a sentence
    "letter",  # what stands for most of the time in each script, see `_letter_kind`
    "consonant",  # a tenth of a second of letters' names, in a word without vowels: PDF is spelled, krk not
    "nucleus",  # what stands for the rest: a group of vowels, an ideograph, a vowel sign
    "reading",  # a tenth of a second of ideographs' readings: in Chinese alone, whose neutral tone takes half as long
    "roman",  # a Roman numeral
    "number",  # a run of digits
    "digit",  # one that is read as part of a number
    "ten",  # a digit from 2 that stands for tens
    "high ten",  # one from 7: soixante-dix-neuf
    "hundred",  # a number of three digits or more
    "thousand",  # a number of four digits or more
    "spelled",  # a digit that is read by itself: a leading zero
    "separator",  # a point, comma or colon between digits
    "minus",  # a hyphen before a number
    "symbol",
    "dot",  # a full stop inside a word
    "slash",
    "borrowed",  # half a letter of a script that another voice reads: Latin in Japanese, Greek in French
    "switch",  # a word of it
)
Weights = dict[str, float]
"""Milliseconds by feature."""


class SpeechLength(msgspec.Struct, frozen=True, kw_only=True):
    """How long a text will take.

    Attributes:
        milliseconds: 0 exactly when there is nothing to speak.
        language: that it was counted in.
        counts: what there is to speak in it.
        varying: of the text, what may be spoken in other words in another language.
        same: what there is to speak in all the rest.
    """

    milliseconds: int
    language: str
    counts: Counts
    varying: list[str]
    same: Counts


_OWN_SCRIPTS = {
    "ar": {"ARABIC"}, "hi": {"DEVANAGARI"}, "ja": {"CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"},
    "ko": {"HANGUL"}, "ru": {"CYRILLIC"}, "zh": {"CJK", "IDEOGRAPHIC"},
}  # fmt: skip
_LATIN = {"LATIN"}
_SHORTER_MS = 200  # the pause after a stretch that ends inside its sentence
# The longest that a voice takes for what stands for one character ("%", "²"), and for a stretch.
_DEAREST_MS = 1500
_STRETCH_MS = 600
_VOWEL_GROUPS = {"CYRILLIC", "LATIN"}  # whose nuclei are letters too
# How many halves of a Latin letter a letter of each script is worth.
_WORTH = {
    "ARABIC": 9, "ARMENIAN": 3, "BENGALI": 3, "CJK": 16, "CYRILLIC": 2, "DEVANAGARI": 3, "ETHIOPIC": 10, "GEORGIAN": 2,
    "GREEK": 2, "GUJARATI": 3, "GURMUKHI": 3, "HANGUL": 11, "HEBREW": 4, "HIRAGANA": 6, "IDEOGRAPHIC": 16, "KANNADA": 3,
    "KATAKANA": 6, "KATAKANA-HIRAGANA": 6, "LATIN": 2, "MALAYALAM": 3, "SINHALA": 5, "TAMIL": 3, "TELUGU": 3, "THAI": 4,
}  # fmt: skip


def estimate(text: str, language: str | None) -> SpeechLength:
    """Predict how long a text takes in a language.

    Args:
        text: of any length and content.
        language: one of `LANGUAGES`; None to tell it from the text.
    """
    language = language or detect_language(text)
    spoken = list(passages(text, language))
    counts = count(spoken)
    varying = [text[passage.start : passage.end] for passage in spoken if passage.varies]
    return SpeechLength(
        milliseconds=milliseconds(counts, language),
        language=language,
        counts=counts,
        varying=varying,
        same=without(counts, count(passage for passage in spoken if passage.varies)) if varying else counts,
    )


def warm_up() -> None:
    """Load the model that tells languages apart, and compile what each language looks for: most of a second, once."""
    longest(estimate("E.g. 1 is warm, 的 too, and so are all the others.", None))


def longest(speech: SpeechLength, *, enough: float = math.inf) -> int:
    """Predict the milliseconds of the slowest reading that a text can get in any language.

    Args:
        speech: the estimate of a text.
        enough: milliseconds from which on it matters no more how many there are; a reading that is longer is returned.
    """
    most = 0.0
    for language in LANGUAGES:
        if most > enough:
            break
        varying = count(itertools.chain.from_iterable(passages(text, language) for text in speech.varying))
        most = max(most, _sum(speech.same, language) + _sum(varying, language))
    return round(most)


def longest_at_most(speech: SpeechLength) -> int:
    """Bound `longest` from above, which is enough to know of most texts.

    As if each word, letter and pause had the language that takes the longest over it, and each character that may be
    spoken in other words were the dearest there is.
    """
    varying = sum(len(unicodedata.normalize("NFKC", text)) for text in speech.varying)
    return math.ceil(_most(speech.same) + varying * _DEAREST_MS + len(speech.varying) * _STRETCH_MS)


def milliseconds(counts: Counts, language: str) -> int:
    """Tell how long it takes a language's voices to say what was counted."""
    return round(_sum(counts, language))


def _sum(counts: Counts, language: str) -> float:
    weights = _weights()[language]
    known = sum(weights[feature] * number for feature, number in features(counts, language).items())
    return known + known_ms(counts, language)


def _most(counts: Counts) -> float:
    common, letters, names = _slowest()
    most = sum(common[feature] * number for feature, number in counts.common.items())
    most += sum(letters[kind] * number for kind, number in counts.letters.items())
    most += sum(names[letter] * number for letter, number in counts.named.items())
    spelled = sum(names[letter] * number for letter, number in counts.spelled.items())
    return most + common["consonant"] * spelled / 100 - counts.inner * _SHORTER_MS


def features(counts: Counts, language: str) -> dict[str, float]:
    """Count each of `FEATURES` as a speaker of a language meets it."""
    own = _OWN_SCRIPTS.get(language, _LATIN)
    met: dict[str, float] = defaultdict(float, counts.common)
    for (script, feature), number in counts.letters.items():
        if feature == "reading":
            if language == "zh":
                met[feature] += number / 100
        elif script in own:
            met[feature] += number
        elif feature == "word":
            met["switch"] += number
        elif script not in _VOWEL_GROUPS or feature == "letter":
            met["borrowed"] += number * _WORTH[script]
    if counts.spelled:
        names = names_in(language)
        met["consonant"] += (
            sum(names.get(letter, 0) * number for letter, number in counts.spelled.items()) / 100
        )
    return met


def known_ms(counts: Counts, language: str) -> float:
    """Tell of what was counted what needs no fit: the names of letters that stand alone, and short pauses."""
    names = names_in(language) if counts.named else {}
    named = sum(names.get(letter, 0) * number for letter, number in counts.named.items())
    return named - counts.inner * _SHORTER_MS


@cache
def _slowest() -> tuple[Weights, dict[tuple[str, str], float], dict[Letter, float]]:
    """Find the most that each count costs in any language: by feature, by script and feature, by letter alone."""
    weights = _weights()
    common = {feature: max(weights[language][feature] for language in LANGUAGES) for feature in FEATURES}
    none: Counter[Letter] = Counter()
    letters = {
        kind: max(
            sum(weights[language][met] * number for met, number in features(one, language).items())
            for language in LANGUAGES
        )
        for kind in (*itertools.product(_WORTH, ("word", "letter", "nucleus")), ("CJK", "reading"))
        for one in [Counts(common=Counter(), letters=Counter({kind: 1}), named=none, spelled=none)]
    }
    names: dict[Letter, float] = {}
    for script, letter in alphabets():
        names[script, letter] = max(names_in(language).get((script, letter), 0) for language in LANGUAGES)
    longest_name = max(length for (script, _), length in names.items() if script == "LATIN")
    for script, letter in alphabets():
        if (
            script == "LATIN" and not letter.isascii()
        ):  # where a language has not the accent, it may be two: ß
            names[script, letter] = 1.5 * longest_name
    return common, letters, names


@cache
def _weights() -> dict[str, Weights]:
    table = files("service.speech").joinpath("speech_length.json").read_bytes()
    return msgspec.json.decode(table, type=dict[str, Weights])
