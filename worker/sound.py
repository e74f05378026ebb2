"""Speech as files, and files as speech: for whoever wants to hear a text, or has a recording in another form."""

import io
from collections.abc import Iterator
from typing import Annotated, Literal

import av
import msgspec
import numpy as np

from worker.encode import audio_frame
from worker.errors import Unrenderable
from worker.speech import SAMPLE_RATE, Pcm, SpeechError
from worker.speech.port import Speech
from worker.stage import FASTEST, SLOWEST

HEARD_RATE = 16_000
"""Rate of recordings in orders, in hertz."""

MAX_FILE_BYTES = 64 << 20
"""Of a file that is decoded, which is held in memory."""

_BIT_RATE = 64_000
_MP3_SAMPLES = 1152
_FORMATS = ("wav", "mp3", "ogg", "mov", "matroska")
"""Of FFmpeg's, what may be opened: none of them names another file."""


class SpeechRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A text to be heard.

    Attributes:
        voice: None lets language, gender and age decide.
        form: of the file.
        speed: of the voice; 1 is its own.
    """

    text: str
    language: str | None = None
    voice: str | None = None
    gender: str = "female"
    elderly: bool = False
    form: Literal["mp3", "wav"] = "mp3"
    speed: Annotated[float, msgspec.Meta(ge=SLOWEST, le=FASTEST)] = 1.0


class BadSound(SpeechError):
    """A file that has no sound that can be heard."""


class TooLong(Unrenderable):
    """A file lasts longer than is wanted."""

    def __init__(self, most_s: int) -> None:
        super().__init__(f"The recording is too long: at most {most_s} s are taken.")


def say(speech: Speech, wanted: SpeechRequest) -> tuple[bytes, int]:
    """Speak a text; the file, and its length in samples at `SAMPLE_RATE`.

    Raises:
        SpeechError: it cannot be spoken as it is wished.
    """
    voice = speech.choose(
        language=wanted.language,
        voice=wanted.voice,
        text=wanted.text,
        gender=wanted.gender,
        elderly=wanted.elderly,
    )
    pcm = np.concatenate([part.pcm for part in speech.speak(wanted.text, voice, speed=wanted.speed)])
    sink = io.BytesIO()
    with av.open(sink, "w", format=wanted.form) as file:
        stream = file.add_stream(
            "libmp3lame" if wanted.form == "mp3" else "pcm_s16le", rate=SAMPLE_RATE, layout="mono"
        )
        if wanted.form == "mp3":
            stream.bit_rate = _BIT_RATE
        for start in range(0, len(pcm), _MP3_SAMPLES):
            file.mux(stream.encode(audio_frame(pcm[start : start + _MP3_SAMPLES], start, SAMPLE_RATE)))
        file.mux(stream.encode(None))
    return sink.getvalue(), len(pcm)


def heard(content: bytes, *, most_s: int, rate: int = HEARD_RATE) -> bytes:
    """Decode the sound of a file: s16le, mono.

    Args:
        content: the file; WAV, MP3, Ogg, MP4 or WebM.
        most_s: seconds that it may last.
        rate: of what is returned, in hertz.

    Raises:
        BadSound: it has none, or cannot be read.
        TooLong: it lasts longer.
    """
    pcm, most = bytearray(), most_s * rate * 2
    for part in _decoded(content, rate):
        pcm += part.astype("<i2").tobytes()
        if len(pcm) > most:
            raise TooLong(most_s)
    if not pcm:
        raise BadSound("There is no sound in this file.")
    return bytes(pcm)


def _decoded(content: bytes, rate: int) -> Iterator[Pcm]:
    try:
        options = {"format_whitelist": ",".join((*_FORMATS, "mp4", "m4a", "webm"))}
        with av.open(io.BytesIO(content), "r", options=options) as file:
            if not file.streams.audio:
                raise BadSound("There is no sound in this file.")
            resampler = av.AudioResampler("s16", "mono", rate)
            for frame in file.decode(file.streams.audio[0]):
                for part in resampler.resample(frame):
                    yield np.asarray(part.to_ndarray()[0], np.int16)
            for part in resampler.resample(None):
                yield np.asarray(part.to_ndarray()[0], np.int16)
    except (av.FFmpegError, ValueError) as exc:
        raise BadSound("This file cannot be read as a recording.") from exc
