"""Voices that an operator brings: a real server that speaks OpenAI's protocol, with the voice of eSpeak NG."""

import asyncio
import base64
import io
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from structlog.testing import capture_logs

from bench.loudness import loudness_lufs
from tests.speaking import DEADLINE_S, SpeechServer, encoded, speech_server, wait_for
from worker.encode import FPS
from worker.records import EndRecord
from worker.speech import SAMPLE_RATE, BadVoices, Speaker, SpokenPart, read_voices

TEXT = "The lamp shines on the table. Everyone reads a page."
ENDPOINT = """
[[voice]]
name = "bella"
language = "en"
gender = "female"
engine = "openai"
url = "{url}/v1/"
model = "tiny"
voice = "af_bella"
"""
# Without a comma, at which it would be spoken in two parts.
LONG = "This is one long sentence which takes its time and then some more so that a film of it can begin."


@pytest.fixture
def server() -> Iterator[SpeechServer]:
    with speech_server() as server:
        yield server


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


@pytest.fixture
def make_speaker(tmp_path: Path, server: SpeechServer, client: httpx.Client) -> Callable[..., Speaker]:
    def make(more: str = "pcm_rate = 22050", **env: str) -> Speaker:
        path = write(tmp_path, ENDPOINT.format(url=server.url) + more)
        return Speaker(read_voices(path, client=client, env=env).voices)

    return make


def write(folder: Path, content: str) -> Path:
    path = folder / "voices.toml"
    path.write_text(content)
    return path


def speak(speaker: Speaker, text: str = TEXT, **wish: Any) -> list[SpokenPart]:
    choice = {"language": "en", "voice": None, "gender": "female", "elderly": False, **wish}
    return list(speaker.speak(text, speaker.choose(text=text, **choice)))


def whole(parts: list[SpokenPart]) -> np.ndarray:
    return np.concatenate([part.pcm for part in parts])


def test_an_endpoint_is_asked_for_each_sentence_with_what_the_file_says(server, make_speaker):
    speak(make_speaker('speed = 1.25\nresponse_format = "wav"\napi_key_env = "KEY"', KEY="secret"))

    usual = {"model": "tiny", "voice": "af_bella", "response_format": "wav", "speed": 1.25}
    sentences = ["The lamp shines on the table.", "Everyone reads a page."]
    assert [{**usual, "input": sentence} for sentence in sentences] == server.requests
    assert server.keys == ["Bearer secret"] * 2


