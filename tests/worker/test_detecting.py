"""Uploads move the mouth where somebody speaks, and not where there is music."""

import numpy as np
import pytest
import soxr

from bench.noises import NOISES, noise
from worker.detecting import SpeechDetector
from worker.listening import Listener
from worker.mel import MelWindow
from worker.speech.espeak import Espeak

RATE = 16_000
LANGUAGES = {
    "en-us": "Good evening, and welcome to the news.",
    "cmn": "晚上好欢迎收看新闻",
    "ar": "مساء الخير ومرحبا بكم في الأخبار",
    "hu": "Jó estét, és üdvözöljük a hírekben.",
}


def speak(language="en-us", variant="f2", level=0.5):
    said = Espeak().utter(LANGUAGES[language], f"{language}+{variant}")
    samples = soxr.resample(said.pcm.astype(np.float32) / 32_768, said.sample_rate, RATE)
    return (samples / np.abs(samples).max() * level).astype(np.float32)


def shares(samples, piece=RATE):
    detector = SpeechDetector()
    for start in range(0, len(samples), piece):
        detector.hear(samples[start : start + piece])
    return np.array([detector.share(frame) for frame in range(len(samples) // 640)])


@pytest.mark.parametrize("variant", ["f2", "m7"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_speech_is_taken_for_speech(language, variant):
    assert (shares(speak(language, variant)) == 1).all()


def test_speech_is_taken_for_speech_however_quiet_and_in_noise_as_strong_as_it():
    said = speak()
    hiss = np.random.default_rng(1).normal(0, said.std(), len(said)).astype(np.float32)

    assert (shares(said / 50) == 1).all()
    assert (shares(said + hiss) == 1).all()


@pytest.mark.parametrize("name", NOISES)
def test_music_and_noise_are_not_taken_for_speech(name):
    assert (shares(noise(name, 6)) == 0).all()


def test_speech_after_music_is_heard_from_its_first_sound_and_the_mouth_rests_again_after_it():
    music = noise("music", 4)

    heard = shares(np.concatenate([music, speak(), music]))

    spoken = len(speak()) // 640
    assert (heard[:85] == 0).all()
    assert (heard[100 : 100 + spoken] == 1).all()
    assert (heard[100 + spoken + 35 :] == 0).all()
    assert np.abs(np.diff(heard)).max() < 0.5  # it neither closes nor opens from one frame to the next


def test_uploads_in_pieces_are_heard_as_the_whole_also_by_who_starts_later():
    pcm = (32_767 * np.concatenate([noise("music", 3), speak(), noise("music", 3)])).astype(np.int16)
    pcm = pcm[: len(pcm) // 640 * 640]
    frames = len(pcm) // 640
    window = MelWindow(frames=32, before=16)

    def hear(first_frame, piece):
        listener = Listener(sample_rate=RATE, first_frame=first_frame, window=window, uploaded=True)
        taken, end = [], first_frame
        for start in range(0, len(pcm), piece):
            listener.hear(pcm[start : start + piece])
            while end + 4 <= frames and listener.can_hear(end + 4):
                end += 4
                taken.append(listener.take(end))
        listener.end_of_speech(frames)
        return np.concatenate([*taken, listener.take(frames)]) if end < frames else np.concatenate(taken)

    whole = hear(0, len(pcm))
    assert whole[10].max() == -4 < whole[80].max()
    np.testing.assert_allclose(hear(0, 1_000), whole, atol=1e-5)
    np.testing.assert_allclose(hear(48, 5_000), whole[48:], atol=1e-5)


def test_what_was_not_heard_yet_is_not_kept_from_the_mouth():
    assert SpeechDetector().share(0) == 1
