"""Measures the hearing alone, on speech that was never trained on: face units as heard against those of the phonemes.

    python -m training listen           # a table, a line for each voice

Nothing is drawn, so that it takes a minute; `bench/lipsync.py` measures what is seen.

Axes: F frames, K face units.
"""

from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import torch
from numpy.typing import NDArray

from training.clips import HELD_OUT, Clip, Speaker
from training.network import HEARD, Hearing
from training.phonemes import CLOSURES, FPS, UNITS, Track, opening

WORK = Path(__file__).parent / "work"

_SHIFT = FPS // 2
_ROUNDS = 3  # voices and rates for each sentence
_UNITS_SHOWN = ("jawOpen", "mouthPress", "mouthPucker")


@click.command()
@click.option("--checkpoint", type=click.Path(path_type=Path), default=WORK / "hearing.pt", show_default=True)
def main(checkpoint: Path) -> None:
    """Print how well the trained hearing hears."""
    torch.set_num_threads(1)
    state = torch.load(checkpoint, map_location="cpu")
    network = Hearing()
    network.load_state_dict(state["average"])
    network.eval()
    click.echo(f"{checkpoint.name}: {state['iteration']} iterations")
    scores: dict[str, list[dict[str, float]]] = {}
    for voice, clip in clips(Speaker()):
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


def hear(network: Hearing, clip: Clip) -> Track:
    """Return what is heard in each video frame, (F, K)."""
    windows = np.stack([HEARD.cut(clip.mel, frame) for frame in range(len(clip.track))])
    with torch.no_grad():
        units: Track = network(torch.from_numpy(windows)[:, None]).numpy()
    return units


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


def _correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def _line(name: str, measures: list[dict[str, float]]) -> str:
    means = {key: np.nanmean([measure[key] for measure in measures]) for key in measures[0]}
    return f"{name:8}" + "  ".join(f"{key} {mean:.3f}" for key, mean in means.items())
