"""What can go wrong with speech.

SpeechError
├── UnknownLanguage
├── UnknownVoice
├── VoiceDoesNotSpeak
├── NothingToSpeak
├── UnfitSamples
├── BadVoicePack
├── VoiceMissing
├── SynthesisFailed
└── BadVoices

The first six are the caller's to mend: asked again, the same request fails again. `BadVoices` ends the program at its
start.
"""


class SpeechError(Exception):
    """Speech could not be made."""


class UnknownLanguage(SpeechError):
    """No voice speaks this language."""

    def __init__(self, language: str) -> None:
        super().__init__(f"No voice speaks the language {language!r}.")
        self.language = language


class UnknownVoice(SpeechError):
    """There is no voice of this name."""

    def __init__(self, voice: str) -> None:
        super().__init__(f"There is no voice {voice!r}.")
        self.voice = voice


class VoiceDoesNotSpeak(SpeechError):
    """The voice exists but speaks another language."""

    def __init__(self, *, voice: str, language: str) -> None:
        super().__init__(f"The voice {voice!r} does not speak the language {language!r}.")
        self.voice = voice
        self.language = language


class NothingToSpeak(SpeechError):
    """The text has no letter and no digit that a voice could say."""

    def __init__(self) -> None:
        super().__init__("The text has nothing to speak: it needs at least one letter or digit.")


class BadVoicePack(SpeechError):
    """What was lent is no voice of an account; says why."""


class VoiceMissing(SpeechError):
    """A voice of an account that was not lent, or not for this long, or whose template is not here.

    Whoever lends it can do so again, here or elsewhere; no other voice speaks in its place.
    """

    def __init__(self, voice: str) -> None:
        super().__init__(f"The voice {voice!r} was not lent to this worker, or its template is not here.")
        self.voice = voice


class SynthesisFailed(SpeechError):
    """An engine did not speak: it is away, or refused its own voice or text. Never the buyer's to mend."""


class UnfitSamples(SpeechError):
    """Samples of a voice to which none can be matched; says which, and why."""


class BadVoices(SpeechError):
    """The operator's file of voices, or what it names, is not what it should be."""
