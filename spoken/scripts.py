"""Which voice can read which script: a text in two scripts is spoken by two voices of the same gender."""

import unicodedata
from functools import lru_cache
from itertools import groupby

from spoken.alphabets import script_in_name

# The first word of a letter's Unicode name, and the eSpeak NG language that reads letters of that kind. Beside the
# languages for sale these are some that only ever read a borrowed word; spelled out as "Thai letter E two eight" it
# would take ten times as long. Letters of all other scripts are not spoken.
_READER = {
    "ARABIC": "ar", "ARMENIAN": "hy", "BENGALI": "bn", "CJK": "zh", "CYRILLIC": "ru", "DEVANAGARI": "hi",
    "ETHIOPIC": "am", "GEORGIAN": "ka", "GREEK": "el", "GUJARATI": "gu", "GURMUKHI": "pa", "HANGUL": "ko",
    "HEBREW": "he", "HIRAGANA": "ja", "IDEOGRAPHIC": "zh", "KANNADA": "kn", "KATAKANA": "ja",
    "KATAKANA-HIRAGANA": "ja", "MALAYALAM": "ml", "SINHALA": "si", "TAMIL": "ta", "TELUGU": "te", "THAI": "th",
}  # fmt: skip
_NOT_LATIN = frozenset({"ar", "hi", "ja", "ko", "ru", "zh"})


@lru_cache(maxsize=4096)
def script_of(character: str) -> str | None:
    """Name the script of a letter or mark: "LATIN" or one that a voice can read; None for every other."""
    if character.isascii():
        return "LATIN" if character.isalpha() else None
    if unicodedata.category(character)[0] not in "LM":
        return None
    script = script_in_name(character)
    return script if script in _READER or script == "LATIN" else None


def runs_by_script(text: str, language: str) -> list[tuple[str, str]]:
    """Cut a text where its script asks for a speaker of another language.

    Args:
        text: one stretch.
        language: who speaks by default.

    Returns:
        language and text of each run, in order; joined they give the text.
    """
    han_reader = (
        "ja" if language == "ja" or any(_reader(letter, language) == "ja" for letter in text) else "zh"
    )
    readers: list[str] = []
    for character in text:
        reader = _reader(character, language)
        if reader is None:
            # Spaces, digits and marks stay with the run that they stand in.
            reader = readers[-1] if readers else language
        readers.append(han_reader if reader == "zh" else reader)
    pairs = zip(readers, text, strict=True)
    return [
        (reader, "".join(letter for _, letter in run)) for reader, run in groupby(pairs, lambda pair: pair[0])
    ]


def _reader(character: str, language: str) -> str | None:
    script = script_of(character)
    if script is None:
        return None
    if script == "LATIN":
        return "en" if language in _NOT_LATIN else language
    return _READER[script]
