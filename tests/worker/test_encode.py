"""The MP4: what decodes from it, in time to the sample, also when two encoders made it."""

import io
from typing import Any

import av
import numpy as np
import pytest

from worker.encode import MACHINE_GENERATED, Encoder, gop_end, header, samples_per_frame

FRAMES = 75
RATES = [8_000, 16_000, 24_000, 44_100]


def signal(sample_rate: int) -> np.ndarray:
    t = np.arange(FRAMES * samples_per_frame(sample_rate)) / sample_rate
    syllables = np.sin(2 * np.pi * 3 * t) > -0.3
    noise = np.random.default_rng(0).normal(0, 200, len(t))
    return (8_000 * syllables * np.sin(2 * np.pi * (200 + 100 * t) * t) + noise).astype(np.int16)


def pictures() -> list[np.ndarray]:
    """Stripes that move; every picture's mean is its own."""
    shown = np.full((FRAMES, 768, 512), 128, np.uint8)
    for frame in range(FRAMES):
        shown[frame, :512] = 40 + 2 * frame + (np.arange(512) + 3 * frame) % 32
    return list(shown)


def decoded(movie: bytes):
    """Pictures with their times in seconds, and all samples as float."""
    shown: list[Any] = []
    sound: list[Any] = []
    next_sample = 0
    with av.open(io.BytesIO(movie), "r") as container:
        for frame in container.decode(*container.streams):
            if isinstance(frame, av.VideoFrame):
                shown.append((frame.time, frame.key_frame, frame.to_ndarray()))
            else:
                assert frame.pts == next_sample
                next_sample += frame.samples
                sound.append(frame.to_ndarray()[0])
    return shown, np.concatenate(sound)


def encode(pcm: np.ndarray, shown: list[np.ndarray], sample_rate: int, first_frame: int = 0):
    """The segments of a video from some frame on."""
    encoder = Encoder(sample_rate=sample_rate, first_frame=first_frame)
    encoder.hear(pcm)
    encoder.end_of_speech()
    segments = [segment for picture in shown[first_frame:] if (segment := encoder.show(picture))]
    last = encoder.finish()
    return [*segments, last] if last else segments


def movie(segments, sample_rate):
    return header(sample_rate) + b"".join(segment.data for segment in segments)


@pytest.fixture(scope="module", params=RATES)
def sample_rate(request):
    return request.param


@pytest.fixture(scope="module")
def segments(sample_rate):
    return encode(signal(sample_rate), pictures(), sample_rate)


def test_segments_are_gops_of_half_a_second_after_a_short_one(segments, sample_rate):
    assert [(segment.first_frame, segment.frames) for segment in segments] == [
        (0, 4), (4, 8), (12, 12), (24, 12), (36, 12), (48, 12), (60, 12), (72, 3),
    ]  # fmt: skip
    assert [segment.first_sample for segment in segments] == [
        segment.first_frame * samples_per_frame(sample_rate) for segment in segments
    ]


def test_every_picture_has_its_time_and_every_segment_its_key_frame(segments, sample_rate):
    shown, _ = decoded(movie(segments, sample_rate))

    assert [time for time, _, _ in shown] == pytest.approx([frame / 25 for frame in range(FRAMES)])
    assert [frame for frame, (_, key, _) in enumerate(shown) if key] == [0, 4, 12, 24, 36, 48, 60, 72]
    for expected, (_, _, picture) in zip(pictures(), shown, strict=True):
        assert np.abs(expected[:512].mean() - picture[:512].mean()) < 0.6


def test_sound_is_in_time_to_the_sample_and_ends_with_the_pictures(segments, sample_rate):
    expected = signal(sample_rate) / 32_768

    _, heard = decoded(movie(segments, sample_rate))

    assert 0 <= len(heard) - len(expected) < 1_024
    lags = range(-50, 51)
    match = [expected[1_000 + lag : 20_000 + lag] @ heard[1_000:20_000] for lag in lags]
    assert lags[int(np.argmax(match))] == 0


def test_a_sound_that_begins_at_once_is_itself_from_the_middle_of_its_first_packet(sample_rate):
    loud = np.roll(signal(sample_rate), -sample_rate // 20)

    _, heard = decoded(movie(encode(loud, pictures(), sample_rate), sample_rate))

    assert (heard[512:1_024] - loud[512:1_024] / 32_768).std() < (loud[512:1_024] / 32_768).std() / 8


def test_header_names_the_codecs_and_says_a_machine_made_it(segments, sample_rate):
    with av.open(io.BytesIO(movie(segments, sample_rate)), "r") as container:
        video, audio = container.streams.video[0], container.streams.audio[0]

        assert (video.codec.name, video.width, video.height, int(video.average_rate or 0)) == (
            "h264",
            512,
            512,
            25,
        )
        assert video.codec_context.pix_fmt == "yuv420p"
        assert (audio.codec.name, audio.channels, audio.rate) == ("aac", 1, sample_rate)
        assert video.start_time == audio.start_time == 0
        assert container.metadata["comment"] == container.metadata["description"] == MACHINE_GENERATED


@pytest.mark.parametrize("kept", [1, 3, 7])
def test_a_resumed_encoder_goes_on_as_if_nothing_had_happened(segments, sample_rate, kept):
    whole_shown, whole_heard = decoded(movie(segments, sample_rate))
    joint = segments[kept].first_frame

    rest = encode(signal(sample_rate), pictures(), sample_rate, joint)
    shown, heard = decoded(movie(segments[:kept] + rest, sample_rate))

    assert [segment.first_frame for segment in rest] == [segment.first_frame for segment in segments[kept:]]
    assert [time for time, _, _ in shown] == [time for time, _, _ in whole_shown]
    assert shown[joint][1]
    assert len(heard) == len(whole_heard)
    expected = signal(sample_rate) / 32_768
    joint_sample = joint * samples_per_frame(sample_rate)
    around = slice(max(0, joint_sample - 2_048), min(joint_sample + 4_096, len(expected)))
    noise = np.abs(whole_heard[: len(expected)] - expected).max()
    np.testing.assert_array_equal(heard[: joint_sample - 1_024], whole_heard[: joint_sample - 1_024])
    assert np.abs(heard - whole_heard).max() < 2 * noise
    assert np.abs(heard[around] - expected[around]).max() < 1.25 * noise  # more would be a click


def test_an_encoder_can_start_at_any_frame():
    whole = encode(signal(16_000), pictures(), 16_000)

    rest = encode(signal(16_000), pictures(), 16_000, 30)

    assert [(segment.first_frame, segment.frames) for segment in rest[:2]] == [(30, 6), (36, 12)]
    assert len(whole) - 3 == len(rest)


def test_a_movie_of_one_frame_has_its_sound():
    pcm = signal(16_000)[:640]

    (segment,) = encode(pcm, pictures()[:1], 16_000)
    shown, heard = decoded(header(16_000) + segment.data)

    assert len(shown) == 1
    assert len(heard) == 1_024


def test_no_gop_is_longer_than_twelve_frames():
    ends = [gop_end(frame) - frame for frame in range(100)]

    assert max(ends) == 12
    assert ends[0] == 4
