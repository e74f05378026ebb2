"""Speech: text to sound, sentence by sentence. `Speech` is the port, `Speaker` its only engine room."""

from worker.speech.clones import Clones
from worker.speech.errors import (
    BadVoicePack,
    BadVoices,
    NothingToSpeak,
    SpeechError,
    SynthesisFailed,
    UnfitSamples,
    UnknownLanguage,
    UnknownVoice,
    VoiceDoesNotSpeak,
    VoiceMissing,
)
from worker.speech.espeak import Espeak, Utterance
from worker.speech.port import SAMPLE_RATE, Accent, Engine, Gender, OwnVoice, Pcm, Speech, SpokenPart, Voice
from worker.speech.speaker import Speaker
from worker.speech.voices_file import read_voices

__all__ = [
    "SAMPLE_RATE",
    "Accent",
    "BadVoicePack",
    "BadVoices",
    "Clones",
    "Engine",
    "Espeak",
    "Gender",
    "NothingToSpeak",
    "OwnVoice",
    "Pcm",
    "Speaker",
    "Speech",
    "SpeechError",
    "SpokenPart",
    "SynthesisFailed",
    "UnfitSamples",
    "UnknownLanguage",
    "UnknownVoice",
    "Utterance",
    "Voice",
    "VoiceDoesNotSpeak",
    "VoiceMissing",
    "read_voices",
]
