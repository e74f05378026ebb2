"""The network on ONNX Runtime."""

import json
import shutil

import numpy as np
import onnx
import onnxruntime
import pytest

from worker.compose import IdleFrame, Mask
from worker.errors import BadAssets, ProviderUnavailable
from worker.mel import MelWindow
from worker.model import Graph, LipModel
from worker.network import _halved_and_whole

HAS_CUDA = "CUDAExecutionProvider" in onnxruntime.get_available_providers()


@pytest.fixture
def folder(assets, tmp_path):
    return shutil.copytree(assets / "model", tmp_path / "model")


def idle(references, **fields):
    size = references.shape[1]
    return IdleFrame(
        picture=np.zeros(0, np.uint8),
        references=references,
        framing=(size / 2, size / 2, 96),
        box=(256, 320, size),
        **fields,
    )


@pytest.mark.parametrize(("references", "size"), [(1, 96), (3, 144)])
def test_a_model_turns_what_is_heard_and_a_face_into_mouths(folder, references, size):
    model = LipModel(folder, provider="cpu", threads=1)
    faces = np.zeros((3, references, size, size, 3), np.uint8)
    faces[:, 0] = 128
    mel = np.full((3, 1, 80, 16), -4, np.float32)
    mel[1] = 2

    mouths = model.predict(mel, [idle(references) for references in faces])

    assert mouths.shape == (3, size, size, 3)
    assert mouths.dtype == np.uint8
    np.testing.assert_array_equal(mouths[0], faces[0, 0])
    assert mouths[1, size * 60 // 96, size // 2].max() < 25
    assert model.description.name == "tiny"


def test_the_network_of_a_single_reference_sees_it_with_and_without_its_lower_half():
    idle = np.random.default_rng(2).integers(0, 256, (2, 96, 96, 3), np.uint8)

    face = _halved_and_whole(idle)

    assert face.shape == (2, 6, 96, 96)
    assert face.dtype == np.float32
    assert not face[:, :3, 48:].any()
    np.testing.assert_array_equal(face[:, :3, :48], face[:, 3:, :48])
    np.testing.assert_allclose(face[:, 3:].transpose(0, 2, 3, 1) * 255, idle, atol=1e-3)


@pytest.mark.skipif(HAS_CUDA, reason="this ONNX Runtime has CUDA, so there is nothing to be refused")
def test_a_device_that_is_not_there_is_refused_and_auto_does_without(folder):
    with pytest.raises(ProviderUnavailable, match="CPUExecutionProvider"):
        LipModel(folder, provider="cuda", threads=1)

    assert LipModel(folder, provider="auto", threads=1).provider == "cpu"


def test_a_missing_description_is_named(folder):
    (folder / "model.json").unlink()

    with pytest.raises(BadAssets, match=r"model\.json"):
        LipModel(folder, provider="cpu", threads=1)


@pytest.mark.parametrize(
    ("missing", "other", "needed"),
    [("wav2lip.onnx", (3, 144), (1, 96)), ("references.onnx", (1, 96), (3, 144))],
)
def test_a_network_may_be_missing_where_no_avatar_needs_it(folder, missing, other, needed):
    (folder / missing).unlink()
    model = LipModel(folder, provider="cpu", threads=1)

    model.check([other])
    with pytest.raises(BadAssets, match=missing):
        model.check([other, needed])


def test_a_folder_without_any_network_is_refused(folder):
    (folder / "wav2lip.onnx").unlink()
    (folder / "references.onnx").unlink()

    with pytest.raises(BadAssets, match="neither"):
        LipModel(folder, provider="cpu", threads=1)


def test_an_avatar_with_other_mouths_than_the_network_was_made_for_is_refused(folder):
    model = LipModel(folder, provider="cpu", threads=1)

    with pytest.raises(BadAssets, match="2 other mouths of 144 pixels, but there is an avatar with 4 of 128"):
        model.check([(5, 128)])


def leave_open(path, *, axes, names=("wide", "high")):
    """Have a graph not say how long these axes of what it sees are; its other values may say what they like."""
    graph = onnx.load(path)
    [seen] = [value for value in graph.graph.input if value.name == "references"]
    for axis, name in zip(axes, names, strict=False):
        seen.type.tensor_type.shape.dim[axis].dim_param = name
    for value in graph.graph.output:
        for axis in range(1, 4):
            value.type.tensor_type.shape.dim[axis].dim_param = f"drawn {axis}"
    onnx.save(graph, path)


@pytest.mark.parametrize("names", [("pixels", "pixels"), ("wide", "high")])
def test_a_network_whose_size_is_open_draws_mouths_of_any_whatever_it_calls_it(folder, names):
    leave_open(folder / "references.onnx", axes=(2, 3), names=names)

    LipModel(folder, provider="cpu", threads=1).check([(3, 144), (3, 202), (3, 304)])


@pytest.mark.parametrize(
    ("axes", "needed", "said"),
    [
        (
            (1,),
            (3, 144),
            "leaves open how many it sees of other mouths of 144 pixels, but there is an avatar with 2",
        ),
        ((2, 3), (5, 128), "2 other mouths of any pixels, but there is an avatar with 4 of 128"),
        ((2,), (3, 128), "2 other mouths of any×144 pixels, but there is an avatar with 2 of 128"),
    ],
)
def test_a_network_that_leaves_open_what_it_sees_is_refused_as_plainly_where_it_does_not_fit(
    folder, axes, needed, said
):
    leave_open(folder / "references.onnx", axes=axes)
    model = LipModel(folder, provider="cpu", threads=1)

    with pytest.raises(BadAssets, match=said):
        model.check([needed])


def test_a_broken_network_is_named(folder):
    (folder / "wav2lip.onnx").write_bytes(b"nothing")

    with pytest.raises(BadAssets, match=r"wav2lip\.onnx"):
        LipModel(folder, provider="cpu", threads=1)


def test_the_description_says_how_to_hear_and_to_blend(folder):
    described = {"name": "tiny", "mel": {"frames": 20}, "mask": {"blur": 3.5}, "recipe": "by hand"}
    described["references"] = {"mask": {"full": 0.2}, "count": 3}
    (folder / "model.json").write_text(json.dumps(described))

    model = LipModel(folder, provider="cpu", threads=1)

    assert (model.graph(1).mel, model.graph(1).mask) == (MelWindow(frames=20), Mask(blur=3.5))
    assert model.graph(3) == Graph(mel=MelWindow(frames=20), mask=Mask(full=0.2))


def test_a_network_that_hears_more_than_its_description_says_is_refused(folder):
    (folder / "model.json").write_text(json.dumps({"name": "tiny", "mel": {"frames": 20, "before": 4}}))
    model = LipModel(folder, provider="cpu", threads=1)

    with pytest.raises(BadAssets, match=r"hears 16 mel frames, but model\.json says 20"):
        model.check([(1, 96)])
