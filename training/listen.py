"""Measures the hearing alone, on speech that was never trained on: face units as heard against those of the phonemes.

    python -m training listen                       # a table, a line for each voice
    python -m training listen --recordings FOLDER   # of people: FOLDER/SPEAKER/NAME.wav, what it says in NAME.txt

Nothing is drawn, so that it takes a minute; `bench/lipsync.py` measures what is seen. What people's mouths did nobody
knows: it is taken to be what their phonemes tell, which `aligning.py` finds in English recordings.

Axes: F frames, K face units.
"""

import wave
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray

from faces.shapes import UNITS
from training import export
from training.aligning import Aligner
from training.clips import HELD_OUT, Clip, Pcm, Speaker, speech
from training.network import HEARD, Hearing
from training.phonemes import CLOSURES, FPS, Track, opening
from worker.mel import MEL

_SHIFT = FPS // 2
_ROUNDS = 3  # voices and rates for each sentence
_UNITS_SHOWN = ("jawOpen", "mouthPress", "mouthPucker")


@click.command()
@click.option("--recordings", type=click.Path(path_type=Path), help="Folders of speakers to measure on.")
def main(recordings: Path | None) -> None:
    """Print how well the trained hearing hears, or where none was trained here, that in the repository."""
    torch.set_num_threads(1)
    network = export.trained(Hearing())
    scores: dict[str, list[dict[str, float]]] = {}
    for voice, clip in people(recordings) if recordings else clips(Speaker()):
        scores.setdefault(voice, []).append(measure(hear(network, clip), clip))
    for voice, measures in scores.items():
        click.echo(_line(voice, measures))
    click.echo(_line("all", [measure for measures in scores.values() for measure in measures]))


def clips(speaker: Speaker) -> Iterator[tuple[str, Clip]]:
    """Speak the held-out sentences, each in some voices; with the language, or "neural"."""
    for number, (language, sentences) in enumerate(HELD_OUT.items()):
        for sentence in sentences:
            for turn in range(_ROUNDS):
                rng = np.random.default_rng([7, number, turn])
                yield language, speaker.held_out_clip(sentence, language, rng)
                if language == "en":
                    yield "neural", speaker.held_out_clip(sentence, language, rng, neural=True)


def people(folder: Path) -> Iterator[tuple[str, Clip]]:
    """Align each recording with its words; with the speaker's name. What cannot be aligned is told and left out."""
    aligner = Aligner()
    for path in sorted(folder.glob("*/*.wav")):
        pcm = _read(path)
        phonemes = aligner.align(pcm, path.with_suffix(".txt").read_text(encoding="utf-8"))
        if phonemes is None:
            click.echo(f"{path}: its words were not found")
            continue
        yield path.parent.name, speech(pcm, phonemes, heard=pcm)


def hear(network: Hearing, clip: Clip) -> Track:
    """Return what is heard in each video frame, (F, K): of every window at once, as in training."""
    around = ((0, 0), (HEARD.before, HEARD.frames + 1))
    mel = np.pad(clip.mel, around, constant_values=-MEL.largest).astype(np.float32)
    with torch.no_grad():
        units: Track = network.sequence(torch.from_numpy(mel)[None, None])[0].numpy().T
    return units[[HEARD.start(frame) + HEARD.before for frame in range(len(clip.track))]]


def measure(heard: Track, clip: Clip) -> dict[str, float]:
    """Return the measures of one clip."""
    truth = opening(clip.track)
    opened = opening(heard)
    return {
        "opening": _correlation(opened, truth),
        "shifted": _correlation(opened[:-_SHIFT], truth[_SHIFT:]),
        "amplitude": opened.std() / truth.std(),
        "closures": closures_hit(heard, clip),
        **{
            name: _correlation(heard[:, k], clip.track[:, k])
            for name in _UNITS_SHOWN
            for k in [UNITS.index(name)]
        },
    }


def closures_hit(heard: Track, clip: Clip) -> float:
    """Return the share of /m b p/ at which the lips are heard to press at least half as much as they do."""
    pressed = heard[:, UNITS.index("mouthPress")]
    truth = clip.track[:, UNITS.index("mouthPress")]
    hits = []
    for said, following in zip(clip.phonemes, clip.phonemes[1:], strict=False):
        if said.sound.strip("ˈˌ")[:1] not in CLOSURES:
            continue
        frames = slice(max(0, int(said.start_s * FPS) - 2), int(following.start_s * FPS) + 2)
        closest = frames.start + int(np.argmax(truth[frames]))
        hits.append(pressed[max(0, closest - 1) : closest + 2].max() > truth[closest] / 2)
    return float(np.mean(hits)) if hits else float("nan")


def _read(path: Path) -> Pcm:
    """Read 16 bits, mono, at 16 kHz; float32 of shape (N,), up to a whole frame."""
    with wave.open(str(path)) as file:
        if (file.getnchannels(), file.getsampwidth(), file.getframerate()) != (1, 2, MEL.sample_rate):
            raise SystemExit(f"{path}: not mono of 16 bits at {MEL.sample_rate} Hz")
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    return np.pad(pcm, (0, -len(pcm) % (MEL.sample_rate // FPS)))


def _correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def _line(name: str, measures: list[dict[str, float]]) -> str:
    means = {key: np.nanmean([measure[key] for measure in measures]) for key in measures[0]}
    return f"{name:8}" + "  ".join(f"{key} {mean:.3f}" for key, mean in means.items())
