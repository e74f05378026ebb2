# ruff: noqa: RUF001 - marks of other scripts are the point
"""How much of what people write is said as people say it, on texts that nothing was tuned to.

    python -m bench.said                 prints how many of each language are said right
    python -m bench.said --wrong de      prints those that are not

Texts lie in bench/said, one file a language: what is written, and what people say of it, where they may say several
things each. What counts is what is heard: both are given to the voices, and their phonemes have to be the same.
"""

import argparse
import re
from pathlib import Path

from spoken import LANGUAGES, passages, runs_by_script
from worker.speech import Espeak
from worker.speech.japanese import JapaneseReader
from worker.speech.speaker import ESPEAK_LANGUAGE

SAID = Path(__file__).parent / "said"
_UNHEARD = re.compile(r"[ˈˌ\W\d_]")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--wrong", metavar="LANGUAGE", help="print what is said wrong in a language")
    arguments = parser.parse_args()

    right = total = 0
    for language in [arguments.wrong] if arguments.wrong else LANGUAGES:
        texts = read(language)
        wrong = [text for text, readings in texts if not is_said(text, readings, language)]
        right, total = right + len(texts) - len(wrong), total + len(texts)
        print(f"{language}  {len(texts) - len(wrong):3} of {len(texts)}")
        if arguments.wrong:
            for text in wrong:
                print(f"  {text}  →  {' | '.join(passage.words for passage in passages(text, language))}")
    print(f"all {right} of {total}")


def read(language: str) -> list[tuple[str, list[str]]]:
    """Read the texts of a language, and what people say of each."""
    lines = (SAID / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" → ") for line in lines)
    return [(text, readings.split(" | ")) for text, readings in pairs]


def is_said(text: str, readings: list[str], language: str) -> bool:
    """Tell whether a text is heard as one of its readings, with no pause that does not belong there."""
    spoken = [passage.words for passage in passages(text, language)]
    return len(spoken) == 1 and heard(spoken[0], language) in {
        heard(reading, language) for reading in readings
    }


def heard(words: str, language: str) -> str:
    """Tell what the voices make of words, without stress, length and pauses."""
    espeak = Espeak()
    said = ""
    for reader, run in runs_by_script(words.lower(), language):
        written = JapaneseReader().read(run) if reader == "ja" else run
        phonemes = espeak.utter(written, ESPEAK_LANGUAGE.get(reader, reader)).phonemes
        said += "".join(name for _, name in phonemes)
    return _UNHEARD.sub("", said).replace("ː", "")


if __name__ == "__main__":
    main()
