"""Tells the language of a text."""

from worker.speech.scripts import runs_by_script


def detect_language(text: str) -> str:
    """Return the language that a text is most likely written in."""
    return runs_by_script(text, "en")[0][0]
