"""Records and the reader of them."""

import msgspec
import pytest

from worker.records import (
    EndRecord,
    InitRecord,
    Record,
    RecordError,
    RecordReader,
    RecordTooLong,
    RenderRequest,
    SegmentRecord,
    SpeechRecord,
    encode_record,
)

RECORDS: list[Record] = [
    RenderRequest(order="o", avatar="a", emotion="e", sample_rate=16_000, text="hé", language="fr", spoken=1),
    SpeechRecord(
        first_sample=3, pcm=b"\0\1", spoken=2, last=True, sample_rate=24_000, language="fr", voice="fr-female"
    ),
    InitRecord(data=b"ftyp", language=None, voice=None, sample_rate=16_000, width=512, height=512, fps=25),
    SegmentRecord(first_frame=12, frames=12, first_sample=7_680, data=b"moof"),
    EndRecord(frames=24, samples=15_360, engine={"model": "m"}),
]


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_records_come_back_whatever_the_pieces_they_travel_in(piece):
    wire = b"".join(encode_record(record) for record in RECORDS)
    reader = RecordReader(max_bytes=1_000)

    read = []
    for start in range(0, len(wire), piece):
        reader.feed(wire[start : start + piece])
        while record := reader.next():
            read.append(record)

    assert read == RECORDS
    assert reader.take_rest() == b""


def test_a_record_is_a_length_and_a_map_with_its_type():
    wire = encode_record(RECORDS[3])

    assert int.from_bytes(wire[:4], "big") == len(wire) - 4
    assert msgspec.msgpack.decode(wire[4:]) == {
        "type": "segment",
        "first_frame": 12,
        "frames": 12,
        "first_sample": 7_680,
        "data": b"moof",
    }


def test_what_follows_a_record_is_left_alone():
    reader = RecordReader(max_bytes=1_000)
    reader.feed(encode_record(RECORDS[0]) + b"pcm")

    assert reader.next() == RECORDS[0]
    assert reader.take_rest() == b"pcm"


def test_a_record_beyond_the_limit_is_refused_from_its_length():
    reader = RecordReader(max_bytes=1_000)
    reader.feed(b"RIFF")

    with pytest.raises(RecordTooLong):
        reader.next()


@pytest.mark.parametrize(
    "body",
    [b"\xc1", b"\x01", msgspec.msgpack.encode({"type": "tea"}), msgspec.msgpack.encode({"type": "end"})],
)
def test_bytes_that_are_no_record_are_an_error(body):
    reader = RecordReader(max_bytes=1_000)
    reader.feed(len(body).to_bytes(4, "big") + body)

    with pytest.raises(RecordError):
        reader.next()


def test_a_request_with_an_unknown_field_is_refused():
    body = msgspec.msgpack.encode(
        {"type": "render", "order": "o", "avatar": "a", "emotion": "e", "sample_rate": 1, "speed": 2}
    )
    reader = RecordReader(max_bytes=1_000)
    reader.feed(len(body).to_bytes(4, "big") + body)

    with pytest.raises(RecordError, match="speed"):
        reader.next()
