# ruff: noqa: RUF001 - these are letters of the International Phonetic Alphabet
"""What the bench says about lips and the words of people: of mouths of which the answer is known, and of a voice."""

import numpy as np
import pytest
import soxr
from hibari import SAMPLE_RATE

from bench.mouths import RATE
from bench.words import compare
from training.aligning import Aligner
from training.phonemes import Phoneme, opening, track
from worker.speech.english import EnglishVoice

SECONDS = 3
WORDS = [Phoneme(0.3 + 0.1 * n, sound) for n, sound in enumerate("mapitobasupamiku")]
PHONEMES = [Phoneme(0, ""), *WORDS, Phoneme(2, "")]
LOUD = np.full(SECONDS * RATE, 3000, np.int16)


@pytest.fixture
def told():
    return opening(track(PHONEMES, SECONDS)).astype(float)


def test_lips_that_say_the_words_fit_them(told):
    correlation, closed = compare(told, PHONEMES, LOUD)

    assert correlation > 0.98
    assert closed == [True] * 5


def test_lips_that_say_something_else_do_not(told):
    correlation, closed = compare(told[::-1] + 0.2, PHONEMES, LOUD)

    assert correlation < 0.5
    assert not all(closed)


def test_known_words_are_found_in_speech():
    pytest.importorskip("pocketsphinx", reason="uv sync --group listening")
    voice = soxr.resample(EnglishVoice().utter("Bob may keep my map.", "female"), SAMPLE_RATE, RATE)
    first = np.flatnonzero(np.abs(voice) > 0.02)[0] / RATE

    said = Aligner().align(np.concatenate([np.zeros(RATE, np.float32), voice]), "Bob may keep my map.")

    assert said is not None
    sounds = [phoneme for phoneme in said if phoneme.sound]
    assert "".join(phoneme.sound for phoneme in sounds).startswith("bɑbmeɪkipm")
    assert sounds[0].start_s == pytest.approx(1 + first, abs=0.15)
    assert [phoneme.start_s for phoneme in said] == sorted(phoneme.start_s for phoneme in said)


def test_words_that_were_not_said_are_not_found():
    pytest.importorskip("pocketsphinx", reason="uv sync --group listening")

    assert (
        Aligner().align(np.zeros(RATE // 2, np.float32), "Nobody could say all of this in half a second.")
        is None
    )
