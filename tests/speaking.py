"""A real server that speaks OpenAI's protocol, also like recordings, with the voice of eSpeak NG."""

import asyncio
import base64
import contextlib
import functools
import io
import threading
import time
import wave
from collections.abc import Callable, Iterator
from typing import Any

import av
import msgspec
import numpy as np
import uvicorn

from worker.speech import SAMPLE_RATE, Espeak, Speaker

DEADLINE_S = 30


class SpeechServer:
    """`POST /v1/audio/speech`, which does what the test says."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.refusals: list[tuple[int, str]] = []  # the next answers
        self.sound: Callable[[dict[str, Any]], bytes] = encoded
        self.hold = threading.Event()  # wait for it after half of the sound
        self.hold.set()
        self.breaks = False  # after half of the sound

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body, more = b"", True
        while more:
            event = await receive()
            body, more = body + event["body"], event["more_body"]
        asked = msgspec.json.decode(body)
        self.requests.append(asked)
        self.keys.append(dict(scope["headers"]).get(b"authorization", b"").decode() or None)
        status, content = 200, b""
        if scope["path"] != "/v1/audio/speech":
            status = 404
        elif self.refusals:
            status, reason = self.refusals.pop(0)
            content = msgspec.json.encode({"error": {"message": reason}})
        else:
            content = self.sound(asked)
        headers = [(b"retry-after", b"0")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        half = len(content) // 2
        await send({"type": "http.response.body", "body": content[:half], "more_body": True})
        await asyncio.to_thread(self.hold.wait, DEADLINE_S)
        if self.breaks:
            raise ConnectionAbortedError
        await send({"type": "http.response.body", "body": content[half:]})


def encoded(asked: dict[str, Any], level: float = 0.1) -> bytes:
    """Say what is asked for, in the wanted format."""
    said = Espeak().utter(asked["input"], "en-us+f2")
    pcm = (said.pcm * level).astype(np.int16)
    if asked["response_format"] == "pcm":
        return pcm.tobytes()
    file = io.BytesIO()
    with av.open(file, "w", format=asked["response_format"]) as sound:
        codec = {"wav": "pcm_s16le"}.get(asked["response_format"], asked["response_format"])
        stream = sound.add_stream(codec, rate=said.sample_rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = said.sample_rate
        resampler = av.AudioResampler(stream.format, "mono", said.sample_rate, frame_size=1152)
        for resampled in [*resampler.resample(frame), *resampler.resample(None)]:
            sound.mux(stream.encode(resampled))
        sound.mux(stream.encode())
    return file.getvalue()


@contextlib.contextmanager
def speech_server() -> Iterator[SpeechServer]:
    app = SpeechServer()
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    try:
        wait_for(lambda: running.started)
        app.url = f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
        yield app
    finally:
        app.hold.set()
        running.should_exit = True
        thread.join(DEADLINE_S)


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


WORDS = "I have agreed that this voice speaks for you, and I say so in my own words."


@functools.cache
def recording(words: str = WORDS, voice: str = "en-male") -> bytes:
    """Somebody who says something: a WAV, at the worker's own rate."""
    speaker = Speaker()
    pcm = speaker.say(words, next(each for each in speaker.voices if each.name == voice))
    return wav_of(pcm.astype("<i2").tobytes(), SAMPLE_RATE)


def wav_of(pcm: bytes, rate: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(pcm)
    return file.getvalue()


def pcm_of(file: bytes) -> bytes:
    with wave.open(io.BytesIO(file), "rb") as reader:
        return reader.readframes(reader.getnframes())


def heard_as(asked: dict[str, Any]) -> tuple[bytes, str]:
    """The recording, s16le, and its words, that a request to the server brought."""
    head, _, data = asked["ref_audio"].partition(",")
    assert head == "data:audio/wav;base64"
    return pcm_of(base64.b64decode(data)), asked["ref_text"]
