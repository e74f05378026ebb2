"""Which language can read which script."""

import re
from itertools import groupby

# One letter each: the script that each group of the pattern matches, and the language that reads it best.
_LETTER = re.compile(
    r"(?P<han>[\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
    r"|(?P<kana>[\u3040-\u30ff\u31f0-\u31ff])"
    r"|(?P<hangul>[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af])"
    r"|(?P<cyrillic>[\u0400-\u052f])"
    r"|(?P<arabic>[\u0600-\u06ff\u0750-\u077f])"
    r"|(?P<devanagari>[\u0900-\u097f])"
)
_READER = {"han": "zh", "kana": "ja", "hangul": "ko", "cyrillic": "ru", "arabic": "ar", "devanagari": "hi"}


def script_of(character: str) -> str:
    """Name the script of a letter: one that only some languages can read, else "other"."""
    match = _LETTER.match(character)
    return "other" if match is None or match.lastgroup is None else match.lastgroup


def runs_by_script(text: str, language: str) -> list[tuple[str, str]]:
    """Cut a text where its script asks for a speaker of another language.

    Args:
        text: one stretch.
        language: who speaks by default; reads Latin and everything that no other language here is written in.

    Returns:
        language and text of each run, in order; joined they give the text.
    """
    has_kana = language == "ja" or any(script_of(character) == "kana" for character in text)
    readers: list[str] = []
    for character in text:
        script = script_of(character)
        if script == "other":
            # Spaces, digits and marks stay with the run that they stand in, Latin letters come home.
            stays = bool(readers) and not character.isalpha()
            readers.append(readers[-1] if stays else language)
        elif script == "han" and has_kana:
            readers.append("ja")
        else:
            readers.append(_READER[script])
    pairs = zip(readers, text, strict=True)
    return [
        (reader, "".join(character for _, character in run))
        for reader, run in groupby(pairs, lambda pair: pair[0])
    ]
