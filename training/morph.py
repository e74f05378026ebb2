"""Trains the network that moves and blends references, after `python -m training pairs`.

    python -m training morph
    python -m training morph --resume       # go on, also with pairs that came since
    python -m training morph --again        # start from the weights in the repository

The renderer's flows teach most of it: first, in a closed form, the guess that is linear in the units; then the search
for the rest; last the finished mouth, of which the picture is compared as well. All of it happens at 96 pixels, since
the maps have no more, whatever the size of what they are applied to.

Axes: B batch, K face units, R references; pictures are RGB in [0, 1].
"""

from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from faces.shapes import SIZE, UNITS
from training.export import MODEL, shipped
from training.morphing import CELLS, REFERENCES, TRAITS, Maps, Morphing, features_of, glance, luma, move
from training.network import CROP
from training.pairs import FLOW_CELL, MARGIN, PAIRS, WORK
from training.phonemes import opening
from training.train import Trainer, shrink

_RIDGE = 0.1  # for the units alone
_RIDGE_OF_TRAITS = 1.0
_NEARNESS = 6.0  # a reference's flow is fitted where the reference will be used: to mouths of a like shape,
_FAR = 0.05  # and to others only as much
_FILLINGS = 3


class Batch(NamedTuple):
    """References and the mouth made of them."""

    units: Tensor  # (B, K)
    references: Tensor  # (B, R, 3, 96, 96)
    speaking: Tensor  # (B, 3, 96, 96)
    flow: Tensor  # (B, R, 2, 48, 48), in halves of a crop
    visible: Tensor  # (B, R, 48, 48), 1 where the flow leads to the same point of the face


