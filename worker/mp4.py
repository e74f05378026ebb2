"""Writes the boxes of a fragmented MP4 (ISO/IEC 14496-12): fragments by hand, the header by libavformat.

A render that another worker began must go on with its sequence numbers and decode times to the sample. libavformat's
muxer cannot be told all of that, and a fragment is only five boxes, so they are written here. Knows packets, no codecs.
"""

import re
import struct
from collections.abc import Iterator, Sequence

import msgspec

VIDEO_TRACK = 1
AUDIO_TRACK = 2

# Sample flags, 14496-12 § 8.8.3.1: "depends on no other" / "depends on others, is no sync sample".
_SYNC = 0x02000000
_NOT_SYNC = 0x01010000

_DEFAULT_BASE_IS_MOOF = 0x020000  # tfhd: data offsets count from the moof, so that a fragment stands alone
_RUN_FLAGS = 0x000001 | 0x000100 | 0x000200 | 0x000400  # trun: data offset; duration, size and flags a sample


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One coded picture or audio frame."""

    data: bytes
    duration: int  # in the track's time scale
    sync: bool


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Samples of one track that follow each other without a gap."""

    track: int
    decode_time: int  # of the first sample, in the track's time scale, from 0 at the first sample of all
    samples: Sequence[Sample]


def fragment(sequence: int, runs: Sequence[Run]) -> bytes:
    """Write one movie fragment, `moof` and `mdat`.

    Args:
        sequence: greater than in every fragment before it.
        runs: one for each track that has samples.
    """
    size = len(_moof(sequence, runs, 0))
    data = [sample.data for run in runs for sample in run.samples]
    return _moof(sequence, runs, size + 8) + _box(b"mdat", *data)


def split_header(movie: bytes) -> bytes:
    """Return the `ftyp` and `moov` that a fragmented movie begins with."""
    return movie[: next(start for kind, start in _boxes(movie) if kind == b"moof")]


def length_prefixed(annex_b: bytes) -> bytes:
    """Turn an H.264 packet with start codes into one with 4-byte lengths, as `avc1` samples have them."""
    # Emulation prevention keeps start codes out of the units, and no unit ends in a zero byte.
    units = [unit for unit in re.split(b"\0*\0\0\1", annex_b) if unit]
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units)


def _moof(sequence: int, runs: Sequence[Run], data_offset: int) -> bytes:
    boxes = [_full_box(b"mfhd", 0, 0, struct.pack(">I", sequence))]
    for run in runs:
        boxes.append(_traf(run, data_offset))
        data_offset += sum(len(sample.data) for sample in run.samples)
    return _box(b"moof", *boxes)


def _traf(run: Run, data_offset: int) -> bytes:
    table = b"".join(
        struct.pack(">III", sample.duration, len(sample.data), _SYNC if sample.sync else _NOT_SYNC)
        for sample in run.samples
    )
    return _box(
        b"traf",
        _full_box(b"tfhd", 0, _DEFAULT_BASE_IS_MOOF, struct.pack(">I", run.track)),
        _full_box(b"tfdt", 1, 0, struct.pack(">Q", run.decode_time)),
        _full_box(b"trun", 0, _RUN_FLAGS, struct.pack(">Ii", len(run.samples), data_offset) + table),
    )


def _box(kind: bytes, *payload: bytes) -> bytes:
    content = b"".join(payload)
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _full_box(kind: bytes, version: int, flags: int, payload: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), payload)


def _boxes(movie: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield kind and start of each outermost box."""
    start = 0
    while start < len(movie):
        size, kind = struct.unpack_from(">I4s", movie, start)
        yield kind, start
        start += size
