"""What the brows' bench says of pictures and sounds of which the answer is known."""

import numpy as np
import pytest

from bench.brows import depth, height, stress
from worker.speech import SAMPLE_RATE

EYES = (211.0, 230.0, 301.0, 230.0)


@pytest.mark.parametrize("up", [0, 2, 5])
def test_brows_are_found_as_high_as_they_were_moved(up):
    filmed = np.random.default_rng(0).integers(0, 255, (768, 512), np.uint8)
    shown = np.concatenate([filmed[up:], filmed[:up]])

    assert height(shown, filmed, EYES) == up


@pytest.mark.parametrize("down", [-3, 0, 4, 8])
def test_a_head_is_found_as_far_down_as_it_was_moved(down):
    filmed = np.random.default_rng(0).integers(0, 255, (768, 512), np.uint8)

    assert depth(np.roll(filmed, down, axis=0), filmed, EYES) == down


def test_what_is_louder_and_higher_is_stressed_and_silence_is_nothing():
    t = np.arange(SAMPLE_RATE * 3) / SAMPLE_RATE
    stressed = (t > 1) & (t < 1.2)
    wave = np.where(stressed, np.sin(2 * np.pi * 180 * t), 0.4 * np.sin(2 * np.pi * 120 * t))
    curve = stress((8_000 * wave * (t < 2)).astype(np.int16))

    assert 25 <= np.nanargmax(curve) <= 32
    assert np.isnan(curve[52:]).all()
