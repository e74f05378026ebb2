"""Wav2Lip's generator in PyTorch, built from the layout in `checkpoint.py`: loads a checkpoint, exports it, compares.

Axes: B batch; pictures are (B, 3, 96, 96) in [0, 1].
"""

from pathlib import Path

import msgspec
import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.checkpoint import Layer, Mismatch, audio_encoder, check, decoder, face_encoder, head, rename

_OPSET = 17
_LARGEST_DIFFERENCE = 1e-3  # a quarter of a step of 8 bits
_CROP = 96


class Wav2Lip(nn.Module):
    """The generator, its modules named as in its checkpoints. Sees and draws blue, green, red."""

    def __init__(self) -> None:
        super().__init__()
        self.face_encoder_blocks = nn.ModuleList(_chain(stage) for stage in face_encoder())
        self.audio_encoder = _chain(audio_encoder())
        self.face_decoder_blocks = nn.ModuleList(_chain(stage) for stage in decoder())
        self.output_block = _chain(head())

    def forward(self, mel: Tensor, face: Tensor) -> Tensor:
        """Take (B, 1, 80, 16) and (B, 6, 96, 96), return (B, 3, 96, 96)."""
        skips = []
        for stage in self.face_encoder_blocks:
            face = stage(face)
            skips.append(face)
        x = self.audio_encoder(mel)  # (B, 512, 1, 1)
        for stage in self.face_decoder_blocks:
            x = torch.cat([stage(x), skips.pop()], 1)
        return torch.sigmoid(self.output_block(x))


class OfTheWorker(nn.Module):
    """The generator as the worker asks for it: red, green, blue."""

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, mel: Tensor, face: Tensor) -> Tensor:
        """Take (B, 1, 80, 16) and (B, 6, 96, 96), return (B, 3, 96, 96)."""
        turned = torch.cat([face[:, :3].flip(1), face[:, 3:].flip(1)], 1)
        return self.generator(mel, turned).flip(1)


def load(file: Path) -> Wav2Lip:
    """Load a checkpoint: the weights alone, or under `state_dict`. Runs no code that it may carry.

    Raises:
        Mismatch: it holds something else.
    """
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as exc:  # pickle, zip and torch each have errors of their own
        raise Mismatch(f"{file} cannot be read as weights alone: {exc}") from exc
    state = content.get("state_dict", content) if isinstance(content, dict) else None
    if not state or not all(isinstance(value, Tensor) for value in state.values()):
        raise Mismatch(f"{file} holds no state dict.")
    weights = {ours: state[theirs] for theirs, ours in rename(state).items()}
    check({name: tuple(weight.shape) for name, weight in weights.items()})
    network = Wav2Lip()
    network.load_state_dict(
        weights, strict=False
    )  # `check` was strict; only `num_batches_tracked` stays behind
    return network.eval()


def convert(file: Path, out: Path, licence: str) -> tuple[int, float]:
    """Export a checkpoint, and compare the graph with PyTorch on random inputs.

    Returns:
        How many parameters it has, and the largest difference.

    Raises:
        Mismatch: the file holds something else.
    """
    generator = load(file)
    network = OfTheWorker(generator).eval()
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_suffix(".part")
    torch.onnx.export(
        network,
        _random_input(2),
        unfinished,
        input_names=["mel", "face"],
        output_names=["mouth"],
        dynamic_axes={name: {0: "batch"} for name in ("mel", "face", "mouth")},
        opset_version=_OPSET,
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(unfinished, providers=["CPUExecutionProvider"])
    difference = max(_difference(network, session, batch) for batch in (1, 3, 8))
    if difference > _LARGEST_DIFFERENCE:
        unfinished.unlink()
        raise Mismatch(f"The graph differs by {difference:.1e} from PyTorch.")
    description = {
        "name": file.stem,
        "version": "1",
        "width": 1.0,
        "crop": _CROP,
        # No threshold: this network draws the idle mouth anew, a little different, and flickers if only partly shown.
        "mask": {
            "threshold": -1.0,
            "full": -0.5,
            "cover_threshold": -1.0,
            "cover_full": -0.5,
            "feather": 9.0,
        },
        "licence": licence,
        "recipe": "python -m training checkpoint",
    }
    (out.parent / "model.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(description), indent=2) + b"\n"
    )
    unfinished.replace(out)
    return sum(parameter.numel() for parameter in generator.parameters()), difference


def _chain(layers: list[Layer]) -> nn.Sequential:
    return nn.Sequential(*(_convolution(layer) if layer.plain else _Block(layer) for layer in layers))


class _Block(nn.Module):
    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(_convolution(layer), nn.BatchNorm2d(layer.outputs))
        self._residual = layer.residual

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv_block(x)
        return functional.relu(y + x if self._residual else y)


def _convolution(layer: Layer) -> nn.Module:
    shape = (layer.inputs, layer.outputs, layer.kernel, layer.stride, layer.padding)
    if layer.transposed:
        return nn.ConvTranspose2d(*shape, output_padding=layer.stride[0] - 1)
    return nn.Conv2d(*shape)


def _random_input(batch: int) -> tuple[Tensor, Tensor]:
    random = torch.Generator().manual_seed(batch)
    mel = torch.rand((batch, 1, 80, 16), generator=random) * 8 - 4
    face = torch.rand((batch, 6, _CROP, _CROP), generator=random)
    face[:, :3, _CROP // 2 :] = 0
    return mel, face


def _difference(network: nn.Module, session: onnxruntime.InferenceSession, batch: int) -> float:
    mel, face = _random_input(batch)
    with torch.no_grad():
        expected = network(mel, face).numpy()
    (drawn,) = session.run(["mouth"], {"mel": mel.numpy(), "face": face.numpy()})
    return float(np.abs(drawn - expected).max())
