"""Lips on recordings of people: the announcements of a telephone exchange, which Debian ships as 16 kHz G.722.

They are fetched with apt-get into the user's cache, under CC BY-SA 3.0 (Russian: CC BY 3.0), and are not part of ours.
"""

import io
import os
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

import av
import click
import msgspec
import numpy as np

from bench.mouths import RATE, Curve, Probe, Seen, Worker, corners_of, fit_probe
from worker.encode import FPS, Pcm

_LANGUAGES = ("en", "es", "fr", "it", "ru")
_PACKAGE = "asterisk-core-sounds-{}-g722"
_RECORDINGS = 6  # of each language
_LONGEST_S = 8
_SHORTEST_S = 2.5
_BYTES_A_SECOND = 8_000
_QUIET_DB = 40  # below the loudest frame; what is quieter still is silence
_TIMEOUT_S = 60
_FACE = ("european_woman", "neutral")  # most of the speakers are women
# Words by their vowels: tongue low and mouth open, or high and nearly closed.
_LOW = ("digits/5", "digits/9", "letters/i", "letters/r", "letters/y")
_HIGH = ("digits/3", "digits/6", "digits/2", "letters/e", "letters/q")


class Human(msgspec.Struct, frozen=True, kw_only=True):
    """What recordings say.

    Attributes:
        loudness: correlation of the opening with the loudness in dB, mean over all recordings.
        low_to_high: how much wider the mouth opens for low vowels than for high ones (English), as a ratio.
    """

    loudness: float
    low_to_high: float


def hear_humans(lips: Worker, seen: Sequence[Seen]) -> Human | None:
    """Measure lips on recordings, as fitted to the true shots of one face; None where they cannot be fetched."""
    probe = probe_face(seen)
    correlations: dict[str, list[float]] = {}
    peaks: dict[tuple[str, ...], list[float]] = {_LOW: [], _HIGH: []}
    for language in _LANGUAGES:
        sounds = announcements(language)
        if sounds is None:
            return None
        sentences = [
            sound for sound in sounds.values() if _SHORTEST_S < len(sound) / _BYTES_A_SECOND < _LONGEST_S
        ]
        chosen = sentences[:: max(1, len(sentences) // _RECORDINGS)][:_RECORDINGS]
        for pcm in map(decode, chosen):
            correlations.setdefault(language, []).append(_correlate(pcm, open_mouth(lips, probe, pcm)))
        if language == "en":
            for words, found in peaks.items():
                found += [float(open_mouth(lips, probe, decode(sounds[word])).max()) for word in words]
    for language, found in correlations.items():
        click.echo(f"people, {language}: opening and loudness {np.mean(found):.3f} ({len(found)} recordings)")
    everything = [correlation for found in correlations.values() for correlation in found]
    return Human(
        loudness=float(np.mean(everything)), low_to_high=float(np.mean(peaks[_LOW]) / np.mean(peaks[_HIGH]))
    )


def probe_face(seen: Sequence[Seen]) -> Probe:
    """Fit how far a mouth is open to the true shots of the one face that says the recordings."""
    face = next(one for one in seen if (one.shot.avatar, one.shot.emotion) == _FACE)
    return fit_probe(face.truth, face.idle, face.shot.opening)


def open_mouth(lips: Worker, probe: Probe, pcm: Pcm) -> Curve:
    """Let that face say a recording; return how far its mouth is seen to be open."""
    footage = lips.footage(*_FACE)
    corners = corners_of(footage, len(pcm) * FPS // RATE)
    return probe(lips.film(footage, pcm, corners), lips.rest(footage, corners))


def _correlate(pcm: Pcm, opening: Curve) -> float:
    frames = pcm.astype(float).reshape(len(opening), -1)
    loudness = 10 * np.log10((frames**2).mean(axis=1) + 1)
    return float(np.corrcoef(opening, np.maximum(loudness, loudness.max() - _QUIET_DB))[0, 1])


def announcements(language: str) -> dict[str, bytes] | None:
    """Return the recordings of a language, in order of their names without folder and ending; None without them."""
    files = fetch(_PACKAGE.format(language), ".g722")
    return files and dict(sorted((_word(path), sound) for path, sound in files.items()))


def fetch(package: str, ending: str) -> dict[str, bytes] | None:
    """Return those files of a Debian package whose names end so; None where apt-get cannot fetch it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "satspeak-bench"
    cache.mkdir(parents=True, exist_ok=True)
    if not list(cache.glob(f"{package}_*.deb")):
        try:
            subprocess.run(
                ["apt-get", "download", "-qq", package],
                cwd=cache,
                capture_output=True,
                check=True,
                timeout=_TIMEOUT_S,
            )
        except (OSError, subprocess.SubprocessError):
            return None
    (archive,) = sorted(cache.glob(f"{package}_*.deb"))[-1:]
    with tarfile.open(fileobj=io.BytesIO(_member(archive.read_bytes(), "data.tar"))) as tar:
        # In the order of the archive: to go back in it means to unpack it from its start.
        files = {member.name: tar.extractfile(member) for member in tar if member.name.endswith(ending)}
        return {path: file.read() for path, file in files.items() if file}


def _word(path: str) -> str:
    """Name a recording as the exchange does, without the speaker's folder: digits/5."""
    return path.split("/sounds/")[1].partition("/")[2].removesuffix(".g722")


def _member(archive: bytes, name: str) -> bytes:
    """Take a file whose name begins so out of a Debian package: an archive as `ar` writes it."""
    position = 8  # after its signature
    while position < len(archive):
        header = archive[position : position + 60]
        size = int(header[48:58])
        if header.decode("ascii").startswith(name):
            return archive[position + 60 :][:size]
        position += 60 + size + size % 2
    raise ValueError(f"no {name} in the package")


def decode(recording: bytes) -> Pcm:
    """Decode a recording, and add silence up to a whole frame."""
    with av.open(io.BytesIO(recording), "r", format="g722") as container:
        pcm = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(audio=0)])
    return np.pad(pcm.astype(np.int16), (0, -len(pcm) % (RATE // FPS)))
