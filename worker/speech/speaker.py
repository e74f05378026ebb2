"""Speaks any text with the best voice there is: the port `Speech` on own voices, natural ones and fast ones.

The natural ones are Kokoro's, in every language. The fast ones cost a thirtieth: a neural one in English,
eSpeak NG in all others. A voice's name stands for one sound: it tells which of them speaks.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
import soxr
import structlog
from numpy.typing import NDArray

from spoken import passages, runs_by_script
from spoken.languages import detect_language
from worker.speech.clones import NAME, Clones
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
from worker.speech.g2p import Phonemizer
from worker.speech.g2p.arabic import ArabicReader
from worker.speech.japanese import JapaneseReader
from worker.speech.kokoro import KokoroVoice, accent
from worker.speech.loudness import level_and_trim, level_and_trim_pieces
from worker.speech.port import SAMPLE_RATE, Gender, OwnVoice, Pcm, SpokenPart, Voice
from worker.speech.turning import Turn, turn_of

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
# The natural voices keep to a length within some 100 ms: they aim below it by as much, and rest until it is over.
_SPARE_S, _MOST_REST_S = 0.12, 0.4


class Speaker:
    """All voices of this worker.

    A class because the neural model is loaded once and shared. Safe to use from several threads.

    Args:
        own: the operator's voices; each is preferred to those that come with the worker.
        natural: the weights of Kokoro, as `kokoro_weights.float_graph` gives them; without them its voices are away.
        threads: of the CPU, for Kokoro; 0 is one for each core.
        clones: voices of accounts, which are listed nowhere and in whose place no other speaks.

    Raises:
        BadVoices: two have the same name.
    """

    def __init__(
        self,
        own: Sequence[OwnVoice] = (),
        *,
        natural: bytes | Path | None = None,
        threads: int = 0,
        clones: Clones | None = None,
    ) -> None:
        self._espeak = Espeak()
        self._english = EnglishVoice()
        self._japanese = JapaneseReader()
        self.natural = None
        if natural is not None:
            phonemizer = Phonemizer(
                english=self._english.phonemes,
                japanese=self._japanese,
                arabic=ArabicReader().read,
                espeak=self._espeak,
                espeak_languages=ESPEAK_LANGUAGE,
            )
            self.natural = KokoroVoice(natural, phonemizer, threads=threads)
        self._own = {brought.voice.name: brought for brought in own}
        self._clones = clones or Clones()
        ours = [*_natural_voices(), *_fast_voices()] if self.natural else _fast_voices()
        self.voices: Sequence[Voice] = [*(brought.voice for brought in own), *ours]
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
            named: Voice | None
            if NAME.fullmatch(voice):
                named = self._clones.get(voice).voice
            else:
                named = self._by_name.get(voice) or self._turned(voice) or self._stand_in(voice)
            if named is None:
                raise UnknownVoice(voice)
            if language is not None and named.language != language:
                raise VoiceDoesNotSpeak(voice=voice, language=language)
            return named
        language = language or detect_language(text)
        best = _best(self.voices[: len(self._own)], language, gender, elderly=elderly)
        return best or self._comes_with(language, gender, elderly=elderly)

    def _turned(self, name: str) -> Voice | None:
        """Return a voice that is another, turned; None where the name is of none."""
        found = turn_of(name)
        if found is None:
            return None
        base, turn = found
        voice = self._by_name.get(base) or self._stand_in(base)
        return voice and msgspec.structs.replace(voice, name=name, turn=turn)

    def _stand_in(self, name: str) -> Voice | None:
        """Return who speaks for a natural voice that is away here: a video that another worker began is still owed."""
        away = next((voice for voice in _natural_voices() if voice.name == name), None)
        if away is None:
            return None
        log.warning("voice is away, another speaks", voice=name)
        return self._comes_with(away.language, away.gender, elderly=away.elderly)

    def _comes_with(self, language: str, gender: str, *, elderly: bool, besides: str = "") -> Voice:
        """Return the best voice that needs nothing beside this worker, and not this engine."""
        ours = [voice for voice in self.voices if voice.name not in self._own and voice.engine != besides]
        voice = _best(ours, language, gender, elderly=elderly)
        assert voice
        return voice

    def speak(
        self, text: str, voice: Voice, *, soon: bool = False, speed: float = 1.0
    ) -> Iterator[SpokenPart]:
        """See `Speech.speak`.

        Where a voice fails, also in the middle of a stretch, the next best says that stretch from its start
        and goes on to the end: a video that is paid for is not held up by somebody else's server. An account's voice
        is replaced by none.

        Raises:
            SynthesisFailed: no voice that may speak does.
            VoiceMissing: the voice is an account's, and not here any more.
        """
        if voice.turn is not None:
            for part in self.speak(text, self._base(voice), soon=soon, speed=speed):
                yield msgspec.structs.replace(part, pcm=_turned_pcm(part.pcm, voice.turn))
            return
        covered = 0
        for passage in passages(text, voice.language, soon=soon):
            pause_s = _CLAUSE_PAUSE_S if passage.goes_on else _PAUSE_S
            pause = np.zeros(round(pause_s * SAMPLE_RATE / speed), np.float32)
            while True:
                last = np.zeros(0, np.float32)
                try:
                    for samples in self._say(passage.words, voice, speed):
                        if len(last):
                            yield SpokenPart(pcm=_pcm(last), spoken=covered)
                        last = samples
                    break
                except SynthesisFailed as exc:
                    voice = self._next_best(voice, exc)
            yield SpokenPart(pcm=_pcm(np.concatenate([last, pause])), spoken=passage.end)
            covered = passage.end
        if not covered:
            raise NothingToSpeak

    def say(self, text: str, voice: Voice) -> Pcm:
        """Say a short text with this voice and no other; int16 mono at `SAMPLE_RATE`, shape (N,).

        Raises:
            SynthesisFailed: it does not speak.
        """
        if voice.turn is not None:
            return _turned_pcm(self.say(text, self._base(voice)), voice.turn)
        pause = np.zeros(round(_PAUSE_S * SAMPLE_RATE), np.float32)
        said: list[Sound] = []
        for passage in passages(text, voice.language):
            said += [*([pause] if said else []), *self._say(passage.words, voice, 1.0)]
        return _pcm(np.concatenate(said))

    def _base(self, voice: Voice) -> Voice:
        """Return the voice that one is when it is not turned."""
        found = turn_of(voice.name)
        base = found and (self._by_name.get(found[0]) or self._stand_in(found[0]))
        assert base, "it was chosen here"
        return base

    def _next_best(self, voice: Voice, failure: SynthesisFailed) -> Voice:
        """Return who speaks where a voice has failed.

        Raises:
            SynthesisFailed: the same, where there is nobody left.
        """
        if NAME.fullmatch(voice.name) or (voice.name not in self._own and voice.engine != "kokoro"):
            raise failure
        log.warning("voice failed, another speaks", voice=voice.name, reason=str(failure))
        besides = "" if voice.name in self._own else voice.engine
        return self._comes_with(voice.language, voice.gender, elderly=voice.elderly, besides=besides)

    def _say(self, words: str, voice: Voice, speed: float) -> Iterator[Sound]:
        """Say a stretch; float32 at `SAMPLE_RATE`, at least one piece.

        Raises:
            SynthesisFailed: the voice does not.
        """
        own = self._clones.get(voice.name) if NAME.fullmatch(voice.name) else self._own.get(voice.name)
        if own is None:
            yield self._say_ours(words, voice, speed)
            return
        # What a voice cannot read is said by another, unless it reads everything.
        runs = [(voice.language, words)] if own.multilingual else runs_by_script(words, voice.language)
        heard = False
        for language, run in runs:
            if language == voice.language:
                pieces = level_and_trim_pieces(own.engine.utter(run, speed=speed), SAMPLE_RATE)
            else:
                pieces = iter([self._say_run(run, language, voice, speed)])
            for samples in pieces:
                heard = True
                yield samples
        if not heard:
            raise SynthesisFailed("It said nothing.")

    def _say_ours(self, words: str, voice: Voice, speed: float) -> Sound:
        """Say a stretch with a voice that comes with the worker."""
        runs = runs_by_script(words, voice.language)
        natural = voice.engine == "kokoro"
        said = np.concatenate(
            [self._say_run(run, language, voice, speed, monotone=natural) for language, run in runs]
        )
        if not natural:
            return said
        # The length of the fast voices is sold. They cost so little that asking them is cheaper than any guess is good;
        # on one pitch, which lasts the same each time, so that a resumed text fits.
        return self._say_naturally(runs, voice, speed, seconds=len(said) / SAMPLE_RATE)

    def _say_naturally(
        self, runs: Sequence[tuple[str, str]], voice: Voice, speed: float, *, seconds: float
    ) -> Sound:
        """Say words in any languages with one natural voice, in that time as far as it can."""
        assert self.natural
        if not seconds:
            raise SynthesisFailed("There is nothing to be heard of it.")
        aim = seconds - min(_SPARE_S, seconds / 4)
        said = self.natural.utter(
            runs, voice.language, voice.gender, seconds=aim, elderly=voice.elderly, speed=speed
        )
        samples = level_and_trim(said, SAMPLE_RATE)
        if not len(samples):
            raise SynthesisFailed("Kokoro said nothing.")
        rest = min(seconds - len(samples) / SAMPLE_RATE, _MOST_REST_S)
        return np.pad(samples, (0, max(0, round(rest * SAMPLE_RATE))))

    def _say_run(
        self, words: str, language: str, voice: Voice, speed: float, *, monotone: bool = False
    ) -> Sound:
        """Say words in a language that need not be the voice's own. Returns float32 at `SAMPLE_RATE`."""
        if voice.language == language == "en":
            samples = level_and_trim(
                self._english.utter(words, voice.gender, elderly=voice.elderly, speed=speed), SAMPLE_RATE
            )
            if len(samples):
                return samples
        if language == "ja":
            words = self._japanese.read(words)
        variant = _ESPEAK_VARIANT[voice.gender, voice.elderly]
        name = f"{ESPEAK_LANGUAGE.get(language, language)}+{variant}"
        said = self._espeak.utter(words, name, rate=round(_RATE * speed), monotone=monotone)
        samples = soxr.resample(said.pcm.astype(np.float32) / 32768, said.sample_rate, SAMPLE_RATE)
        return level_and_trim(samples, SAMPLE_RATE)


