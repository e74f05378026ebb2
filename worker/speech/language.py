"""Tells the language of a text."""

from worker.speech.scripts import script_of


def detect_language(text: str) -> str:
    """Return the language that a text is most likely written in."""
    for character in text:
        script = script_of(character)
        if script != "other":
            return {
                "han": "zh",
                "kana": "ja",
                "hangul": "ko",
                "cyrillic": "ru",
                "arabic": "ar",
                "devanagari": "hi",
            }[script]
    return "en"
