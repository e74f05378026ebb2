"""Lips on recordings of people whose words are known: a woman's announcements and a man who reads aloud.

What a mouth truly did is unknown there. But pocketsphinx (`uv sync --group listening`) finds when each phoneme of known
words is said, and phonemes tell the mouth. The recordings are fetched with apt-get into the user's cache: the
announcements as in `recordings.py`, the reader (LibriVox, public domain) with pocketsphinx's test data.
"""

import io
import re
import wave
from collections.abc import Sequence

import click
import msgspec
import numpy as np
from numpy.typing import NDArray

from bench.mouths import RATE, Curve, Seen, Worker, closures, hits
from bench.recordings import announcements, decode, fetch, open_mouth, probe_face
from faces.shapes import UNITS
from training.aligning import Aligner
from training.phonemes import Phoneme, Track, follow_loudness, opening, track
from worker.encode import FPS, Pcm

_ANNOUNCED = {
    "conf-invalidpin": "That pin is invalid for this conference.",
    "conf-onlyperson": "You are currently the only person in this conference.",
    "dir-nomore": "There are no more compatible entries in the directory.",
    "followme/pls-hold-while-try": "Please hold while I try to locate the person you are calling.",
    "privacy-prompt": "Please enter your phone number, starting with the area code.",
    "queue-youarenext": "Your call is now first in line and will be answered by the next available representative.",
    "vm-nobodyavail": "Nobody is available to take your call at the moment.",
    "vm-rec-busy": "After the tone, say your busy message, and then press the pound key.",
    "vm-tempremoved": "Your temporary greeting has been removed.",
    "vm-toforward": "Press eight to forward the message to another user.",
}
_READER = "pocketsphinx-testdata"
_SPEAKING = 0.05  # of the opening; less is a pause
_LINE = re.compile(r"<s> (.+) </s> \((.+)\)")


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """How lips fit the words of people.

    Attributes:
        opening: correlation of the opening seen with that of the phonemes, mean over all recordings.
        closures: share of /m b p/ at which the lips close.
    """

    opening: float
    closures: float


def hear_words(lips: Worker, seen: Sequence[Seen]) -> Words | None:
    """Measure lips on recordings of known words; None where they or pocketsphinx are missing."""
    announced, read = announcements("en"), fetch(_READER, "")
    if announced is None or read is None:
        return None
    try:
        aligner = Aligner()
    except ImportError:
        return None
    probe = probe_face(seen)
    speakers = {
        "announcements": [(decode(announced[name]), text) for name, text in _ANNOUNCED.items()],
        "reader": _readings(read),
    }
    correlations: list[float] = []
    closed: list[bool] = []
    for speaker, recordings in speakers.items():
        measured = []
        for pcm, text in recordings:
            phonemes = aligner.align(_waves(pcm), text)
            if phonemes:
                measured.append(compare(open_mouth(lips, probe, pcm), phonemes, pcm))
        found = [correlation for correlation, _ in measured]
        shut = [hit for _, each in measured for hit in each]
        click.echo(
            f"people, {speaker}: opening and words {np.mean(found):.3f} "
            f"({len(found)} of {len(recordings)} recordings), closures {np.mean(shut):.0%} of {len(shut)}"
        )
        correlations += found
        closed += shut
    return Words(opening=float(np.mean(correlations)), closures=float(np.mean(closed)))


def compare(opened: Curve, phonemes: Sequence[Phoneme], pcm: Pcm) -> tuple[float, list[bool]]:
    """Return how the opening seen goes with that of the phonemes, and whether each /m b p/ is seen to close."""
    mouth: Track = track(phonemes, len(pcm) / RATE)
    told = opening(follow_loudness(mouth, _waves(pcm), RATE)).astype(float)
    closed = closures(phonemes, mouth[:, UNITS.index("mouthPress")].tolist())
    return float(np.corrcoef(opened, told)[0, 1]), hits(opened, closed, told, told > _SPEAKING)


def _readings(files: dict[str, bytes]) -> list[tuple[Pcm, str]]:
    """Return what is read aloud, and its words, from the files of the package."""
    by_name = {path.rpartition("/")[2]: content for path, content in files.items() if "/librivox/" in path}
    lines = _LINE.findall(by_name["transcription"].decode())
    return [(_read(by_name[f"{name}.wav"]), words) for words, name in lines]


def _read(file: bytes) -> Pcm:
    with wave.open(io.BytesIO(file)) as sound:
        pcm = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.int16)
    return np.pad(pcm, (0, -len(pcm) % (RATE // FPS)))


def _waves(pcm: Pcm) -> NDArray[np.float32]:
    return np.asarray(pcm / 32768, np.float32)
