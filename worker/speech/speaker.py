"""Speaks any text with the best voice there is: the port `Speech` on the neural English voice and eSpeak NG."""

from collections.abc import Iterator, Sequence

import numpy as np
import soxr
from numpy.typing import NDArray

from worker.speech.english import EnglishVoice
from worker.speech.errors import NothingToSpeak, UnknownLanguage, UnknownVoice, VoiceDoesNotSpeak
from worker.speech.espeak import Espeak
from worker.speech.japanese import JapaneseReader
from worker.speech.language import detect_language
from worker.speech.loudness import level_and_trim
from worker.speech.port import SAMPLE_RATE, Gender, Pcm, SpokenPart, Voice
from worker.speech.scripts import runs_by_script
from worker.speech.sentences import ends_inside_sentence, stretches
from worker.speech.spoken_text import spoken_text

# eSpeak NG's name of each language. Spanish and Portuguese are the American ones, which most speakers speak.
ESPEAK_LANGUAGE = {
    "ar": "ar", "cs": "cs", "de": "de", "en": "en-us", "es": "es-419", "fr": "fr", "hi": "hi", "hu": "hu", "it": "it",
    "ja": "ja", "ko": "ko", "nl": "nl", "pl": "pl", "pt": "pt-br", "ru": "ru", "tr": "tr", "zh": "cmn",
}  # fmt: skip
_ESPEAK_VARIANT: dict[tuple[Gender, bool], str] = {  # by gender and whether elderly
    ("female", False): "f2",
    ("male", False): "m7",
    ("female", True): "grandma",
    ("male", True): "grandpa",
}
_RATE = 165  # words a minute; about as fast as the neural voice
_PAUSE_S = 0.35  # after every stretch, the last one too: the mouth comes to rest
_CLAUSE_PAUSE_S = 0.15  # but after one that ends inside its sentence


class Speaker:
    """All voices of this worker.

    A class because the neural model is loaded once and shared. Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._espeak = Espeak()
        self._english = EnglishVoice()
        self._japanese = JapaneseReader()
        self.voices: Sequence[Voice] = _voices()
        self._by_name = {voice.name: voice for voice in self.voices}

    def choose(
        self, *, language: str | None, voice: str | None, text: str, gender: str, elderly: bool
    ) -> Voice:
        """See `Speech.choose`."""
        if language is not None and language not in ESPEAK_LANGUAGE:
            raise UnknownLanguage(language)
        if voice is not None:
            named = self._by_name.get(voice)
            if named is None:
                raise UnknownVoice(voice)
            if language is not None and named.language != language:
                raise VoiceDoesNotSpeak(voice=voice, language=language)
            return named
        return self._best(language or detect_language(text), gender, elderly=elderly)

    def _best(self, language: str, gender: str, *, elderly: bool) -> Voice:
        aged = self._by_name.get(f"{language}-{gender}-elderly") if elderly else None
        return aged or self._by_name[f"{language}-{gender}"]

    def speak(self, text: str, voice: Voice, *, soon: bool = False) -> Iterator[SpokenPart]:
        """See `Speech.speak`."""
        cut = stretches(text, soon=soon)
        written = ((end, spoken_text(text[start:end], voice.language)) for start, end in cut)
        # A stretch without speech rides on the next one, the last ones on the one before them, so that no part is
        # empty and the last one covers the whole text.
        speakable = [(end, words) for end, words in written if words]
        if not speakable:
            raise NothingToSpeak
        for end, words in speakable:
            is_last = end == speakable[-1][0]
            goes_on = not is_last and ends_inside_sentence(text[:end])
            pause_s = _CLAUSE_PAUSE_S if goes_on else _PAUSE_S
            yield SpokenPart(pcm=self._say(words, voice, pause_s), spoken=len(text) if is_last else end)

    def _say(self, words: str, voice: Voice, pause_s: float) -> Pcm:
        said = [
            self._say_run(run, language, voice) for language, run in runs_by_script(words, voice.language)
        ]
        pause = np.zeros(round(pause_s * SAMPLE_RATE), np.float32)
        samples = np.concatenate([*said, pause])
        pcm: Pcm = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
        return pcm

    def _say_run(self, words: str, language: str, voice: Voice) -> NDArray[np.float32]:
        """Say words in a language that need not be the voice's own. Returns float32 at `SAMPLE_RATE`."""
        if voice.engine == "hibari" and language == "en":
            samples = level_and_trim(self._english.utter(words, voice.gender), SAMPLE_RATE)
            if len(samples):
                return samples
        if language == "ja":
            words = self._japanese.read(words)
        variant = _ESPEAK_VARIANT[voice.gender, voice.elderly]
        said = self._espeak.utter(words, f"{ESPEAK_LANGUAGE.get(language, language)}+{variant}", rate=_RATE)
        samples = soxr.resample(said.pcm.astype(np.float32) / 32768, said.sample_rate, SAMPLE_RATE)
        return level_and_trim(samples, SAMPLE_RATE)


def _voices() -> list[Voice]:
    """Name every voice by its language, its gender and, where there is another, its age."""
    voices: list[Voice] = []
    for language in sorted(ESPEAK_LANGUAGE):
        for gender, elderly in _ESPEAK_VARIANT:
            name = f"{language}-{gender}-elderly" if elderly else f"{language}-{gender}"
            if language != "en":
                voices.append(
                    Voice(name=name, language=language, gender=gender, elderly=elderly, engine="espeak")
                )
            elif not elderly:
                # A natural voice of another age beats a formant voice of the right one.
                voices.append(Voice(name=name, language=language, gender=gender, engine="hibari"))
    return voices
