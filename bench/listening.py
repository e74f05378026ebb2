"""Listens to every voice, one statement and one question: level, length, and a picture of all, spectrogram and pitch.

    python -m bench.listening OUT                     writes OUT/*.wav, OUT/voices.csv, OUT/index.html, OUT/voices.png
    python -m bench.listening OUT --voices voices.toml    the voices of that file, too
    python -m bench.listening OUT --natural --adults  the natural voices as well, and no elderly ones
    python -m bench.listening OUT --pictures docs     a small copy of the picture, as docs/pictures/voices.png
    python -m bench.listening OUT --json              ends with one JSON object: level_spread_lu, word_error_rate

Where pocketsphinx is installed (`uv sync --group listening`) it writes down what the English voices say: errors in a
hundred words, of a recogniser that makes many by itself. Compare voices by it, not with people.
"""

import argparse
import csv
import html
import importlib
import json
import os
import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import httpx
import msgspec
import numpy as np
import soxr
from numpy.typing import NDArray
from PIL import Image

from bench.loudness import loudness_lufs
from bench.pitch import contour
from bench.questions import QUESTIONS
from bench.speech_length import held_out
from worker.speech import SAMPLE_RATE, Pcm, Speaker, Voice, read_voices
from worker.speech.kokoro_weights import cache_folder, float_graph

_RECOGNISED = 10  # of each English voice
_RECOGNISER_HZ = 16_000
_Recognise = Callable[[Pcm], str]

_WINDOW, _HOP = 1024, 480  # 20 ms
_TILE = (120, 300)  # pixels of a spectrogram, height and width
_COLUMNS = 4
_SHOWN_DB = (-75, -15)
_DOT = (255, 255, 0)
_SHOWN_HZ = (60, 480)  # of the pitch: an octave is a third of the height


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of a voice.

    Attributes:
        lufs: integrated loudness (ITU-R BS.1770).
        peak_dbfs: of the samples.
        pace: length beside that of the first voice of its language.
        first_sound_ms: from the text to its first samples.
        word_error_rate: None where nobody recognised it.
    """

    voice: str
    language: str
    gender: str
    engine: str
    seconds: float
    lufs: float
    peak_dbfs: float
    pace: float
    first_sound_ms: float
    word_error_rate: float | None


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--voices", type=Path, help="TOML file of voices of your own")
    parser.add_argument("--natural", action="store_true", help="the natural voices, too")
    parser.add_argument("--adults", action="store_true", help="leave the elderly voices out")
    parser.add_argument("--pictures", type=Path, help="folder of the docs, for a small copy of the picture")
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    with httpx.Client() as client:
        own = read_voices(arguments.voices, client=client, env=os.environ).voices if arguments.voices else ()
        natural = float_graph(cache_folder(os.environ)) if arguments.natural else None
        speaker = Speaker(own, natural=natural)
        recognise = _recogniser()
        rows, pictures = [], []
        first_of: dict[str, float] = {}
        for voice in sorted(speaker.voices, key=lambda voice: voice.language):
            if arguments.adults and voice.elderly:
                continue
            row, pcm = listen(speaker, voice, recognise, first_of)
            rows.append(row)
            pictures.append(_tile(row, pcm))
            _write_wav(arguments.out / f"{voice.name}.wav", pcm)
            print(_line(row), flush=True)
    _write_csv(arguments.out / "voices.csv", rows)
    (arguments.out / "index.html").write_text(_page(rows), encoding="utf-8")
    sheet = _sheet(pictures)
    cv2.imwrite(str(arguments.out / "voices.png"), sheet)
    if arguments.pictures:
        write_small(sheet, arguments.pictures / "pictures" / "voices.png")
    levels = [row.lufs for row in rows]
    errors = {row.voice: row.word_error_rate for row in rows if row.word_error_rate is not None}
    print(f"loudness from {min(levels):.1f} to {max(levels):.1f} LUFS")
    if arguments.json:
        spread = round(max(levels) - min(levels), 2)
        print(json.dumps({"level_spread_lu": spread, "word_error_rate": errors}))


def listen(
    speaker: Speaker, voice: Voice, recognise: _Recognise | None, first_of: dict[str, float]
) -> tuple[Row, Pcm]:
    """Have a voice speak, and measure it; `first_of` keeps the length of each language's first voice."""
    started = time.perf_counter()
    parts = speaker.speak(f"{held_out(voice.language)[0]} {QUESTIONS[voice.language]}?", voice)
    said = [next(parts).pcm]
    first_sound_s = time.perf_counter() - started
    pcm: Pcm = np.concatenate([*said, *(part.pcm for part in parts)])
    seconds = len(pcm) / SAMPLE_RATE
    row = Row(
        voice=voice.name,
        language=voice.language,
        gender=voice.gender,
        engine=voice.engine,
        seconds=round(seconds, 2),
        lufs=round(loudness_lufs(pcm / 32768, SAMPLE_RATE), 2),
        peak_dbfs=round(20 * float(np.log10(np.abs(pcm.astype(int)).max() / 32768)), 2),
        pace=round(seconds / first_of.setdefault(voice.language, seconds), 3),
        first_sound_ms=round(first_sound_s * 1000),
        word_error_rate=_errors(speaker, voice, recognise) if recognise and voice.language == "en" else None,
    )
    return row, pcm


