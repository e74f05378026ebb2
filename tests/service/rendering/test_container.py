"""The start of a whole MP4: every reader finds the length in it, and the way to each moment."""

import io

import av
import cv2
import numpy as np
import pytest

from service.jobs.port import SegmentPart
from service.rendering.container import has_room, whole_start, with_room
from worker.encode import Encoder, header

FRAMES = 161


@pytest.fixture(scope="module")
def segments():
    """Of a film whose pictures get brighter, with a tone."""
    encoder = Encoder(sample_rate=24_000)
    time = np.arange(FRAMES * 960) / 24_000
    encoder.hear((8_000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16))
    encoder.end_of_speech()
    pictures = (np.full((768, 512), 128, np.uint8) for _ in range(FRAMES))
    made = []
    for frame, picture in enumerate(pictures):
        picture[:512] = 20 + frame
        made.append(encoder.show(picture))
    return [segment for segment in [*made, encoder.finish()] if segment]


def parts_of(segments, offset):
    parts = []
    for segment in segments:
        size = len(segment.data)
        parts.append(
            SegmentPart(
                first_frame=segment.first_frame, frames=segment.frames, offset=offset, size=size, object=""
            )
        )
        offset += size
    return parts


@pytest.fixture(params=[FRAMES, 12], ids=["with an index", "without room for one"])
def film(segments, tmp_path, request):
    start = with_room(header(24_000), request.param)
    whole = whole_start(start, parts_of(segments, len(start)))
    assert len(whole) == len(start)
    file = tmp_path / "film.mp4"
    file.write_bytes(whole + b"".join(segment.data for segment in segments))
    return file


def test_libavformat_finds_the_length_and_every_moment(film):
    with av.open(film) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]

        assert (container.start_time, container.duration) == (0, 6_440_000)
        assert (video.start_time, float(video.duration * video.time_base)) == (0, 6.44)
        assert (audio.start_time, float(audio.duration * audio.time_base)) == (0, 6.44)
        for frame in (150, 3, 77, 0, 160):
            container.seek(frame * 40_000, backward=True)
            shown = next(picture for picture in container.decode(video) if round(picture.time * 25) == frame)
            assert abs(20 + frame - shown.to_ndarray()[:512].mean()) < 1


def test_opencv_finds_the_length_and_every_frame(film):
    capture = cv2.VideoCapture(str(film))

    assert (capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)) == (FRAMES, 25)
    for frame in (150, 3, 77):
        capture.set(cv2.CAP_PROP_POS_FRAMES, frame)
        found, picture = capture.read()
        assert found
        assert abs((4 + frame) * 255 / 219 - picture.mean()) < 2
    capture.release()


def test_a_remuxed_film_begins_with_its_first_picture(film):
    remuxed = io.BytesIO()
    with av.open(film) as source, av.open(remuxed, "w", format="mp4") as target:
        streams = {stream.index: target.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    remuxed.seek(0)

    with av.open(remuxed, "r") as container:
        assert [stream.start_time for stream in container.streams] == [0, 0]
        assert container.duration == pytest.approx(6_440_000, abs=3_000)


def test_the_index_leads_to_each_segment(segments):
    start = with_room(header(24_000), FRAMES)
    whole = whole_start(start, parts_of(segments, len(start)))

    index = whole[whole.index(b"sidx") + 4 :]
    count = int.from_bytes(index[22:24], "big")
    references = [index[24 + 12 * n : 36 + 12 * n] for n in range(count)]

    assert [len(segment.data) for segment in segments] == [
        int.from_bytes(reference[:4], "big") for reference in references
    ]
    assert [512 * segment.frames for segment in segments] == [
        int.from_bytes(reference[4:8], "big") for reference in references
    ]


@pytest.mark.parametrize("start", [b"", b"init" * 10, header(16_000), header(16_000)[:-1]])
def test_what_has_no_room_stays_as_it_is(segments, start):
    assert not has_room(start)
    assert start == whole_start(start, parts_of(segments, len(start)))


@pytest.mark.parametrize("start", [b"", b"init" * 10, header(16_000)[:-1], header(16_000) + b"x"])
def test_what_is_no_start_of_an_mp4_gets_no_room(start):
    assert start == with_room(start, 1000)
