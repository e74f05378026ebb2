"""Trains the two halves of the lip network, one after the other or side by side, each on one thread.

    python -m training train hear
    python -m training train draw

`hear` speaks its own data first, `draw` reads what `python -m training pairs` rendered. Both keep a checkpoint in
`training/work/` and go on from it when started again with `--resume`; `hear --again` starts from the weights in
the repository.

Axes: B batch, K face units, T mel frames; pictures are (B, 3, 96, 96), RGB in [0, 1].
"""

import math
import time
from pathlib import Path

import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from faces.shapes import SIZE, UNITS
from training import export
from training.network import CROP, Drawing, Drawn, Hearing
from training.phonemes import opening
from training.sounds import Sounds

WORK = Path(__file__).parent / "work"
PAIRS = WORK / "mouths"

_MOUTHS = 128  # of a sequence of sound
_LOG_EVERY_S = 60
_SAVE_EVERY_S = 180


@click.group()
def main() -> None:
    """Train the lip network."""
    torch.set_num_threads(1)
    torch.manual_seed(0)


@main.command()
@click.option("--minutes", default=300, show_default=True, help="Speech to train on.")
@click.option("--iterations", default=3800, show_default=True)
@click.option("--batch", default=16, show_default=True, help="Sequences of 1.6 s.")
@click.option("--checkpoint", type=click.Path(path_type=Path), default=WORK / "hearing.pt", show_default=True)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint.")
@click.option("--again", is_flag=True, help="Start from the weights in the repository.")
def hear(minutes: int, iterations: int, batch: int, checkpoint: Path, resume: bool, again: bool) -> None:
    """Train sound → face units."""
    sounds = Sounds(WORK / "speech", minutes)
    network = Hearing()
    if again:
        network.load_state_dict(export.shipped(network, export.MODEL / "references.onnx"))
    # (K,), so that rare units count as much as the jaw
    scale = torch.from_numpy(sounds.tracks[::10].std(0) + 0.02)
    trainer = Trainer(network, checkpoint, iterations, learning_rate=2e-3, resume=resume)
    rng = np.random.default_rng([1, trainer.iteration])  # a resumed training sees other batches
    while trainer.goes_on():
        mel, units = sounds.batch(batch, _MOUTHS, rng)
        trainer.step(hearing_loss(network.sequence(mel).transpose(1, 2), units, scale))
    trainer.save()


@main.command()
@click.option(
    "--share", default=0.6, show_default=True, help="Of the new weights; the rest is the repository's."
)
@click.option("--gain", default=1.08, show_default=True, help="On all units.")
@click.option("--checkpoint", type=click.Path(path_type=Path), default=WORK / "hearing.pt", show_default=True)
def blend(share: float, gain: float, checkpoint: Path) -> None:
    """Draw the hearing that `hear --again` trained back towards the one that it started from.

    Between the two lies one that hears people whom neither learnt from better than both do (Wortsman et al. 2022,
    "Robust fine-tuning of zero-shot models"). It is shyer than either, so that its last layer is given a gain.
    """
    state = torch.load(checkpoint)
    before = export.shipped(Hearing(), export.MODEL / "references.onnx")
    for name, value in state["average"].items():
        if value.is_floating_point():
            value.copy_(torch.lerp(before[name], value, share))
    last = f"units.{len(Hearing().units) - 1}"
    for name in (f"{last}.weight", f"{last}.bias"):
        state["average"][name] *= gain
    torch.save(state, checkpoint)


def hearing_loss(heard: Tensor, units: Tensor, scale: Tensor) -> Tensor:
    """Compare the units (B, T, K), and what people see first: how far the lips are apart, and whether they touch."""
    closed = units[..., UNITS.index("mouthPress")] / 0.55  # (B, T)
    each = functional.smooth_l1_loss(heard / scale, units / scale, beta=0.5, reduction="none").mean(-1)
    open_error = (opening(heard) - opening(units)) / 0.2
    wide = functional.smooth_l1_loss(open_error, torch.zeros_like(open_error), beta=0.5, reduction="none")
    return ((1 + 2 * closed) * (each + 0.5 * wide)).mean()


