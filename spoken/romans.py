"""Finds Roman numerals, which voices spell or call Roman, and has the language's `Verbalizer` say them.

Those from I to XXXIX; I, V and X alone only where their neighbours tell that they are no letters.
"""

import re

from spoken.verbalizer import FEMININE, MASCULINE, Verbalizer

_ONES = ("", *["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"])
_NUMBERS = {
    "X" * tens + ones: 10 * tens + number
    for tens in range(4)
    for number, ones in enumerate(_ONES)
    if tens or ones
}
_WRITTEN = "|".join(sorted(_NUMBERS, key=len, reverse=True))
# Cyrillic letters that look like the numerals, as a Russian keyboard has them.
_ALIKE = str.maketrans("ІХѴ", "IXV")
_EAST = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3"  # of scripts that stand beside it without a space
_ROMAN = re.compile(
    rf"(?<![^\W{_EAST}])(?<![.&/'’])(?P<roman>{_WRITTEN}|[IVXІХ]{{1,5}}(?= (?:век|вв?\.)))(?P<suffix>er|re|ère|ème|de|ste|e)?(?P<dot>\.(?!\w))?"
    rf"(?![^\W_{_EAST}]|[&/'’]\w|-[^\W\d_]{{1,3}}(?<![IVX])(?![^\W_]))(?: (?P<century>w\.|вв?\.)(?![^\W_]))?"
)
_SUFFIXED = frozenset({"fr", "nl"})
_FEMININE = frozenset({"re", "ère"})
_MAY_BE_LETTERS = frozenset({"I", "V", "X", "XX", "XXX"})
_CENTURY = re.compile(
    r"(?:siglos?|séculos?|secol[oi]|sec$|siècles?|eeuw|wiek|век|század|yüzyıl|století|jahrhundert"
    r"|aprile|febbraio|giugno|maggio|marzo|novembre|settembre)",
    re.IGNORECASE,
)
_AFTER_CENTURY = re.compile(r"(?<=[IVX] )sec\.")
_CENTURIES = {"es": "siglo", "pt": "século"}
_ABBREVIATED_CENTURY = re.compile(r"(?<![^\W_])s\. ?(?=[IVX]+(?![^\W_]))")
_FLOOR_AND_DOOR = re.compile(
    rf"(?<![^\W_])(?<![/.-])({_WRITTEN})(?:/|\. ?em(?:\.|elet) ?)(\d{{1,3}})(?![\d/])(?:\.(?= ?[,;)]| [a-z]))?"
)
_WORDS = {"cs": "IV", "it": "I", "pl": "I"}  # numerals that are words as well
_KINGS = frozenset(
    [
        "Alessandro", "Amedeo", "Carlo", "Cosimo", "Elisabetta", "Emanuele", "Enrico", "Federico", "Ferdinando", "Filippo",
        "Francesco", "Giacomo", "Giovanni", "Giuseppe", "Gregorio", "Innocenzo", "Leone", "Leopoldo", "Luigi", "Napoleone",
        "Nicola", "Ottone", "Paolo", "Pietro", "Umberto",
    ]
)  # fmt: skip
# Of what drips into a vein, which English writes as it writes four.
_BEFORE_DRIPS = frozenset(["an", "by", "her", "his", "my", "the", "their", "via", "with", "your"])
_DRIPS = frozenset(
    [
        "access",
        "antibiotics",
        "bag",
        "drip",
        "drips",
        "fluid",
        "fluids",
        "infusion",
        "line",
        "lines",
        "needle",
    ]
)
# What stands before the name of an English ruler: a title, a preposition of its own, or nothing.
_TITLE_BEFORE = re.compile(
    r"(?:^|[.!?:;,\"(] ?|\b(?:Archduke|Duke|Emperor|Empress|Kaiser|King|Pope|Prince|Queen|Sultan|Tsar|Tsarina|under|by|of|[Aa]nd) )"
    r"(?:(?!After|As|Because|Before|But|Dear|For|Hello|Here|Hey|If|Like|Since|So|Then|Unlike|Until|When|While|With)[A-Z][a-z]+ )?"
    r"[A-Z][a-z]+ $"
)
_NEVER_AFTER_I = frozenset(
    ["and", "as", "at", "has", "in", "is", "of", "on", "or", "reigned", "reigns", "rules", "who", "with"]
)
_ONLY_AFTER_I = frozenset(
    [
        "also", "am", "believe", "can", "cannot", "do", "don", "feel", "got", "guess", "have", "heard", "hope", "just",
        "know", "like", "love", "mean", "miss", "need", "promise", "really", "remember", "saw", "see", "should", "swear",
        "tell", "think", "thought", "told", "want", "wanted", "will", "wish", "would",
    ]
)  # fmt: skip
_NAME = 3  # letters
_WORD_BEFORE = re.compile(r"((?:[^\W\d_]|[\u0900-\u0963])+) $")
_WORD_AFTER = re.compile(r" ([^\W\d_]+)")
_REACH = 24


