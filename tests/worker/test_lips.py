"""What the shipped weights do on the shipped footage; nothing here needs PyTorch."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import soxr

import worker
from worker.avatars import Avatars
from worker.compose import IdleFrame
from worker.mel import MEL, mel_spectrogram
from worker.model import LipModel
from worker.speech.espeak import Espeak

ASSETS = Path(worker.__file__).parent / "assets"
SAMPLES_A_FRAME = MEL.sample_rate // MEL.video_fps
HALF_A_SECOND = 12  # frames

SENTENCES = {
    "en-us": "We believe that every person should have the opportunity to move forward and shape a better future.",
    "es": "Buenos días, hoy vamos a hablar de la puntualidad y de nuestra empresa.",
    "de": "Wir möchten Ihnen heute gerne unser neues Produkt vorstellen.",
    "fr": "Bonjour et bienvenue, je suis heureux de vous parler de notre projet.",
    "pl": "Witamy państwa serdecznie i zapraszamy do obejrzenia filmu.",
    "ja": "きょうはとてもいいてんきですね、さんぽにいきましょう。",
}


@pytest.fixture(scope="module")
def model():
    return LipModel(ASSETS / "model", provider="cpu", threads=2)


@pytest.fixture(scope="module")
def avatars():
    return Avatars(ASSETS / "avatars", memory_bytes=200_000_000)


@pytest.fixture(scope="module")
def idle(avatars):
    """What the network sees of the first frame of an avatar."""
    return avatars.footage(avatars.find("european_woman", "neutral"), "neutral").frame(0)


def speak(text, voice):
    """Return speech, float32 at 16 kHz, and its phonemes."""
    Espeak().utter(text, voice)  # it tells no first phoneme after many texts that were read without a sound
    said = Espeak().utter(text, voice)
    return soxr.resample(
        said.pcm.astype(np.float32) / 32768, said.sample_rate, MEL.sample_rate
    ), said.phonemes


def draw(model, idle, pcm):
    """Return the mouths of all frames: (F, S, S, 3)."""
    mel = mel_spectrogram(pcm)
    cut = model.graph(len(idle.references)).mel.cut
    heard = np.stack([cut(mel, frame) for frame in range(len(pcm) // SAMPLES_A_FRAME)])[:, None]
    batches = np.array_split(heard, -(-len(heard) // 16))
    return np.concatenate([model.predict(mel, [idle] * len(mel)) for mel in batches])


def movement(mouths, idle):
    """How far each mouth is from the idle one, as the mean difference of its pixels: (F,)."""
    size = mouths.shape[1]
    middle = np.s_[:, size // 4 : size * 5 // 6, size * 3 // 16 : size * 13 // 16]
    return np.abs(mouths / 255 - idle.references[0] / 255)[middle].mean(axis=(1, 2, 3))


def gap(mouths, idle):
    """How much of the middle of each mouth is dark, for it is open there: (F,)."""
    size = mouths.shape[1]
    middle = np.s_[:, size // 3 : size * 3 // 4, size * 3 // 8 : size * 5 // 8]
    darker = (idle.references[0].astype(int) - mouths)[middle].mean(axis=-1)
    return (darker > 50).mean(axis=(1, 2))


def loudness(pcm):
    frames = pcm[: len(pcm) // SAMPLES_A_FRAME * SAMPLES_A_FRAME].reshape(-1, SAMPLES_A_FRAME)
    return np.sqrt((frames**2).mean(axis=1))


def correlation(a, b):
    return np.corrcoef(a, b)[0, 1]


def test_equally_loud_m_and_a_give_different_mouths(model, idle):
    pcm, phonemes = speak("mama mama mama mama", "it")
    ends = [start for start, _ in phonemes[1:]] + [len(pcm) / MEL.sample_rate]
    spans = [
        (sound.strip("ˈˌː"), round(start * MEL.sample_rate), round(end * MEL.sample_rate))
        for (start, sound), end in zip(phonemes, ends, strict=True)
    ]
    spans = [span for span in spans if span[0] in ("m", "a")]
    for _, start, end in spans:  # all as loud as each other
        pcm[start:end] *= 0.1 / np.sqrt((pcm[start:end] ** 2).mean())

    opened = gap(draw(model, idle, pcm), idle)

    middle: dict[str, list[float]] = {"m": [], "a": []}
    for sound, start, end in spans:
        middle[sound].append(opened[min((start + end) // 2 // SAMPLES_A_FRAME, len(opened) - 1)])
    assert len(middle["m"]) == len(middle["a"]) == 8
    assert np.mean(middle["a"]) > 1.5 * np.mean(middle["m"])


def test_the_mouth_opens_with_the_speech_and_not_with_the_same_speech_half_a_second_away(model, idle):
    together, apart = [], []
    for voice, sentence in SENTENCES.items():
        pcm, _ = speak(sentence, voice)
        moved = movement(draw(model, idle, pcm), idle)
        loud = loudness(pcm)
        together.append(correlation(moved, loud))
        apart.append(correlation(moved[HALF_A_SECOND:], loud[:-HALF_A_SECOND]))
        apart.append(correlation(moved[:-HALF_A_SECOND], loud[HALF_A_SECOND:]))

    assert np.mean(together) > 0.4
    assert np.mean(apart) < 0.1


@pytest.mark.parametrize("noise", [0, 1e-4, 1e-3])
def test_silence_rests_on_the_idle_mouth(model, idle, noise):
    pcm, _ = speak(SENTENCES["en-us"], "en-us")
    silence = np.random.default_rng(0).normal(0, max(noise, 1e-9), MEL.sample_rate).astype(np.float32)

    moved = movement(draw(model, idle, np.concatenate([silence, pcm, silence])), idle)

    margin = 8  # frames: the lips open before the sound and close after it
    resting = np.concatenate([moved[: 25 - margin], moved[-25 + margin :]])
    assert resting.max() < 0.01
    assert moved.max() > 0.03


def test_the_mouth_is_drawn_where_the_framing_puts_it(model, idle):
    pcm, _ = speak("papa", "it")
    size = idle.references.shape[1]
    aside = 2  # pixels, by which face and framing move together
    moved = IdleFrame(
        picture=idle.picture,
        references=np.roll(idle.references, aside, axis=2),
        framing=(idle.framing[0] + aside, *idle.framing[1:]),
        box=idle.box,
    )

    here, there = draw(model, idle, pcm), draw(model, moved, pcm)

    inner = np.s_[:, 12 : size - 12, 12 : size - 12]
    apart = np.abs(np.roll(there, -aside, axis=2).astype(int) - here)[inner].mean()
    assert apart < 0.1 * np.abs(here.astype(int) - idle.references[0])[inner].mean()


@pytest.mark.parametrize("lines", [720, 1080])
def test_a_mouth_of_more_lines_speaks_as_one_of_few(model, avatars, idle, lines):
    pcm, _ = speak("papa", "it")
    face = avatars.footage(avatars.find("european_woman", "neutral"), "neutral", lines).frame(0)
    size = len(idle.references[0])

    few, many = draw(model, idle, pcm), draw(model, face, pcm)

    assert len(many[0]) == 2 * round(size * lines / 1024)
    shrunk = [cv2.resize(mouth, (size, size), interpolation=cv2.INTER_AREA) for mouth in many]
    # Their squares begin at pixels of their own, which are not those of the other.
    inner = np.s_[:, 12 : size - 12, 12 : size - 12]
    apart = np.abs(np.array(shrunk, int) - few)[inner].mean()
    assert apart < 0.4 * np.abs(few.astype(int) - idle.references[0])[inner].mean()


def test_every_avatar_in_every_emotion_speaks_and_rests(model, avatars):
    pcm, _ = speak("papa", "it")
    pcm = np.concatenate([np.zeros(MEL.sample_rate // 2, np.float32), pcm])

    for pack in avatars:
        for emotion in pack.emotions:
            face = avatars.footage(pack, emotion).frame(0)
            moved = movement(draw(model, face, pcm), face)
            assert moved[0] < 0.01, (pack.name, emotion)
            assert moved.max() > 0.02, (pack.name, emotion)
