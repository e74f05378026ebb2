"""Makes `wav2lip.onnx` beside it: the lip network's inputs and outputs, with an ellipse in place of learning.

The louder the window, the darker an ellipse in the middle of the lower half; in silence the mouth is the idle one,
exactly. Needs the `training` group: `uv run --group training python tests/worker/data/make_tiny_model.py`.
"""

import importlib
from pathlib import Path

import numpy as np

# By name, because only the training group has it and types are checked without that group.
onnx = importlib.import_module("onnx")


def make() -> None:
    row, column = np.mgrid[0:96, 0:96]
    ellipse = np.clip(1.5 - ((row - 60) / 12) ** 2 - ((column - 48) / 20) ** 2, 0, 1).astype(np.float32)
    constants = {
        "start": np.array([3]),
        "end": np.array([6]),
        "axis": np.array([1]),
        "floor": np.float32(-4),
        "range": np.array(6, np.float32),
        "zero": np.float32(0),
        "one": np.float32(1),
        "ellipse": ellipse[None, None],
    }
    nodes = [
        onnx.helper.make_node("Slice", ["face", "start", "end", "axis"], ["idle"]),
        onnx.helper.make_node("ReduceMean", ["mel"], ["loudness"], axes=[1, 2, 3], keepdims=1),
        onnx.helper.make_node("Sub", ["loudness", "floor"], ["above"]),
        onnx.helper.make_node("Div", ["above", "range"], ["share"]),
        onnx.helper.make_node("Clip", ["share", "zero", "one"], ["open"]),
        onnx.helper.make_node("Mul", ["open", "ellipse"], ["dark"]),
        onnx.helper.make_node("Mul", ["dark", "idle"], ["taken"]),
        onnx.helper.make_node("Sub", ["idle", "taken"], ["mouth"]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "tiny",
        [
            onnx.helper.make_tensor_value_info("mel", onnx.TensorProto.FLOAT, ["B", 1, 80, 16]),
            onnx.helper.make_tensor_value_info("face", onnx.TensorProto.FLOAT, ["B", 6, 96, 96]),
        ],
        [onnx.helper.make_tensor_value_info("mouth", onnx.TensorProto.FLOAT, ["B", 3, 96, 96])],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, Path(__file__).with_name("wav2lip.onnx"))


if __name__ == "__main__":
    make()
