"""What stands beside a quantity: the words before and after it, and the letters that it is kept apart from."""

import re

_WORD_BEFORE = re.compile(r"(?<![^\W_])(?<![\u0900-\u0963])((?:[^\W\d_]|[\u0900-\u0963])+)[\s,(]*$")
# Of both numbers in "между 5 и 10".
_GOVERNOR = re.compile(r"(?<![^\W_])([^\W\d_]+) (?:\d+(?:[.,]\d+)? (?:a|až|i|lub|nebo|oraz|и|или) )?$")
_WORD_AFTER = re.compile(r"[ ]?([^\W\d_](?:[^\W_]|[\u0900-\u0963])*)")


def word_before(match: re.Match[str]) -> str:
    """Return the word before a quantity; empty where there is none."""
    found = _WORD_BEFORE.search(match.string[max(0, match.start() - 24) : match.start()])
    return found[1] if found else ""


def governor(match: re.Match[str]) -> str:
    """Return the word that a quantity depends on where it is a preposition, beyond another number that it governs, too."""
    found = _GOVERNOR.search(match.string[max(0, match.start() - 32) : match.start()])
    return found[1] if found else ""


def word_after(match: re.Match[str]) -> str:
    """Return the word after a quantity, with or without a space between them; empty where there is none."""
    found = _WORD_AFTER.match(match.string, match.end())
    return found[1] if found else ""


def apart(match: re.Match[str], said: str, *, named: bool = False) -> str:
    """Keep what is said apart from letters that stood beside the digits.

    Args:
        match: what is said.
        said: how.
        named: whether its last word is what is counted, so that a Korean particle belongs to it.
    """
    before = match.string[match.start() - 1 : match.start()]
    after = match.string[match.end() : match.end() + 1]
    # Scripts that write no spaces keep none, nor does what is only a letter of Arabic before its word.
    glued = "\u0600" <= before <= "\u06ff" or "\u3040" <= before <= "\ud7a3"
    lead = " " if before.isalpha() and not glued and said[:1].isalpha() else ""
    beside = after.isalpha() and (after.isascii() or ("가" <= after <= "힣" and not named))
    return f"{lead}{said}{' ' if beside and said[-1:].isalpha() else ''}"