def test_an_endpoint_of_zero_shot_voices_is_sent_the_recording_with_each_sentence(server, client, tmp_path):
    recording = encoded({"input": LONG, "response_format": "mp3"})
    (tmp_path / "ann.mp3").write_bytes(recording)
    entry = ENDPOINT.format(url=server.url).replace('voice = "af_bella"', 'sample = "ann.mp3"')
    agreed = entry + f'sample_words = "{LONG}"\nconsent = "Ann, by letter"\npcm_rate = 22050\n'

    speak(Speaker(read_voices(write(tmp_path, agreed), client=client, env={}).voices))

    assert [asked["ref_text"] for asked in server.requests] == [LONG] * 2
    assert "voice" not in server.requests[0]
    sent = base64.b64decode(server.requests[1]["ref_audio"].removeprefix("data:audio/wav;base64,"))
    with wave.open(io.BytesIO(sent)) as sound:
        assert (sound.getframerate(), sound.getnchannels()) == (SAMPLE_RATE, 1)
        assert 4 < sound.getnframes() / SAMPLE_RATE < 9


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ('sample = "ann.mp3"', "consent"),
        ('sample = "nobody.mp3"\nconsent = "yes"', "nobody.mp3 cannot be read"),
        ('sample = "short.wav"\nconsent = "yes"', "lasts 1.0 s"),
        ("", "needs a `voice`"),
    ],
)
def test_a_sample_that_does_not_do_is_refused_at_the_start(tmp_path, client, more, reason):
    with wave.open(str(tmp_path / "short.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    entry = ENDPOINT.format(url="http://127.0.0.1:1").replace('voice = "af_bella"', more)

    with pytest.raises(BadVoices, match=reason):
        read_voices(write(tmp_path, entry), client=client, env={})


@pytest.mark.parametrize("wanted", ["pcm", "wav", "flac", "mp3"])
def test_what_an_endpoint_sends_is_as_loud_and_long_as_speech_of_ours_in_any_format(make_speaker, wanted):
    speaker = make_speaker(f'pcm_rate = 22050\nresponse_format = "{wanted}"')

    parts = speak(speaker)

    assert len(TEXT) == parts[-1].spoken
    ours = whole(
        list(
            speaker.speak(
                TEXT, speaker.choose(voice="en-female", language=None, text=TEXT, gender="", elderly=False)
            )
        )
    )
    assert (
        abs(loudness_lufs(whole(parts) / 32768, SAMPLE_RATE) - loudness_lufs(ours / 32768, SAMPLE_RATE)) < 2
    )
    assert 0.8 < len(whole(parts)) / len(ours) < 1.25


def test_a_wav_is_understood_where_raw_samples_were_asked_for(server, make_speaker):
    server.sound = lambda asked: encoded({**asked, "response_format": "wav"})

    assert 3 < len(whole(speak(make_speaker()))) / SAMPLE_RATE < 6


def test_the_first_words_are_there_while_the_endpoint_still_speaks(server, make_speaker):
    server.hold.clear()
    speaker, text = make_speaker(), f"{LONG} And more."
    voice = speaker.choose(voice="bella", language=None, text=text, gender="female", elderly=False)
    parts = speaker.speak(text, voice)

    first = next(parts)

    assert first.spoken == 0  # the sentence goes on
    assert len(first.pcm) > 0.5 * SAMPLE_RATE
    server.hold.set()
    rest = [part.spoken for part in parts]
    assert {0, len(LONG) + 1, len(text)} == set(rest)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_endpoint_that_is_busy_is_asked_again(server, make_speaker, status):
    server.refusals = [(status, "later")]

    speak(make_speaker(), "Hello.")

    assert [asked["input"] for asked in server.requests] == ["Hello."] * 2


def test_a_voice_that_refuses_is_stood_in_for_to_the_end_and_the_log_says_why(server, make_speaker):
    server.refusals = [(401, "Incorrect API key.")]
    speaker = make_speaker()

    with capture_logs() as logs:
        parts = speak(speaker)

    assert len(server.requests) == 1
    ours = speak(speaker, voice="en-female")
    assert np.array_equal(whole(ours), whole(parts))
    assert [("bella", f"{server.url}/v1/audio/speech: HTTP 401, Incorrect API key.")] == [
        (entry["voice"], entry["reason"]) for entry in logs
    ]


def test_a_voice_whose_server_is_away_is_stood_in_for(server, make_speaker):
    speaker = make_speaker()
    server.refusals = [(503, "x")] * 2

    assert len(TEXT) == speak(speaker)[-1].spoken


def test_no_log_has_what_the_buyer_wrote(server, make_speaker):
    server.refusals = [(400, f"Cannot say {TEXT.split('. ', maxsplit=1)[0]}.")]

    with capture_logs() as logs:
        speak(make_speaker())

    assert "lamp" not in str(logs)


def test_a_sentence_that_breaks_off_is_said_again_by_the_next_best_voice(server, make_speaker):
    server.breaks = True
    speaker = make_speaker()

    with capture_logs() as logs:
        parts = speak(speaker, f"{LONG} And more.")

    ours = speak(speaker, f"{LONG} And more.", voice="en-female")
    broken = [part for part in parts if part.spoken == 0]
    assert sum(len(part.pcm) for part in broken) > SAMPLE_RATE
    assert np.array_equal(whole(ours), whole(parts[len(broken) :]))
    assert [part.spoken for part in ours] == [part.spoken for part in parts[len(broken) :]]
    assert len(server.requests) == 1
    assert "audio/speech" in logs[0]["reason"]


def test_a_voice_that_does_not_stop_is_stopped_and_stood_in_for(server, make_speaker):
    server.sound = lambda asked: encoded(asked) * 60
    text = "Hello everyone, this is a sentence."

    with capture_logs() as logs:
        parts = speak(make_speaker(), text)

    assert parts[-1].spoken == len(text)
    assert "more than 60 s" in logs[0]["reason"]


@pytest.mark.parametrize("answer", [b"", b"\0" * 40_000, b"x"])
def test_an_endpoint_that_says_nothing_is_stood_in_for(server, make_speaker, answer):
    server.sound = lambda asked: answer
    speaker = make_speaker()

    assert np.array_equal(whole(speak(speaker, voice="en-female")), whole(speak(speaker)))


def test_an_answer_that_is_no_sound_is_stood_in_for(server, make_speaker):
    server.sound = lambda asked: b"<html>" + bytes(range(256)) * 100
    speaker = make_speaker('response_format = "wav"')

    with capture_logs() as logs:
        parts = speak(speaker)

    assert np.array_equal(whole(speak(speaker, voice="en-female")), whole(parts))
    assert "no sound" in logs[0]["reason"]


def test_words_of_another_script_go_to_a_voice_that_can_unless_the_voice_reads_all(server, make_speaker):
    speak(make_speaker(), "I love 東京 today.")
    speak(make_speaker("multilingual = true"), "I love 東京 today.")

    asked = [request["input"] for request in server.requests]
    assert [words.strip() for words in asked] == ["I love", "today.", "I love 東京 today."]


def test_an_own_voice_goes_before_ours_for_its_language_and_gender(make_speaker):
    speaker = make_speaker()

    def chosen(**wish: Any) -> str:
        return speaker.choose(**{"language": "en", "voice": None, "text": "", "elderly": False, **wish}).name

    assert "bella" == chosen(gender="female") == chosen(gender="female", elderly=True)
    assert chosen(gender="male") == "en-male"
    assert chosen(gender="female", voice="en-female") == "en-female"
    assert chosen(gender="female", language="de") == "de-female"
    assert speaker.voices[0].name == "bella"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("engine", "motor"), "engine"),
        (('"openai"', '"oracle"'), "oracle"),
        (('"en"', '"xx"'), "language"),
        (('"female"', '"robot"'), "robot"),
        (("http:", "ftp:"), "url"),
        (("model", "speed = 9\nmodel"), "speed"),
        (("model", 'api_key_env = "NO_KEY"\nmodel'), "NO_KEY"),
        (("[[voice]]", "[[voice"), "voices.toml"),
        (('"bella"', '"en-male"'), "en-male"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_with_the_reason(tmp_path, client, change, complaint):
    path = write(tmp_path, ENDPOINT.format(url="http://127.0.0.1:1").replace(change[0], change[1], 1))

    with pytest.raises(BadVoices, match=complaint):
        Speaker(read_voices(path, client=client, env={}).voices)


def test_a_worker_with_a_bad_file_of_voices_does_not_start(start_worker, tmp_path):
    worker = start_worker("--voices", str(tmp_path / "none.toml"), ready=False)

    assert worker.process.wait(DEADLINE_S) == 1
    worker.stop()
    assert "none.toml" in "".join(worker.log)


async def test_a_worker_offers_an_own_voice_and_films_no_word_before_it_tells_the_speech(
    server, start_worker, tmp_path
):
    path = write(tmp_path, ENDPOINT.format(url=server.url) + "pcm_rate = 22050")
    worker = start_worker("--voices", str(path))
    async with worker.client() as client:
        voices = (await client.get("/voices")).json()

    kinds, told, filmed = [], 0, 0
    async with worker.render(text=LONG, language="en") as records:
        async for record in records:
            kinds.append(type(record).__name__)
            if kinds[-1] == "SegmentRecord":
                filmed += record.frames * SAMPLE_RATE // FPS
                assert filmed <= told  # else who resumes the video would not have the speech that it shows
            if kinds[-1] == "SpeechRecord":
                said = record
                told += len(record.pcm) // 2

    assert voices[0] == {
        "name": "bella",
        "language": "en",
        "gender": "female",
        "engine": "openai",
        "accent": "native",
    }
    assert kinds[:3] == ["SpeechRecord", "InitRecord", "SegmentRecord"]
    assert [kind for kind in kinds if kind == "SpeechRecord"] == ["SpeechRecord"]
    assert (said.voice, said.spoken, said.first_sample, said.last) == ("bella", len(LONG), 0, True)
    assert 4 < len(said.pcm) / 2 / SAMPLE_RATE < 10


async def test_six_voices_that_do_not_answer_hold_up_nobody_else(server, start_worker, tmp_path):
    path = write(tmp_path, ENDPOINT.format(url=server.url) + "pcm_rate = 22050")
    worker = start_worker("--voices", str(path), "--max-renders", "8")
    asked = len(server.requests)
    server.hold.clear()

    slow = [asyncio.create_task(worker.records(text="Hello.", language="en")) for _ in range(6)]
    try:
        await asyncio.to_thread(wait_for, lambda: len(server.requests) == asked + 6)
        records = await worker.records(text="Guten Tag.", language="de")
        assert not any(render.done() for render in slow)
    finally:
        server.hold.set()
    assert isinstance(records[-1], EndRecord)
    assert all(isinstance(said[-1], EndRecord) for said in await asyncio.gather(*slow))
