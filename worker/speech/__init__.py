"""Speech: text to sound, sentence by sentence. `Speech` is the port, `Speaker` its only engine room."""

from worker.speech.errors import (
    NothingToSpeak,
    SpeechError,
    SynthesisFailed,
    UnknownLanguage,
    UnknownVoice,
    VoiceDoesNotSpeak,
)
from worker.speech.espeak import Espeak, Utterance
from worker.speech.port import SAMPLE_RATE, Gender, Pcm, Speech, SpokenPart, Voice
from worker.speech.speaker import Speaker

__all__ = [
    "SAMPLE_RATE",
    "Espeak",
    "Gender",
    "NothingToSpeak",
    "Pcm",
    "Speaker",
    "Speech",
    "SpeechError",
    "SpokenPart",
    "SynthesisFailed",
    "UnknownLanguage",
    "UnknownVoice",
    "Utterance",
    "Voice",
    "VoiceDoesNotSpeak",
]
