"""The spectrogram: fast against slow, streamed against whole, and against values computed once by librosa."""

import numpy as np
import pytest

from worker.mel import MEL, MelStream, MelWindow, mel_spectrogram, reference_mel_spectrogram


def speechlike(seconds: float, level: float = 0.3) -> np.ndarray:
    """A gliding tone with syllables and a little noise, float32 at 16 kHz."""
    t = np.arange(int(seconds * MEL.sample_rate)) / MEL.sample_rate
    tone = sum(np.sin(2 * np.pi * k * (110 + 15 * t) * t) / k for k in range(1, 12))
    noise = np.random.default_rng(1).normal(0, 0.05, len(t))
    return (level / 3 * (np.sin(2 * np.pi * 2 * t) ** 2 * tone + noise)).astype(np.float32)


# librosa 0.11 on `speechlike(1.5)`, its magnitudes scaled by the peak so far: {band: at frames 0, 30, 61, 120}
GOLDEN = {
    0: [-1.9074, 0.6741, -1.5336, -2.3233],
    7: [-1.8211, 0.904, -1.9029, -1.1884],
    40: [-1.1756, -0.7835, -0.6468, -0.6281],
    79: [-0.0935, -0.0005, 0.0482, -0.1548],
}


@pytest.mark.parametrize("samples", [1, 199, 200, 401, 640, 8_199, 8_200, 40_003])
def test_the_fast_spectrogram_equals_the_slow_one(samples):
    pcm = speechlike(3)[:samples]

    fast = mel_spectrogram(pcm)

    assert fast.shape == (80, 1 + samples // 200)
    assert fast.dtype == np.float32
    np.testing.assert_allclose(fast, reference_mel_spectrogram(pcm), atol=2e-3)


@pytest.mark.parametrize("band", GOLDEN)
def test_the_spectrogram_is_librosas_scaled_by_the_peak_so_far(band):
    mel = mel_spectrogram(speechlike(1.5))

    np.testing.assert_allclose(mel[band, [0, 30, 61, 120]], GOLDEN[band], atol=2e-3)


@pytest.mark.parametrize("piece", [1_000, 333, 8_200, 100_000])
def test_a_streamed_spectrogram_has_the_values_of_the_whole_one(piece):
    pcm = np.concatenate([speechlike(1, 0.1), speechlike(2, 0.6)])
    stream = MelStream()

    parts = [stream.push(pcm[start : start + piece]) for start in range(0, len(pcm), piece)]
    streamed = np.concatenate([*parts, stream.finish()], axis=1)

    np.testing.assert_allclose(streamed, mel_spectrogram(pcm), atol=1e-4)


def test_a_stream_holds_back_little_more_than_its_look_ahead():
    stream = MelStream()

    certain = stream.push(speechlike(2))

    assert certain.shape[1] == 2 * 80 - MEL.loudness_ahead


def test_no_samples_have_no_spectrogram():
    assert mel_spectrogram(np.zeros(0, np.float32)).shape == (80, 0)


def test_quiet_speech_looks_like_loud_speech():
    loud, quiet = mel_spectrogram(speechlike(2, 0.8)), mel_spectrogram(speechlike(2, 0.2))

    np.testing.assert_allclose(quiet, loud, atol=1e-2)


def test_silence_is_the_floor_and_faint_noise_is_not_made_speech():
    noise = np.random.default_rng(2).normal(0, 1e-4, 16_000).astype(np.float32)

    assert (mel_spectrogram(np.zeros(16_000, np.float32)) == -4).all()
    assert mel_spectrogram(noise).mean() < -2


def test_a_window_starts_with_its_frame_and_is_silent_past_the_end():
    mel = np.arange(80 * 40, dtype=np.float32).reshape(80, 40)
    cut = MelWindow().cut

    np.testing.assert_array_equal(cut(mel, 0), mel[:, :16])
    np.testing.assert_array_equal(cut(mel, 7), mel[:, 22:38])  # 7 frames are 280 ms: mel frame 22.4
    last = cut(mel, 10)
    np.testing.assert_array_equal(last[:, :8], mel[:, 32:])
    assert (last[:, 8:] == -4).all()


def test_a_window_that_starts_before_its_frame_is_silent_before_the_speech():
    mel = np.arange(80 * 40, dtype=np.float32).reshape(80, 40)
    cut = MelWindow(frames=32, before=16).cut

    first = cut(mel, 0)
    assert (first[:, :16] == -4).all()
    np.testing.assert_array_equal(first[:, 16:], mel[:, :16])
    np.testing.assert_array_equal(cut(mel, 7), mel[:, 6:38])
    np.testing.assert_array_equal(cut(mel[:, 5:], 7, mel_start=5), mel[:, 6:38])


def test_a_window_of_speech_shorter_than_itself_is_silent_on_both_sides():
    mel = np.ones((80, 3), np.float32)

    cut = MelWindow(frames=32, before=16).cut(mel, 0)

    assert (cut[:, 16:19] == 1).all()
    assert (np.delete(cut, np.s_[16:19], axis=1) == -4).all()
