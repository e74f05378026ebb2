"""Speaks any text with the best voice there is: the port `Speech` on own voices, a neural English one, eSpeak NG."""

from collections.abc import Iterator, Sequence

import numpy as np
import soxr
import structlog
from numpy.typing import NDArray

from spoken import passages, runs_by_script
from spoken.languages import detect_language
from worker.speech.english import EnglishVoice
from worker.speech.errors import (
    BadVoices,
    NothingToSpeak,
    SynthesisFailed,
    UnknownLanguage,
    UnknownVoice,
    VoiceDoesNotSpeak,
)
from worker.speech.espeak import Espeak
from worker.speech.japanese import JapaneseReader
from worker.speech.loudness import level_and_trim, level_and_trim_pieces
from worker.speech.port import SAMPLE_RATE, Gender, OwnVoice, Pcm, SpokenPart, Voice

log = structlog.get_logger()

Sound = NDArray[np.float32]

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

    Args:
        own: the operator's voices; each is preferred to those that come with the worker.

    Raises:
        BadVoices: two have the same name.
    """

    def __init__(self, own: Sequence[OwnVoice] = ()) -> None:
        self._espeak = Espeak()
        self._english = EnglishVoice()
        self._japanese = JapaneseReader()
        self._own = {brought.voice.name: brought for brought in own}
        self.voices: Sequence[Voice] = [*(brought.voice for brought in own), *_voices()]
        self._by_name = {voice.name: voice for voice in self.voices}
        if len(self._by_name) < len(self.voices):
            names = [voice.name for voice in self.voices]
            raise BadVoices(f"Two voices are named {max(names, key=names.count)!r}.")

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
        language = language or detect_language(text)
        own = [brought.voice for brought in self._own.values()]
        return _best(own, language, gender, elderly=elderly) or self._comes_with(language, gender, elderly)

    def _comes_with(self, language: str, gender: str, elderly: bool) -> Voice:
        """Return a voice that needs nothing beside this worker."""
        ours = [voice for voice in self.voices if voice.name not in self._own]
        voice = _best(ours, language, gender, elderly=elderly)
        assert voice
        return voice

    def speak(self, text: str, voice: Voice, *, soon: bool = False) -> Iterator[SpokenPart]:
        """See `Speech.speak`.

        Where an own voice fails, one that comes with the worker speaks from there to the end: a video that is paid for
        is not held up by somebody else's server.
        """
        covered = 0
        for passage in passages(text, voice.language, soon=soon):
            said = self._say(passage.words, voice)
            try:
                first = next(said)
            except SynthesisFailed as exc:
                if voice.name not in self._own:
                    raise
                log.warning("voice failed, another speaks", voice=voice.name, reason=str(exc))
                voice = self._comes_with(voice.language, voice.gender, voice.elderly)
                said = self._say(passage.words, voice)
                first = next(said)
            for samples in said:
                yield SpokenPart(pcm=_pcm(first), spoken=covered)
                first = samples
            pause_s = _CLAUSE_PAUSE_S if passage.goes_on else _PAUSE_S
            pause = np.zeros(round(pause_s * SAMPLE_RATE), np.float32)
            yield SpokenPart(pcm=_pcm(np.concatenate([first, pause])), spoken=passage.end)
            covered = passage.end
        if not covered:
            raise NothingToSpeak

    def _say(self, words: str, voice: Voice) -> Iterator[Sound]:
        """Say a stretch; float32 at `SAMPLE_RATE`, at least one piece.

        Raises:
            SynthesisFailed: an own voice does not.
        """
        own = self._own.get(voice.name)
        if own is None:
            yield self._say_ours(words, voice)
            return
        # What a voice cannot read is said by another, unless it reads everything.
        runs = [(voice.language, words)] if own.multilingual else runs_by_script(words, voice.language)
        heard = False
        for language, run in runs:
            if language == voice.language:
                pieces = level_and_trim_pieces(own.engine.utter(run), SAMPLE_RATE)
            else:
                pieces = iter([self._say_run(run, language, voice)])
            for samples in pieces:
                heard = True
                yield samples
        if not heard:
            raise SynthesisFailed("It said nothing.")

    def _say_ours(self, words: str, voice: Voice) -> Sound:
        """Say a stretch with the voices that come with the worker."""
        runs = runs_by_script(words, voice.language)
        return np.concatenate([self._say_run(run, language, voice) for language, run in runs])

    def _say_run(self, words: str, language: str, voice: Voice) -> Sound:
        """Say words in a language that need not be the voice's own. Returns float32 at `SAMPLE_RATE`."""
        if voice.engine == "hibari" and language == "en":
            samples = level_and_trim(
                self._english.utter(words, voice.gender, elderly=voice.elderly), SAMPLE_RATE
            )
            if len(samples):
                return samples
        if language == "ja":
            words = self._japanese.read(words)
        variant = _ESPEAK_VARIANT[voice.gender, voice.elderly]
        said = self._espeak.utter(words, f"{ESPEAK_LANGUAGE.get(language, language)}+{variant}", rate=_RATE)
        samples = soxr.resample(said.pcm.astype(np.float32) / 32768, said.sample_rate, SAMPLE_RATE)
        return level_and_trim(samples, SAMPLE_RATE)


def _best(voices: Sequence[Voice], language: str, gender: str, *, elderly: bool) -> Voice | None:
    """Return the first voice of a language and gender, of the right age if there is one."""
    fitting = [voice for voice in voices if voice.language == language and voice.gender == gender]
    return next((voice for voice in fitting if voice.elderly == elderly), fitting[0] if fitting else None)


def _pcm(samples: Sound) -> Pcm:
    return np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)


def _voices() -> list[Voice]:
    """Name every voice that comes with the worker by its language, its gender and, where it is, its age."""
    return [
        Voice(
            name=f"{language}-{gender}-elderly" if elderly else f"{language}-{gender}",
            language=language,
            gender=gender,
            elderly=elderly,
            engine="hibari" if language == "en" else "espeak",
        )
        for language in sorted(ESPEAK_LANGUAGE)
        for gender, elderly in _ESPEAK_VARIANT
    ]