@main.command()
@click.option("--iterations", default=6600, show_default=True)
@click.option(
    "--sketches", default=400, show_default=True, help="How many of them train the linear guess alone."
)
@click.option("--batch", default=10, show_default=True)
@click.option("--resume", is_flag=True)
def draw(iterations: int, sketches: int, batch: int, resume: bool) -> None:
    """Train face units → mouth."""
    network = Drawing().to(memory_format=torch.channels_last)
    trainer = Trainer(network, WORK / "drawing.pt", iterations, learning_rate=2e-3, resume=resume)
    follow(trainer, network, Pairs(PAIRS), sketches=sketches, batch=batch)
    trainer.save()


def follow(trainer: "Trainer", network: Drawing, pairs: "Pairs", *, sketches: int, batch: int) -> None:
    """Train a drawing for the iterations that are left."""
    rng = np.random.default_rng([2, trainer.iteration])
    while trainer.goes_on():
        units, idle, speaking = pairs.batch(batch, rng)
        draw_once = network.sketch if trainer.iteration < sketches else network
        trainer.step(drawing_loss(draw_once(units, face_input(idle)), idle, speaking))


class Trainer:
    """AdamW with a warm-up and a cosine, and an average of the weights; a class because a checkpoint holds all of it.

    The averaged weights are the result: at this length of training they score better than the last ones.
    """

    def __init__(
        self, network: nn.Module, path: Path, iterations: int, *, learning_rate: float, resume: bool
    ) -> None:
        self.iteration = 0
        self._network, self._path, self._iterations = network, path, iterations
        self._learning_rate = learning_rate
        self._optimizer = torch.optim.AdamW(
            network.parameters(), learning_rate, betas=(0.9, 0.98), weight_decay=1e-4
        )
        if resume:
            state = torch.load(path)
            network.load_state_dict(state["last"])
            self._optimizer.load_state_dict(state["optimizer"])
            self.iteration = state["iteration"]
            self._average = state["average"]
        else:
            self._average = {name: value.clone() for name, value in network.state_dict().items()}
        self._logged_at = self._saved_at = time.monotonic()
        self._losses: list[float] = []

    def goes_on(self) -> bool:
        """Say whether iterations are left."""
        return self.iteration < self._iterations

    def step(self, loss: Tensor) -> None:
        """Follow the gradient of a batch's loss; log and save now and then."""
        progress = self.iteration / self._iterations
        rate = (
            self._learning_rate
            * min(1, (self.iteration + 1) / 50)
            * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * progress)))
        )
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._network.parameters(), 1.0)
        self._optimizer.step()
        self.iteration += 1
        self._average_weights()
        self._losses.append(loss.item())
        now = time.monotonic()
        if now - self._logged_at > _LOG_EVERY_S:
            print(
                f"{self._path.stem} {self.iteration}/{self._iterations} loss {np.mean(self._losses):.4f}",
                flush=True,
            )
            self._losses.clear()
            self._logged_at = now
        if now - self._saved_at > _SAVE_EVERY_S:
            self.save()
            self._saved_at = now

    def save(self) -> None:
        """Write the checkpoint."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        state = {
            "average": self._average,
            "last": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "iteration": self.iteration,
        }
        torch.save(state, new)
        new.replace(self._path)  # a scorer may read it at any time

    @torch.no_grad()
    def _average_weights(self) -> None:
        share = max(1 / 200, 1 / (1 + self.iteration))
        for name, value in self._network.state_dict().items():
            if value.is_floating_point():
                self._average[name].lerp_(value, share)
            else:
                self._average[name].copy_(value)


class Pairs:
    """Rendered pairs of the idle and the speaking mouth at one pose, 104 pixels wide to leave room for shifts."""

    def __init__(self, folder: Path) -> None:
        files = [np.load(path) for path in sorted(folder.glob("*.npz"))]
        # (pairs, 104, 104, 3) uint8
        self._idle = np.concatenate([shrink(file["references"][:, 0])[file["pose"]] for file in files])
        self._speaking = np.concatenate([shrink(file["speaking"]) for file in files])
        self._units = np.concatenate([file["units"] for file in files])  # (pairs, K)
        shapes = opening(self._units) + np.abs(self._units[:, 2:]).max(1)
        self._weights = 0.25 + np.minimum(1, shapes / 0.5)  # a third of speech is silence, and easy
        self._weights /= self._weights.sum()
        print(f"{len(self._idle)} pairs from {len(files)} files", flush=True)

    def batch(self, size: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return units (B, K), idle and speaking pictures, both spoilt alike."""
        chosen = rng.choice(len(self._idle), size, p=self._weights)
        margin = self._idle.shape[1] - CROP
        top, left = rng.integers(0, margin + 1, 2)
        mirrored = rng.random(size) < 0.5  # noqa: PLR2004
        gamma = rng.uniform(0.75, 1.3, (size, 1, 1, 1))
        tint = rng.uniform(0.9, 1.1, (size, 1, 1, 3))

        def spoil(pictures: NDArray[np.uint8]) -> Tensor:
            x = pictures[chosen, top : top + CROP, left : left + CROP].astype(np.float32) / 255
            x[mirrored] = x[mirrored, :, ::-1]
            x = np.clip(x**gamma * tint, 0, 1).astype(np.float32)
            return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2)))

        # The hearing is never exact, so the drawing must not jump between neighbouring shapes.
        units = self._units[chosen] * (1 + rng.normal(0, 0.05, (size, 1)))
        return torch.from_numpy(units.astype(np.float32)), spoil(self._idle), spoil(self._speaking)


