"""How long the natural voices take beside the fast ones, whose length is sold, and how to have them take as long.

python -m bench.pace           prints the error of the committed speeds, on held-out sentences
python -m bench.pace --fit     finds the speeds anew on the other sentences and writes
worker/assets/voices/pace.json
python -m bench.pace --json    ends with one JSON object: median_error (of natural beside fast), by_language
"""

import argparse
import json
import os
import statistics
from collections.abc import Sequence

import numpy as np

from bench.speech_length import calibration, held_out, joined
from spoken.languages import LANGUAGES
from worker.speech import SAMPLE_RATE, Speaker, Voice
from worker.speech.kokoro import PACE
from worker.speech.kokoro_weights import cache_folder, float_graph
from worker.speech.port import Gender

GENDERS: tuple[Gender, ...] = ("female", "male")
_FITTED = 8  # sentences of each language, short and long
_ROUNDS = 2  # the network rounds what it divides by its speed


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--fit", action="store_true", help="find the speeds and write them")
    parser.add_argument("--sentences", type=int, default=8, help="held-out sentences of each language")
    parser.add_argument("--languages", nargs="+", default=LANGUAGES, choices=LANGUAGES)
    parser.add_argument("--threads", type=int, default=0, help="of the CPU; 0 is one for each core")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()

    speaker = Speaker(natural=float_graph(cache_folder(os.environ)), threads=arguments.threads)
    if arguments.fit:
        for language in arguments.languages:
            found = fit(speaker, language)
            table = json.loads(PACE.read_text())  # another may be at other languages
            PACE.write_text(json.dumps(table | {language: found}, indent=1) + "\n")
    errors: dict[str, list[float]] = {}
    for language in arguments.languages:
        texts = held_out(language)[: arguments.sentences]
        signed = []
        for gender in GENDERS:
            fast, natural = (voices(speaker, language, gender)[engine] for engine in ("fast", "natural"))
            signed += [seconds(speaker, [t], natural) / seconds(speaker, [t], fast) - 1 for t in texts]
        errors[language] = [abs(error) for error in signed]
        print(
            f"{language}  median {statistics.median(errors[language]):5.1%}  bias {statistics.mean(signed):+6.1%}"
            f"  worst {max(errors[language]):5.1%}",
            flush=True,
        )
    median = statistics.median(error for of in errors.values() for error in of)
    print(f"all  median {median:.1%}")
    if arguments.json:
        by_language = {language: round(statistics.median(of), 4) for language, of in errors.items()}
        print(json.dumps({"median_error": round(median, 4), "by_language": by_language}))


def fit(speaker: Speaker, language: str) -> dict[Gender, float]:
    """Find the speeds of a language, and have the speaker take them."""
    sentences = calibration(language)
    texts = sentences[: _FITTED // 2] + joined(sentences)[: _FITTED // 2]
    for gender in GENDERS:
        both = voices(speaker, language, gender)
        wanted = seconds(speaker, texts, both["fast"])
        for _ in range(_ROUNDS):
            pace = pace_of(speaker)[language]
            pace[gender] = round(pace[gender] * seconds(speaker, texts, both["natural"]) / wanted, 3)
    print(f"{language}  {pace_of(speaker)[language]}", flush=True)
    return pace_of(speaker)[language]


def pace_of(speaker: Speaker) -> dict[str, dict[Gender, float]]:
    """Return the table of speeds that it speaks with."""
    assert speaker.natural
    return speaker.natural.pace


def voices(speaker: Speaker, language: str, gender: Gender) -> dict[str, Voice]:
    """Return the natural and the fast voice."""
    fitting = [v for v in speaker.voices if (v.language, v.gender, v.elderly) == (language, gender, False)]
    return {"natural" if voice.engine == "kokoro" else "fast": voice for voice in fitting}


def seconds(speaker: Speaker, texts: Sequence[str], voice: Voice) -> float:
    """Speak texts, and add up how long it took to say them."""
    parts = [part.pcm for text in texts for part in speaker.speak(text, voice)]
    return len(np.concatenate(parts)) / SAMPLE_RATE


if __name__ == "__main__":
    main()
