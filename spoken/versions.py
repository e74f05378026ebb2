"""Says the versions of programs: "v2.0.1", "ver. 3.10", "Version 17.2"."""

import re
from functools import cache

from spoken.neighbours import apart, word_after, word_before
from spoken.verbalizer import Verbalizer

_EAST = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"
# A word for it, and how it and others like it begin. One letter says nothing before a single number: an engine is a V8.
_WORDS = {
    "ar": ("الإصدار", "إصدار|الإصدار|اصدار|الاصدار|نسخة|النسخة"), "cs": ("verze", "verz"), "de": ("Version", "version"), "en": ("version", "version"),
    "es": ("versión", "versi[oó]n"), "fr": ("version", "version"), "hi": ("वर्शन", "वर्शन|वर्ज़न|वर्जन|संस्करण"), "hu": ("verzió", "verzió"),
    "it": ("versione", "version"), "ja": ("バージョン", "バージョン"), "ko": ("버전", "버전"), "nl": ("versie", "versie"), "pl": ("wersja", "wersj"),
    "pt": ("versão", "vers[aã]o"), "ru": ("версия", "верси"), "tr": ("sürüm", "sürüm"), "zh": ("版本", "版本?"),
}  # fmt: skip
_VERBS = frozenset({"es", "pt", "tr"})  # in which "ver" is one
_DOTS = {"ar": "نقطة", "hi": "पॉइंट", "ja": "点"}  # where it is not that of a fraction
_SEVERAL = r"\d{1,4}(?:\.\d{1,4}){1,4}(?!\d|\.\d)"
_ANY = rf"(?:{_SEVERAL}|\d{{1,2}}(?!\d|[.,]\d))"


@cache
def expression(language: str) -> re.Pattern[str]:
    """Compile what finds the versions in texts of a language."""
    bare = rf"|[Vv]er ?(?={_SEVERAL})" if language not in _VERBS else ""
    return re.compile(
        rf"(?<![^\W{_EAST}])(?<![.@/-])(?:(?:v\.?(?=\d)|v\. (?={_SEVERAL})|[Vv]er\. ?(?={_SEVERAL}){bare})(?P<short>{_ANY})"
        rf"|V\.?(?P<capital>{_SEVERAL})"
        rf"|(?P<word>(?i:{_WORDS[language][1]})[^\W\d_]{{0,4}}[:：]? ?)(?P<named>{_SEVERAL}))(?![A-Za-z]\w)"
    )


def spell_version(match: re.Match[str], *, verbalizer: Verbalizer) -> str:
    """Say a version, by that word unless it is written beside it."""
    word, stem = _WORDS[verbalizer.language]
    written = match["short"] or match["capital"] or match["named"]
    dot = _DOTS.get(verbalizer.language, verbalizer.marks[0])
    said = verbalizer.join(
        *(dot if part == "." else verbalizer.whole(part) for part in re.split(r"(\.)", written))
    )
    if match["word"]:
        return apart(match, f"{match['word']}{said}")
    before, after = word_before(match), word_after(match)
    if any(re.match(stem, beside, re.IGNORECASE) for beside in (before, after)):
        return apart(match, said)
    if before:
        word = verbalizer.abbreviated(word, "v.", before, "", chained=False)
    return apart(match, f"{word} {said}" if verbalizer.spaced else f"{word}{said}")