@click.command()
@click.option("--iterations", default=5000, show_default=True)
@click.option(
    "--searches", default=2000, show_default=True, help="How many of them train the rough flow alone."
)
@click.option("--batch", default=8, show_default=True)
@click.option("--threads", default=1, show_default=True)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint.")
@click.option("--again", is_flag=True, help="Start from the weights in the repository.")
def main(iterations: int, searches: int, batch: int, threads: int, resume: bool, again: bool) -> None:
    """Train references and face units → mouth."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    mouths = Mouths(PAIRS)
    network = Morphing()
    if again:
        network.load_state_dict(shipped(network, MODEL / "references.onnx"))
    elif not resume:
        fit_guess(network, mouths)
    trainer = Trainer(network, WORK / "morphing.pt", iterations, learning_rate=1.5e-3, resume=resume)
    follow(trainer, network, mouths, searches=searches, batch=batch)
    trainer.save()


def follow(trainer: Trainer, network: Morphing, mouths: "Mouths", *, searches: int, batch: int) -> None:
    """Train a network for the iterations that are left."""
    for fitted in (network.describe, network.mix):
        fitted.requires_grad_(False)  # steps would only shake them
    rng = np.random.default_rng([3, trainer.iteration])
    while trainer.goes_on():
        given = mouths.batch(batch, rng)
        small = given.references.flatten(1, 2)
        if trainer.iteration < searches:
            rough, trust, _ = network.search(given.units, small)
            shares = torch.softmax(trust, 1)
            trainer.step(flow_loss(rough, given) + 0.3 * hidden_loss(shares, given))
        else:
            maps = network.look(given.units, small)
            trainer.step(loss(network.blend(maps, given.references), maps, given))


class Mouths:
    """All rendered pairs, at 104 pixels to leave room for shifts."""

    def __init__(self, folder: Path) -> None:
        files = [np.load(path) for path in sorted(folder.glob("*.npz"))]
        counts = np.cumsum([0] + [len(file["references"]) for file in files[:-1]])
        self._references = shrink(
            np.concatenate([file["references"] for file in files])
        )  # (P, R, 104, 104, 3)
        self._pose = np.concatenate([file["pose"] + n for file, n in zip(files, counts, strict=True)])
        self._speaking = shrink(np.concatenate([file["speaking"] for file in files]))  # (F, 104, 104, 3)
        self.units = np.concatenate([file["units"] for file in files])  # (F, K)
        self.flow = np.concatenate([file["flow"] for file in files])  # (F, R, 2, 52, 52)
        self.visible = np.concatenate([file["visible"] for file in files])  # (F, R, 52, 52)
        shapes = opening(self.units) + np.abs(self.units[:, 2:]).max(1)
        self._weights = 0.25 + np.minimum(1, shapes / 0.5)  # a third of speech is silence, and easy
        self._weights /= self._weights.sum()
        print(
            f"{len(self.units)} mouths at {len(self._references)} poses from {len(files)} files", flush=True
        )

    def everything(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return glances, features, flows (N, R, 2, 48, 48), what is seen (N, R, 48, 48): of all, then mirrored."""
        edge = MARGIN // FLOW_CELL
        middle = slice(edge, edge + CELLS)
        border = (self._references.shape[-2] - CROP) // 2
        small = (
            self._references[:, :, border:-border, border:-border].transpose(0, 1, 4, 2, 3).astype(np.float32)
        )
        glanced, flows, seen = [], [], []
        for mirrored in (False, True):
            step = -1 if mirrored else 1
            sign = np.array([step, 1], np.float32)[:, None, None]
            looks = glance(torch.from_numpy(np.ascontiguousarray(small[..., ::step])).flatten(1, 2))
            glanced.append(looks[torch.from_numpy(self._pose)])
            flows.append(
                torch.from_numpy(self.flow[..., middle, middle][..., ::step].astype(np.float32) * sign)
            )
            seen.append(torch.from_numpy(self.visible[..., middle, middle][..., ::step].astype(np.float32)))
        features = features_of(torch.from_numpy(np.concatenate([self.units] * 2)))
        return torch.cat(glanced), features, torch.cat(flows), torch.cat(seen)

    def batch(self, size: int, rng: np.random.Generator) -> Batch:
        """Draw a batch at random, shifted, mirrored and lit anew, each picture of a pair alike."""
        chosen = rng.choice(len(self.units), size, p=self._weights)
        cells = 2 * MARGIN // FLOW_CELL
        cell_y, cell_x = rng.integers(0, cells + 1, 2)
        top, left = (np.array([cell_y, cell_x]) * CROP) // CELLS
        mirrored = rng.random(size) < 0.5  # noqa: PLR2004
        gamma = rng.uniform(0.75, 1.3, (size, 1, 1, 1, 1))
        tint = rng.uniform(0.9, 1.1, (size, 1, 1, 1, 3))

        pictures = np.concatenate([self._references[self._pose[chosen]], self._speaking[chosen][:, None]], 1)
        pictures = pictures[:, :, top : top + CROP, left : left + CROP].astype(np.float32) / 255
        pictures = np.clip(pictures**gamma * tint, 0, 1)
        flow = self.flow[chosen][..., cell_y : cell_y + CELLS, cell_x : cell_x + CELLS].astype(np.float32)
        visible = self.visible[chosen][..., cell_y : cell_y + CELLS, cell_x : cell_x + CELLS]
        pictures[mirrored] = pictures[mirrored, ..., ::-1, :]
        flow[mirrored] = flow[mirrored, ..., ::-1] * np.array([-1, 1], np.float32)[:, None, None]
        visible = np.where(mirrored[:, None, None, None], visible[..., ::-1], visible)
        tensor = torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 1, 4, 2, 3), np.float32))
        return Batch(
            torch.from_numpy(self.units[chosen]),
            tensor[:, :-1],
            tensor[:, -1],
            torch.from_numpy(flow),
            torch.from_numpy(visible.astype(np.float32)),
        )


