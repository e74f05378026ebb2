"""Turns written text into text that a voice can say, and tells whether there is anything to say.

What is dropped: emoji and other pictures, control characters, the scheme, path and query of a web address (its host is
spoken: "example dot com"). Digits beyond the length of a sum of money or a telephone number are read one by one.
"""

import re
import unicodedata

from worker.speech.quantities import spell_quantities
from worker.speech.scripts import script_of

# Only the characters of real addresses: in Japanese the next word follows without a space.
_ADDRESS = re.compile(
    r"(?:https?://|www\.)(?:[!-.0-~]*@)?(?P<host>[a-z0-9\u00c0-\u024f.-]*)"
    r"[!-~]*?(?P<tail>[.,;:!?)\]]*)(?![!-~])"
    r"|(?<![\w.@-])(?P<bare>(?:[a-z0-9-]{1,63}\.){1,5}(?-i:[a-z]{2,12}))(?![\w@-])"
    r"(?:/[!-~]*?(?P<end>[.,;:!?)\]]*)(?![!-~]))?",
    re.IGNORECASE,
)
_MAIL = re.compile(r"(?P<user>[\w.+-]{1,64})@(?P<host>[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})")
_LONG_NUMBER = re.compile(r"\d{10,}")
_SPOKEN_SYMBOLS = frozenset("+=%&@#€$£¥₹₽°×÷<>")
# Letters that no voice for sale knows, but whose base every one does: ế, ȧ, ș.
_ACCENTED = re.compile(r"[\u0180-\u024f\u1e00-\u1eff]")
_WHITE = re.compile(r"\s+")

# How each language says the dot and the at sign of an address.
DOT = {
    "ar": "نقطة", "cs": "tečka", "de": "Punkt", "en": "dot", "es": "punto", "fr": "point", "hi": "डॉट",
    "hu": "pont", "it": "punto", "ja": "ドット", "ko": "닷", "nl": "punt", "pl": "kropka", "pt": "ponto", "ru": "точка",
    "tr": "nokta", "zh": "点",
}  # fmt: skip
AT = {
    "ar": "آت", "cs": "zavináč", "de": "ät", "en": "at", "es": "arroba", "fr": "arobase", "hi": "एट", "hu": "kukac",
    "it": "chiocciola", "ja": "アット", "ko": "골뱅이", "nl": "apenstaartje", "pl": "małpa", "pt": "arroba",
    "ru": "собака", "tr": "et", "zh": "艾特",
}  # fmt: skip


def is_speakable(text: str) -> bool:
    """Tell whether a text has at least one digit, or letter of a script that a voice can read."""
    return any(character.isdigit() or script_of(character) for character in text)


def spoken_text(text: str, language: str) -> str:
    """Write a stretch of text as it will be spoken.

    Args:
        text: anything.
        language: decides how an address is read.

    Returns:
        One line without pictures, control characters and addresses; "" when nothing is left.
    """
    text = _ADDRESS.sub(lambda match: _address(match, language), text)
    text = _MAIL.sub(lambda match: f"{match['user']} {AT[language]} {_host(match['host'], language)}", text)
    text = unicodedata.normalize("NFKC", text).replace("\u2044", "/")  # the stroke of ½
    text = spell_quantities(text, language)
    text = _ACCENTED.sub(lambda match: unicodedata.normalize("NFD", match[0])[0], text)
    text = "".join(_spoken_character(character) for character in text)
    text = _LONG_NUMBER.sub(lambda match: " ".join(match.group()), text)
    text = _WHITE.sub(" ", text).strip()
    return text if is_speakable(text) else ""


def _address(match: re.Match[str], language: str) -> str:
    host, tail = match["host"] or match["bare"] or "", match["tail"] or match["end"] or ""
    return _host(host, language) + tail


def _host(host: str, language: str) -> str:
    return host.removeprefix("www.").strip(".").replace(".", f" {DOT[language]} ")


def _spoken_character(character: str) -> str:
    category = unicodedata.category(character)
    match category[0]:
        case "L" | "M":
            # Accents that no letter took up in NFKC are ornament, and scripts without a voice are pictures.
            return character if script_of(character) else ""
        case "N":
            # One set of digits for every engine.
            digit = unicodedata.digit(character, None)
            return " " if digit is None else str(digit)
        case "P":
            # Square brackets are markup to the neural voice; an underscore or backslash is a gap between words.
            return " " if character in "[]{}_\\" else character
        case "S":
            return character if character in _SPOKEN_SYMBOLS else " "
        case _:
            return " " if category != "Cf" else ""
