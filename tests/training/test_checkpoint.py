"""Checkpoints of the original Wav2Lip become our graph.

What names and shapes must fit is checked everywhere; loading and exporting only where the training group is
installed, which CI has not.
"""

import json

import click
import numpy as np
import onnxruntime
import pytest

from training.checkpoint import check, layout, rename


def test_the_layout_is_that_of_the_paper():
    learned = [shape for name, shape in layout().items() if "running" not in name]

    assert sum(int(np.prod(shape)) for shape in learned) == 36_298_035  # 36.3 M, as published


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("face_encoder_blocks.0.0.conv_block.0.weight", (16, 6, 7, 7)),
        ("face_encoder_blocks.2.3.conv_block.1.running_var", (64,)),
        ("face_encoder_blocks.6.1.conv_block.0.weight", (512, 512, 1, 1)),
        ("audio_encoder.9.conv_block.0.weight", (256, 128, 3, 3)),
        ("audio_encoder.12.conv_block.0.weight", (512, 512, 1, 1)),
        ("face_decoder_blocks.3.0.conv_block.0.weight", (768, 384, 3, 3)),  # transposed: inputs first
        ("output_block.0.conv_block.0.weight", (32, 80, 3, 3)),
        ("output_block.1.bias", (3,)),
    ],
)
def test_weights_go_by_the_names_of_the_original(name, shape):
    assert layout()[name] == shape


def test_names_of_several_cards_are_those_of_one():
    names = ["module.output_block.1.bias", "module.audio_encoder.0.conv_block.1.num_batches_tracked"]

    assert rename(names) == {"module.output_block.1.bias": "output_block.1.bias"}


def test_the_weights_of_this_network_fit():
    check(layout())


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"output_block.1.bias": None}, "output_block.1.bias is missing"),
        ({"extra.weight": (3,)}, "extra.weight has no place"),
        ({"output_block.1.bias": (1,)}, r"output_block.1.bias is \(1,\), not \(3,\)"),
    ],
)
def test_other_weights_are_refused_by_name(changes, complaint):
    shapes = {name: shape for name, shape in (layout() | changes).items() if shape}

    with pytest.raises(click.ClickException, match=complaint):
        check(shapes)


@pytest.fixture
def checkpoint(tmp_path):
    """A file like the original's, with random weights under which no layer fades out."""
    torch = pytest.importorskip("torch", reason="the training group is not installed")
    random = torch.Generator().manual_seed(0)
    state = {}
    for name, shape in layout().items():
        if name.endswith("running_var"):
            weight = 0.5 + torch.rand(shape, generator=random)
        else:
            fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 100
            weight = torch.randn(shape, generator=random) * (2 / fan_in) ** 0.5
        if name.endswith("conv_block.1.weight"):
            weight += 1
        state[f"module.{name}"] = weight
    file = tmp_path / "wav2lip.pth"
    torch.save({"state_dict": state, "optimizer": {"step": 1}, "global_step": 1}, file)
    return file


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the exporter that needs no further package
def test_a_checkpoint_becomes_a_graph_that_the_worker_plays(checkpoint, tmp_path):
    pytest.importorskip("onnx", reason="the training group is not installed")
    from training.wav2lip import convert  # noqa: PLC0415 - needs torch

    out = tmp_path / "model" / "wav2lip.onnx"
    parameters, difference = convert(checkpoint, out, "mine")

    assert parameters == 36_298_035
    assert difference < 1e-3
    assert json.loads((out.parent / "model.json").read_text())["licence"] == "mine"
    session = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
    face = np.random.default_rng(0).random((3, 6, 96, 96), np.float32)
    (mouths,) = session.run(["mouth"], {"mel": np.zeros((3, 1, 80, 16), np.float32), "face": face})
    assert mouths.shape == (3, 3, 96, 96)
    assert mouths.std() > 0.01  # says something


def test_a_file_that_holds_code_is_not_run(tmp_path):
    torch = pytest.importorskip("torch", reason="the training group is not installed")
    from training.wav2lip import load  # noqa: PLC0415 - needs torch

    file = tmp_path / "evil.pth"
    torch.save({"state_dict": print}, file)

    with pytest.raises(click.ClickException, match="weights alone"):
        load(file)
