"""What each character becomes: a letter, digit or mark that every voice knows, a space, or nothing.

Voices read marks that they do not know by name ("pilcrow sign") or pass over them; here they become the pause that they
stand for, or a space.
"""

import unicodedata

from spoken.alphabets import readable

PAUSES = ".,;:!?…、。"
KEPT_MARKS = f"{PAUSES}()-–'/"
SIGNS = "+=%&@#°×÷<>±≈≤≥≠$€£¥₹₽₩₺₿"
_CACHED = 20_000  # characters; more than that nobody writes, and memory stays bounded

# By what is in the Unicode name of a mark, the first that is.
_BY_NAME = {
    "FULL STOP": ".", "QUESTION MARK": "?", "EXCLAMATION MARK": "!", "SEMICOLON": ";", "COLON": ":", "COMMA": ",",
    "DANDA": ".", "SHAD": ".", "PARAGRAPH SEPARATOR": ".", "APOSTROPHE": "'",
}  # fmt: skip
_MARKS = {
    "’": "'", "‘": "'", "′": "'", "՚": "'", "-": "-", "‐": "-", "‑": "-", "−": "-", "⁄": "/", "∕": "/", "٪": "%",
    "־": "-", "᠆": "-", "×": "×", "〜": "–", "~": " ", "⹀": "-", "゠": "-", "՞": "?", "՜": "!", "՛": "", "·": "",
    "‧": "", "׳": "", "״": "", "٬": ",", "٫": ".", "¿": "", "¡": "", "჻": ".", "¶": ". ",
}  # fmt: skip
# Signs of ownership, which NFKC would write as letters; and abbreviations, which it would write in capitals.
SIGNED: dict[int, str | None] = {
    **{ord(character): None for character in "™℠®©℗🅪🅫🅬\u00ad"},
    ord("℻"): "fax",
    ord("℡"): "tel",
}


def folded(written: str) -> str:
    """Make alike what `re.IGNORECASE` takes for alike: lower case, and one i for those with and without a dot."""
    return written.replace("İ", "i").lower().replace("\u0131", "i").replace("ſ", "s")


class _Becomes(dict[int, str]):
    """A table for `str.translate` that fills itself."""

    def __missing__(self, code: int) -> str:
        spoken = _spoken(chr(code))
        if len(self) < _CACHED:
            self[code] = spoken
        return spoken


BECOMES: dict[int, str] = _Becomes()
"""By code point of a text in NFKC, what is spoken for it."""


def _spoken(character: str) -> str:
    if character in KEPT_MARKS or character in SIGNS or (character.isascii() and character.isalnum()):
        return character
    if character in _MARKS:
        return _MARKS[character]
    category = unicodedata.category(character)
    match category[0]:
        case "L" | "M":
            return readable(character)
        case "N":
            digit = unicodedata.digit(character, None)  # one set of digits for every engine
            return readable(character) or " " if digit is None else str(digit)
        case "P":
            name = unicodedata.name(character, "")
            silent = "–" if category == "Pd" else " "
            return next((mark for part, mark in _BY_NAME.items() if part in name), silent)
        case _:
            return "" if category == "Cf" else " "
