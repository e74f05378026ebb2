"""Voices that are turned, and matched to samples of somebody's."""

import msgspec
import numpy as np
import pytest
import soxr

from worker.errors import MalformedRequest
from worker.matching import Matcher, MatchRequest
from worker.speech import SAMPLE_RATE, Speaker, UnfitSamples, UnknownLanguage, UnknownVoice
from worker.speech.likeness import RATE, cosine, listen
from worker.speech.turning import Turn, turn_of

TEXT = (
    "The sun was low when we came to the harbour, and nobody had told us that the last boat was gone."
    " So we sat on the wall, ate what was left of the bread, and waited for the morning."
)

TURNED = ("en-female~082-093-8899887", "en-male~112-107-8888777", "en-male")


@pytest.fixture(scope="module")
def speaker():
    return Speaker()


@pytest.fixture(scope="module")
def matcher(speaker):
    return Matcher(speaker)


def named(speaker, name, language=None):
    return speaker.choose(language=language, voice=name, text="", gender="female", elderly=False)


@pytest.fixture(scope="module")
def sample(speaker):
    """Make a sample of a voice."""

    def make(name, text=TEXT):
        said = speaker.say(text, named(speaker, name)).astype(np.float32)
        return np.clip(soxr.resample(said, SAMPLE_RATE, RATE), -32768, 32767).astype("<i2")

    return make


def test_a_turn_is_its_name():
    turn = Turn(pitch=0.87, tract=1.05, colour=(-7, -3, 0, 0, 2, 5, 7))

    name = turn.name("de-male-natural")

    assert name == "de-male-natural~087-105-1588adf"
    assert turn_of(name) == ("de-male-natural", turn)


@pytest.mark.parametrize(
    "name",
    ["de-male", "de-male~087-105-1588ad", "x~020-100-8888888", "x~100-150-8888888", "~100-100-8888888"],
)
def test_no_voice_is_turned_by_a_name_of_another_shape_or_too_far(speaker, name):
    assert turn_of(name) is None
    with pytest.raises(UnknownVoice):
        named(speaker, name) if name != "de-male" else named(speaker, "de-males")


def test_a_turned_voice_is_as_long_and_the_same_each_time(speaker):
    plain = np.concatenate([part.pcm for part in speaker.speak(TEXT, named(speaker, "en-female"))])
    turned = named(speaker, "en-female~080-092-8888888")

    first, second = [np.concatenate([part.pcm for part in speaker.speak(TEXT, turned)]) for _ in range(2)]

    assert len(first) == len(plain)
    assert (first == second).all()
    assert (turned.language, turned.gender) == ("en", "female")


@pytest.mark.parametrize("name", TURNED)
def test_a_match_is_nearer_than_any_voice_of_ours(speaker, matcher, sample, full, name):
    if not full and name != TURNED[0]:
        pytest.skip("one tells as much; --full")
    pcm = sample(name)

    like = matcher.match(MatchRequest(language="en", samples=(pcm.tobytes(),)))

    wanted, made = listen([pcm]), listen([sample(like.voice)])
    assert made.pitch_hz == pytest.approx(wanted.pitch_hz, rel=0.06)
    assert cosine(wanted.envelope, made.envelope) > 0.9
    assert like.cosine > like.cosine_unmatched


def test_samples_that_tell_nothing_are_refused_by_number(speaker, matcher, sample):
    woman, man = sample("en-female"), sample("en-male")
    rng = np.random.default_rng(1)
    noisy = np.clip(woman + rng.normal(0, 3000, len(woman)), -32768, 32767).astype("<i2")
    for samples, reason in (
        ([woman[:RATE]], "at least"),
        ([woman, np.zeros(5 * RATE, "<i2")], "Sample 2 has no voice"),
        ([woman, noisy], "Sample 2 is too noisy"),
        ([np.clip(woman.astype(int) * 40, -32768, 32767).astype("<i2")], "clipped"),
        ([woman, man, woman], "Sample 2 sounds like somebody else"),
    ):
        with pytest.raises(UnfitSamples, match=reason):
            matcher.match(MatchRequest(language="en", samples=tuple(pcm.tobytes() for pcm in samples)))
    with pytest.raises(UnknownLanguage):
        matcher.match(MatchRequest(language="tlh", samples=(woman.tobytes(),)))
    for malformed in ((), (b"x",), (b"",) * 11):
        with pytest.raises(MalformedRequest):
            matcher.match(MatchRequest(language="en", samples=malformed))


async def test_a_worker_matches_voices_and_speaks_with_them(worker, sample):
    asked = {"language": "en", "samples": [sample("en-female~090-100-8888888").tobytes()], "gender": "female"}
    async with worker.client() as client:
        answer = await client.post("/voices/match", content=msgspec.msgpack.encode(asked), timeout=60)
        assert answer.status_code == 200, answer.text
        voice = answer.json()["voice"]
        said = await client.post("/speech", json={"text": "Hello.", "voice": voice}, timeout=60)
        assert said.status_code == 200, said.text
        unfit = await client.post(
            "/voices/match", content=msgspec.msgpack.encode({**asked, "samples": [bytes(64_000)]})
        )
        assert unfit.status_code == 400
        assert "no voice" in unfit.json()["detail"]
        assert (await client.post("/voices/match", content=b"x")).status_code == 400
