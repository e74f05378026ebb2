# ruff: noqa: RUF001 - marks of other scripts are stripped
"""How well the length of speech is predicted, by language, on sentences that the prediction has not seen.

    python -m bench.speech_length           prints the error of the committed weights
    python -m bench.speech_length --fit     fits the weights anew and writes them, then prints the error
    … --languages zh                        of these alone
    python -m bench.speech_length --json    ends with one JSON object: median_error (a fraction), by_language

Sentences lie in bench/sentences, one file a language: those to fit on, "# held out", those to measure on.
"""

import argparse
import json
import statistics
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from service.catalogue.built_in import LANGUAGES
from service.speech.counting import count
from service.speech.speech_length import FEATURES, estimate, features, known_ms
from spoken import VOCABULARIES, passages
from spoken.alphabets import LETTERS
from spoken.languages import detect_language
from worker.speech import SAMPLE_RATE, Espeak, Speaker
from worker.speech.speaker import ESPEAK_LANGUAGE

SENTENCES = Path(__file__).parent / "sentences"
WEIGHTS = Path(__file__).parents[1] / "service" / "speech" / "speech_length.json"
NAMES = WEIGHTS.with_name("letter_names.json")
READINGS = WEIGHTS.with_name("readings.json")

# Fitted beside each language's sentences: how it reads numbers, alone and in pairs, short and long.
NUMBERS = (
    "1", "2", "5", "7", "10", "12", "16", "20", "23", "45", "68", "99", "100", "120", "50", "30", "80",
    "90 90", "205", "399", "742", "1000",
    "1500", "1815", "1984", "2003", "2024", "7321", "12000", "45678", "250000", "731946", "1000000", "48215973",
    "3.5", "12.75", "0.4", "9:15", "18:40", "1, 2, 3", "14 28 31", "007", "0049", "5550123", "4915233746502",
    "10000000000", "31415926535897932384", "6022140762718281828459045",
    "149597870700299792458137035999", "5%", "75%", "3 + 4 = 7", "$20", "€ 15",
)  # fmt: skip
# How it reads words of other scripts; those of its own are one more short sentence.
BORROWED = (
    "Bitcoin", "Lightning Network", "Python", "Hello world", "New York Times", "Привет", "Доброе утро, Москва",
    "東京タワー", "北京大学", "ありがとう", "안녕하세요", "नमस्ते दुनिया", "مرحبا بالعالم", "Καλημέρα κόσμε", "שלום עולם",
)  # fmt: skip
# How it reads addresses, which are said more carefully than what stands around them; they count as sentences do.
ADDRESSES = (
    "www.example.org",
    "satspeak.com",
    "info@shop.net",
    "bitcoin.org, lightning.network",
    "Visit www.python.org.",
    "pizza.it, news.com, mail.net",
)
# How it reads words without vowels.
SPELLED = (
    "PDF",
    "TV",
    "km",
    "www",
    "HTML",
    "b c d f g",
    "q w x z",
    "bcdfg",
    "Mr. Smith",
    "w w w w",
    "PDF, HTML, CSS",
)
# How it pauses, and reads marks that stand in a number or a word.
MARKS = (
    "1. 2. 3. 4.", "a? b! c; d: e, f.", "Ah… oh… ah… oh.", "12? 7! 5; 3: 2, 1.", "(12) (7) 5 (3) 2", "(a) (b) (c) (d)",
    "-5, -12, -7", "-1 -2 -3 -4", "12-15, 3-4, 7-8", "a.b.c.d", "x.y z.w", "5/7 3/4 1/2", "a/b c/d", "12/5/7/3",
    "II, III, IV", "VII VIII IX XII", "XIV, XX, XXII", "Ⅱ Ⅲ Ⅳ Ⅵ", "5° 7° 12°", "$5 $7 $12",
    "€3.50 and £7.99", "5 – 7 – 9 – 12",
)  # fmt: skip
NOT_NAMED = {"CJK", "ETHIOPIC", "HIRAGANA", "IDEOGRAPHIC", "KATAKANA", "KATAKANA-HIRAGANA", "LATIN"}
PAUSE_MS = 350
# Of its length where it is a whole text, the least that a letter costs: with its pause, two thirds are paid for.
ALONE = 0.6
READS = {"ARABIC": "ar", "CYRILLIC": "ru", "DEVANAGARI": "hi"}
# Milliseconds. What stands too seldom in the samples for its worst to show.
AT_LEAST = {
    "stretch": 380, "alone": 90, "stop": 150, "repeated": 90, "bracket": 100,
    "consonant": 55, "roman": 250, "number": 60, "digit": 300, "ten": 200, "hundred": 200,
    "thousand": 200, "spelled": 250, "separator": 180, "switch": 60, "slash": 300, "borrowed": 15.5,
}  # fmt: skip
AT_LEAST_IN = {
    "ar": {"letter": 80, "word": 200, "alone": 150, "repeated": 160},
    "en": {"numbered": 300, "slash": 350},
    "it": {"consonant": 72, "digit": 330},
    "tr": {"digit": 335, "spelled": 375},
    "pl": {"separator": 230},
    "ru": {"stop": 200, "word": 46},
    "hi": {"separator": 560, "borrowed": 19},
    "ja": {
        "stretch": 400,
        "number": 60,
        "digit": 260,
        "ten": 0,
        "hundred": 0,
        "thousand": 0,
        "spelled": 450,
        "nucleus": 245,
        "borrowed": 0,
    },
    "zh": {"borrowed": 0},
}
RIDGE = 0.002  # of a column's sum of squares: keeps a feature that hardly occurs from running away
READ_TIMES = 4
SENTENCE_WEIGHT = 4  # of natural sentences and addresses; numbers, marks and borrowed words count once
SENTENCE_WEIGHT_IN = {"zh": 16}  # nor is anything else told worse then


