"""A few seconds of each voice, for whoever is choosing one: spoken once, and kept.

What comes with the worker sounds the same after each start, so its samples are kept in a folder; those of voices that
the operator brought only while this worker runs, since another start may put another sound behind the same name.
"""

import contextlib
import hashlib
import io
import os
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import av
import structlog

from worker.encode import AAC_SAMPLES, audio_frame
from worker.speech import SAMPLE_RATE, OwnVoice, Pcm, UnknownVoice, Voice

log = structlog.get_logger()

SENTENCES = {
    "ar": "مرحبًا. هكذا يبدو صوتي عندما أحكي شيئًا.",
    "cs": "Dobrý den. Takhle zní můj hlas, když něco vyprávím.",
    "de": "Hallo. So klinge ich, wenn ich etwas erzähle.",
    "en": "Hello. This is how I sound when I tell you something.",
    "es": "Hola. Así suena mi voz cuando cuento algo.",
    "fr": "Bonjour. Voici ma voix quand je raconte quelque chose.",
    "hi": "नमस्ते। मेरी आवाज़ ऐसी सुनाई देती है।",
    "hu": "Jó napot! Így szól a hangom, amikor mesélek valamit.",
    "it": "Ciao. Ecco la mia voce quando racconto qualcosa.",
    "ja": "こんにちは。わたしの声は、こんなふうに聞こえます。",
    "ko": "안녕하세요. 제 목소리는 이렇게 들립니다.",
    "nl": "Hallo. Zo klink ik als ik iets vertel.",
    "pl": "Dzień dobry. Tak brzmi mój głos, kiedy coś opowiadam.",
    "pt": "Olá. Esta é a minha voz quando conto alguma coisa.",
    "ru": "Здравствуйте. Так звучит мой голос, когда я что-нибудь рассказываю.",
    "tr": "Merhaba. Bir şey anlatırken sesim böyle duyulur.",  # noqa: RUF001 - Turkish has that letter
    "zh": "你好。我说话的声音就是这样的。",
}
"""What each voice says, in its language: short, and nothing that one gender says otherwise."""

_KIND = "voice-sample-1"  # counted up whenever voices or the encoding change
_BIT_RATE = 48_000
_INDEX_BYTES = 4_096


class Voices(Protocol):
    """Who speaks; see `worker.speech.Speaker`."""

    voices: Sequence[Voice]

    def say(self, text: str, voice: Voice) -> Pcm:
        """Say a text with this voice and no other; raises SynthesisFailed."""
        ...


class Samples:
    """The samples of all voices.

    A class since they are made one at a time, and kept. Safe to use from several threads.

    Args:
        speech: who speaks.
        folder: where they are kept; made if it is missing, and done without where nothing can be written.
        own: voices whose samples are not kept there.
    """

    def __init__(self, speech: Voices, folder: Path, own: Sequence[OwnVoice] = ()) -> None:
        self._speech = speech
        self._folder = folder
        self._own = {brought.voice.name for brought in own}
        self._kept: dict[str, bytes] = {}
        self._one_at_a_time = threading.Lock()  # renders that were paid for come first

    def get(self, name: str) -> bytes:
        """Return an M4A (AAC, mono) of a voice.

        Raises:
            UnknownVoice: there is none of that name.
            SynthesisFailed: it does not speak now.
        """
        voice = next((voice for voice in self._speech.voices if voice.name == name), None)
        if voice is None:
            raise UnknownVoice(name)
        with self._one_at_a_time:
            if name not in self._kept:
                file = None if name in self._own else self._file(voice)
                self._kept[name] = _read(file) or self._make(voice, file)
            return self._kept[name]

    def _file(self, voice: Voice) -> Path:
        """Name the file of a voice by all that makes it what it is."""
        told = "\0".join((_KIND, voice.name, voice.engine, SENTENCES[voice.language]))
        return self._folder / f"{_KIND}-{hashlib.sha256(told.encode()).hexdigest()[:24]}.m4a"

    def _make(self, voice: Voice, file: Path | None) -> bytes:
        made = _m4a(self._speech.say(SENTENCES[voice.language], voice))
        if file is not None:
            try:
                _write(file, made)
            except OSError as exc:
                log.warning("samples of voices cannot be kept", folder=str(file.parent), reason=str(exc))
        return made


def _read(file: Path | None) -> bytes | None:
    if file is not None:
        with contextlib.suppress(OSError):
            return file.read_bytes() or None
    return None


def _write(file: Path, content: bytes) -> None:
    """Write all of a file or nothing: other workers may read it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "wb") as writer:
        writer.write(content)
    Path(name).replace(file)


def _m4a(pcm: Pcm) -> bytes:
    sink = io.BytesIO()
    # Its index comes first, in room that is left for it, so that it plays from its first bytes on.
    with av.open(sink, "w", format="ipod", options={"moov_size": str(_INDEX_BYTES)}) as file:
        stream = file.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        stream.bit_rate = _BIT_RATE
        for start in range(0, len(pcm), AAC_SAMPLES):
            file.mux(stream.encode(audio_frame(pcm[start : start + AAC_SAMPLES], start, SAMPLE_RATE)))
        file.mux(stream.encode(None))
    return sink.getvalue()