@torch.no_grad()
def fit_guess(network: Morphing, mouths: Mouths) -> None:
    """Fit the guess of each reference's flow by ridge regression, and keep as many modes as the network has."""
    glanced, features, flows, seen = mouths.everything()
    mean = glanced.mean(0)
    _, strengths, directions = torch.linalg.svd(glanced - mean, full_matrices=False)
    scaled = directions[:TRAITS] / (strengths[:TRAITS, None] / len(glanced) ** 0.5)
    network.describe.weight.copy_(scaled)
    network.describe.bias.copy_(-scaled @ mean)

    x = network.with_traits(features, glanced)  # (N, X)
    ridge = torch.full((x.shape[1],), _RIDGE_OF_TRAITS)
    ridge[: features.shape[1]] = _RIDGE
    ridge = torch.diag(ridge)
    away = network.distances(features[:, : len(UNITS)])[..., 0, 0]  # (N, R)
    solutions = []
    for r in range(REFERENCES):
        near = (torch.exp(-_NEARNESS * away[:, r]) + _FAR)[:, None]  # (N, 1)
        factor = torch.linalg.cholesky(x.T @ (near * x) + ridge)
        flow, share = flows[:, r].flatten(1), seen[:, r, None].expand_as(flows[:, r]).flatten(1)
        guess = (near * share * flow).sum(0) / (near * share).sum(0).clamp(min=1)
        for _ in range(_FILLINGS):  # what is hidden is filled by the last guess
            solution = torch.cholesky_solve(
                x.T @ (near * torch.lerp(guess.expand_as(flow), flow, share)), factor
            )
            guess = x @ solution
        error = float((near * share * (guess - flow).abs()).sum() / (near * share).sum()) * SIZE / 2
        print(f"the guess of the flow into reference {r} errs by {error:.2f} of {SIZE} pixels", flush=True)
        solutions.append(solution)
    factor = torch.linalg.cholesky(x.T @ x + ridge)
    solutions.append(torch.cholesky_solve(x.T @ seen.flatten(1), factor))
    modes = network.modes.shape[1]
    left, values, right = torch.linalg.svd(factor.T @ torch.cat(solutions, 1), full_matrices=False)
    network.mix.weight.copy_(torch.linalg.solve(factor.T, left[:, :modes] * values[:modes].sqrt()).T)
    network.modes.copy_((values[:modes, None].sqrt() * right[:modes]).T)


def loss(mouth: Tensor, maps: Maps, given: Batch) -> Tensor:
    """Compare the picture, the flows and what is shown with the truth."""
    weight = _weight(given)
    fine = functional.avg_pool2d(maps.flow, CROP // CELLS)
    shares = functional.avg_pool2d(maps.shares, CROP // CELLS)
    return (
        _difference(mouth, given.speaking, weight)
        + flow_loss(maps.rough, given)
        + flow_loss(fine, given)
        + 0.3 * hidden_loss(shares, given)
        + 0.5 * _ghosts(maps, given, weight)
        + 0.01 * (1 - maps.shares[:, 0]).mean()  # what does not move is left to the footage
        + 0.3 * maps.light.abs().mean()
    )


def flow_loss(flow: Tensor, given: Batch) -> Tensor:
    """Compare flows (B, 2R, 48, 48) with the true ones where they lead to something visible, in pixels of 144."""
    error = (flow.unflatten(1, (REFERENCES, 2)) - given.flow).abs().sum(2) * (SIZE / 2)  # (B, R, 48, 48)
    weight = given.visible * (0.25 + _around_mouth(CELLS))
    return 0.05 * (weight * error).sum() / weight.sum()


def hidden_loss(shares: Tensor, given: Batch) -> Tensor:
    """Say how much is shown of references (B, R, 48, 48) in which the point is hidden, though another shows it."""
    seen = given.visible.amax(1, keepdim=True)
    return (shares * (1 - given.visible) * seen).sum(1).mean()


def _weight(given: Batch) -> Tensor:
    """Weigh the mouth, and whatever speaking changes, above the skin around; (B, 1, 96, 96), mean 1."""
    changed = (given.speaking - given.references[:, 0]).abs().mean(1, keepdim=True)
    changed = functional.avg_pool2d(changed, 5, 1, 2)
    weight = 1 + 4 * _around_mouth(CROP) + 8 * (changed / 0.15).clamp(0, 1)
    return weight / weight.mean()


def _ghosts(maps: Maps, given: Batch, weight: Tensor) -> Tensor:
    """Say how wrong is what is shown of each reference by itself: a mean of two that err shows teeth twice."""
    moved = move(luma(given.references), maps.flow)  # (B, R, 96, 96)
    error = (maps.shares * (moved - luma(given.speaking)[:, None]).abs()).sum(1, keepdim=True)
    return (weight * error).mean()


def _around_mouth(size: int) -> Tensor:
    y, x = torch.meshgrid(*[torch.linspace(-1, 1, size)] * 2, indexing="ij")
    return torch.exp(-((y / 0.45) ** 2) - (x / 0.45) ** 2)


def _difference(picture: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    """Absolute difference, and that of the edges."""
    error = picture - truth
    across = (weight[..., 1:] * error.diff(dim=-1).abs()).mean()
    down = (weight[:, :, 1:] * error.diff(dim=-2).abs()).mean()
    return (weight * error.abs()).mean() + 0.8 * (across + down)


if __name__ == "__main__":
    main()
