"""Voices of accounts: a recording that was lent, spoken like by a real server; no other voice speaks in its place."""

import os
import time

import httpx
import msgspec
import numpy as np
import pytest

from tests.speaking import WORDS, heard_as, pcm_of, recording, speech_server, wav_of
from tests.worker import test_lent as avatars
from tests.worker.conftest import WorkerProcess, write_avatar
from tests.worker.test_front import front_of
from tests.worker.test_sherpa_voices import TINY, tone
from worker.cloning import Cloned
from worker.lent_voices import KEPT_UNUSED_S, LentVoices
from worker.live import records as live
from worker.records import EndRecord, InitRecord, SpeechRecord
from worker.speech import SAMPLE_RATE, BadVoices, Speaker, SynthesisFailed, VoiceMissing, read_voices
from worker.speech.clones import Clones, Template, VoicePack, read_voice_pack, template_of
from worker.speech.reference import Reference
from worker.speech.sherpa import SherpaModel, SherpaVoice

NAME = "own_0123456789abcdef01234567"
TEMPLATE = """
[[voice]]
name = "anybody"
language = ["en", "de"]
engine = "openai"
url = "{url}/v1"
model = "zero-shot"
pcm_rate = 22050
template = true
"""


@pytest.fixture(scope="module")
def standing_server():
    with speech_server() as server:
        yield server


@pytest.fixture
def server(standing_server):
    """The server, as it should be."""
    standing_server.requests.clear()
    standing_server.refusals.clear()
    standing_server.breaks = False
    return standing_server


@pytest.fixture(scope="module")
def voices(standing_server, tmp_path_factory):
    path = tmp_path_factory.mktemp("voices") / "voices.toml"
    path.write_text(TEMPLATE.format(url=standing_server.url))
    return path


@pytest.fixture(scope="module")
def cloning(voices, tmp_path_factory, assets):
    """A worker that has a template."""
    worker = WorkerProcess(assets, "--voices", str(voices), "--cache", str(tmp_path_factory.mktemp("cache")))
    yield worker
    worker.stop()


def clone(worker, **changes):
    wish = {"language": "en", "samples": [recording()], "words": [WORDS], "gender": None, "trial": False}
    content = msgspec.msgpack.encode({**wish, **changes})
    return httpx.post(f"{worker.url}/voices/clone", content=content, timeout=60)


def made(answer):
    assert answer.status_code == 200, answer.text
    return msgspec.msgpack.decode(answer.content, type=Cloned)


@pytest.fixture
def lent(cloning):
    """The voice of a recording, which the worker was lent."""
    pack = made(clone(cloning)).pack
    assert httpx.put(f"{cloning.url}/voices/{NAME}", content=pack).status_code == 204
    return read_voice_pack(pack)


def test_a_template_is_told_of_and_is_no_voice_by_itself(cloning, worker):
    health = [httpx.get(f"{each.url}/health").json() for each in (cloning, worker)]

    assert [each["clones"] for each in health] == [["de", "en"], []]
    assert "anybody" not in httpx.get(f"{cloning.url}/voices").text


def test_a_voice_is_made_of_samples_and_tried(cloning, server):
    voice = made(clone(cloning, trial=True))

    pack = read_voice_pack(voice.pack)
    assert (pack.template, pack.language, pack.gender, pack.words) == ("anybody", "en", "male", WORDS)
    assert pack.pcm == pcm_of(recording())
    [request] = server.requests
    assert heard_as(request) == (pack.pcm, WORDS)
    assert (voice.template, voice.gender) == ("anybody", "male")
    assert voice.seconds == pytest.approx(len(pack.pcm) / 2 / SAMPLE_RATE, abs=0.06)
    assert 90 < voice.pitch_hz < 150
    assert voice.similarity is not None
    assert -1 <= voice.similarity <= 1


def test_several_samples_follow_each_other_and_so_do_their_words(cloning):
    second = "A second sentence says more."
    wish = {"samples": [recording(), recording(second)], "words": [WORDS, f"  {second}\n"]}

    pack = read_voice_pack(made(clone(cloning, **wish)).pack)

    pause = bytes(2 * round(0.3 * SAMPLE_RATE))
    assert pack.words == f"{WORDS} {second}"
    assert pack.pcm == pcm_of(recording()) + pause + pcm_of(recording(second))


