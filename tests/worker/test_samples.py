"""Some seconds of each voice, spoken once and kept."""

import io
import math

import av
import numpy as np
import pytest

from worker.samples import SENTENCES, Samples
from worker.speech import SAMPLE_RATE, OwnVoice, Speaker, SynthesisFailed, UnknownVoice, Voice
from worker.speech.speaker import ESPEAK_LANGUAGE


@pytest.fixture(scope="module")
def speaker() -> Speaker:
    return Speaker()


def heard(m4a: bytes) -> np.ndarray:
    with av.open(io.BytesIO(m4a), "r") as container:
        return np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])


def test_there_is_something_to_say_in_every_language():
    assert SENTENCES.keys() == ESPEAK_LANGUAGE.keys()


def test_a_sample_is_some_seconds_of_the_voice_and_small(speaker, tmp_path):
    sample = Samples(speaker, tmp_path).get("de-female")

    sound = heard(sample)
    assert 2 < len(sound) / SAMPLE_RATE < 8
    assert np.abs(sound).max() > 0.1
    assert len(sample) < 60_000
    assert sample.index(b"moov") < sample.index(b"mdat")


class Counting(Speaker):
    """Counts what it says."""

    said = 0

    def say(self, text, voice):
        self.said += 1
        return super().say(text, voice)


def test_it_is_spoken_once_also_after_a_restart_and_in_a_folder_that_cannot_be_written(tmp_path):
    first, second, third = Counting(), Counting(), Counting()
    (tmp_path / "file").touch()
    homeless = Samples(third, tmp_path / "file")  # where no folder can be made

    samples = Samples(first, tmp_path / "cache")
    assert (
        samples.get("de-male") == samples.get("de-male") == Samples(second, tmp_path / "cache").get("de-male")
    )
    assert homeless.get("de-male") == homeless.get("de-male")

    assert (first.said, second.said, third.said) == (1, 0, 1)
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".m4a"]


class Tone:
    """An operator's voice."""

    fails = False

    def utter(self, text, *, speed=1.0):
        if self.fails:
            raise SynthesisFailed("It is away.")
        yield np.sin(2 * math.pi * 220 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32) / 4


def test_a_voice_that_the_operator_brought_is_kept_while_the_worker_runs_and_no_other_speaks_for_it(tmp_path):
    engine = Tone()
    own = OwnVoice(
        voice=Voice(name="ours", language="en", gender="female", engine="tone"),
        engine=engine,
        multilingual=True,
    )
    samples = Samples(Counting([own]), tmp_path, [own])

    engine.fails = True
    with pytest.raises(SynthesisFailed):
        samples.get("ours")
    engine.fails = False

    assert samples.get("ours") == samples.get("ours")
    assert list(tmp_path.iterdir()) == []


def test_a_voice_that_there_is_not_is_refused(speaker, tmp_path):
    with pytest.raises(UnknownVoice):
        Samples(speaker, tmp_path).get("nobody")
