"""The languages that are spoken, and which of them a text is in.

By the script first. What is written in Latin letters and short is English unless its words, its letters or the
sequences of these are surely those of another language; of longer texts the letter sequences tell that py3langid has learnt.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache

from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]  # ships no types
from py3langid.modelio import load_model  # type: ignore[import-untyped]  # ships no types

from spoken.common_words import CHINESE, ENGLISH, JAPANESE, JAPANESE_WORDS, LETTERS, WORDS

LANGUAGES = (
    "ar",
    "cs",
    "de",
    "en",
    "es",
    "fr",
    "hi",
    "hu",
    "it",
    "ja",
    "ko",
    "nl",
    "pl",
    "pt",
    "ru",
    "tr",
    "zh",
)

_SAMPLE = 200  # characters; more cost time and change nothing
_OF_SCRIPT = {
    "ARABIC": "ar", "CYRILLIC": "ru", "DEVANAGARI": "hi", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja",
    "KATAKANA-HIRAGANA": "ja",
}  # fmt: skip
_LATIN = ("cs", "de", "en", "es", "fr", "hu", "it", "nl", "pl", "pt", "tr")
_COMMON = (
    "es",
    "fr",
    "de",
    "pt",
    "it",
    "tr",
    "pl",
    "nl",
    "cs",
    "hu",
)  # a word that several have is of the first
_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"})
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NOT_WORDS = re.compile(r"(?:https?://|www\.)\S+|[!-~]+@[!-~]+|[@#]\w+|<[^<>]*>")
_CERTAIN = 700.0  # of a logarithm: beyond it nothing is left of the other
_SURE = 10.0  # of a logarithm: 22,000 times as likely
_FEW = 4  # words up to which a text is short
_NAME = 2  # words up to which a text may be a name
_ARTICLES = frozenset(
    [
        "el",
        "la",
        "los",
        "las",
        "le",
        "les",
        "un",
        "una",
        "de",
        "die",
        "der",
        "das",
        "il",
        "lo",
        "i",
        "gli",
        "o",
        "a",
        "os",
        "as",
        "het",
        "een",
    ]
)
_LEVEL_TWO = 0x98_9F  # where Shift JIS begins the ideographs that Japanese rarely writes today


def detect_language(text: str) -> str:
    """Return the most likely of `LANGUAGES`; "en" for a text without letters. The first call loads the model."""
    sample = _NOT_WORDS.sub(" ", text.strip())[:_SAMPLE]
    if not sample.isascii():  # "𝐇𝐢" and "ＯＫ" are "Hi" and "OK"
        sample = unicodedata.normalize("NFKC", sample)
    if sample.isascii():
        return _of_latin_letters(sample)
    scripts = _scripts(sample)
    if not scripts:
        return "en"
    script = scripts.most_common(1)[0][0]
    if script in _ASIAN:
        return _chinese_or_japanese(sample, scripts)
    if script != "LATIN":
        return _OF_SCRIPT.get(script, "en")
    return _of_latin_letters(sample)


def likelihood(text: str, language: str) -> float | None:
    """Tell how likely the letter sequences of a text make a language, among those written in Latin letters: 0 to 1.

    None where the script tells more than they do, or there are no letters.
    """
    sample = _NOT_WORDS.sub(" ", text.strip())[:_SAMPLE]
    scripts = _scripts(sample)
    if language not in _LATIN or not scripts or scripts.most_common(1)[0][0] != "LATIN":
        return None
    scores = {str(each): float(score) for each, score in _identifier().rank(sample)}
    return 1 / sum(math.exp(min(score - scores[language], _CERTAIN)) for score in scores.values())


def unspoken_script(text: str) -> str | None:
    """Name the script that most of a text is written in, where none of `LANGUAGES` is written in it.

    Returns:
        Its name in Unicode, "Hebrew"; None where a voice for sale reads most of the text.
    """
    sample = text[:_SAMPLE]
    if sample.isascii():
        return None
    scripts = _scripts(sample)
    if not scripts:
        return None
    script = scripts.most_common(1)[0][0]
    return None if script in _OF_SCRIPT or script in _ASIAN or script == "LATIN" else script.title()


def _scripts(text: str) -> Counter[str]:
    """Count the letters of each script; an ideograph or syllable weighs as much as two letters."""
    found: Counter[str] = Counter()
    for character, number in Counter(text).items():
        if character.isascii():
            if character.isalpha():
                found["LATIN"] += number
        elif character.isalpha():
            name = unicodedata.normalize("NFKC", character)[:1]
            script = unicodedata.name(name, "?").split(" ", 1)[0]
            found[script] += number * (2 if script in _ASIAN or script == "HANGUL" else 1)
    return found


def _chinese_or_japanese(text: str, scripts: Counter[str]) -> str:
    if scripts.keys() & {"HIRAGANA", "KATAKANA"}:
        return "ja"
    ideographs = [character for character in text if "\u3400" <= character <= "\u9fff" or character == "々"]
    words = re.findall(r"[\u3400-\u9fff々]+", text)
    if any(word in JAPANESE_WORDS or word[:-1] in JAPANESE_WORDS for word in words):  # "大阪城"
        return "ja"
    if any(character in CHINESE for character in ideographs):
        return "zh"
    if all(map(_is_simplified, ideographs)):
        return "zh"
    if any(character in JAPANESE for character in ideographs):
        return "ja"
    return "ja" if all(map(_is_modern_japanese, ideographs)) else "zh"


def _is_simplified(character: str) -> bool:
    """Tell whether a character is one of those that mainland China writes."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _is_modern_japanese(character: str) -> bool:
    """Tell whether a character is one of those that Japanese commonly writes: level 1 of its standard."""
    try:
        return int.from_bytes(character.encode("shift_jis"), "big") < _LEVEL_TWO
    except UnicodeEncodeError:
        return False


