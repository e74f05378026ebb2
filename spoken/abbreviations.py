"""Writes abbreviations out, as far as they are surely meant."""

import re
from collections.abc import Iterable
from functools import cache

from spoken.characters import folded
from spoken.quantities import is_counted
from spoken.verbalizer import Verbalizer
from spoken.verbalizers import VERBALIZERS

_ELIDED = 3  # characters, of what may follow an apostrophe: "l'art. 3"
_INITIAL = 2  # characters: a letter and its full stop
# Before a number alone.
_NUMBERED = frozenset(
    [
        "no.",
        "nos.",
        "ch.",
        "sec.",
        "art.",
        "fig.",
        "figs.",
        "vol.",
        "vols.",
        "cap.",
        "kap.",
        "abs.",
        "abb.",
        "afb.",
        "hfst.",
        "obr.",
        "odst.",
        "bd.",
        "ed.",
        "set.",
        "out.",
        "on.",
        "mad.",
        "red.",
        "fri.",
        "sat.",
        "mon.",
        "tue.",
        "wed.",
        "thu.",
        "mar.",
        "jan.",
        "feb.",
        "apr.",
        "jun.",
        "jul.",
        "aug.",
        "sep.",
        "oct.",
        "nov.",
        "dec.",
        "abr.",
        "ago.",
        "id.",
        "sf.",
        "os.",
        "st.",
        "č.",
        "em.",
        "ill.",
        "al.",
        "th.",
    ]
)

