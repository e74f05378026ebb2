"""Captions as a track of the MP4 itself, for players that know no WebVTT. Pure.

They are timed text of 3GPP (TS 26.245, `tx3g`), which ffmpeg, VLC and Apple's players show. All samples stand in one
`mdat` between the header and the index, so every fragment is sent as it is stored: only the header is written anew.
"""

import struct
from collections.abc import Sequence

from service.rendering.boxes import box, find, full_box, outermost
from spoken.cues import Cue

SCALE = 1000
"""Ticks a second: those of the cues."""

LONGEST_BYTES = 0xFFFF
"""Of one sample's text, whose length has 16 bits."""

# ISO 639-2/T, as `mdhd` has it.
ISO_639_2 = {
    "ar": "ara", "cs": "ces", "de": "deu", "en": "eng", "es": "spa", "fr": "fra", "hi": "hin", "hu": "hun", "it": "ita",
    "ja": "jpn", "ko": "kor", "nl": "nld", "pl": "pol", "pt": "por", "ru": "rus", "tr": "tur", "zh": "zho",
}  # fmt: skip

_IDENTITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_ENABLED_IN_MOVIE = 3
_SELF_CONTAINED = 1
_HANDLER = b"sbtl"
_TEXT_GROUP = 2  # tracks of a group replace each other; pictures and sound are in none


def with_captions(start: bytes, cues: Sequence[Cue], *, language: str | None) -> bytes:
    """Return the start of a whole MP4 with a track of captions in it.

    Args:
        start: What comes before the first fragment: `ftyp`, `moov` and what follows them.
        cues: In order; times in milliseconds.
        language: ISO 639-1, where it is known.

    Returns:
        As many bytes more as track and text take; the same where `start` is none of an MP4, or nothing is said.
    """
    samples = _samples(cues)
    kinds = [each.kind for each in outermost(start)]
    if not samples or kinds[:2] != [b"ftyp", b"moov"]:
        return start
    ftyp, moov = outermost(start)[:2]
    content = start[moov.start : moov.end]
    number = (
        max((_track_id(content[each.start : each.end]) for each in find(content, b"tkhd")), default=0) + 1
    )
    text = b"".join(data for _, data in samples)
    # How long a `moov` is depends on no offset in it.
    bare = _with_track(content, number, samples, language, at=0)
    at = ftyp.end + len(box(b"moov", bare)) + len(box(b"mdat", b""))
    told = _with_track(content, number, samples, language, at=at)
    return start[: ftyp.end] + box(b"moov", told) + box(b"mdat", text) + start[moov.end :]


def _samples(cues: Sequence[Cue]) -> list[tuple[int, bytes]]:
    """Return duration and content of each sample, from the start of the movie on: silence is an empty one."""
    found: list[tuple[int, bytes]] = []
    now_ms = 0
    for cue in cues:
        if cue.end_ms <= cue.start_ms:
            continue
        if cue.start_ms > now_ms:
            found.append((cue.start_ms - now_ms, _sample("")))
        found.append((cue.end_ms - cue.start_ms, _sample(cue.text)))
        now_ms = cue.end_ms
    return found


def _sample(text: str) -> bytes:
    encoded = text.encode()[:LONGEST_BYTES]
    return struct.pack(">H", len(encoded)) + encoded


def _with_track(
    moov: bytes, number: int, samples: Sequence[tuple[int, bytes]], language: str | None, *, at: int
) -> bytes:
    """Put the track behind the others, and its default (`trex`) among theirs; `at` is where the text is in the file."""
    parts = []
    for each in outermost(moov):
        content = moov[each.start : each.end]
        if each.kind == b"mvhd":
            content = content[:-4] + struct.pack(">I", number + 1)  # the next track's number
        elif each.kind == b"mvex":
            parts.append(_trak(number, samples, language, at=at, movie_scale=_movie_scale(moov)))
            content += full_box(b"trex", 0, 0, struct.pack(">IIIII", number, 1, 0, 0, 0))
        parts.append(box(each.kind, content))
    return b"".join(parts)


def _trak(
    number: int, samples: Sequence[tuple[int, bytes]], language: str | None, *, at: int, movie_scale: int
) -> bytes:
    ticks = sum(duration for duration, _ in samples)
    movie_ticks = -(-ticks * movie_scale // SCALE)
    tkhd = struct.pack(">IIIII", 0, 0, number, 0, movie_ticks)
    tkhd += struct.pack(">8xhhhH", 0, _TEXT_GROUP, 0, 0) + _IDENTITY + struct.pack(">II", 0, 0)
    code = ISO_639_2.get(language or "", "und")
    packed = sum((ord(letter) - 0x60) << shift for letter, shift in zip(code, (10, 5, 0), strict=True))
    url = full_box(b"url ", 0, _SELF_CONTAINED, b"")
    minf = box(
        b"minf",
        full_box(b"nmhd", 0, 0, b"")
        + box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1) + url))
        + _stbl(samples, at=at),
    )
    mdia = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, SCALE, ticks, packed, 0))
        + full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, _HANDLER) + b"Captions\0")
        + minf,
    )
    return box(b"trak", full_box(b"tkhd", 0, _ENABLED_IN_MOVIE, tkhd) + mdia)


def _stbl(samples: Sequence[tuple[int, bytes]], *, at: int) -> bytes:
    """Say how long and how large each sample is; all are one chunk."""
    durations = b"".join(struct.pack(">II", 1, duration) for duration, _ in samples)
    sizes = b"".join(struct.pack(">I", len(data)) for _, data in samples)
    count = len(samples)
    return box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1) + _entry())
        + full_box(b"stts", 0, 0, struct.pack(">I", count) + durations)
        + full_box(b"stsc", 0, 0, struct.pack(">IIII", 1, 1, count, 1))
        + full_box(b"stsz", 0, 0, struct.pack(">II", 0, count) + sizes)
        + full_box(b"stco", 0, 0, struct.pack(">II", 1, at)),
    )


def _entry() -> bytes:
    """Describe how it looks: white on nothing, in the middle, at the bottom (TS 26.245, § 5.16)."""
    font, size = 1, 18
    style = struct.pack(">HHHBB4B", 0, 0, font, 0, size, 255, 255, 255, 255)
    name = b"Sans-Serif"
    fonts = box(b"ftab", struct.pack(">HHB", 1, font, len(name)) + name)
    looks = struct.pack(">Ibb4B4h", 0, 1, -1, 0, 0, 0, 0, 0, 0, 0, 0) + style
    return box(b"tx3g", struct.pack(">6xH", 1) + looks + fonts)


def _track_id(tkhd: bytes) -> int:
    return int(struct.unpack_from(">I", tkhd, 20 if tkhd[0] else 12)[0])


def _movie_scale(moov: bytes) -> int:
    [mvhd] = find(moov, b"mvhd")
    return int(struct.unpack_from(">I", moov, mvhd.start + (20 if moov[mvhd.start] else 12))[0])