def noise(seconds=4.0, level=0.1):
    rng = np.random.default_rng(1)
    return wav_of((rng.normal(0, level, round(seconds * 16_000)) * 32767).astype("<i2").tobytes(), 16_000)


def hum():
    """Voiced, loud and soft, and nobody's voice."""
    t = np.arange(4 * 16_000) / 16_000
    tone = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 20))
    return wav_of((4000 * tone * (t % 1 < 0.8)).astype("<i2").tobytes(), 16_000)


OTHER = "Guten Tag. Ich bin einverstanden, dass diese Stimme spricht."

LOUD = np.clip(12.0 * np.frombuffer(pcm_of(recording()), "<i2"), -32768, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        ({"samples": [recording("Hello.")], "words": ["Hello."]}, "last"),
        ({"samples": [recording()] * 8, "words": [WORDS] * 8}, "together"),
        ({"samples": [wav_of(bytes(4 * 32_000), 16_000)]}, "no voice"),
        ({"samples": [noise()]}, "Sample 1"),
        ({"samples": [hum()]}, "Sample 1"),
        ({"samples": [wav_of(LOUD, SAMPLE_RATE)]}, "clipped"),
        ({"samples": [b"<html>"]}, "cannot be read"),
        ({"samples": [wav_of(bytes(2 * 16_000 * 31), 16_000)]}, "too long"),
        ({"words": ["Yes."]}, "words of sample 1 do not fit"),
        ({"words": [WORDS * 4]}, "words of sample 1 do not fit"),
        ({"words": ["..."]}, "words of sample 1 do not fit"),
        ({"words": []}, "words of each"),
        ({"samples": [], "words": []}, "1 to 10"),
        (
            {
                "samples": [recording(), recording(), recording(OTHER, "de-female")],
                "words": [WORDS, WORDS, OTHER],
            },
            "somebody else",
        ),
    ],
)
def test_what_no_voice_can_be_made_of_is_refused_with_the_reason(cloning, server, wish, reason):
    refused = clone(cloning, **wish)

    assert (refused.status_code, reason in refused.json()["detail"]) == (400, True), refused.text
    assert server.requests == []


def test_who_has_no_template_says_what_to_set_and_takes_no_voice(cloning, worker, lent):
    refused = [clone(worker), clone(cloning, language="ja", words=["あ"])]
    put = httpx.put(f"{worker.url}/voices/{NAME}", content=msgspec.msgpack.encode(lent))

    assert [answer.status_code for answer in (*refused, put)] == [501] * 3
    assert "SATSPEAK_WORKER_VOICES" in refused[0].json()["detail"]
    assert httpx.get(f"{worker.url}/voices/{NAME}").status_code == 404
    assert httpx.get(f"{cloning.url}/voices/{NAME}").status_code == 204


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        (NAME, b"", 400),
        (NAME, b"\xff" * ((4 << 20) + 1), 400),
        ("own_x", None, 400),
        ("ann", None, 400),
        (NAME, {"template": "another"}, 501),
        (NAME, {"language": "fr"}, 501),
        (NAME, {"pcm": b"\0\0"}, 400),
        (NAME, {"pcm": b"\0" * 100_001}, 400),
    ],
)
def test_what_is_no_voice_of_an_account_is_not_taken(cloning, lent, name, content, status):
    if not isinstance(content, bytes):
        content = msgspec.msgpack.encode(msgspec.structs.replace(lent, **(content or {})))

    assert httpx.put(f"{cloning.url}/voices/{name}", content=content).status_code == status


async def test_a_render_is_spoken_like_the_recording(cloning, server, lent):
    text = "A film is spoken. Слово is not for another voice."
    async with cloning.render(
        avatar="ann", emotion="neutral", sample_rate=SAMPLE_RATE, text=text, language="en", voice=NAME
    ) as records:
        told = [record async for record in records]

    assert isinstance(told[-1], EndRecord)
    voices = {record.voice for record in told if isinstance(record, SpeechRecord | InitRecord)}
    assert voices == {NAME}
    assert {heard_as(request) for request in server.requests} == {(lent.pcm, WORDS)}
    assert " ".join(request["input"] for request in server.requests) == text


async def test_what_was_begun_elsewhere_goes_on_with_the_same_voice(cloning, server, lent):
    said = recording("A film is spoken.")
    pcm = pcm_of(said)
    pcm += bytes(-len(pcm) % 1920)
    async with cloning.render(
        pcm,
        avatar="ann",
        emotion="neutral",
        sample_rate=SAMPLE_RATE,
        text="A film is spoken. And goes on.",
        spoken=18,
        language="en",
        voice=NAME,
    ) as records:
        async for _ in records:
            pass

    assert [request["input"] for request in server.requests] == ["And goes on."]
    assert heard_as(server.requests[0]) == (lent.pcm, WORDS)


