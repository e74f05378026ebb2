"""What the pipeline asks of speech. Knows no engine."""

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.speech.turning import Turn

SAMPLE_RATE = 24_000
"""Rate of all synthesised speech, in hertz: the neural voice's own, so that it is never resampled."""

Gender = Literal["male", "female"]
Accent = Literal["native", "accented"]
Pcm = NDArray[np.int16]


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """One way to sound in one language.

    Attributes:
        name: that an order can name; it stands for the same sound on every worker.
        engine: what makes the sound.
        accent: whether it speaks as who grew up with the language, or as a foreigner.
        turn: how it is made another of a voice whose name its own begins with; see `worker.speech.turning`.
    """

    name: str
    language: str
    gender: Gender
    engine: str
    elderly: bool = False
    accent: Accent = "native"
    turn: Turn | None = None


class Engine(Protocol):
    """What makes the sound of one of the operator's voices."""

    def utter(self, text: str, *, speed: float = 1.0) -> Iterator[NDArray[np.float32]]:
        """Say about a sentence, at so many times its own pace.

        Yields:
            float32 mono at `SAMPLE_RATE`, in pieces of any length and level, as they come.

        Raises:
            SynthesisFailed: it did not speak, or not to the end.
        """
        ...


class OwnVoice(msgspec.Struct, frozen=True, kw_only=True):
    """A voice that the operator brought, and what speaks it."""

    voice: Voice
    engine: Engine
    multilingual: bool = False  # reads all scripts by itself


class SpokenPart(msgspec.Struct, frozen=True, kw_only=True):
    """Speech for a stretch of a text, about a sentence, with the pause that follows it; or the next piece of it.

    Attributes:
        pcm: int16 mono at `SAMPLE_RATE`, shape (N,).
        spoken: characters of the text whose speech is whole by the end of this part; as many as before while the
            stretch goes on. Where it grows, speaking `text[spoken:]` yields exactly the parts that follow.
    """

    pcm: Pcm
    spoken: int


class Speech(Protocol):
    """Turns text into speech."""

    voices: Sequence[Voice]

    def choose(
        self, *, language: str | None, voice: str | None, text: str, gender: str, elderly: bool
    ) -> Voice:
        """Settle which voice speaks a text.

        Args:
            language: None lets the voice decide, else the text.
            voice: a name from `voices`, or None for the best one of that language and gender.
            text: what will be spoken.
            gender: of the avatar; a named voice may differ from it.
            elderly: whether the avatar is.

        Raises:
            UnknownLanguage, UnknownVoice, VoiceDoesNotSpeak: the wish cannot be met.
            VoiceMissing: the voice is an account's, and cannot speak here.
        """
        ...

    def speak(
        self, text: str, voice: Voice, *, soon: bool = False, speed: float = 1.0
    ) -> Iterator[SpokenPart]:
        """Speak a text, about one sentence at a time, in constant memory.

        Args:
            text: what to say.
            voice: who says it.
            soon: the first part may be shorter than a sentence, as somebody waits for it; not where speaking goes on.
            speed: how many times its own pace.

        Raises:
            NothingToSpeak: the text has no letter and no digit.
        """
        ...
