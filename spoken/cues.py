"""When which words of a text are read while it is spoken: cues of at most two lines. Pure.

Who speaks tells by which sample so much of a text is said, about a sentence at a time. Its time is shared among its
cues by their letters.
"""

import re
import unicodedata
from collections.abc import Iterator

import msgspec

LONGEST = 84
"""Columns of a cue: two lines of 42, as broadcasters have it. A letter of Chinese, Japanese or Korean takes two."""

_CLOSING = "、。，．！？：；）」』】》〉”’…・ー,.!?:;)"
_WIDE = re.compile(rf"[^\x00-\u10ff\u1200-\u2e7f][{_CLOSING}]*")


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """Words, and from when to when they are shown."""

    start_ms: int
    end_ms: int
    text: str


def spread(text: str, start_ms: int, end_ms: int) -> Iterator[Cue]:
    """Share the time of a stretch among its cues by their letters."""
    pieces = list(_pieces(text))
    letters, total = 0, sum(map(len, pieces))
    for piece in pieces:
        begin = start_ms + (end_ms - start_ms) * letters // total
        letters += len(piece)
        yield Cue(start_ms=begin, end_ms=start_ms + (end_ms - start_ms) * letters // total, text=piece)


def units(text: str) -> Iterator[str]:
    """Cut a text where a line may end; put together, with what is between words as one space, it is the text again."""
    for number, word in enumerate(text.split()):
        before = " " if number else ""
        at = 0
        for match in _WIDE.finditer(word):
            if match.start() > at:
                yield before + word[at : match.start()]
                before = ""
            yield before + match[0]
            before, at = "", match.end()
        if at < len(word):
            yield before + word[at:]


def columns(text: str) -> int:
    """Tell how wide a text is about, in letters of Latin."""
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
        if not unicodedata.combining(letter)
    )


def _pieces(text: str) -> Iterator[str]:
    """Cut a text into what one cue can show: between words where it has some."""
    piece = ""
    for unit in units(text):
        if piece and columns(piece + unit) > LONGEST:
            yield piece
            piece = ""
        piece += unit if piece else unit.lstrip()
        while columns(piece) > LONGEST:  # a word without end
            yield piece[:LONGEST]
            piece = piece[LONGEST:]
    if piece:
        yield piece
