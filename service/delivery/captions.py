"""Captions of a video, as WebVTT: what is spoken, when it is. Pure.

A worker tells by which sample it has spoken so much of the text, about a sentence at a time. What it has not told yet
is spread over the time that is left.
"""

from collections.abc import Iterator, Sequence

import msgspec

from service.jobs.port import SpeechPart

LONGEST_CHARS = 84
"""Two lines of 42, as broadcasters have it."""

HEAD = "WEBVTT\n"


class Cue(msgspec.Struct, frozen=True, kw_only=True):
    """Words, and from when to when they are shown."""

    start_ms: int
    end_ms: int
    text: str


def cues(text: str, parts: Sequence[SpeechPart], *, duration_ms: int) -> list[Cue]:
    """Say when which words are spoken.

    Args:
        text: All that is spoken.
        parts: What of it was spoken so far, in order.
        duration_ms: How long the video is, or will be.
    """
    found: list[Cue] = []
    samples, spoken, start_ms = 0, 0, 0
    for part in parts:
        samples += part.samples
        end_ms = samples * 1000 // part.sample_rate
        found += _spread(text[spoken : part.spoken], start_ms, end_ms)
        spoken, start_ms = part.spoken, end_ms
    return found + list(_spread(text[spoken:], start_ms, max(duration_ms, start_ms)))


def webvtt(found: Sequence[Cue]) -> str:
    """Write cues as a WebVTT file (W3C, WebVTT: section 4)."""
    blocks = (
        f"\n{_time(cue.start_ms)} --> {_time(cue.end_ms)}\n{_escape(cue.text)}\n"
        for cue in found
        if cue.end_ms > cue.start_ms
    )
    return HEAD + "".join(blocks)


def _spread(text: str, start_ms: int, end_ms: int) -> Iterator[Cue]:
    """Share the time of a stretch among its cues by their letters."""
    pieces = list(_pieces(text))
    letters, total = 0, sum(map(len, pieces))
    for piece in pieces:
        begin = start_ms + (end_ms - start_ms) * letters // total
        letters += len(piece)
        yield Cue(start_ms=begin, end_ms=start_ms + (end_ms - start_ms) * letters // total, text=piece)


def _pieces(text: str) -> Iterator[str]:
    """Cut a text into what one cue can show: between words where it has some."""
    piece = ""
    for word in text.split():
        longer = f"{piece} {word}" if piece else word
        if len(longer) > LONGEST_CHARS and piece:
            yield piece
            longer = word
        while len(longer) > LONGEST_CHARS:  # a script without spaces
            yield longer[:LONGEST_CHARS]
            longer = longer[LONGEST_CHARS:]
        piece = longer
    if piece:
        yield piece


def _time(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
