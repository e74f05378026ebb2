"""The start of an MP4: as it streams while the video grows, and as it is once the video is whole. Pure.

A worker writes a fragmented MP4 (ISO/IEC 14496-12) whose start cannot say how long it becomes. Room is left after
that start, a `free` box; once the video is whole, durations and an index (`sidx`) take its place. All fragments stay
where they are, so a download goes on at the same offsets and nothing is encoded or moved.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from service.jobs.port import SegmentPart
from service.orders.video import FPS
from service.rendering.boxes import HEAD_BYTES, Box, NoBoxes, box, boxes, find, full_box, outermost, walk

SEGMENT_FRAMES = 12
"""What a segment has, but the first two and the last."""

_VIDEO_TRACK = 1  # the worker's first

_FREE_BYTES = HEAD_BYTES  # the least that a box takes
_MEHD_BYTES, _INDEX_BYTES, _REFERENCE_BYTES = 16, 32, 12
_KEY_FRAME_FIRST = 0x90000000  # starts with a stream access point of type 1

# Where scale and duration stand in the content of a box, by its version. § 8.2.2, 8.3.2, 8.4.2
_SCALE_AT = {b"mvhd": (12, 20), b"mdhd": (12, 20)}
_DURATION_AT = {b"mvhd": (16, 24), b"tkhd": (20, 28), b"mdhd": (16, 24), b"mehd": (4, 4)}


class Piece(NamedTuple):
    """A segment by itself: how long it is, and where its bytes are in the MP4."""

    frames: int
    offset: int
    size: int


def with_room(start: bytes, longest_frames: int) -> bytes:
    """Append room for the index of a video of at most so many frames; what begins no MP4 stays as it is."""
    try:
        ftyp, moov = boxes(start, 0, len(start))
        _told(start[moov.start : moov.end], longest_frames)
    except (ValueError, LookupError, struct.error):
        return start
    if (ftyp.kind, moov.kind) != (b"ftyp", b"moov"):
        return start
    references = longest_frames // SEGMENT_FRAMES + 2
    room = _MEHD_BYTES + _INDEX_BYTES + _REFERENCE_BYTES * references + _FREE_BYTES
    return start + box(b"free", bytes(room - HEAD_BYTES))


def has_room(start: bytes) -> bool:
    """Whether a growing video starts with other bytes than the whole one: older ones do not."""
    return [each.kind for each in outermost(start)] == [b"ftyp", b"moov", b"free"]


def whole_start(start: bytes, parts: Sequence[SegmentPart]) -> bytes:
    """Return the start of a whole video: as long as the growing one's, and it says how long the video is.

    Args:
        start: from `with_room`; any other stays as it is.
        parts: all segments, in their order.
    """
    if not has_room(start):
        return start
    frames = parts[-1].first_frame + parts[-1].frames
    ftyp, moov, free = boxes(start, 0, len(start))
    moov_bytes = start[moov.start : moov.end]
    told = _told(moov_bytes, frames)
    room = free.end - moov.end - (len(told) - (moov.end - moov.start)) - _FREE_BYTES
    index = b""
    if _INDEX_BYTES + _REFERENCE_BYTES * len(parts) <= room:
        # Libavformat takes the index's ticks for the track's, and finds no segment that has no reference of its own.
        index = _index(parts, _scale_of(moov_bytes, b"mdhd"))
    return start[: ftyp.end] + box(b"moov", told) + box(b"free", bytes(room - len(index))) + index


def _told(moov: bytes, frames: int) -> bytes:
    """Write the duration of so many frames wherever a `moov`'s content has one, also that of the fragments (`mehd`)."""
    scale = _scale_of(moov, b"mvhd")  # of all but the media
    content = bytearray(moov)
    media_scale = scale
    for each in walk(moov, 0, len(moov)):
        if each.kind == b"mdhd":
            media_scale = _scale(moov, each)
        if each.kind in _DURATION_AT:
            ticks = -(-frames * (media_scale if each.kind == b"mdhd" else scale) // FPS)
            version = moov[each.start]
            at = each.start + _DURATION_AT[each.kind][version]
            struct.pack_into(">Q" if version else ">I", content, at, ticks)
    for each in boxes(moov, 0, len(moov)):
        inner = (
            {within.kind for within in boxes(moov, each.start, each.end)} if each.kind == b"mvex" else None
        )
        if inner is not None and b"mehd" not in inner:
            mehd = full_box(b"mehd", 0, 0, struct.pack(">I", -(-frames * scale // FPS)))
            grown = box(b"mvex", mehd + content[each.start : each.end])
            content[each.start - HEAD_BYTES : each.end] = grown
            break
    return bytes(content)


def _index(parts: Sequence[SegmentPart], scale: int) -> bytes:
    """Write the `sidx` (§ 8.16.3) of the segments that follow it; `scale` ticks are a second."""
    references = b"".join(
        struct.pack(">III", part.size, part.frames * scale // FPS, _KEY_FRAME_FIRST) for part in parts
    )
    head = struct.pack(">IIIIIHH", 0, _VIDEO_TRACK, scale, 0, 0, 0, len(parts))
    return box(b"sidx", head + references)


def indexed(start: bytes) -> list[Piece]:
    """Return the segments that the index of a whole video tells, in their order; none where it has no index.

    Args:
        start: from `whole_start`, all of it: the first segment follows.
    """
    for each in outermost(start):
        if each.kind != b"sidx":
            continue
        head = struct.unpack_from(">IIIIIHH", start, each.start)
        scale, count = head[2], head[-1]
        first = each.start + _INDEX_BYTES - HEAD_BYTES
        pieces, offset = [], len(start)
        for n in range(count):
            size, ticks, _ = struct.unpack_from(">III", start, first + n * _REFERENCE_BYTES)
            pieces.append(Piece(ticks * FPS // scale, offset, size))
            offset += size
        return pieces
    return []


def _scale_of(data: bytes, kind: bytes) -> int:
    """Return the ticks a second that the first box of a kind tells."""
    for each in find(data, kind):
        return _scale(data, each)
    raise NoBoxes


def _scale(data: bytes, header: Box) -> int:
    at = header.start + _SCALE_AT[header.kind][data[header.start]]
    return int(struct.unpack_from(">I", data, at)[0])
