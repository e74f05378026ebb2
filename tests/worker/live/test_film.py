"""The film of a session: all the sound of its pictures, whatever it is made of, and silence that costs nothing."""

import io

import av
import numpy as np
import pytest

from worker.encode import GOP
from worker.live.film import FRAME_SAMPLES, LEAD, SEGMENT_FRAMES, Film, session_header
from worker.live.idle import gop_frames
from worker.walk import Round, Walk

SILENCE = np.zeros(SEGMENT_FRAMES * FRAME_SAMPLES, np.int16)
GREY = [np.full((768, 512), 128, np.uint8)] * SEGMENT_FRAMES


def heard(data: bytes):
    """All samples, none of them out of its place."""
    sound = np.zeros(0, np.float32)
    with av.open(io.BytesIO(data), "r") as movie:
        for frame in movie.decode(audio=0):
            assert frame.pts == len(sound)
            sound = np.concatenate([sound, frame.to_ndarray()[0]])
    return sound


@pytest.mark.parametrize("rests", [0, 1, 3, 40])
def test_sound_is_where_the_clock_has_it_however_long_silence_went_before(rests):
    film = Film()
    noise = np.random.default_rng(1).normal(0, 3_000, len(SILENCE)).astype(np.int16)
    data = session_header()
    for _ in range(rests):
        data += film.show(GREY, SILENCE).data
    data += film.show(GREY, noise).data
    for _ in range(20):
        data += film.show(GREY, SILENCE).data
    data += film.show(GREY, SILENCE, last=True).data

    sound = heard(data)

    frames = (rests + 22) * SEGMENT_FRAMES
    assert film.next_frame == frames
    assert 0 <= len(sound) - frames * FRAME_SAMPLES < 1_024
    start = (rests * SEGMENT_FRAMES + LEAD) * FRAME_SAMPLES
    lags = range(-20, 21)
    match = [sound[start + lag : start + lag + len(noise)] @ noise.astype(np.float32) for lag in lags]
    assert lags[int(np.argmax(match))] == 0
    assert np.abs(sound[: start - 2_048]).max(initial=0) < 0.01
    assert np.abs(sound[start + len(noise) + 2_048 :]).max() < 0.01


ORDERS = [Round(frames, "loop") for frames in (1, 2, 11, 12, 25, 48, 102, 103)] + [
    Walk(52, turns=(6, 9, 12, 27, 30, 42), blinks=(20,), seed=seed) for seed in "abc"
]


@pytest.mark.parametrize("order", ORDERS)
def test_rest_comes_from_any_place_to_the_ends_of_legs(order):
    for start in range(120):
        gops = [start]
        while gops[-1] < start + 500:
            frames = gop_frames(order, gops[-1])
            assert SEGMENT_FRAMES <= frames < GOP + 2 * SEGMENT_FRAMES
            gops.append(gops[-1] + frames)

        ends = {order.leg_end(frame) for frame in range(gops[1], gops[-1])}
        assert {end for end in ends if end <= gops[-1]} <= set(gops)


def test_what_rests_is_encoded_once_for_all_walks():
    made = set()
    for seed in range(50):
        order, frame = Walk(52, turns=(6, 9, 12, 27, 30, 42), blinks=(20,), seed=str(seed)), 0
        while frame < 3_000:
            frames = gop_frames(order, frame)
            made.add(tuple(order[index] for index in range(frame, frame + frames)))
            frame += frames

    assert len(made) < 200


def test_a_film_that_another_one_left_off_goes_on_at_its_place():
    rng = np.random.default_rng(2)
    data, expected = session_header(), np.zeros(LEAD * FRAME_SAMPLES, np.float32)
    first_frame = 0
    for _ in range(4):
        film = Film(first_frame)
        for number in range(5):
            noise = SILENCE if number in (0, 4) else rng.normal(0, 3_000, len(SILENCE)).astype(np.int16)
            fragment = film.show(GREY, noise)
            assert fragment.first_sample == fragment.first_frame * FRAME_SAMPLES
            data += fragment.data
            expected = np.concatenate([expected, noise.astype(np.float32)])
        first_frame = film.next_frame

    sound = heard(data)

    assert 0 <= len(sound) - first_frame * FRAME_SAMPLES < 1_024
    whole = expected[: len(sound)]
    lags = range(-20, 21)
    match = [np.roll(sound, -lag)[: len(whole)] @ whole[: len(sound)] for lag in lags]
    assert lags[int(np.argmax(match))] == 0
    with av.open(io.BytesIO(data), "r") as movie:
        times = [frame.time for frame in movie.decode(video=0)]
    assert times == pytest.approx([number / 25 for number in range(first_frame)])
