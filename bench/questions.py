"""Whether a question is heard: where the pitch of natural voices ends, beside the same words as a statement.

    python -m bench.questions                 a row for each voice, in semitones
    … --languages de fr    of these alone

The end is the last 0.3 s that have a pitch: its highest, and its last tenth of a second, beside the median of all.
"""

import argparse
import os
from typing import NamedTuple

import numpy as np

from bench.pace import GENDERS, voices
from bench.pitch import WINDOW, frame_pitch
from spoken.languages import LANGUAGES
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
    print("voice              question: highest, last   statement: highest, last")
    for language in arguments.languages:
        for gender in GENDERS:
            voice = voices(speaker, language, gender)["natural"]
            ends = []
            for mark in "?.":
                parts = speaker.speak(QUESTIONS[language] + mark, voice)
                ends.append(ending(np.concatenate([part.pcm for part in parts])))
            question, statement = ends
            print(
                f"{voice.name:18} {question.highest:+16.1f} {question.last:+6.1f}"
                f" {statement.highest:+19.1f} {statement.last:+6.1f}",
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


if __name__ == "__main__":
    main()
