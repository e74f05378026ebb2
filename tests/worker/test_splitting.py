"""Networks run in parts: what a face gives is kept for its frame of film, and what is drawn is the same bit by bit."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from structlog.testing import capture_logs

import worker
from worker.avatars import Avatars
from worker.model import LipModel
from worker.network import SplitGraph
from worker.splitting import Uncuttable, split

ASSETS = Path(worker.__file__).parent / "assets"
PACKS = list(Avatars(ASSETS / "avatars", memory_bytes=1))
node = onnx.helper.make_node


@pytest.fixture(scope="module")
def cut():
    return LipModel(ASSETS / "model", provider="cpu", threads=2)


@pytest.fixture(scope="module")
def whole():
    return LipModel(ASSETS / "model", provider="cpu", threads=2, cut=False)


@pytest.fixture
def avatars():
    return Avatars(ASSETS / "avatars", memory_bytes=256_000_000)


@pytest.fixture
def folder(assets, tmp_path):
    return shutil.copytree(assets / "model", tmp_path / "model")


def heard(count, frames=32, seed=1):
    mel = np.random.default_rng(seed).uniform(-4, 4, (count, 1, 80, frames)).astype(np.float32)
    mel[-1] = -4  # the mouth is at rest
    return mel


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_in_parts_the_shipped_network_draws_every_avatar_as_it_does_whole(cut, whole, avatars, pack):
    emotion = sorted(pack.emotions)[len(pack.name) % 3]
    faces = avatars.footage(pack, emotion).faces(range(0, 12, 3))

    drawn = cut.predict(heard(4), faces)
    again = cut.predict(heard(4), faces)  # from what was kept

    assert cut.cut == ["wav2lip.onnx", "references.onnx"]
    assert whole.cut == []
    np.testing.assert_array_equal(drawn, whole.predict(heard(4), faces))
    np.testing.assert_array_equal(again, drawn)
    np.testing.assert_array_equal(drawn[-1], faces[-1].references[0])


def test_in_parts_the_network_of_a_single_reference_draws_as_it_does_whole(cut, whole, assets):
    avatars = Avatars(assets / "avatars", memory_bytes=256_000_000)
    faces = avatars.footage(avatars.find("bob", "neutral"), "neutral").faces(range(4))

    np.testing.assert_array_equal(cut.predict(heard(4), faces), whole.predict(heard(4), faces))


def test_a_face_is_seen_once_by_all_renders_of_its_film(assets, monkeypatch):
    avatars = Avatars(assets / "avatars", memory_bytes=256_000_000)
    model = LipModel(assets / "model", provider="cpu", threads=1)  # two that ask at once may both look
    looked = []
    network = model._networks["references.onnx"]
    assert isinstance(network, SplitGraph)
    see = network._sight

    def look(face):
        looked.append(face.index)
        return see(face)

    monkeypatch.setattr(network, "_sight", look)

    for _ in range(2):  # one render, and another later
        footage = avatars.footage(avatars.find("cleo", "neutral"), "neutral")
        for start in range(0, 100, 10):  # there and back again, twice
            model.predict(heard(10, 16), footage.faces(range(start, start + 10)))

    assert sorted(looked) == list(range(25))


def test_a_graph_is_cut_where_what_is_seen_meets_what_is_heard(folder):
    parts = split(folder / "references.onnx", heard="taken")

    assert set(parts.kept) == {"difference", "idle"}
    inputs = {
        name: sorted(value.name for value in onnx.load_from_string(part).graph.input)
        for name, part in (("see", parts.see), ("hear", parts.hear or b""), ("draw", parts.draw))
    }
    assert inputs == {"see": ["references"], "hear": ["mel"], "draw": ["difference", "idle", "taken"]}
    assert split(folder / "references.onnx").hear is None


def spoil(path, *, replaced, by):
    """Put another node in the place of one of a graph."""
    model = onnx.load(path)
    index = next(index for index, made in enumerate(model.graph.node) if replaced in made.output)
    model.graph.node.remove(model.graph.node[index])
    for offset, made in enumerate(by):
        model.graph.node.insert(index + offset, made)
    onnx.save(model, path)


def branch(name, value):
    constant = onnx.helper.make_tensor(name, onnx.TensorProto.FLOAT, [1], [value])
    made = onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None)
    return onnx.helper.make_graph([node("Constant", [], [name], value=constant)], name, [], [made])


UNCUTTABLE = {
    "holds a graph of its own": [
        node("ReduceMin", ["mel"], ["least"], keepdims=0),
        node("Cast", ["least"], ["any"], to=onnx.TensorProto.BOOL),
        node("If", ["any"], ["gain"], then_branch=branch("then", 1.0), else_branch=branch("else", 1.0)),
        node("Mul", ["open", "ellipse"], ["masked"]),
        node("Mul", ["masked", "gain"], ["taken"]),
    ],
    "gives something else each time": [
        node("RandomUniformLike", ["ellipse"], ["noise"]),
        node("Mul", ["open", "noise"], ["taken"]),
    ],
}


@pytest.mark.parametrize("reason", UNCUTTABLE)
def test_a_network_that_cannot_be_cut_runs_whole(folder, avatars, reason):
    spoil(folder / "references.onnx", replaced="taken", by=UNCUTTABLE[reason])

    with capture_logs() as logs:
        model = LipModel(folder, provider="cpu", threads=1)

    assert model.networks == ["wav2lip.onnx", "references.onnx"]
    assert model.cut == ["wav2lip.onnx"]
    (said,) = [line for line in logs if line["event"] == "network runs whole"]
    assert said["network"] == "references.onnx"
    assert reason in said["reason"]


def test_a_network_in_which_sound_and_face_meet_at_once_is_not_cut(tmp_path):
    graph = onnx.helper.make_graph(
        [node("Mul", ["face", "mel"], ["mouth"])],
        "at once",
        [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["B"]) for name in ("mel", "face")],
        [onnx.helper.make_tensor_value_info("mouth", onnx.TensorProto.FLOAT, ["B"])],
    )
    onnx.save(onnx.helper.make_model(graph), tmp_path / "graph.onnx")

    with pytest.raises(Uncuttable, match="nothing of it depends on the face alone"):
        split(tmp_path / "graph.onnx")


def test_what_is_no_graph_is_not_cut(tmp_path):
    (tmp_path / "graph.onnx").write_bytes(b"nothing")

    with pytest.raises(Uncuttable, match="cannot be read"):
        split(tmp_path / "graph.onnx")


@pytest.mark.parametrize("rest", [("/hearing/Flatten_output_0", 0.04), ("open", 2.0)])
def test_a_description_that_is_wrong_about_rest_does_no_harm(folder, avatars, rest):
    units, below = rest  # not of this graph; and so high that the mouth would never move
    described = {"name": "tiny", "references": {"rest": {"units": units, "below": below}}}
    (folder / "model.json").write_text(json.dumps(described))

    model = LipModel(folder, provider="cpu", threads=1)

    assert model.cut == ["wav2lip.onnx", "references.onnx"]
    network = model._networks["references.onnx"]
    assert isinstance(network, SplitGraph)
    assert network._hear is None


def test_a_mouth_at_rest_is_not_drawn(folder, assets):
    described = {"name": "tiny", "references": {"rest": {"units": "open", "below": 0.0}}}
    (folder / "model.json").write_text(json.dumps(described))
    model = LipModel(folder, provider="cpu", threads=1)
    avatars = Avatars(assets / "avatars", memory_bytes=256_000_000)
    faces = avatars.footage(avatars.find("cleo", "neutral"), "neutral").faces(range(3))
    mel = np.full((3, 1, 80, 16), -4, np.float32)
    mel[1] = 4
    before = avatars.kept_bytes

    mouths = model.predict(mel, faces)

    assert [(mouth == face.references[0]).all() for mouth, face in zip(mouths, faces, strict=True)] == [
        True,
        False,
        True,
    ]
    assert avatars.kept_bytes - before == 2 * 4 * 144**2 * 3  # one face was looked at
