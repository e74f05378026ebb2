"""Measures the lips on speech that was never trained on, with one avatar that was not either.

    python -m training pairs --held-out     # once
    python -m training score                # a table, and strips of pictures in training/work/strips

Each clip is drawn from several references and from the idle mouth alone, each with the true units and with the heard
ones. How far a mouth is open is read off the pictures, from the true ones as from the drawn, by a linear probe fitted
to true pictures of the training set. What a viewer sees, in the composed video, is measured by `bench/lipsync.py`.

Axes: F frames, R references, K face units; pictures are (F, 144, 144, 3), RGB in [0, 1].
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from faces.shapes import SIZE, UNITS
from training.export import trained
from training.morphing import Morphing
from training.network import CROP, HEARD, Drawing, Hearing
from training.pairs import HELD_OUT_AVATAR, MARGIN, PAIRS, WORK
from training.phonemes import opening
from training.train import face_input
from worker.mel import mel_spectrogram

Pictures = NDArray[np.float32]
Probe = Callable[[Pictures, Pictures], NDArray[np.float64]]

_MOUTH = (slice(36, 120), slice(27, 117))  # rows and columns of a crop
_SHIFT = 12  # frames: half a second, when nothing that is said now is heard
_STRIP_FRAMES = 10
_HEARD = {UNITS.index(unit): unit for unit in ("jawOpen", "mouthPress", "mouthPucker")}


class HeldOut(NamedTuple):
    """A clip: what the worker would have, and the truth."""

    name: str
    references: NDArray[np.uint8]  # (F, R, 144, 144, 3)
    speaking: Pictures
    units: NDArray[np.float32]  # (F, K)
    mel: NDArray[np.float32]  # (F, 80, M)

    @property
    def idle(self) -> Pictures:
        """The closed mouth."""
        return self.references[:, 0].astype(np.float32) / 255


@click.command()
@click.argument("names", nargs=-1)
def main(names: tuple[str, ...]) -> None:
    """Print the measures of the trained networks and draw strips: of all clips, or of those that begin with NAMES."""
    torch.set_num_threads(1)
    hearing = trained(Hearing())
    heads = {"references": trained(Morphing()), "idle mouth alone": trained(Drawing())}
    probe = fit_probe()
    clips = read_held_out()
    strips = WORK / "strips"
    strips.mkdir(exist_ok=True)
    groups: dict[str, list[dict[str, float]]] = {}
    for clip in clips:
        if names and not clip.name.startswith(names):
            continue
        heard = hear(hearing, clip)
        rows = [clip.idle, clip.speaking]
        for head, network in heads.items():
            for source, units in (("true units", clip.units), ("heard units", heard)):
                drawn = draw(network, units, clip.references)
                measures = measure(drawn, probe, clip) | {
                    f"heard_{unit}": _correlation(heard[:, k], clip.units[:, k]) for k, unit in _HEARD.items()
                }
                _print_means(f"{clip.name}, {head}, {source}", [measures])
                seen = "avatar never seen" if clip.name.startswith(HELD_OUT_AVATAR) else "avatars it knows"
                groups.setdefault(f"{seen}, {head}, {source}", []).append(measures)
                rows.append(drawn)
        cv2.imwrite(str(strips / f"{clip.name}.png"), _strip(clip, rows))
    for label, group in sorted(groups.items()):
        _print_means(label, group)


def _print_means(label: str, group: list[dict[str, float]]) -> None:
    means = {name: np.nanmean([measures[name] for measures in group]) for name in group[0]}
    print(f"{label:62}", "  ".join(f"{name} {mean:.4f}" for name, mean in means.items()), flush=True)


def measure(drawn: Pictures, probe: Probe, clip: HeldOut) -> dict[str, float]:
    """Return every measure of one clip."""
    truth, opened = probe(clip.speaking, clip.idle), probe(drawn, clip.idle)
    wide = opening(clip.units)
    silent = np.abs(clip.units).max(axis=1) < 0.03  # noqa: PLR2004
    talking = wide > np.median(wide)
    return {
        "l1": _distance(drawn, clip.speaking).mean(),
        "l1_of_idle": _distance(clip.idle, clip.speaking).mean(),
        "correlation": _correlation(opened, truth),
        "shifted": _correlation(opened[:-_SHIFT], truth[_SHIFT:]),
        "amplitude": opened.std() / truth.std(),
        "silence": _distance(drawn, clip.idle)[silent].mean() if silent.any() else np.nan,
        "sharpness": _sharpness(drawn)[talking].mean() / _sharpness(clip.speaking)[talking].mean(),
    }


@torch.no_grad()
def hear(hearing: nn.Module, clip: HeldOut) -> NDArray[np.float32]:
    """Return the units that are heard, (F, K)."""
    heard: Tensor = hearing(torch.from_numpy(clip.mel)[:, None])
    return heard.numpy()


@torch.no_grad()
def draw(network: nn.Module, units: NDArray[np.float32], references: NDArray[np.uint8]) -> Pictures:
    """Draw a clip by either head; what has fewer pixels is enlarged, as the worker would."""
    drawn = []
    for first in range(0, len(units), 15):
        some = torch.from_numpy(units[first : first + 15])
        given = torch.from_numpy(references[first : first + 15]).permute(0, 1, 4, 2, 3).float() / 255
        if isinstance(network, Morphing):
            whole = torch.tensor([[SIZE / 2, SIZE / 2, SIZE]]).expand(len(some), 3)
            mouths = network(some, given, whole)
        else:
            idle = functional.interpolate(given[:, 0], size=CROP, mode="area")
            change = network(some, face_input(idle)).mouth - idle
            mouths = given[:, 0] + functional.interpolate(change, size=SIZE, mode="bicubic")
        drawn.append(mouths.clamp(0, 1).permute(0, 2, 3, 1).numpy())
    return np.concatenate(drawn)


def fit_probe() -> Probe:
    """Fit picture → opening by ridge regression on true training pictures."""
    features, openings = [], []
    middle = slice(MARGIN, -MARGIN)
    for path in sorted(PAIRS.glob("*.npz")):
        with np.load(path) as file:
            idle = file["references"][:, 0][file["pose"]]
            pictures = (
                shots[:, middle, middle].astype(np.float32) / 255 for shots in (file["speaking"], idle)
            )
            features.append(_features(*pictures))
            openings.append(opening(file["units"]))
    x, y = np.concatenate(features), np.concatenate(openings)
    mean = y.mean()
    weights = np.linalg.solve(x.T @ x + 2.0 * np.eye(x.shape[1]), x.T @ (y - mean))
    return lambda pictures, idle: _features(pictures, idle) @ weights + mean


def read_held_out() -> list[HeldOut]:
    """Read what `pairs --held-out` rendered."""
    return [_read(path) for path in sorted((WORK / "held-out-mouths").glob("*.npz"))]


def _read(path: Path) -> HeldOut:
    with np.load(path) as file:
        mel = mel_spectrogram(file["pcm"])
        heard = np.stack([HEARD.cut(mel, frame) for frame in range(len(file["units"]))])
        speaking = file["speaking"].astype(np.float32) / 255
        return HeldOut(path.stem, file["references"][file["pose"]], speaking, file["units"], heard)


def _features(pictures: Pictures, idle: Pictures) -> NDArray[np.float64]:
    """Shrink what differs from the idle mouth to 17 by 16 pixels; (F, 816)."""
    changes = (pictures - idle)[:, 30:126, 21:123]
    return np.stack(
        [cv2.resize(change, (17, 16), interpolation=cv2.INTER_AREA).ravel() for change in changes]
    )


def _distance(a: Pictures, b: Pictures) -> NDArray[np.float32]:
    """Return the mean absolute difference of two mouths in each frame, (F,)."""
    return np.abs(a - b)[:, *_MOUTH].mean(axis=(1, 2, 3))


def _sharpness(pictures: Pictures) -> NDArray[np.float64]:
    """Return the variance of the Laplacian in each frame, (F,)."""
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
    return np.array([cv2.Laplacian(picture, cv2.CV_32F)[_MOUTH].var() for picture in grey])


def _correlation(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    return float(np.corrcoef(a, b)[0, 1])


def _strip(clip: HeldOut, rows: list[Pictures]) -> NDArray[np.uint8]:
    """Lay frames side by side, alternately the most and the least open of their neighbourhood, one row a variant."""
    wide = opening(clip.units)
    starts = np.linspace(0, len(wide) - 8, _STRIP_FRAMES).astype(int)
    chosen = [
        start + int((np.argmin if i % 2 else np.argmax)(wide[start : start + 8]))
        for i, start in enumerate(starts)
    ]
    picture = np.concatenate([np.concatenate(list(row[chosen]), axis=1) for row in rows])
    return (picture * 255).astype(np.uint8)[..., ::-1]


if __name__ == "__main__":
    main()
