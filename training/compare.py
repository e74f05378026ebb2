"""Trains the ways to draw a speaking mouth for as many iterations each, and scores them on the same held-out clips.

    python -m training compare              # after `pairs` and `pairs --held-out`

What is compared is the drawing alone: all are given the true face units.
"""

import time
from collections.abc import Callable
from typing import cast

import click
import numpy as np
import torch
from torch import Tensor, nn

from training import morph, train
from training.morphing import Morphing
from training.network import Drawing, Drawn
from training.pairs import PAIRS, WORK
from training.score import draw, fit_probe, measure, read_held_out
from training.train import Trainer

_STARTED = 0.3  # of the iterations train the beginning alone: the linear guess, or the flows


class Painting(Drawing):
    """Draws as Wav2Lip does: paints all of the picture, and moves nothing."""

    def _blend(self, maps: Tensor, units: Tensor, face: Tensor) -> Drawn:
        painted = super()._blend(maps, units, face).painted
        return Drawn(painted, painted, painted, torch.zeros_like(maps[:, 5:]))


class Fitted(Morphing):
    """Begins with the flows that are linear in the units."""


_VARIANTS: dict[str, Callable[[], nn.Module]] = {
    "the idle mouth, painted over (Wav2Lip)": Painting,
    "the idle mouth, moved and painted over": Drawing,
    "five mouths, moved and blended": Morphing,
    "the same, begun with fitted flows": Fitted,
}


@click.command()
@click.option("--iterations", default=500, show_default=True)
@click.option("--batch", default=8, show_default=True)
def main(iterations: int, batch: int) -> None:
    """Train each variant alike and print a table."""
    torch.set_num_threads(1)
    probe = fit_probe()
    clips = read_held_out()
    for title, variant in _VARIANTS.items():
        torch.manual_seed(0)
        started = time.monotonic()
        network = _train(variant(), iterations, batch)
        minutes = (time.monotonic() - started) / 60
        measures = [measure(draw(network, clip.units, clip.references), probe, clip) for clip in clips]
        means = {
            name: np.nanmean([of[name] for of in measures]) for name in ("l1", "sharpness", "correlation")
        }
        told = "  ".join(f"{name} {mean:.4f}" for name, mean in means.items())
        click.echo(f"{title:42} {told}  {minutes:.1f} min")


def _train(network: nn.Module, iterations: int, batch: int) -> nn.Module:
    path = WORK / "compared" / f"{type(network).__name__.lower()}.pt"
    started = int(_STARTED * iterations)
    if isinstance(network, Drawing):
        trainer = Trainer(network, path, iterations, learning_rate=2e-3, resume=False)
        train.follow(trainer, network, train.Pairs(PAIRS), sketches=started, batch=batch)
    else:
        morphing = cast("Morphing", network)
        mouths = morph.Mouths(PAIRS)
        if isinstance(network, Fitted):
            morph.fit_guess(morphing, mouths)
        trainer = Trainer(network, path, iterations, learning_rate=1.5e-3, resume=False)
        morph.follow(trainer, morphing, mouths, searches=started, batch=batch)
    trainer.save()
    network.load_state_dict(torch.load(path)["average"])
    return network.eval()


if __name__ == "__main__":
    main()
