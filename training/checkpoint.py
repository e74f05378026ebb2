"""Turns a checkpoint of the original Wav2Lip into the graph that the worker plays.

python -m training checkpoint FILE OUT.onnx

The original's code and weights are for non-commercial use, and none of either is here: only the shape of its network,
rebuilt from the paper (Prajwal et al. 2020, arXiv 2008.10010), and the names under which its weights are kept. Bring
a checkpoint that you hold a licence for.

It sees and draws blue, green, red where the worker says red, green, blue: the exported graph turns the channels
around. It learned from whole faces, forehead to chin, where the worker's squares begin at the nose: boxes made for our
lips do not suit it (training/README.md).

Everything up to `layout` is plain data and is tested without torch.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import click


class Layer(NamedTuple):
    """A convolution, its batch normalisation (all but the last have one), and a ReLU."""

    inputs: int
    outputs: int
    kernel: int = 3
    stride: tuple[int, int] = (1, 1)
    padding: int = 1
    residual: bool = False
    transposed: bool = False
    plain: bool = False  # a convolution alone


class Mismatch(click.ClickException):
    """The file does not hold the weights of this network."""


def face_encoder() -> list[list[Layer]]:
    """Return the stages of the face encoder, 96 pixels to 1."""
    stages = [[Layer(6, 16, kernel=7, padding=3)]]
    for (inputs, outputs), residuals in zip(
        pairwise((16, 32, 64, 128, 256, 512)), (2, 3, 2, 2, 1), strict=True
    ):
        stages.append([Layer(inputs, outputs, stride=(2, 2)), *_residuals(outputs, residuals)])
    return [*stages, _to_a_point()]


def audio_encoder() -> list[Layer]:
    """Return the layers of the audio encoder, one after another."""
    layers = [Layer(1, 32), *_residuals(32, 2)]
    for inputs, outputs, stride, residuals in (
        (32, 64, (3, 1), 2),
        (64, 128, (3, 3), 2),
        (128, 256, (3, 2), 1),
    ):
        layers += [Layer(inputs, outputs, stride=stride), *_residuals(outputs, residuals)]
    return [*layers, Layer(256, 512, padding=0), Layer(512, 512, kernel=1, padding=0)]


def decoder() -> list[list[Layer]]:
    """Return the stages of the decoder, each of which sees the encoder's picture of its size behind the last one's."""
    stages = [
        [Layer(512, 512, kernel=1, padding=0)],
        [Layer(1024, 512, padding=0, transposed=True), *_residuals(512, 1)],
    ]
    for inputs, outputs in ((1024, 512), (768, 384), (512, 256), (320, 128), (160, 64)):
        stages.append([Layer(inputs, outputs, stride=(2, 2), transposed=True), *_residuals(outputs, 2)])
    return stages


def head() -> list[Layer]:
    """Return the last layers, whose outcome goes through a sigmoid."""
    return [Layer(80, 32), Layer(32, 3, kernel=1, padding=0, plain=True)]


def layout() -> dict[str, tuple[int, ...]]:
    """Return the name and shape of every weight in a checkpoint."""
    shapes: dict[str, tuple[int, ...]] = {}
    for place, layer in _places():
        across = (layer.inputs, layer.outputs) if layer.transposed else (layer.outputs, layer.inputs)
        convolution = place if layer.plain else f"{place}.conv_block.0"
        shapes[f"{convolution}.weight"] = (*across, layer.kernel, layer.kernel)
        shapes[f"{convolution}.bias"] = (layer.outputs,)
        if not layer.plain:
            names = ("weight", "bias", "running_mean", "running_var")
            shapes |= {f"{place}.conv_block.1.{name}": (layer.outputs,) for name in names}
    return shapes


def rename(found: Iterable[str]) -> dict[str, str]:
    """Return for each name in a file what `layout` calls it.

    Trained on several cards, every name begins with `module.`. How many batches the normalisation has seen matters
    to training only.
    """
    return {
        name: re.sub(r"^module\.", "", name) for name in found if not name.endswith("num_batches_tracked")
    }


def check(shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Refuse weights that are not those of this network; says which.

    Raises:
        Mismatch: some are missing, too many, or of another shape.
    """
    wanted = layout()
    complaints = [
        *(f"{name} is missing" for name in wanted.keys() - shapes.keys()),
        *(f"{name} has no place" for name in shapes.keys() - wanted.keys()),
        *(
            f"{name} is {shapes[name]}, not {wanted[name]}"
            for name in wanted.keys() & shapes.keys()
            if shapes[name] != wanted[name]
        ),
    ]
    if complaints:
        few = "; ".join(sorted(complaints)[:5])
        raise Mismatch(
            f"These are not the weights of Wav2Lip's generator for 96 pixels ({len(complaints)} differ): {few}."
        )


def _residuals(channels: int, count: int) -> list[Layer]:
    return [Layer(channels, channels, residual=True)] * count


def _to_a_point() -> list[Layer]:
    return [Layer(512, 512, padding=0), Layer(512, 512, kernel=1, padding=0)]


def _places() -> Iterator[tuple[str, Layer]]:
    """Yield each layer with the place that it has in the original's tree of modules."""
    for name, stages in (("face_encoder_blocks", face_encoder()), ("face_decoder_blocks", decoder())):
        for i, stage in enumerate(stages):
            for j, layer in enumerate(stage):
                yield f"{name}.{i}.{j}", layer
    for name, layers in (("audio_encoder", audio_encoder()), ("output_block", head())):
        for i, layer in enumerate(layers):
            yield f"{name}.{i}", layer


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--licence", required=True, help="Under which you hold the weights; kept in model.json.")
def main(file: Path, out: Path, licence: str) -> None:
    """Turn the checkpoint FILE into OUT, whose name must be wav2lip.onnx for a worker, with a model.json beside it."""
    from training.wav2lip import convert  # noqa: PLC0415 - torch only where it is used

    parameters, difference = convert(file, out, licence)
    click.echo(
        f"{out}: {parameters / 1e6:.1f} M parameters, differs by at most {difference:.1e} from PyTorch"
    )


if __name__ == "__main__":
    main()