def may_hold_romans(text: str) -> bool:
    """Tell whether there is anything for `spell_romans`."""
    return _ROMAN.search(text) is not None or _FLOOR_AND_DOOR.search(text) is not None


def spell_romans(text: str, verbalizer: Verbalizer) -> str:
    """Write the Roman numerals of a stretch out.

    Args:
        text: one stretch.
        verbalizer: of the language that it is spoken in.
    """
    if verbalizer.language in _CENTURIES:
        text = _ABBREVIATED_CENTURY.sub(f"{_CENTURIES[verbalizer.language]} ", text)
    if verbalizer.language == "it":
        text = _AFTER_CENTURY.sub("secolo", text)
    if verbalizer.language == "hu":
        text = _FLOOR_AND_DOOR.sub(
            lambda match: f"{verbalizer.ordinal(_NUMBERS[match[1]])} emelet {match[2]}", text
        )
    return _ROMAN.sub(lambda match: _said(match, verbalizer), text)


def _said(match: re.Match[str], verbalizer: Verbalizer) -> str:
    written = match["roman"].translate(_ALIKE)
    number = _NUMBERS.get(written)
    suffix, dot, century = match["suffix"] or "", match["dot"] or "", match["century"] or ""
    if number is None or (suffix and verbalizer.language not in _SUFFIXED):
        return match[0]
    before = _WORD_BEFORE.search(match.string, max(0, match.start() - _REACH), match.start())
    after = _WORD_AFTER.match(match.string, match.end())
    words = (before[1] if before else "", after[1] if after else "")
    if suffix:
        return verbalizer.ordinal(number, FEMININE if suffix in _FEMININE else MASCULINE) + dot
    if written in _MAY_BE_LETTERS and not (century or _is_numeral(match, written, *words, verbalizer)):
        return match[0]
    if written == "IV" and verbalizer.language == "en" and _drips(*words):
        return f"I V{dot}"  # a voice would take it for a numeral
    if century:
        beside = words[0] or match.string[: match.start()].strip()[-1:]
        said = verbalizer.century(number, beside, plural=century.startswith("вв"))
        return said if match.string[match.end() :].strip() else f"{said}."
    said = verbalizer.roman(number, *words, dotted=bool(dot))
    following = match.string[match.end() : match.end() + 1]
    ends = dot and (not following or not verbalizer.dots_ordinals)
    return f"{said}{'.' if ends else ''}"


def _is_numeral(match: re.Match[str], written: str, before: str, after: str, verbalizer: Verbalizer) -> bool:
    """Tell by what is beside it whether what may be letters is a numeral."""
    dotted = match["dot"] is not None
    if _CENTURY.match(before) or _CENTURY.match(after) or (dotted and after in verbalizer.regnal):
        return True
    if dotted and not verbalizer.dots_ordinals and match.string[match.end() :].strip():
        return False  # an initial
    if written == "I" and before in _KINGS and verbalizer.language == "it":
        return not after[:1].isupper()
    is_word = written in _WORDS.get(verbalizer.language, "") and not dotted
    if is_word and (after[:1].isupper() if verbalizer.language == "pl" else after):
        return False
    named = len(before) >= _NAME and before[0].isupper() and not before.isupper()
    if verbalizer.rulers:
        return before in verbalizer.rulers and (
            written != "I" or verbalizer.language != "en" or not after or _reigns(match, after)
        )
    return named and written in {"I", "V"}


def _reigns(match: re.Match[str], after: str) -> bool:
    """Tell "Elizabeth I was queen" from "With Elizabeth I was happy", by the word after it or those before the name."""
    if after in _NEVER_AFTER_I:
        return True
    title = _TITLE_BEFORE.search(match.string, max(0, match.start() - _REACH), match.start())
    return title is not None and after not in _ONLY_AFTER_I


def _drips(before: str, after: str) -> bool:
    return after in _DRIPS or (before.lower() in _BEFORE_DRIPS and not after[:1].isupper())
