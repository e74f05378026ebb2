"""Measures the lips on speech that was never trained on, with one avatar that was not either.

    python -m training pairs --held-out     # once
    python -m training score                # a table, and strips of pictures in training/work/strips

The network is scored as it is shipped: from the mel spectrogram to the picture. How far a mouth is open is read off
the pictures, from the true ones as from the drawn, by a linear probe fitted to true pictures of the training set.

Axes: F frames; pictures are (F, 96, 96, 3), RGB in [0, 1].
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.export import load_network
from training.network import CROP, HEARD, LipNetwork
from training.pairs import HELD_OUT_AVATAR
from training.phonemes import UNITS, opening
from training.train import PAIRS, WORK, face_input

Pictures = NDArray[np.float32]
Probe = Callable[[Pictures, Pictures], NDArray[np.float64]]

_MOUTH = (slice(24, 80), slice(18, 78))  # rows and columns of a crop
_SHIFT = 12  # frames: half a second, when nothing that is said now is heard
_STRIP_FRAMES = 10
_HEARD = {UNITS.index(unit): unit for unit in ("jawOpen", "mouthPress", "mouthPucker")}


class HeldOut(NamedTuple):
    """A clip: what the worker would have, and the truth."""

    name: str
    idle: Pictures
    speaking: Pictures
    units: NDArray[np.float32]  # (F, K)
    mel: NDArray[np.float32]  # (F, 80, 32)


@click.command()
def main() -> None:
    """Print the measures of the trained network, and draw strips."""
    torch.set_num_threads(1)
    network = load_network()
    probe = fit_probe()
    clips = [_read(path) for path in sorted((WORK / "held-out").glob("*.npz"))]
    strips = WORK / "strips"
    strips.mkdir(exist_ok=True)
    known, unseen = [], []
    for clip in clips:
        measures = measure(network, probe, clip)
        (unseen if clip.name.startswith(HELD_OUT_AVATAR) else known).append(measures)
        _print_means(clip.name, [measures])
        from_truth, _ = draw(network, clip, known=True)
        from_sound, _ = draw(network, clip)
        rows = [clip.idle, clip.speaking, from_truth, from_sound]
        cv2.imwrite(str(strips / f"{clip.name}.png"), _strip(clip, rows))
    _print_means("avatars it knows", known)
    _print_means("avatar never seen", unseen)


def _print_means(label: str, group: list[dict[str, float]]) -> None:
    means = {name: np.nanmean([measures[name] for measures in group]) for name in group[0]}
    print(f"{label:34}", "  ".join(f"{name} {mean:.4f}" for name, mean in means.items()), flush=True)


def measure(network: LipNetwork, probe: Probe, clip: HeldOut) -> dict[str, float]:
    """Return every measure of one clip."""
    drawn, heard = draw(network, clip)
    early, _ = draw(network, clip, shift=-_SHIFT)
    truth = probe(clip.speaking, clip.idle)
    opened = probe(drawn, clip.idle)
    wide = opening(clip.units)
    silent = np.abs(clip.units).max(axis=1) < 0.03  # noqa: PLR2004
    talking = wide > np.median(wide)
    return {
        "l1": _distance(drawn, clip.speaking).mean(),
        "l1_of_idle": _distance(clip.idle, clip.speaking).mean(),
        "correlation": _correlation(opened, truth),
        "shifted": _correlation(probe(early, clip.idle)[_SHIFT:], truth[_SHIFT:]),
        "amplitude": opened.std() / truth.std(),
        "silence": _distance(drawn, clip.idle)[silent].mean() if silent.any() else np.nan,
        "sharpness": _sharpness(drawn)[talking].mean() / _sharpness(clip.speaking)[talking].mean(),
        **{f"heard_{unit}": _correlation(heard[:, k], clip.units[:, k]) for k, unit in _HEARD.items()},
    }


def draw(
    network: LipNetwork, clip: HeldOut, *, shift: int = 0, known: bool = False
) -> tuple[Pictures, NDArray[np.float32]]:
    """Run the network over a clip.

    Args:
        network: what to run.
        clip: what to run it on.
        shift: frames by which the speech comes late; negative repeats the start.
        known: draw the true units instead of the heard ones, which parts the errors of the two halves.

    Returns:
        The pictures, and the units that were heard, (F, K).
    """
    frames = np.clip(np.arange(len(clip.mel)) + shift, 0, len(clip.mel) - 1)
    idle = torch.from_numpy(clip.idle).permute(0, 3, 1, 2)
    with torch.no_grad():
        heard = network.hearing(torch.from_numpy(clip.mel[frames])[:, None])
        units = torch.from_numpy(clip.units) if known else heard
        mouths = torch.cat(
            [
                network.drawing(some, face_input(faces)).mouth
                for some, faces in zip(units.split(25), idle.split(25), strict=True)
            ]
        )
    return mouths.permute(0, 2, 3, 1).numpy(), heard.numpy()


def fit_probe() -> Probe:
    """Fit picture → opening by ridge regression on true training pictures."""
    features, openings = [], []
    for path in sorted(PAIRS.glob("*.npz")):
        with np.load(path) as file:
            features.append(_features(_crop(file["speaking"]), _crop(file["idle"])))
            openings.append(opening(file["units"]))
    x, y = np.concatenate(features), np.concatenate(openings)
    mean = y.mean()
    weights = np.linalg.solve(x.T @ x + 2.0 * np.eye(x.shape[1]), x.T @ (y - mean))
    return lambda pictures, idle: _features(pictures, idle) @ weights + mean


def _read(path: Path) -> HeldOut:
    with np.load(path) as file:
        mel = np.stack([HEARD.cut(file["mel"], frame) for frame in range(len(file["units"]))])
        return HeldOut(path.stem, _crop(file["idle"]), _crop(file["speaking"]), file["units"], mel)


def _crop(pictures: NDArray[np.uint8]) -> Pictures:
    margin = (pictures.shape[1] - CROP) // 2
    return pictures[:, margin : margin + CROP, margin : margin + CROP].astype(np.float32) / 255


def _features(pictures: Pictures, idle: Pictures) -> NDArray[np.float64]:
    """Shrink what differs from the idle mouth to 17 by 16 pixels; (F, 816)."""
    changes = (pictures - idle)[:, 20:84, 14:82]
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
    large = cv2.resize(picture, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    return (large.clip(0, 1) * 255).astype(np.uint8)[..., ::-1]


if __name__ == "__main__":
    main()