async def test_a_voice_that_was_not_lent_is_missed_and_never_replaced(cloning, server):
    missing = "own_" + "f" * 24
    async with cloning.client() as client:
        body = {"text": "Hello there.", "language": "en", "voice": missing, "form": "wav"}
        heard = await client.post("/speech", json=body)
    with pytest.raises(httpx.HTTPStatusError) as error:
        await cloning.records(sample_rate=SAMPLE_RATE, text="Hello.", voice=missing)
    async with cloning.live(voice=missing) as one:
        problem = await one.next()

    assert heard.status_code == 409
    assert error.value.response.status_code == 409
    assert (type(problem), problem.status) == (live.Problem, 409)
    assert server.requests == []


async def test_an_endpoint_that_fails_ends_the_render_and_nobody_speaks_for_it(cloning, server, lent):
    server.refusals = [(422, "no such reference")]
    with pytest.raises(httpx.HTTPError):
        await cloning.records(sample_rate=SAMPLE_RATE, text="Hello there.", voice=NAME)

    assert len(server.requests) == 1


def test_a_live_voice_and_speech_are_the_accounts(cloning, server, lent):
    body = {"text": "Hello there.", "language": "en", "voice": NAME, "form": "wav"}

    heard = httpx.post(f"{cloning.url}/speech", json=body, timeout=60)

    assert heard.status_code == 200, heard.text
    assert [heard_as(request) for request in server.requests] == [(lent.pcm, WORDS)]
    other = httpx.post(f"{cloning.url}/speech", json={**body, "language": "de"}, timeout=60)
    assert (other.status_code, "does not speak" in other.text) == (400, True)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ('gender = "male"', "no `sample`, `gender`"),
        ('sample = "a.wav"\nconsent = "x"', "no `sample`, `gender`"),
        ("template = false", "needs a `gender`"),
    ],
)
def test_an_entry_that_is_neither_voice_nor_template_is_refused(tmp_path, change, reason):
    entry = TEMPLATE.format(url="http://127.0.0.1:1").replace('["en", "de"]', '"en"')
    path = tmp_path / "voices.toml"
    path.write_text(
        entry.replace("template = true", change) if "template" in change else f"{entry}{change}\n"
    )

    with httpx.Client() as client, pytest.raises(BadVoices, match=reason):
        read_voices(path, client=client, env={})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (TEMPLATE.replace("template = true", 'gender = "male"'), "several languages"),
        (TEMPLATE + TEMPLATE, "two templates are named 'anybody'"),
        (TEMPLATE.replace('["en", "de"]', "[]"), "length"),
        (TEMPLATE.replace('"de"]', '"xx"]'), "regex"),
    ],
)
def test_a_template_says_what_it_speaks_and_has_a_name_of_its_own(tmp_path, text, reason):
    path = tmp_path / "voices.toml"
    path.write_text(text.format(url="http://127.0.0.1:1"))

    with httpx.Client() as client, pytest.raises(BadVoices, match=reason):
        read_voices(path, client=client, env={})


def test_a_folder_of_sherpa_onnx_is_a_template_where_its_model_takes_a_recording(tmp_path, monkeypatch):
    path = tmp_path / "voices.toml"
    path.write_text(
        f'[[voice]]\nname = "any"\nlanguage = "en"\nengine = "sherpa-onnx"\nfolder = "{TINY}"\ntemplate = true\n'
    )
    with httpx.Client() as client:
        with pytest.raises(BadVoices, match=r"\(vits\) is no template"):
            read_voices(path, client=client, env={})
        loaded = SherpaModel.__init__

        def as_zipvoice(model, *args, **kwargs):
            loaded(model, *args, **kwargs)
            model.kind = "zipvoice"  # its call is the same; the tiny one overhears the recording

        monkeypatch.setattr(SherpaModel, "__init__", as_zipvoice)
        [template] = read_voices(path, client=client, env={}).templates
    pack = VoicePack(
        template="any", language="en", gender="male", words="two", pcm=bytes(2 * 3 * SAMPLE_RATE)
    )
    speaker = Speaker(clones=Clones([template], {NAME: pack}.get))

    chosen = speaker.choose(language="en", voice=NAME, text="two two", gender="female", elderly=False)
    said = np.concatenate([part.pcm for part in speaker.speak("two two", chosen)])

    assert (chosen.gender, chosen.engine) == ("male", "sherpa-onnx")
    assert isinstance(template.like(pack.reference), SherpaVoice)
    assert abs(tone(said) - 200) < 3


