"""Writes abbreviations out, as far as they are surely meant."""

import re
from collections.abc import Iterable
from functools import cache

from spoken.characters import folded
from spoken.quantities import is_counted
from spoken.verbalizer import Verbalizer
from spoken.verbalizers import VERBALIZERS
from spoken.vocabulary import DOT, VOCABULARIES

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
        "kl.",
        "int.",
        "bl.",
        "rif.",
        "ref.",
        "ste.",
        "amb.",
        "list.",
        "lip.",
        "app.",
        "esc.",
        "req.",
        "tv.",
    ]
)

_MONTHS = frozenset(
    ["jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "abr", "ago"]
)
_POLISH_MONTHS = frozenset({"lip.", "list."})  # words as well
_LEAST = {"cs": "minimálně", "es": "minuto", "pl": "minimalnie", "pt": "mínimo", "ru": "минимум"}
"""What is abbreviated as minutes are, before a number."""
_ADDED_TIME = re.compile(r"(?<=\d)\.\+(\d{1,2})\.?(?= [Mm]in)")  # "90.+3 min."
_MINUTE = re.compile(
    r"(?:(?<![^\W_])(v|ve|w|we|po|na|в|на) (?:\d+(?:\+\d)?(?:\.|-[йя]) (?:a|i|и) )?)?(?:\d+(?:\+\d)?(?:\.|-[йя]|ème|e|°|º)|\d+e\+\d)$",
    re.IGNORECASE,
)
"""The minute of a match, after a preposition that asks for another case."""
_MINUTES = {
    "fr": ("minute", "minute"), "it": ("minuto", "minuto"), "nl": ("minuut", "minuut"), "cs": ("minuta", "minutě"), "de": ("Minute", "Minute"), "hu": ("perc", "perc"), "pl": ("minuta", "minucie"),
    "ru": ("минута", "минуте"), "tr": ("dakika", "dakika"),
}  # fmt: skip
_VOLUMES = frozenset({"c.", "köt.", "t.", "т."})
"""What is abbreviated as names are."""
_BEFORE_ROMAN = re.compile(r"(?<![^\W_])(?<![-.@/'’])[^\W\d_]{1,5}\.(?= ?(?:[IVX]{2,}|[VX])(?![^\W_]))")
_HUNGARIAN_CENTURY = re.compile(r"(?<=dik )(század)-(?=b[ae]n|ra|i|t[óo]l|ig)")
_DESIGNATION = re.compile(r"[#\d]|[B-HJ-Z](?![^\W_]|[.’'])")  # "bl. B"
_FROM_PAGE = re.compile(r"\d+ ?[–-] ?\d")
_PAGES = {
    ("Seite", "de"): "Seiten", ("page", "en"): "pages", ("página", "es"): "páginas", ("page", "fr"): "pages", ("pagina", "it"): "pagine",
    ("pagina", "nl"): "pagina's", ("bladzijde", "nl"): "bladzijden", ("strona", "pl"): "strony", ("página", "pt"): "páginas",
    ("strana", "cs"): "strany", ("страница", "ru"): "страницы",
}  # fmt: skip
_COUNT = re.compile(r"(?<![\d.,])(\d{1,3})$")
_ROOMS_SAID = {("hab.", "es"): "habitaciones", ("ch.", "fr"): "chambres"}
_ROOMS = 20  # of a flat, not people of a town
_NUMBER_NEXT = re.compile(r"[+−-]?\d")
_NAMED = re.compile(r"(?:d(?:as?|e|el|i|os?) )?[^\W\d_](?<![a-zß-öø-ÿ])")  # "R. das Flores"
_NAME_AFTER = re.compile(r"[^\W\d_]*")
# Beyond other abbreviations, as in "z art. 3 ust. 2".
_GOVERNING = re.compile(
    r"(?<![^\W_])(?P<word>(?:(?:porównaniu|razem|wraz|związku|zgodnie) (?=ze?(?: |$)))?[^\W\d_]+)"
    r"(?P<chain>(?: [^\W\d_]{1,6}\.? ?\d+[a-z]?,?)*)$",
    re.IGNORECASE,
)
_YEARS = frozenset({"г.", "r.", "h.", "fr."})  # and francs
_ALSO_NUMBERED = frozenset({("pkt.", "pl"), ("pkt", "pl"), ("m.", "pl")})
"""What goes before a number, though it is counted as well: points, and a flat after a house."""
_NEVER_NUMBERED = frozenset(
    {
        ("al.", "pl"),
        ("app.", "fr"),
        ("app.", "nl"),
        ("ch.", "fr"),
        ("em.", "hu"),
        ("ill.", "hu"),
        ("st.", "en"),
        ("st.", "de"),
        ("st.", "nl"),
    }
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
        rf"(?<![^\W_])(?<![.@/\u0900-\u0963])(?:(?<!-)|(?<=\d-)|(?<=\.-))(?:(?<!['’])(?:{either})|(?<=[a-z]['’])(?:{elided}))"
        rf"(?:(?<=\.)(?=\d)|(?<=/)(?=[^\W\d_]{{3}})|(?![^\W_]))(?!\.[^\W\d_])",
        re.IGNORECASE,
    )


@cache
def _table(verbalizer: Verbalizer) -> dict[str, str]:
    return {folded(re.sub(r"\s", "", key)): said for key, said in verbalizer.abbreviations.items()}


def is_abbreviation(written: str, verbalizer: Verbalizer) -> bool:
    """Tell whether a language has an abbreviation, written without a space."""
    return folded(written) in _table(verbalizer)


def spell_before_romans(text: str, verbalizer: Verbalizer) -> str:
    """Write out what is abbreviated before a Roman numeral, as long as it is one: "cap. III"."""
    table = _table(verbalizer)
    return _BEFORE_ROMAN.sub(
        lambda match: (
            table[folded(match[0])] if folded(match[0]) in (_NUMBERED | _VOLUMES) & table.keys() else match[0]
        ),
        text,
    )


def spell_abbreviations(text: str, verbalizer: Verbalizer) -> str:
    """Write the abbreviations of a stretch out."""
    if not verbalizer.abbreviations:
        return text
    for suffix, said in verbalizer.suffixes.items():
        text = re.sub(rf"(?<=[^\W\d_]){re.escape(suffix)}$", f"{said}.", text)
        text = re.sub(rf"(?<=[^\W\d_]){re.escape(suffix)}", said, text)
    text = _ADDED_TIME.sub(r"+\1.", text)
    text = _expression(verbalizer).sub(
        lambda match: _attached(match, verbalizer) or _said(match, verbalizer), text
    )
    return _HUNGARIAN_CENTURY.sub(r"\1", text) if verbalizer.language == "hu" else text


def _beside(before: str, written: str, after: str, verbalizer: Verbalizer) -> str | None:
    """Say what stands for several words by what is beside it; None where it does not matter."""
    language = verbalizer.language
    if written == "st." and language == "en":
        return "Street" if not after[:1].isupper() or before[-1:].isdigit() else "Saint"
    if written == "sz." and language == "hu":
        number = "számú" if re.search(r"\d\.$", before) else None
        return "szám" if after.startswith("alatt") else "század" if before.endswith("dik") else number
    if (written, language) in _ROOMS_SAID:
        count = _COUNT.search(before)
        return _ROOMS_SAID[written, language] if count and int(count[1]) <= _ROOMS else None
    if written not in {"min.", "мин."}:
        return None
    if (minute := _MINUTE.search(before)) and language in _MINUTES:
        return _MINUTES[language][1 if minute[1] else 0]
    least = not before[-1:].isdigit() and _NUMBER_NEXT.match(after)
    return _LEAST.get(language) if least else None


def _attached(match: re.Match[str], verbalizer: Verbalizer) -> str | None:
    """Say what ends a word that begins with a number: "2-pok."."""
    hyphen = match.string[match.start() - 1 : match.start()] == "-"
    return verbalizer.attached.get(folded(match[0])) if hyphen else None


def _said(match: re.Match[str], verbalizer: Verbalizer) -> str:
    written = folded(re.sub(r"\s", "", match[0]))
    said = _table(verbalizer)[written]
    before = match.string[: match.start()].rstrip()
    after = match.string[match.end() :].lstrip()
    numbered = _DESIGNATION.match(after) is not None
    dot = VOCABULARIES[verbalizer.language].signs[DOT]
    if before.endswith(f" {dot}") or (
        before[-1:].isdigit()
        and (
            written in _YEARS
            or (written, verbalizer.language) == ("st.", "de")  # pieces
            or (
                is_counted(written.rstrip("."), verbalizer)
                and not (numbered and (written, verbalizer.language) in _ALSO_NUMBERED)
            )
        )
    ):
        return match[0]  # of that number, or of an address
    dated = before.removesuffix(" de").removesuffix(".")[-1:].isdigit() and (
        written[:3] in _MONTHS or written in _POLISH_MONTHS
    )
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
        named = _NAMED.match(after) is not None and written in verbalizer.titles
        if not named:
            return match[0]
    elif is_initial and not numbered and match[0][0].isupper() and after[:1].isupper():
        return match[0]  # a name
    said = _beside(before, written, after, verbalizer) or said
    if _FROM_PAGE.match(after):
        said = _PAGES.get((said, verbalizer.language), said)
    if match.string[match.end() : match.end() + 1].isalnum() and verbalizer.spaced:
        return f"{said} "
    # One that ends its sentence leaves the full stop to it.
    return said if after or not match[0].endswith(".") else f"{said}."
