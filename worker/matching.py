"""Matches voices to samples of somebody's, for a service: the request, and what our own voices sound like."""

import threading

import msgspec
import numpy as np
import soxr

from worker.errors import MalformedRequest
from worker.samples import SENTENCES, Voices
from worker.speech import SAMPLE_RATE, SynthesisFailed, UnknownLanguage, Voice
from worker.speech.likeness import MOST_S, RATE, Heard, Likeness, listen, measure, nearest
from worker.speech.turning import Turn

MOST_SAMPLES = 10

_COUNTING = " " + " ".join(f"{number}." for number in range(1, 21))
"""What is said besides, in any language: enough of its sounds to know a voice by."""

MAX_MATCH_BYTES = MOST_SAMPLES * MOST_S * RATE * 2 + (1 << 16)


class MatchRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Samples of one speaker.

    Attributes:
        language: that the voice is to speak.
        samples: s16le mono at 16 kHz.
        gender: of our voices that are tried; None tries all.
    """

    language: str
    samples: tuple[bytes, ...]
    gender: str | None = None


class Matcher:
    """Matches voices. A class since what our voices sound like is measured once.

    Safe to use from several threads: one matches at a time.
    """

    def __init__(self, speech: Voices) -> None:
        self._speech = speech
        self._heard: dict[str, Heard | None] = {}
        self._lock = threading.Lock()

    def match(self, wanted: MatchRequest) -> Likeness:
        """Find the voice that is most like somebody's.

        Raises:
            MalformedRequest: the request has no samples, or too many.
            UnfitSamples: nothing can be told by them.
            UnknownLanguage: nobody speaks it.
        """
        if not 0 < len(wanted.samples) <= MOST_SAMPLES or any(len(pcm) % 2 for pcm in wanted.samples):
            raise MalformedRequest(f"A match takes 1 to {MOST_SAMPLES} samples of s16le.")
        heard = listen([np.frombuffer(pcm, "<i2") for pcm in wanted.samples])
        voices = [
            voice
            for voice in self._speech.voices
            if voice.language == wanted.language and wanted.gender in (None, voice.gender)
        ]
        with self._lock:
            found = nearest(heard, voices, self._measured)
        if found is None:
            raise UnknownLanguage(wanted.language)
        return found

    def _measured(self, voice: Voice) -> Heard | None:
        if voice.name not in self._heard:
            try:
                said = self._speech.say(SENTENCES[voice.language] + _COUNTING, voice)
            except SynthesisFailed:
                return None
            # As it sounds once it was taken apart and put together, which is done to all that is turned.
            sound = Turn().turned(np.asarray(said / 32768, np.float32), SAMPLE_RATE)
            self._heard[voice.name] = measure(soxr.resample(sound, SAMPLE_RATE, RATE), RATE)
        return self._heard[voice.name]