def _errors(speaker: Speaker, voice: Voice, recognise: _Recognise) -> float:
    wrong = total = 0
    for sentence in held_out("en")[:_RECOGNISED]:
        heard = recognise(np.concatenate([part.pcm for part in speaker.speak(sentence, voice)]))
        words = _words(sentence)
        wrong += _distance(words, _words(heard))
        total += len(words)
    return round(wrong / total, 3)


def _words(text: str) -> list[str]:
    return "".join(letter if letter.isalnum() or letter == "'" else " " for letter in text.lower()).split()


def _distance(expected: Sequence[str], heard: Sequence[str]) -> int:
    """Count the words that were left out, put in or taken for others (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for index, word in enumerate(expected, 1):
        before, row[0] = row[0], index
        for at, other in enumerate(heard, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1]


def _recogniser() -> _Recognise | None:
    """Return what turns speech into words, or None where it is not installed."""
    try:
        sphinx: Any = importlib.import_module("pocketsphinx")
    except ImportError:
        return None
    decoder = sphinx.Decoder(samprate=_RECOGNISER_HZ, loglevel="FATAL")

    def recognise(pcm: Pcm) -> str:
        sound = soxr.resample(pcm, SAMPLE_RATE, _RECOGNISER_HZ)
        decoder.start_utt()
        decoder.process_raw(sound.tobytes(), full_utt=True)
        decoder.end_utt()
        return str(decoder.hyp().hypstr) if decoder.hyp() else ""

    return recognise


def _line(row: Row) -> str:
    errors = "" if row.word_error_rate is None else f"  {row.word_error_rate:.0%} of words wrong"
    return (
        f"{row.voice:22} {row.engine:12} {row.seconds:5.1f} s  {row.lufs:6.1f} LUFS  peak {row.peak_dbfs:5.1f} dB"
        f"  pace {row.pace:.2f}  first sound {row.first_sound_ms:4.0f} ms{errors}"
    )


def _tile(row: Row, pcm: Pcm) -> NDArray[np.uint8]:
    """Draw a spectrogram, 0 to 8 kHz from below, with the voice's name, and its pitch as dots."""
    starts = range(0, len(pcm) - _WINDOW, _HOP)
    frames = np.stack([pcm[start : start + _WINDOW] for start in starts]) / 32768 * np.hanning(_WINDOW)
    level = 20 * np.log10(np.abs(np.fft.rfft(frames)) / _WINDOW * 4 + 1e-6)  # (frames, bins)
    low = level[:, : round(8_000 / SAMPLE_RATE * _WINDOW)].T[::-1]
    shade = np.interp(low, _SHOWN_DB, (0, 255)).astype(np.uint8)
    tile = cv2.applyColorMap(cv2.resize(shade, _TILE[::-1], interpolation=cv2.INTER_AREA), cv2.COLORMAP_MAGMA)
    height, width = _TILE
    hertz = contour(pcm)
    for index in np.flatnonzero(~np.isnan(hertz)):
        across = round((index + 0.5) * width / len(hertz))
        up = float(np.interp(np.log(hertz[index]), np.log(_SHOWN_HZ), (0, height)))
        cv2.circle(tile, (across, round(height - up)), 1, _DOT, -1, cv2.LINE_AA)
    text = f"{row.voice} {row.lufs:.1f} LUFS"
    cv2.putText(tile, text, (5, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)
    return np.asarray(
        cv2.copyMakeBorder(tile, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(255, 255, 255)), np.uint8
    )


def _sheet(tiles: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    blank = np.full_like(tiles[0], 255)
    tiles = tiles + [blank] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[start : start + _COLUMNS]) for start in range(0, len(tiles), _COLUMNS)]
    return np.vstack(rows)


def write_small(sheet: NDArray[np.uint8], path: Path) -> None:
    """Write half its size in 32 colours, under 300 kB."""
    small = Image.fromarray(cv2.cvtColor(sheet, cv2.COLOR_BGR2RGB)).reduce(2)
    small.quantize(32, dither=Image.Dither.NONE).save(path, optimize=True)


def _write_wav(path: Path, pcm: Pcm) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm.astype("<i2").tobytes())


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, Row.__struct_fields__)
        writer.writeheader()
        writer.writerows(msgspec.structs.asdict(row) for row in rows)


def _page(rows: Sequence[Row]) -> str:
    names = Row.__struct_fields__
    head = "".join(f"<th>{name}</th>" for name in names)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{html.escape(str(getattr(row, name)))}</td>" for name in names)
        + f'<td><audio controls preload="none" src="{row.voice}.wav"></audio></td></tr>'
        for row in rows
    )
    return (
        '<!doctype html><meta charset="utf-8"><title>Voices</title>'
        f'<table><tr>{head}<th></th></tr>{body}</table><img src="voices.png" alt="Spectrograms">'
    )


if __name__ == "__main__":
    main()