def shrink(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Bring rendered pictures (..., 156, 156, 3) to the network's scale, (..., 104, 104, 3)."""
    size = pictures.shape[-2] * CROP // SIZE
    flat = pictures.reshape(-1, *pictures.shape[-3:])
    small = np.stack([cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA) for picture in flat])
    return small.reshape(*pictures.shape[:-3], size, size, 3)


def face_input(idle: Tensor) -> Tensor:
    """Return the idle face twice, (B, 6, 96, 96), the lower half of the first blanked: just what the worker feeds."""
    face = torch.cat([idle, idle], 1)
    face[:, :3, CROP // 2 :] = 0
    return face.contiguous(memory_format=torch.channels_last)


def drawing_loss(drawn: Drawn, idle: Tensor, speaking: Tensor) -> Tensor:
    """Compare all three pictures with the truth: neither half of the blend may leave the work to the other."""
    weight = _weight(idle, speaking)
    loss = _difference(drawn.mouth, speaking, weight)
    loss = loss + 0.4 * _difference(drawn.painted, speaking, weight)
    loss = loss + 0.5 * _difference(drawn.moved, speaking, weight)
    border = torch.ones_like(drawn.blend)
    border[:, :, 14:, 8:-8] = 0  # where the crop meets the frame, nothing may be painted
    return loss + 0.01 * drawn.blend.mean() + 0.02 * (border * drawn.blend).mean()


def _weight(idle: Tensor, speaking: Tensor) -> Tensor:
    """Weigh the mouth, and whatever speaking changes, above the skin around; (B, 1, 96, 96), mean 1."""
    y, x = torch.meshgrid(torch.arange(CROP), torch.arange(CROP), indexing="ij")
    mouth = torch.exp(-(((y - 46) / 19) ** 2) - ((x - 48) / 19) ** 2)[None, None]
    changed = functional.avg_pool2d((speaking - idle).abs().mean(1, keepdim=True), 5, 1, 2)
    weight = 1 + 4 * mouth + 8 * (changed / 0.15).clamp(0, 1)
    return weight / weight.mean()


def _difference(picture: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Absolute difference, that of the edges, and the squared one at low resolution, which opens a shy mouth."""
    error = picture - truth
    pixels = (weight * error.abs()).mean()
    edges = (weight[..., 1:] * error.diff(dim=-1).abs()).mean() + (
        weight[:, :, 1:] * error.diff(dim=-2).abs()
    ).mean()
    coarse = (functional.avg_pool2d(weight, 4) * functional.avg_pool2d(error, 4) ** 2).mean()
    return pixels + 0.8 * edges + 10 * coarse


if __name__ == "__main__":
    main()
