# ruff: noqa: RUF001 - marks of the International Phonetic Alphabet
"""Closures are found in the sound, wherever a synthesiser says that they are."""

import numpy as np
import pytest

from training.closures import find_closures
from training.phonemes import Phoneme

RATE = 22_050


def speak(closed_s, length_s=0.06):
    """A second of a bright sound that is muffled for a while."""
    sound = np.random.default_rng(1).normal(0, 0.1, RATE)
    closed = slice(round(closed_s * RATE), round((closed_s + length_s) * RATE))
    sound[closed] = np.convolve(sound[closed], np.ones(24) / 24, "same") / 3
    return sound.astype(np.float32)


@pytest.mark.parametrize("told_s", [0.46, 0.5, 0.53])
@pytest.mark.parametrize("sound", ["m", "b", "p", "ˈpː"])
def test_a_closure_is_put_where_the_sound_is_muffled(told_s, sound):
    told = [Phoneme(0.3, "a"), Phoneme(told_s, sound), Phoneme(told_s + 0.06, "a"), Phoneme(1, "")]

    found = find_closures(speak(0.49), RATE, told)

    assert found[1].start_s == pytest.approx(0.49, abs=0.011)
    assert found[2].start_s == pytest.approx(0.55, abs=0.011)
    assert [phoneme.sound for phoneme in found] == [phoneme.sound for phoneme in told]


def test_other_sounds_stay_where_they_were_said_to_be():
    told = [Phoneme(0.3, "a"), Phoneme(0.5, "k"), Phoneme(0.56, "a"), Phoneme(1, "")]

    assert find_closures(speak(0.47), RATE, told) == told


def test_where_nothing_is_muffled_the_synthesiser_is_believed():
    told = [Phoneme(0.3, "a"), Phoneme(0.5, "b"), Phoneme(0.56, "a"), Phoneme(1, "")]

    found = find_closures(np.zeros(RATE, np.float32), RATE, told)

    assert found[1].start_s == pytest.approx(0.5, abs=0.003)
