"""Captions of a video, as WebVTT: what is spoken, when it is. Pure.

A worker tells by which sample it has spoken so much of the text, about a sentence at a time. What it has not told yet
is spread over the time that is left.
"""

from collections.abc import Sequence

from service.jobs.port import SpeechPart
from spoken.cues import Cue, spread

HEAD = "WEBVTT\n"


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
        found += spread(text[spoken : part.spoken], start_ms, end_ms)
        spoken, start_ms = part.spoken, end_ms
    return found + list(spread(text[spoken:], start_ms, max(duration_ms, start_ms)))


def webvtt(found: Sequence[Cue]) -> str:
    """Write cues as a WebVTT file (W3C, WebVTT: section 4)."""
    blocks = (
        f"\n{_time(cue.start_ms)} --> {_time(cue.end_ms)}\n{_escape(cue.text)}\n"
        for cue in found
        if cue.end_ms > cue.start_ms
    )
    return HEAD + "".join(blocks)


def _time(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