_MONTHS = frozenset(
    ["jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "abr", "ago"]
)
_LEAST = {"cs": "minimálně", "es": "minuto", "pl": "minimalnie", "pt": "mínimo", "ru": "минимум"}
"""What is abbreviated as minutes are, before a number."""
_ADDED_TIME = re.compile(r"(?<=\d)\.\+(\d{1,2})\.?(?= [Mm]in)")  # "90.+3 min."
_MINUTE = re.compile(
    r"(?:(?<![^\W_])(v|ve|w|we|po|na|в|на) (?:\d+(?:\+\d)?(?:\.|-[йя]) (?:a|i|и) )?)?\d+(?:\+\d)?(?:\.|-[йя])$",
    re.IGNORECASE,
)
"""The minute of a match, after a preposition that asks for another case."""
_MINUTES = {
    "cs": ("minuta", "minutě"), "de": ("Minute", "Minute"), "hu": ("perc", "perc"), "pl": ("minuta", "minucie"),
    "ru": ("минута", "минуте"), "tr": ("dakika", "dakika"),
}  # fmt: skip
_HUNGARIAN_CENTURY = re.compile(r"(?<=dik )(század)-(?=b[ae]n|ra|i|t[óo]l|ig)")
_NUMBER_NEXT = re.compile(r"[+−-]?\d")
_NAME_AFTER = re.compile(r"[^\W\d_]*")
# Beyond other abbreviations, as in "z art. 3 ust. 2".
_GOVERNING = re.compile(
    r"(?<![^\W_])(?P<word>(?:(?:porównaniu|razem|wraz|związku|zgodnie) (?=ze?(?: |$)))?[^\W\d_]+)"
    r"(?P<chain>(?: [^\W\d_]{1,6}\.? ?\d+[a-z]?,?)*)$",
    re.IGNORECASE,
)
_YEARS = frozenset({"г.", "r.", "h.", "fr."})  # and francs
_NEVER_NUMBERED = frozenset(
    {("al.", "pl"), ("em.", "hu"), ("ill.", "hu"), ("st.", "en"), ("st.", "de"), ("st.", "nl")}
)


def _tokens(verbalizers: Iterable[Verbalizer]) -> frozenset[str]:
    return frozenset(key.split()[-1] for verbalizer in verbalizers for key in verbalizer.abbreviations)


ALL = _tokens(VERBALIZERS.values())
"""The last word of every abbreviation of every language, in small letters but for a few."""
BARE = frozenset(token for token in ALL if token.replace("'", "").isalpha())
"""What is written without a full stop."""
SUFFIXES = tuple(suffix for verbalizer in VERBALIZERS.values() for suffix in verbalizer.suffixes)
"""What ends a word that is abbreviated."""


@cache
def _expression(verbalizer: Verbalizer) -> re.Pattern[str]:
    keys = sorted(verbalizer.abbreviations, key=len, reverse=True)
    either = "|".join(re.escape(key).replace(r"\ ", r"\s?") for key in keys)
    elided = "|".join(re.escape(key) for key in keys if len(key) > _ELIDED and " " not in key) or "(?!)"
    return re.compile(
        rf"(?<![^\W_])(?<![-.@/])(?:(?<!['’])(?:{either})|(?<=[a-z]['’])(?:{elided}))(?:(?<=\.)(?=\d)|(?![^\W_]))(?!\.[^\W\d_])",
        re.IGNORECASE,
    )


@cache
def _table(verbalizer: Verbalizer) -> dict[str, str]:
    return {folded(re.sub(r"\s", "", key)): said for key, said in verbalizer.abbreviations.items()}


def is_abbreviation(written: str, verbalizer: Verbalizer) -> bool:
    """Tell whether a language has an abbreviation, written without a space."""
    return folded(written) in _table(verbalizer)


def spell_abbreviations(text: str, verbalizer: Verbalizer) -> str:
    """Write the abbreviations of a stretch out."""
    if not verbalizer.abbreviations:
        return text
    for suffix, said in verbalizer.suffixes.items():
        text = re.sub(rf"(?<=[^\W\d_]){re.escape(suffix)}$", f"{said}.", text)
        text = re.sub(rf"(?<=[^\W\d_]){re.escape(suffix)}", said, text)
    text = _ADDED_TIME.sub(r"+\1.", text)
    text = _expression(verbalizer).sub(lambda match: _said(match, verbalizer), text)
    return _HUNGARIAN_CENTURY.sub(r"\1", text) if verbalizer.language == "hu" else text


def _beside(before: str, written: str, after: str, verbalizer: Verbalizer) -> str | None:
    """Say what stands for several words by what is beside it; None where it does not matter."""
    language = verbalizer.language
    if written == "st." and language == "en":
        return "Street" if not after[:1].isupper() or before[-1:].isdigit() else "Saint"
    if written == "sz." and language == "hu":
        return "század" if before.endswith("dik") else "számú" if re.search(r"\d\.$", before) else None
    if written not in {"min.", "мин."}:
        return None
    if (minute := _MINUTE.search(before)) and language in _MINUTES:
        return _MINUTES[language][1 if minute[1] else 0]
    least = not before[-1:].isdigit() and _NUMBER_NEXT.match(after)
    return _LEAST.get(language) if least else None


def _said(match: re.Match[str], verbalizer: Verbalizer) -> str:
    written = folded(re.sub(r"\s", "", match[0]))
    said = _table(verbalizer)[written]
    before = match.string[: match.start()].rstrip()
    after = match.string[match.end() :].lstrip()
    numbered = after[:1].isdigit()
    if before[-1:].isdigit() and (
        written in _YEARS
        or (written, verbalizer.language) == ("st.", "de")  # pieces
        or (is_counted(written.rstrip("."), verbalizer) and not (numbered and written.startswith("pkt")))
    ):
        return match[0]  # of that number
    dated = before.removesuffix(" de")[-1:].isdigit() and written[:3] in _MONTHS
    if (
        written in _NUMBERED
        and not (numbered or dated)
        and (written, verbalizer.language) not in _NEVER_NUMBERED
    ):
        return match[0]
    name = _NAME_AFTER.match(after)
    said = verbalizer.titled(said, name[0] if name else "")
    if governing := _GOVERNING.search(before):
        chained = bool(governing["chain"])
        said = verbalizer.abbreviated(
            said, written, governing["word"], name[0] if name else "", chained=chained
        )
    is_initial = len(written) == _INITIAL and written.endswith(".")
    if is_initial and not numbered and after[:1].isascii():
        named = after[:1].isupper() and written in verbalizer.titles
        if not named:
            return match[0]
    elif is_initial and not numbered and match[0][0].isupper() and after[:1].isupper():
        return match[0]  # a name
    said = _beside(before, written, after, verbalizer) or said
    if match.string[match.end() : match.end() + 1].isdigit() and verbalizer.spaced:
        return f"{said} "
    # One that ends its sentence leaves the full stop to it.
    return said if after or not match[0].endswith(".") else f"{said}."