def _of_latin_letters(text: str) -> str:
    written = _WORD.findall(text)
    if not written:
        return "en"
    if len(written) > _FEW:
        return _guess(text, _LATIN)
    words = [word.lower().replace("’", "'") for word in written]
    foreign = _by_letters(text) or _by_words(words, text)
    if foreign is None and not text.isascii() and ENGLISH.isdisjoint(words):
        return _guess(text, _LATIN)
    if foreign is None and ENGLISH.isdisjoint(words):
        foreign = _surely(text)
    return foreign or "en"


def _surely(text: str) -> str | None:
    """Name the language that the letter sequences of a short text are far likelier in than in English."""
    scores = {str(language): float(score) for language, score in _identifier().rank(text)}
    best = max(_LATIN, key=scores.__getitem__)
    return best if scores[best] - scores["en"] > _SURE else None


def _by_words(words: Sequence[str], text: str) -> str | None:
    """Name the language that the known words of a short text are of, if English has not as many of them.

    Of one or two words, half have to be known, and an article does not count: it may begin a name.
    """
    counted = [word for word in words if len(words) > _NAME or word not in _ARTICLES]
    hits = {language: sum(word in known for word in counted) for language, known in WORDS.items()}
    most = max(hits.values())
    english = sum(word in ENGLISH for word in counted)
    if not most or english > most or (english == most and english == len(words)):
        return None
    best = [language for language, number in hits.items() if number == most]
    if english == most:
        guess = _guess(text, (*best, "en"))
        return guess if guess in best else None
    if len(words) == 1:
        return min(best, key=_COMMON.index)
    return best[0] if len(best) == 1 else _guess(text, tuple(sorted(best)))


def _by_letters(text: str) -> str | None:
    told = Counter(LETTERS[letter] for letter in text + text.lower() if letter in LETTERS)
    return told.most_common(1)[0][0] if told else None


def _guess(text: str, languages: tuple[str, ...]) -> str:
    return next(str(language) for language, _ in _identifier().rank(text) if language in languages)


@cache
def _identifier() -> LanguageIdentifier:
    """Load the model, once for all languages: it takes half a second.

    What it knows of languages that are not asked for is let go: the table of all takes 28 MB.
    """
    ptc, pc, classes, nextmove, row, output = load_model(MODEL_DIR / MODEL_FILE)
    asked = [column for column, language in enumerate(classes) if language in _LATIN]
    languages = [classes[column] for column in asked]
    return LanguageIdentifier(ptc[:, asked], pc[asked], languages, nextmove, output, tk_row=row)
