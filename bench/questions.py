"""Whether a question is heard: where the pitch of natural voices ends, beside the same words as a statement.

    python -m bench.questions                 a row for each voice, in semitones
    … --languages de fr    of these alone

The end is the last 0.3 s that have a pitch: its highest, and its last tenth of a second, beside the median of all. The
brows are how far up, of 1, a face has them at most in the last second, which ends some 0.4 s after the voice.
"""

import argparse
import os
from typing import NamedTuple

import numpy as np
import soxr

from bench.pace import GENDERS, voices
from bench.pitch import WINDOW, frame_pitch
from spoken.languages import LANGUAGES
from worker.accents import Accents
from worker.mel import MEL
from worker.speech import SAMPLE_RATE, Speaker
from worker.speech.kokoro_weights import cache_folder, float_graph

QUESTIONS = {
    "ar": "هل أنت في البيت", "cs": "Jsi dnes večer doma", "de": "Bist du heute Abend zu Hause",
    "en": "Are you at home tonight", "es": "Estás en casa esta noche", "fr": "Tu es à la maison ce soir",
    "hi": "क्या तुम आज घर पर हो", "hu": "Otthon vagy ma este", "it": "Sei a casa stasera", "ja": "今夜は家にいますか",
    "ko": "오늘 밤에 집에 있어요", "nl": "Ben je vanavond thuis", "pl": "Jesteś dziś w domu",
    "pt": "Você está em casa hoje",
    "ru": "Ты сегодня вечером дома", "tr": "Bu akşam evde misin", "zh": "你今天晚上在家吗",
}  # fmt: skip
"""Are you at home tonight?"""
STEP = SAMPLE_RATE // 100
END_FRAMES = 30


class Ending(NamedTuple):
    """How a pitch ends, in semitones.

    Attributes:
        highest: of it beside the median of all.
        last: of its last third, likewise.
    """

    highest: float
    last: float


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--languages", nargs="+", default=LANGUAGES, choices=LANGUAGES)
    arguments = parser.parse_args()

    speaker = Speaker(natural=float_graph(cache_folder(os.environ)), threads=1)
    print("voice              question: highest, last, brows   statement: highest, last, brows")
    for language in arguments.languages:
        for gender in GENDERS:
            voice = voices(speaker, language, gender)["natural"]
            ends = []
            for mark in "?.":
                parts = speaker.speak(QUESTIONS[language] + mark, voice)
                pcm = np.concatenate([part.pcm for part in parts])
                ends.append((*ending(pcm), brows(pcm)))
            question, statement = ends
            print(
                f"{voice.name:18} {question[0]:+16.1f} {question[1]:+6.1f} {question[2]:6.2f}"
                f" {statement[0]:+19.1f} {statement[1]:+6.1f} {statement[2]:6.2f}",
                flush=True,
            )


def ending(pcm: np.ndarray) -> Ending:
    """Tell how the pitch of speech ends.

    Args:
        pcm: int16 samples at `SAMPLE_RATE`, shape (N,), with a voice in them.
    """
    found = [frame_pitch(pcm[start : start + WINDOW]) for start in range(0, len(pcm) - WINDOW, STEP)]
    hertz = np.array([np.nan if one is None else one for one in found])
    semitones = 12 * np.log2(hertz / np.nanmedian(hertz))
    voiced = np.flatnonzero(~np.isnan(semitones))
    end = semitones[voiced[voiced > voiced[-1] - END_FRAMES]]
    third = max(1, len(end) // 3)
    return Ending(highest=float(end.max()), last=float(np.median(end[-third:])))


def brows(pcm: np.ndarray) -> float:
    """Tell how far a face that says this has its brows up at most in the last second, of 1."""
    heard = np.asarray(soxr.resample(pcm / np.float32(32768), SAMPLE_RATE, MEL.sample_rate), np.float32)
    frames = len(heard) * MEL.video_fps // MEL.sample_rate
    accents = Accents()
    accents.hear(heard)
    accents.end(frames)
    return max(accent.brows for accent in accents.take(frames)[-MEL.video_fps :])


if __name__ == "__main__":
    main()