class Silent:
    """An engine that has nothing to say."""

    def utter(self, text, *, speed=1.0):
        raise SynthesisFailed("It is away.")
        yield


def test_no_voice_of_ours_speaks_for_one_that_fails_or_was_taken_back():
    lent = {
        NAME: VoicePack(
            template="any", language="en", gender="male", words="two", pcm=bytes(2 * 3 * SAMPLE_RATE)
        )
    }
    template = Template(name="any", languages=("en",), engine="test", like=lambda _reference: Silent())
    speaker = Speaker(clones=Clones([template], lent.get))
    voice = speaker.choose(language=None, voice=NAME, text="", gender="female", elderly=False)

    with pytest.raises(SynthesisFailed, match="away"):
        next(speaker.speak("Hello there.", voice))
    lent.clear()
    with pytest.raises(VoiceMissing):
        next(speaker.speak("Hello there.", voice))
    with pytest.raises(VoiceMissing):
        speaker.choose(language=None, voice=NAME, text="", gender="female", elderly=False)


def test_a_recording_that_nobody_speaks_with_is_forgotten_after_a_day(tmp_path):
    pack = VoicePack(
        template="any", language="en", gender="male", words="two", pcm=bytes(2 * 3 * SAMPLE_RATE)
    )
    templates = [Template(name="any", languages=("en",), engine="test", like=lambda _reference: Silent())]
    kept = LentVoices(
        tmp_path / "lent", limit_bytes=1 << 20, speaks=lambda pack: template_of(templates, pack) is not None
    )
    names = [f"own_{digit * 24}" for digit in "ab"]
    for name in names:
        kept.keep(name, msgspec.msgpack.encode(pack))
    long_ago = time.time() - KEPT_UNUSED_S - 1
    os.utime(tmp_path / "lent" / names[0], (long_ago, long_ago))

    kept.forget_unused()

    assert [kept.find(name) == pack for name in names] == [False, True]
    assert [file.name for file in (tmp_path / "lent").iterdir()] == names[1:]
    templates.clear()
    assert kept.find(names[1]) is None
    assert isinstance(pack.reference, Reference)


async def test_behind_a_front_whoever_has_the_template_speaks_what_was_lent_to_it(
    cloning, worker, server, tmp_path
):
    pack = made(clone(cloning)).pack
    name = "own_" + "c" * 24
    write_avatar(tmp_path / avatars.NAME, avatars.NAME, {"neutral": "pingpong"})
    # Whoever is asked first has no template: the one with it has had more to do.
    async with front_of(tmp_path, worker, cloning) as front, front.client() as client:
        assert (await front.health())["clones"] == ["de", "en"]
        assert (await client.get(f"/voices/{name}")).status_code == 404
        assert (await client.put(f"/voices/{name}", content=pack)).status_code == 204
        assert (await client.put(f"/voices/{name}", content=b"nothing")).status_code == 400
        assert (await client.get(f"/voices/{name}")).status_code == 204
        packed = avatars.packed(tmp_path / avatars.NAME)
        assert (await client.put(f"/avatars/{avatars.NAME}", content=packed)).status_code == 204

        for _ in range(2):
            told = await front.records(
                sample_rate=SAMPLE_RATE, text="Hello there.", voice=name, avatar=avatars.NAME
            )
            assert isinstance(told[-1], EndRecord)
        body = {"text": "Hello there.", "language": "en", "voice": name, "form": "wav"}
        heard = await client.post("/speech", json=body)
        async with front.live(voice=name, avatar=avatars.NAME) as session:
            assert isinstance(await session.next(), live.Init)
            await session.say("1", "Hello live.")
            await session.end()
        made_there = await client.post(
            "/voices/clone",
            content=msgspec.msgpack.encode({"language": "en", "samples": [recording()], "words": [WORDS]}),
        )

    assert heard.status_code == 200, heard.text
    assert made_there.status_code == 200, made_there.text
    assert len(server.requests) == 4
    assert {heard_as(request) for request in server.requests} == {(pcm_of(recording()), WORDS)}