def _best(voices: Sequence[Voice], language: str, gender: str, *, elderly: bool) -> Voice | None:
    """Return the first voice of a language and gender, of the right age if there is one."""
    fitting = [voice for voice in voices if voice.language == language and voice.gender == gender]
    return next((voice for voice in fitting if voice.elderly == elderly), fitting[0] if fitting else None)


def _pcm(samples: Sound) -> Pcm:
    return np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)


def _turned_pcm(pcm: Pcm, turn: Turn) -> Pcm:
    return _pcm(turn.turned(np.asarray(pcm / 32768, np.float32), SAMPLE_RATE))


def _natural_voices() -> list[Voice]:
    """Name Kokoro's voices."""
    return [
        Voice(
            name=f"{_name(language, gender, elderly=elderly)}-natural",
            language=language,
            gender=gender,
            elderly=elderly,
            engine="kokoro",
            accent=accent(language, gender),
        )
        for language in sorted(ESPEAK_LANGUAGE)
        for gender, elderly in _ESPEAK_VARIANT
    ]


def _fast_voices() -> list[Voice]:
    """Name the voices that cost next to nothing."""
    return [
        Voice(
            name=_name(language, gender, elderly=elderly),
            language=language,
            gender=gender,
            elderly=elderly,
            engine="hibari" if language == "en" else "espeak",
        )
        for language in sorted(ESPEAK_LANGUAGE)
        for gender, elderly in _ESPEAK_VARIANT
    ]


def _name(language: str, gender: Gender, *, elderly: bool) -> str:
    return f"{language}-{gender}-elderly" if elderly else f"{language}-{gender}"