class Sample(NamedTuple):
    """A text and how long the voices of its language take for it."""

    text: str
    milliseconds: float


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--fit", action="store_true", help="fit the weights and write service/speech/speech_length.json"
    )
    parser.add_argument("--languages", nargs="+", default=LANGUAGES, choices=LANGUAGES)
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()

    speaker = Speaker()
    if arguments.fit:
        if arguments.languages == LANGUAGES:
            names = letter_names(speaker)
            NAMES.write_text(json.dumps(names, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        if "zh" in arguments.languages:
            READINGS.write_text(json.dumps(readings(), indent=0, ensure_ascii=False) + "\n", encoding="utf-8")
        table = json.loads(WEIGHTS.read_text(encoding="utf-8"))
        for language in arguments.languages:
            progress(f"fitting {language} ...")
            sentences = calibration(language)
            natural = measure(speaker, language, (*sentences, *joined(sentences), *ADDRESSES))
            sundry = measure(speaker, language, (*NUMBERS, *BORROWED, *SPELLED, *MARKS))
            table[language] = fit(
                language, natural * SENTENCE_WEIGHT_IN.get(language, SENTENCE_WEIGHT) + sundry
            )
        WEIGHTS.write_text(json.dumps(table, indent=1) + "\n")

    errors: dict[str, list[float]] = {}
    detected = 0
    print("language  sentences  median error  mean error  bias   worst")
    for language in arguments.languages:
        samples = measure(speaker, language, held_out(language))
        signed = [estimate(s.text, language).milliseconds / s.milliseconds - 1 for s in samples]
        detected += sum(detect_language(s.text) == language for s in samples)
        errors[language] = [abs(error) for error in signed]
        print(
            f"{language:8}  {len(samples):9}  {statistics.median(errors[language]):12.1%}"
            f"  {statistics.mean(errors[language]):10.1%}  {statistics.mean(signed):+5.1%}"
            f"  {max(errors[language]):5.1%}",
            flush=True,
        )
    everything = [error for of_language in errors.values() for error in of_language]
    median = statistics.median(everything)
    print(f"all       {len(everything):9}  {median:12.1%}  {statistics.mean(everything):10.1%}")
    print(f"language detected: {detected / len(everything):.1%}")
    if arguments.json:
        by_language = {language: round(statistics.median(of), 4) for language, of in errors.items()}
        print(json.dumps({"median_error": round(median, 4), "by_language": by_language}))


def progress(line: str) -> None:
    """Show that something happens, apart from the figures."""
    print(line, file=sys.stderr, flush=True)


def calibration(language: str) -> list[str]:
    """Read the sentences to fit on."""
    return _read(language)[0]


def joined(texts: Sequence[str]) -> list[str]:
    """Make long sentences of short ones, three at a time: a voice has another pace in them."""
    bare = [text.rstrip(".!?。！？।") for text in texts]
    return [", ".join(bare[start : start + 3]) + "." for start in range(0, len(bare), 3)]


def held_out(language: str) -> list[str]:
    """Read the sentences to measure on."""
    return _read(language)[1]


def _read(language: str) -> tuple[list[str], list[str]]:
    fitted, _, kept = (SENTENCES / f"{language}.txt").read_text(encoding="utf-8").partition("# held out\n")
    return fitted.splitlines(), kept.splitlines()


def measure(speaker: Speaker, language: str, texts: Iterable[str]) -> list[Sample]:
    """Speak texts with both first voices of a language; the length is the mean of the two."""
    voices = [
        speaker.choose(language=language, voice=None, text="", gender=gender, elderly=False)
        for gender in ("female", "male")
    ]
    samples = []
    for text in texts:
        lengths = [sum(len(part.pcm) for part in speaker.speak(text, voice)) for voice in voices]
        samples.append(Sample(text, statistics.mean(lengths) / SAMPLE_RATE * 1000))
    return samples


def letter_names(speaker: Speaker) -> dict[str, dict[str, int]]:
    """Measure the name of each letter as it is said where it stands alone, in milliseconds.

    Returns:
        Of Latin letters by language, for those with accents only where it has them; of all others by script.
    """
    own = {language: "abcdefghijklmnopqrstuvwxyz" + VOCABULARIES[language].own for language in LANGUAGES}
    own["ru"] += "".join(sorted(LETTERS["CYRILLIC"]))
    borrowed = {
        script: "".join(sorted(letter for letter in letters if not "가" <= letter <= "힣"))
        for script, letters in LETTERS.items()
        if script not in NOT_NAMED
    }
    names = {}
    for group, letters in (own | borrowed).items():
        progress(f"naming the letters of {group} ...")
        language = group if group in own else READS.get(group, "de")
        few = measure(speaker, language, (" ".join(letter * 5) for letter in letters))
        many = measure(speaker, language, (" ".join(letter * 15) for letter in letters))
        names[group] = {
            letter: round((more.milliseconds - less.milliseconds) / 10)
            for letter, less, more in zip(letters, few, many, strict=True)
        }
        for letter, length in measure(speaker, language, letters):
            # Where nothing of its script stands beside it, it is described; a series of it may be cut short.
            alone = (length - PAUSE_MS) * (1 if group in borrowed else ALONE)
            names[group][letter] = max(names[group][letter], round(alone))
    return names


def readings() -> dict[str, str]:
    """Measure how long eSpeak NG says each ideograph between two others, to 10 ms.

    Returns:
        By milliseconds the ideographs that take so long.
    """
    espeak = Espeak()
    ideographs = [chr(code) for code in range(0x3400, 0xA000) if unicodedata.category(chr(code)) == "Lo"]
    by_sound: dict[str, list[str]] = defaultdict(list)
    for ideograph in ideographs:
        sound = " ".join(clause.ipa for clause in espeak.phonemes(ideograph, ESPEAK_LANGUAGE["zh"]))
        by_sound[sound].append(ideograph)

    def said_ms(between: str) -> float:
        text = f"东{between}" * READ_TIMES + "。"
        return espeak.utter(text, ESPEAK_LANGUAGE["zh"], monotone=True).phonemes[-1][0] * 1000

    nothing_ms = said_ms("")
    by_length: dict[int, list[str]] = defaultdict(list)
    for alike in by_sound.values():
        length = (said_ms(alike[0]) - nothing_ms) / READ_TIMES
        by_length[max(0, 10 * round(length / 10))] += alike
    return {str(length): "".join(sorted(by_length[length])) for length in sorted(by_length)}


def fit(language: str, samples: Sequence[Sample]) -> dict[str, float]:
    """Find the weights with the least relative square error."""
    rows, known = [], []
    for sample in samples:
        counts = count(passages(sample.text, language))
        met = features(counts, language)
        rows.append([met.get(feature, 0) for feature in FEATURES])
        known.append(known_ms(counts, language))
    lengths = np.array([sample.milliseconds for sample in samples])
    bounds = AT_LEAST | AT_LEAST_IN.get(language, {})
    least = np.array([bounds.get(feature, 0) for feature in FEATURES])
    left = 1 - (np.array(known) + np.array(rows) @ least) / lengths
    weights = least + _least_squares(np.array(rows, float) / lengths[:, None], left)
    return {feature: round(float(weight), 2) for feature, weight in zip(FEATURES, weights, strict=True)}


def _least_squares(rows: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Solve for weights of which none is negative: a longer text never takes less time."""
    square = rows.T @ rows
    square[np.diag_indices_from(square)] *= 1 + RIDGE
    square += np.eye(len(square)) * 1e-12
    product = rows.T @ wanted
    active = np.ones(len(product), bool)
    weights = np.zeros(len(product))
    while True:
        weights[:] = 0
        weights[active] = np.linalg.solve(square[np.ix_(active, active)], product[active])
        if (weights >= 0).all():
            return weights
        active &= weights > 0


if __name__ == "__main__":
    main()
