"""eSpeak NG through its C library: formant synthesis for every language, with the time of each phoneme.

Knows no sentences, genders or loudness; it says what it is told. The C interface is that of `speak_lib.h` in
eSpeak NG 1.52. The library keeps its state in globals, so that one lock guards the whole process.
"""

import ctypes
import threading
from functools import cache
from typing import NamedTuple

import espeakng_loader
import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.speech.errors import SynthesisFailed

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_PHONEME_EVENTS_AS_IPA = 0x0003
_DONT_EXIT = 0x8000  # report a missing data folder instead of calling exit()
_CHARS_UTF8 = 1
_RATE, _PITCH = 1, 3
_EVENT_LIST_END, _EVENT_PHONEME = 0, 7
_MONOTONE_HZ = 150
_TIE = "^"
# Phoneme mode: IPA, with this character between letters of one sound.
_TIED_IPA = ord(_TIE) << 8 | 0x80 | 0x02

_lock = threading.Lock()


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Utterance(msgspec.Struct, frozen=True, kw_only=True):
    """What eSpeak NG said.

    Attributes:
        pcm: int16 mono at `sample_rate`, shape (N,); empty when there was nothing to say.
        sample_rate: hertz.
        phonemes: start in seconds and IPA of each phoneme, in order; an empty name is a pause.
    """

    pcm: NDArray[np.int16]
    sample_rate: int
    phonemes: list[tuple[float, str]]


class Clause(NamedTuple):
    """The phonemes of what is said without a pause.

    Attributes:
        ipa: as eSpeak NG writes it, with stress marks, and `^` inside affricates and diphthongs.
        text: that it was read from, with the mark that ends it and at most a letter of what follows.
    """

    ipa: str
    text: str


class Espeak:
    """The library, opened once for the process however many of these are made."""

    def __init__(self) -> None:
        with _lock:
            self._library, self.sample_rate = _open_library()

    def utter(
        self, text: str, voice_name: str, *, rate: int = 165, pitch: int = 50, monotone: bool = False
    ) -> Utterance:
        """Say a text at once.

        Args:
            text: any length; it is held in memory as sound.
            voice_name: a language of eSpeak NG, with a variant or not: "de", "cmn+f3".
            rate: words per minute, 80 to 450.
            pitch: 0 to 99; 50 is the voice's own.
            monotone: on one pitch. Else a slow flutter goes on from one utterance into the next, so that the same
                text lasts some milliseconds more or less each time.

        Raises:
            SynthesisFailed: there is no such voice, or the library reports an error.
        """
        chunks: list[NDArray[np.int16]] = []
        phonemes: list[tuple[float, str]] = []

        def collect(
            samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: "ctypes.Array[_Event]"
        ) -> int:
            if samples and count > 0:
                chunks.append(np.ctypeslib.as_array(samples, (count,)).copy())
            position = 0
            while events[position].type != _EVENT_LIST_END:
                event = events[position]
                if event.type == _EVENT_PHONEME:
                    name = bytes(event.id.string).split(b"\0")[0].decode("utf-8", "ignore")
                    phonemes.append((event.audio_position_ms / 1000, name))
                position += 1
            return 0

        callback = _Callback(collect)
        encoded = text.replace("\0", " ").encode("utf-8", "ignore")
        with _lock:
            self._library.espeak_SetSynthCallback(callback)
            # An unknown voice is an error code; unchecked, the previous voice would go on speaking.
            if self._library.espeak_SetVoiceByName(voice_name.encode()) != 0:
                raise SynthesisFailed(f"eSpeak NG has no voice {voice_name!r}")
            self._library.espeak_SetParameter(_RATE, rate, 0)
            self._library.espeak_SetParameter(_PITCH, pitch, 0)
            self._library.espeak_ng_SetConstF0(_MONOTONE_HZ if monotone else 0)
            # It seeds its jitter and breath with the time of day; a fixed seed makes speech repeatable.
            self._library.espeak_ng_SetRandSeed(ctypes.c_long(1))
            status = self._library.espeak_Synth(
                encoded, ctypes.c_size_t(len(encoded) + 1), 0, 1, 0, _CHARS_UTF8, None, None
            )
            self._library.espeak_Synchronize()
        if status != 0:
            raise SynthesisFailed(f"eSpeak NG returned error {status}")
        pcm = np.concatenate(chunks) if chunks else np.zeros(0, np.int16)
        return Utterance(pcm=pcm, sample_rate=self.sample_rate, phonemes=phonemes)

    def phonemes(self, text: str, voice_name: str) -> list[Clause]:
        """Tell how a text is said, without a sound.

        Raises:
            SynthesisFailed: there is no such voice.
        """
        encoded = text.replace("\0", " ").encode("utf-8", "ignore") + b"\0"
        buffer = ctypes.create_string_buffer(encoded)
        start = ctypes.addressof(buffer)
        reading = ctypes.c_void_p(start)
        clauses = []
        with _lock:
            if self._library.espeak_SetVoiceByName(voice_name.encode()) != 0:
                raise SynthesisFailed(f"eSpeak NG has no voice {voice_name!r}")
            while reading.value:
                begun = reading.value - start
                ipa = self._library.espeak_TextToPhonemes(ctypes.byref(reading), _CHARS_UTF8, _TIED_IPA)
                ended = reading.value - start if reading.value else len(encoded) - 1
                said = encoded[begun:ended].decode("utf-8", "ignore")
                clauses.append(Clause(ipa=(ipa or b"").decode("utf-8", "ignore"), text=said))
        return clauses


@cache
def _open_library() -> tuple[ctypes.CDLL, int]:
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    sample_rate = library.espeak_Initialize(
        _AUDIO_OUTPUT_SYNCHRONOUS,
        0,
        espeakng_loader.get_data_path().encode(),
        _PHONEME_EVENTS_AS_IPA | _DONT_EXIT,
    )
    if sample_rate <= 0:
        raise SynthesisFailed(f"eSpeak NG did not start: error {sample_rate}")
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
    return library, sample_rate
