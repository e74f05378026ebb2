"""What is heard for each frame, while the speech arrives."""

import numpy as np
import pytest
import soxr

from worker.listening import Listener
from worker.mel import MelWindow, mel_spectrogram

WINDOWS = [MelWindow(), MelWindow(frames=32, before=16)]


@pytest.fixture
def pcm():
    rng = np.random.default_rng(3)
    t = np.arange(24_000 * 3) / 24_000
    loudness = 4_000 + 3_000 * np.sin(2 * np.pi * 1.1 * t)
    return (loudness * np.sin(2 * np.pi * (150 + 60 * t) * t) + rng.normal(0, 50, len(t))).astype(np.int16)


def windows_of_the_whole(pcm, sample_rate, frames, window):
    samples = soxr.resample(pcm.astype(np.float32) / 32_768, sample_rate, 16_000)
    mel = mel_spectrogram(samples)
    shares = np.clip(np.minimum(np.arange(frames), np.arange(frames)[::-1]) / 3, 0, 1)  # rest at either end
    windows = np.stack([window.cut(mel, frame) for frame in range(frames)])[:, None]
    return shares[:, None, None, None] * (windows + 4) - 4


def hear_in_pieces(listener, pcm, frames, piece):
    taken, end = [], 0
    for start in range(0, len(pcm), piece):
        listener.hear(pcm[start : start + piece])
        while end + 5 <= frames and listener.can_hear(end + 5):
            end += 5
            taken.append(listener.take(end))
    listener.end_of_speech(frames)
    assert listener.can_hear(frames)
    assert not listener.can_hear(frames + 1)
    return np.concatenate([*taken, listener.take(frames)]) if end < frames else np.concatenate(taken)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("sample_rate", [16_000, 24_000])
@pytest.mark.parametrize("piece", [960, 24_000, 70_001])
def test_speech_in_pieces_is_heard_as_the_whole(pcm, sample_rate, piece, window):
    frames = len(pcm) * 25 // sample_rate

    listener = Listener(sample_rate=sample_rate, first_frame=0, window=window)
    heard = hear_in_pieces(listener, pcm, frames, piece)

    np.testing.assert_allclose(heard, windows_of_the_whole(pcm, sample_rate, frames, window), atol=5e-3)


@pytest.mark.parametrize("window", WINDOWS)
def test_a_listener_that_starts_later_hears_the_same(pcm, window):
    listener = Listener(sample_rate=24_000, first_frame=24, window=window)

    listener.hear(pcm)
    listener.end_of_speech(75)

    whole = windows_of_the_whole(pcm, 24_000, 75, window)
    np.testing.assert_allclose(listener.take(75), whole[24:], atol=5e-3)


def test_the_first_and_the_last_frame_hear_silence_and_their_neighbours_little(pcm):
    listener = Listener(sample_rate=24_000, first_frame=0, window=MelWindow())

    listener.hear(pcm)
    listener.end_of_speech(75)

    loudest = listener.take(75).max(axis=(1, 2, 3))
    assert loudest[0] == loudest[74] == -4
    assert (loudest[[1, 2, 72, 73]] > -4).all()
    assert loudest[1] < loudest[2] < loudest[3]
    assert loudest[73] < loudest[72] < loudest[71]


def test_a_listener_keeps_only_what_is_still_wanted(pcm):
    listener = Listener(sample_rate=24_000, first_frame=0, window=MelWindow(frames=32, before=16))

    end = 0
    for _ in range(20):
        listener.hear(pcm)
        while listener.can_hear(end + 12):
            end += 12
            listener.take(end)

    assert end > 20 * 75 - 36
    assert listener._mel.shape[1] < 150
