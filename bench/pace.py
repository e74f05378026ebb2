"""How long the natural voices take beside what is sold, the length that is predicted of the fast ones.

python -m bench.pace             a row for each language, on held-out sentences
… --rows FILE                    keeps each sentence in a file, and does not speak again what is there
… --json                         ends with one JSON object: median_error (of quotes, for the mean of woman and man),
                                 of_fast (of natural beside fast voices), most (spoken for what was sold),
                                 by_language
"""

import argparse
import json
import os
import statistics
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.speech_length import held_out
from service.speech.speech_length import estimate
from spoken.languages import LANGUAGES
from worker.speech import SAMPLE_RATE, Speaker, Voice
from worker.speech.kokoro_weights import cache_folder, float_graph
from worker.speech.port import Gender

GENDERS: tuple[Gender, ...] = ("female", "male")


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """How long woman and man take for one sentence, in seconds."""

    language: str
    text: str
    natural: list[float]
    fast: list[float]

    @property
    def sold(self) -> float:
        """How long it is predicted to take."""
        return estimate(self.text, self.language).milliseconds / 1000


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sentences", type=int, default=8, help="held-out sentences of each language")
    parser.add_argument("--languages", nargs="+", default=LANGUAGES, choices=LANGUAGES)
    parser.add_argument("--threads", type=int, default=0, help="of the CPU; 0 is one for each core")
    parser.add_argument("--rows", type=Path, help="file of sentences, one JSON object a line")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()

    kept = _kept(arguments.rows)
    speaker = Speaker(natural=float_graph(cache_folder(os.environ)), threads=arguments.threads)
    everything: dict[str, list[Sentence]] = {}
    print("    median error  worst  bias   beside fast  most for what is sold")
    for language in arguments.languages:
        rows = everything[language] = []
        for text in held_out(language)[: arguments.sentences]:
            known = next((row for row in kept if (row.language, row.text) == (language, text)), None)
            rows.append(known or measure(speaker, language, text))
            if arguments.rows and not known:
                with arguments.rows.open("a", encoding="utf-8") as file:
                    file.write(msgspec.json.encode(rows[-1]).decode() + "\n")
        print(f"{language}  {_line(rows)}", flush=True)
    all_rows = [row for rows in everything.values() for row in rows]
    print(f"all {_line(all_rows)}")
    if arguments.json:
        by_language = {
            language: round(statistics.median(map(quoted, rows)), 4) for language, rows in everything.items()
        }
        told = {
            "median_error": round(statistics.median(map(quoted, all_rows)), 4),
            "of_fast": round(statistics.median(beside_fast(all_rows)), 4),
            "most": round(max(map(most, all_rows)), 3),
            "by_language": by_language,
        }
        print(json.dumps(told))


def measure(speaker: Speaker, language: str, text: str) -> Sentence:
    """Speak a sentence with four voices."""
    natural, fast = (
        [seconds(speaker, text, voices(speaker, language, gender)[engine]) for gender in GENDERS]
        for engine in ("natural", "fast")
    )
    return Sentence(language=language, text=text, natural=natural, fast=fast)


def quoted(row: Sentence) -> float:
    """Tell how far a quote is off, as `bench.speech_length` does."""
    return abs(row.sold / statistics.mean(row.natural) - 1)


def beside_fast(rows: Sequence[Sentence]) -> list[float]:
    """Tell how far each natural voice is from the fast one."""
    return [
        abs(natural / fast - 1) for row in rows for natural, fast in zip(row.natural, row.fast, strict=True)
    ]


def most(row: Sentence) -> float:
    """Tell how many times as long as was sold the slower voice spoke."""
    return max(row.natural) / row.sold


def voices(speaker: Speaker, language: str, gender: Gender) -> dict[str, Voice]:
    """Return the natural and the fast voice."""
    fitting = [v for v in speaker.voices if (v.language, v.gender, v.elderly) == (language, gender, False)]
    return {"natural" if voice.engine == "kokoro" else "fast": voice for voice in fitting}


def seconds(speaker: Speaker, text: str, voice: Voice) -> float:
    """Speak a text, and tell how long it took to say it."""
    return sum(len(part.pcm) for part in speaker.speak(text, voice)) / SAMPLE_RATE


def _kept(path: Path | None) -> list[Sentence]:
    if path is None or not path.exists():
        return []
    return [msgspec.json.decode(line, type=Sentence) for line in path.read_text("utf-8").splitlines()]


def _line(rows: Sequence[Sentence]) -> str:
    errors = [quoted(row) for row in rows]
    bias = statistics.mean(row.sold / statistics.mean(row.natural) - 1 for row in rows)
    return (
        f"{statistics.median(errors):12.1%}  {max(errors):5.1%} {bias:+6.1%}"
        f"  {statistics.median(beside_fast(rows)):11.1%}  {max(map(most, rows)):6.2f}"
    )


if __name__ == "__main__":
    main()
