"""Says digits that are written above the line: powers, of which NFKC would make digits like others ("10²³", 1023).

Above a word they are the number of a note, which nobody says. Those of units ("m²") are left to `spoken.amounts`.
"""

import re
import unicodedata
from typing import NamedTuple

from spoken.verbalizer import FEMININE, Verbalizer

_ABOVE = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_RAISED = re.compile(
    rf"(?P<base>\d+|[^\W\d_{_ABOVE}\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]*[)\]]?)(?P<sign>[⁻⁺]?)(?P<digits>[{_ABOVE}]+)"
)
_UNITS = frozenset(
    [
        "m",
        "km",
        "cm",
        "mm",
        "dm",
        "ft",
        "in",
        "mi",
        "yd",
        "s",
        "м",
        "км",
        "см",
        "мм",
        "дм",
        "с",
        "م",
        "كم",
        "سم",
    ]
)
_MEASURED = {
    "m": "meter", "km": "kilometer", "cm": "centimeter", "м": "meter", "км": "kilometer", "см": "centimeter", "م": "meter",
    "كم": "kilometer", "سم": "centimeter",
}  # fmt: skip
_CLOSING = tuple(".,;:!?…)\"'”’»。、，")
_SYMBOLS = 2  # letters, as in "mc²"
_LONGEST = 2  # digits of a note


class _Words(NamedTuple):
    """How a language says that something is squared, cubed, or to another power, of which {} is the number."""

    squared: str
    cubed: str
    power: str


_WORDS = {
    "ar": _Words("تربيع", "تكعيب", "أس {}"),
    "cs": _Words("na druhou", "na třetí", "na {}"),
    "de": _Words("hoch zwei", "hoch drei", "hoch {}"),
    "en": _Words("squared", "cubed", "to the power of {}"),
    "es": _Words("al cuadrado", "al cubo", "elevado a {}"),
    "fr": _Words("au carré", "au cube", "puissance {}"),
    "hi": _Words("का वर्ग", "का घन", "की घात {}"),
    "hu": _Words("a négyzeten", "a köbön", "a {} hatványon"),
    "it": _Words("al quadrato", "al cubo", "elevato a {}"),
    "ja": _Words("の二乗", "の三乗", "の{}乗"),
    "ko": _Words(" 제곱", " 세제곱", "의 {}제곱"),
    "nl": _Words("kwadraat", "tot de derde", "tot de macht {}"),
    "pl": _Words("do kwadratu", "do sześcianu", "do potęgi {}"),
    "pt": _Words("ao quadrado", "ao cubo", "elevado a {}"),
    "ru": _Words("в квадрате", "в кубе", "в степени {}"),
    "tr": _Words("kare", "küp", "üzeri {}"),
    "zh": _Words("的平方", "的立方", "的{}次方"),
}


def spell_powers(text: str, verbalizer: Verbalizer) -> str:
    """Write out what digits above the line mean.

    Args:
        text: one stretch, before NFKC.
        verbalizer: of the language that it is spoken in.
    """
    return _RAISED.sub(lambda match: _said(match, verbalizer), text)


def _said(match: re.Match[str], verbalizer: Verbalizer) -> str:
    base = match["base"]
    digits = unicodedata.normalize("NFKC", match["digits"])
    if not base:
        noted = match.string[: match.start()][-1:] in _CLOSING
        return "" if noted and not match["sign"] else match[0]
    if base in _UNITS and _counted(match):
        return match[0]
    if base in _MEASURED and digits in {"2", "3"} and not match["sign"]:  # "per m²"
        name = f"{'area-square' if digits == '2' else 'volume-cubic'}-{_MEASURED[base]}"
        return verbalizer.unit("1", name, "\0").replace("\0", "").strip()
    if len(base) > _SYMBOLS and base.isalpha() and not base.isupper():
        return base if len(digits) <= _LONGEST and not match["sign"] else match[0]
    if not (base.isdigit() or len(base) == 1 or base[-1] in ")]" or base.islower()):
        return match[0]
    words = _WORDS[verbalizer.language]
    if digits in {"2", "3"} and not match["sign"]:
        said = words.squared if digits == "2" else words.cubed
    else:
        said = words.power.format(_exponent(int(digits), match["sign"], verbalizer))
    return f"{base} {said} " if verbalizer.spaced else f"{base}{said}"


def _counted(match: re.Match[str]) -> bool:
    """Tell whether a unit stands where one does: after a number, or after the stroke of another one."""
    return (
        match.string[: match.start()].rstrip()[-1:].isdecimal()
        or match.string[match.start() - 1 : match.start()] == "/"
    )


def _exponent(number: int, sign: str, verbalizer: Verbalizer) -> str:
    if verbalizer.language == "hu" and not sign:
        return verbalizer.ordinal(number)
    said = verbalizer.cardinal(number, FEMININE if verbalizer.language == "cs" else "m")
    return verbalizer.join(verbalizer.minus, said) if sign == "⁻" else said
