"""The truth that the lip-sync bench measures against belongs to the footage that ships."""

from pathlib import Path

import av
import pytest

import worker
from bench.mouths import RATE, read_sound
from training.shots import SIDE, TRUTH, read_shots
from worker.encode import FPS

ASSETS = Path(worker.__file__).parent / "assets"


@pytest.fixture(scope="module")
def shots():
    return read_shots()


def test_the_truth_was_rendered_for_the_footage_that_ships(shots):
    for shot in shots:
        with av.open(ASSETS / "avatars" / shot.avatar / f"{shot.emotion}.mp4", "r") as film:
            assert shot.footage in film.metadata["comment"], shot.name


def test_a_shot_has_a_picture_and_a_sound_for_each_frame(shots):
    for shot in shots:
        with av.open(TRUTH / f"{shot.name}.mp4", "r") as film:
            stream = film.streams.video[0]
            assert (stream.width, stream.height, stream.frames) == (SIDE, SIDE, len(shot.corners))
        assert len(read_sound(TRUTH / f"{shot.name}.wav")) * FPS // RATE == len(shot.corners)
        assert len(shot.opening) == len(shot.pressed) == len(shot.silent) == len(shot.corners)


def test_the_truth_is_small():
    assert sum(path.stat().st_size for path in TRUTH.iterdir()) < 2_000_000
