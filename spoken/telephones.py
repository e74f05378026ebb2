"""Finds telephone numbers, which are said digit by digit."""

import re
from functools import lru_cache

import phonenumbers

from spoken.verbalizer import Verbalizer

# Ideographs and the like may stand beside it.
_CANDIDATE = re.compile(
    r"(?<![^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3])(?<![.,])\+?\(?\d[\d ()./–-]{5,22}\d(?![\d%€$£]|[.,]\d|-[^\W\d_])"
)
_CUE_REACH = 24  # characters before a number where a word may say what it is
_SURE = re.compile(
    r"\+|\(\d+\)|\d{3}[-.]\d{3}[-.]\d{4}$|\d{3}-\d{4}$|0\d{1,4}-\d{1,4}-\d{3,4}$"
    r"|(?:\d{4}[ -]){2,}\d{1,4}$|\d+(?:-\d+){3,}$"  # of a card, a book
)
_GROUPED = re.compile(r"\d{1,3}(?:[ .]\d{3})+")
_CALCULATED = re.compile(
    r"(?!0)\d+ [-–/] \d+|\d{4}[-–/]\d{4}$|\d{1,2}[./-]\d{1,2}[./-]\d{4}$|\d{4}[./-]\d{1,2}[./-]\d{1,2}$"
)
_AT_LEAST = 7  # digits
_AT_LEAST_WITH_CUE = 6
_AT_LEAST_UNTOLD = 9
_GROUPS = 5


def spell_telephones(text: str, verbalizer: Verbalizer, plus: str) -> str:
    """Say the telephone numbers of a stretch.

    Args:
        text: one stretch.
        verbalizer: of the language that it is spoken in.
        plus: what "+" is called.
    """
    return _CANDIDATE.sub(lambda match: _said(match, verbalizer, plus), text)


def _said(match: re.Match[str], verbalizer: Verbalizer, plus: str) -> str:
    written = match[0]
    if not _is_number(match, verbalizer):
        return written
    groups = re.findall(r"\d+", written)
    said = verbalizer.telephone_number(groups)
    return verbalizer.join(plus, said) if written.startswith("+") else said


def _is_number(match: re.Match[str], verbalizer: Verbalizer) -> bool:
    written, text = match[0], match.string
    digits = sum(character.isdigit() for character in written)
    before = text[max(0, match.start() - _CUE_REACH) : match.start()]
    cue = re.search(verbalizer.telephone, before, re.IGNORECASE)
    if _CALCULATED.match(written) or digits < (_AT_LEAST_WITH_CUE if cue else _AT_LEAST):
        return False
    if cue or _SURE.match(written):
        return True
    following = text[match.end() :].lstrip()[:1]
    if _GROUPED.fullmatch(written) and (following.isalpha() or "." in written):
        return False
    if written.isdigit() and written[0] not in "01":
        return False  # a plain number, unless somebody says otherwise
    if written[0] not in "08" and (digits < _AT_LEAST_UNTOLD or len(written.split()) > _GROUPS):
        return False
    return any(_is_valid(written, region) for region in verbalizer.regions)


@lru_cache(4096)
def _is_valid(written: str, region: str) -> bool:
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(written, region))
    except phonenumbers.NumberParseException:
        return False
