"""Each way to write the decoder faster, on a small graph of the shape that Kokoro's has."""

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from worker.speech.kokoro_operators import make_faster

CHANNELS, TIMES = 16, 50


def run(graph: onnx.GraphProto, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return list(session.run(None, inputs))


def graph_of(nodes, weights, inputs, outputs) -> onnx.GraphProto:
    def told(names):
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]

    stored = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    made = [helper.make_node(operator, taken, given, **how) for operator, taken, given, how in nodes]
    return helper.make_graph(made, "graph", told(inputs), told(outputs), stored)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def normalized(*after: Any) -> list[Any]:
    """Return (x - mean) / deviation, scaled and shifted, and what comes after it."""
    return [
        ("ReduceMean", ["x", "time"], ["mean"], {}),
        ("Sub", ["x", "mean"], ["centred"], {}),
        ("Mul", ["centred", "centred"], ["squared"], {}),
        ("ReduceMean", ["squared", "time"], ["variance"], {}),
        ("Add", ["variance", "epsilon"], ["regularized"], {}),
        ("Sqrt", ["regularized"], ["deviation"], {}),
        ("Div", ["centred", "deviation"], ["normal"], {}),
        ("Mul", ["scale", "normal"], ["scaled"], {}),
        ("Add", ["scaled", "shift"], ["styled"], {}),
        *after,
    ]


def test_a_bend_goes_into_the_style_and_the_weights_of_the_convolution_behind_it(rng):
    alpha = rng.uniform(0.3, 3, (1, CHANNELS, 1)).astype(np.float32)
    shape = {"kernel_shape": [3], "dilations": [5], "pads": [5, 5], "strides": [1], "group": 1}
    nodes = normalized(
        ("Mul", ["alpha", "styled"], ["faster"], {}),
        ("Sin", ["faster"], ["sine"], {}),
        ("Pow", ["sine", "two"], ["power"], {}),
        ("Mul", ["inverse", "power"], ["divided"], {}),
        ("Add", ["styled", "divided"], ["bent"], {}),
        ("Conv", ["bent", "weights", "bias"], ["y"], shape),
    )
    weights = {
        "time": np.array([2]),
        "epsilon": np.float32(1e-5),
        "alpha": alpha,
        "inverse": 1 / alpha,
        "two": np.float32(2),
        "weights": rng.normal(size=(CHANNELS, CHANNELS, 3)).astype(np.float32),
        "bias": rng.normal(size=CHANNELS).astype(np.float32),
    }
    graph = graph_of(nodes, weights, ["x", "scale", "shift"], ["y"])
    inputs = {
        "x": rng.normal(2, 3, (1, CHANNELS, TIMES)).astype(np.float32),
        "scale": rng.normal(size=(1, CHANNELS, 1)).astype(np.float32),
        "shift": rng.normal(size=(1, CHANNELS, 1)).astype(np.float32),
    }
    before = run(graph, inputs)

    make_faster(graph)

    assert np.allclose(before, run(graph, inputs), atol=1e-4)
    operators = [node.op_type for node in graph.node]
    assert "InstanceNormalization" in operators
    assert not {"ReduceMean", "Pow", "Div"}.intersection(operators)


def test_a_value_that_is_not_bent_is_normalized_by_one_operator(rng):
    weights = {"time": np.array([2]), "epsilon": np.float32(1e-5)}
    graph = graph_of(
        normalized(("LeakyRelu", ["styled"], ["y"], {})), weights, ["x", "scale", "shift"], ["y"]
    )
    inputs = {
        "x": rng.normal(2, 3, (1, CHANNELS, TIMES)).astype(np.float32),
        "scale": rng.normal(size=(1, CHANNELS, 1)).astype(np.float32),
        "shift": rng.normal(size=(1, CHANNELS, 1)).astype(np.float32),
    }
    before = run(graph, inputs)

    make_faster(graph)

    assert np.allclose(before, run(graph, inputs), atol=1e-5)
    assert [node.op_type for node in graph.node] == [
        "Reshape",
        "Reshape",
        "InstanceNormalization",
        "LeakyRelu",
    ]


def test_a_spectrum_is_a_convolution_whose_lowest_and_highest_bin_are_real(rng):
    nodes = [
        ("STFT", ["x", "step", "window", "length"], ["spectrum"], {"onesided": 1}),
        ("Transpose", ["spectrum"], ["turned"], {"perm": [0, 2, 1, 3]}),
        ("Gather", ["turned", "zero"], ["real"], {"axis": 3}),
        ("Gather", ["turned", "one"], ["imaginary"], {"axis": 3}),
    ]
    weights = {
        "step": np.array(5),
        "length": np.array(20),
        "window": np.hanning(20).astype(np.float32),
        "zero": np.array(0),
        "one": np.array(1),
    }
    graph = graph_of(nodes, weights, ["x"], ["real", "imaginary"])
    inputs = {"x": rng.normal(size=(1, 200)).astype(np.float32)}
    before = run(graph, inputs)

    make_faster(graph)

    real, imaginary = run(graph, inputs)
    assert np.allclose(before, (real, imaginary), atol=1e-4)
    assert not imaginary[:, [0, -1]].any()
