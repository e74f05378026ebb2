"""The records of the worker protocol: structs, and their way to bytes and back.

A record is a 4-byte big-endian length and that many bytes of msgpack, a map whose `type` tells which one it is.
"""

import struct

import msgspec

from worker.stage import Stage

PROTOCOL_MEDIA_TYPE = "application/vnd.satspeak.render"
_LENGTH = struct.Struct(">I")


class RenderRequest(msgspec.Struct, frozen=True, kw_only=True, tag="render", forbid_unknown_fields=True):
    """What to render; raw PCM follows it, s16le mono at `sample_rate`.

    Attributes:
        order: names the order in logs.
        text: None for an audio order, whose PCM is all there is to say.
        spoken: characters of `text` that the PCM already says.
        first_frame: the first one not yet stored by the caller.
        told: of the speech in the PCM, for captions: samples of each part, and characters that are spoken by its end.
        stage: None is the picture as it was filmed, at the voice's own pace.
    """

    order: str
    avatar: str
    emotion: str
    sample_rate: int
    text: str | None = None
    language: str | None = None
    voice: str | None = None
    spoken: int = 0
    first_frame: int = 0
    told: tuple[tuple[int, int], ...] = ()
    stage: Stage | None = None


class SpeechRecord(msgspec.Struct, frozen=True, kw_only=True, tag="speech"):
    """Newly synthesised speech; comes before any segment that needs it."""

    first_sample: int
    pcm: bytes  # s16le mono
    spoken: int
    last: bool
    sample_rate: int
    language: str
    voice: str


class InitRecord(msgspec.Struct, frozen=True, kw_only=True, tag="init"):
    """The header of the MP4, `ftyp` and `moov`."""

    data: bytes
    language: str | None
    voice: str | None
    sample_rate: int
    width: int
    height: int
    fps: int


class SegmentRecord(msgspec.Struct, frozen=True, kw_only=True, tag="segment"):
    """A whole GOP with its sound, as a whole movie fragment."""

    first_frame: int
    frames: int
    first_sample: int
    data: bytes


class EndRecord(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """All was sent; counts are of the whole video, also of a resumed one."""

    frames: int
    samples: int
    engine: dict[str, str]


RenderRecord = SpeechRecord | InitRecord | SegmentRecord | EndRecord
Record = RenderRequest | RenderRecord

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


class RecordError(Exception):
    """The bytes are no record."""


class RecordTooLong(RecordError):
    """The length at the start of a record is beyond the limit, or is no length at all."""


def encode_record(record: Record) -> bytes:
    """Return the record with its length before it."""
    body = _encoder.encode(record)
    return _LENGTH.pack(len(body)) + body


class RecordReader:
    """Reads records from bytes that come in pieces of any size, and leaves what follows them alone.

    Args:
        max_bytes: of one record; refused from its length alone, before anything is kept.
    """

    def __init__(self, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._buffer += data

    def next(self) -> Record | None:
        """Return the next record, or None while it is not whole.

        Raises:
            RecordTooLong: it is longer than allowed.
            RecordError: it is none of the protocol's.
        """
        if len(self._buffer) < _LENGTH.size:
            return None
        (size,) = _LENGTH.unpack_from(self._buffer)
        if size > self._max_bytes:
            raise RecordTooLong(f"a record of {size} bytes, at most {self._max_bytes} are allowed")
        end = _LENGTH.size + size
        if len(self._buffer) < end:
            return None
        try:
            record: Record = _decoder.decode(memoryview(self._buffer)[_LENGTH.size : end])
        except msgspec.DecodeError as exc:
            raise RecordError(str(exc)) from exc
        del self._buffer[:end]
        return record

    def take_rest(self) -> bytes:
        """Return the bytes after the records read so far, and forget them."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest
