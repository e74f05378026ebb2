"""What the lips must do whatever is said around it."""

import numpy as np
import pytest

from faces.shapes import UNITS
from training.phonemes import FPS, Phoneme, opening, track


def say(sounds, each_s):
    """Return the track of phonemes of equal length between two pauses of half a second."""
    spoken = [Phoneme(0.5 + n * each_s, sound) for n, sound in enumerate(sounds)]
    end_s = 0.5 + len(sounds) * each_s
    return track([Phoneme(0, ""), *spoken, Phoneme(end_s, "")], end_s + 0.5)


@pytest.mark.parametrize("each_s", [0.03, 0.045, 0.06, 0.1, 0.17])
@pytest.mark.parametrize("consonant", ["m", "b", "p"])
def test_lips_close_however_fast_the_speech(consonant, each_s):
    for late_s in np.arange(0, 1 / FPS, 0.005):  # wherever a closure falls among the frames
        alone = [Phoneme(0, "a"), Phoneme(0.3 + late_s, consonant), Phoneme(0.3 + late_s + each_s, "a")]
        mouth = track(alone, 1.0)

        pressed = mouth[:, UNITS.index("mouthPress")]
        assert pressed.max() > 0.54
        assert opening(mouth)[pressed.argmax()] < 0.06
        assert opening(mouth).max() > 0.5


def test_the_lower_lip_is_bitten_for_f_and_v():
    mouth = say("afavaf", 0.07)

    bitten = mouth[:, UNITS.index("mouthRollLower")] > 0.4
    assert (np.diff(bitten.astype(int)) > 0).sum() == 3


def test_vowels_open_between_closures():
    opened = opening(say("mamama", 0.08))

    assert (np.diff((opened > 0.3).astype(int)) > 0).sum() == 3


def test_a_pause_rests():
    mouth = say("mama", 0.1)

    assert np.abs(mouth[:8]).max() < 0.03
    assert np.abs(mouth[-8:]).max() < 0.03


def test_a_track_in_finer_steps_passes_through_the_video_frames():
    phonemes = [Phoneme(0, ""), Phoneme(0.4, "p"), Phoneme(0.5, "a"), Phoneme(0.8, "")]

    np.testing.assert_allclose(track(phonemes, 1.2, rate=4 * FPS)[::4], track(phonemes, 1.2), atol=1e-6)
