"""The boxes that an MP4 is made of (ISO/IEC 14496-12, § 4.2). Pure."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

HEAD_BYTES = 8
"""The least that a box takes: its size and its kind."""

_HEAD = struct.Struct(">I4s")

_CONTAINERS = {b"moov", b"trak", b"mdia", b"mvex"}


class NoBoxes(ValueError):
    """These bytes are no boxes."""


class Box(NamedTuple):
    """Where the content of a box is."""

    kind: bytes
    start: int
    end: int


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """Yield the outermost boxes of a stretch; raises NoBoxes."""
    while start < end:
        if end - start < HEAD_BYTES:
            raise NoBoxes
        size, kind = _HEAD.unpack_from(data, start)
        if not HEAD_BYTES <= size <= end - start:
            raise NoBoxes
        yield Box(kind, start + HEAD_BYTES, start + size)
        start += size


def walk(data: bytes, start: int, end: int) -> Iterator[Box]:
    """Yield every box, also those in boxes, in the order of the file; raises NoBoxes."""
    for each in boxes(data, start, end):
        yield each
        if each.kind in _CONTAINERS:
            yield from walk(data, each.start, each.end)


def outermost(data: bytes) -> list[Box]:
    """Return the outermost boxes; none where these are no boxes."""
    try:
        return list(boxes(data, 0, len(data)))
    except NoBoxes:
        return []


def find(data: bytes, kind: bytes) -> list[Box]:
    """Return all boxes of a kind, also those in boxes."""
    return [each for each in walk(data, 0, len(data)) if each.kind == kind]


def box(kind: bytes, content: bytes) -> bytes:
    """Write a box."""
    return _HEAD.pack(HEAD_BYTES + len(content), kind) + content


def full_box(kind: bytes, version: int, flags: int, content: bytes) -> bytes:
    """Write a box that has a version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags) + content)
