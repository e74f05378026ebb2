"""The network on ONNX Runtime."""

import json
import shutil

import numpy as np
import onnxruntime
import pytest

from worker.errors import BadAssets, ProviderUnavailable
from worker.model import LipModel

HAS_CUDA = "CUDAExecutionProvider" in onnxruntime.get_available_providers()


@pytest.fixture
def folder(assets, tmp_path):
    return shutil.copytree(assets / "model", tmp_path / "model")


def test_a_model_turns_what_is_heard_and_a_face_into_mouths(folder):
    model = LipModel(folder, provider="cpu", threads=1)
    face = np.full((3, 6, 96, 96), 0.5, np.float32)
    mel = np.full((3, 1, 80, 16), -4, np.float32)
    mel[1] = 2

    mouths = model.predict(mel, face)

    assert mouths.shape == (3, 3, 96, 96)
    np.testing.assert_array_equal(mouths[0], face[0, 3:])
    assert mouths[1, :, 60, 48].max() < 0.1
    assert model.description.name == "tiny"


@pytest.mark.skipif(HAS_CUDA, reason="this ONNX Runtime has CUDA, so there is nothing to be refused")
def test_a_device_that_is_not_there_is_refused_and_auto_does_without(folder):
    with pytest.raises(ProviderUnavailable, match="CPUExecutionProvider"):
        LipModel(folder, provider="cuda", threads=1)

    assert LipModel(folder, provider="auto", threads=1).provider == "cpu"


@pytest.mark.parametrize("missing", ["model.json", "wav2lip.onnx"])
def test_a_missing_file_is_named(folder, missing):
    (folder / missing).unlink()

    with pytest.raises(BadAssets, match=missing):
        LipModel(folder, provider="cpu", threads=1)


def test_a_broken_network_is_named(folder):
    (folder / "wav2lip.onnx").write_bytes(b"nothing")

    with pytest.raises(BadAssets, match=r"wav2lip\.onnx"):
        LipModel(folder, provider="cpu", threads=1)


def test_the_description_says_how_to_blend(folder):
    (folder / "model.json").write_text(
        json.dumps({"name": "tiny", "mask": {"blur": 3.5}, "recipe": "by hand"})
    )

    mask = LipModel(folder, provider="cpu", threads=1).description.mask

    assert mask.blur == 3.5
    assert mask.threshold == 0.018
