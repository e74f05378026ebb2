"""Makes the two graphs beside it: the lip networks' inputs and outputs, with an ellipse in place of learning.

The louder the window, the more an ellipse in the middle of the lower half turns dark (`wav2lip.onnx`) or into the first
other mouth (`references.onnx`); in silence the mouth is the idle one, exactly. Needs the `training` group:
`uv run --group training python tests/worker/data/make_tiny_model.py`.
"""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# By name, because only the training group has it and types are checked without that group.
onnx = importlib.import_module("onnx")
node = onnx.helper.make_node
FLOAT, BYTE = onnx.TensorProto.FLOAT, onnx.TensorProto.UINT8


def ellipse(size: int) -> NDArray[np.float32]:
    row, column = np.mgrid[0:size, 0:size] * 96 / size
    return np.clip(1.5 - ((row - 60) / 12) ** 2 - ((column - 48) / 20) ** 2, 0, 1).astype(np.float32)


CONSTANTS: dict[str, Any] = {
    "floor": np.float32(-4),
    "range": np.array(6, np.float32),
    "zero": np.float32(0),
    "one": np.float32(1),
}
OPENNESS = [
    node("ReduceMean", ["mel"], ["loudness"], axes=[1, 2, 3], keepdims=1),
    node("Sub", ["loudness", "floor"], ["above"]),
    node("Div", ["above", "range"], ["share"]),
    node("Clip", ["share", "zero", "one"], ["open"]),
    node("Mul", ["open", "ellipse"], ["taken"]),
]


def make_single() -> None:
    nodes = [
        node("Slice", ["face", "start", "end", "axis"], ["idle"]),
        *OPENNESS,
        node("Mul", ["taken", "idle"], ["dark"]),
        node("Sub", ["idle", "dark"], ["mouth"]),
    ]
    constants = {
        "start": np.array([3]),
        "end": np.array([6]),
        "axis": np.array([1]),
        "ellipse": ellipse(96)[None, None],
    }
    save("wav2lip", nodes, constants, [("face", FLOAT, ["B", 6, 96, 96])], (FLOAT, ["B", 3, 96, 96]))


def make_several() -> None:
    nodes = [
        node("Gather", ["references", "first"], ["idle_bytes"], axis=1),
        node("Gather", ["references", "second"], ["other_bytes"], axis=1),
        node("Cast", ["idle_bytes"], ["idle"], to=FLOAT),
        node("Cast", ["other_bytes"], ["other"], to=FLOAT),
        *OPENNESS,
        node("Sub", ["other", "idle"], ["difference"]),
        node("Mul", ["taken", "difference"], ["change"]),
        node("Add", ["idle", "change"], ["moved"]),
        node("Round", ["moved"], ["whole"]),
        node("Cast", ["whole"], ["mouth"], to=BYTE),
    ]
    constants = {"first": np.array(0), "second": np.array(1), "ellipse": ellipse(144)[None, :, :, None]}
    save(
        "references",
        nodes,
        constants,
        [
            ("references", BYTE, ["B", 3, 144, 144, 3]),
            ("framing", FLOAT, ["B", 3]),
        ],  # the latter is not looked at
        (BYTE, ["B", 144, 144, 3]),
    )


def save(
    name: str,
    nodes: list[Any],
    constants: dict[str, Any],
    seen: list[tuple[str, int, list[str | int]]],
    drawn: tuple[int, list[str | int]],
) -> None:
    graph = onnx.helper.make_graph(
        nodes,
        "tiny",
        [
            onnx.helper.make_tensor_value_info("mel", FLOAT, ["B", 1, 80, 16]),
            *(onnx.helper.make_tensor_value_info(*value) for value in seen),
        ],
        [onnx.helper.make_tensor_value_info("mouth", *drawn)],
        [
            onnx.numpy_helper.from_array(np.asarray(value), name)
            for name, value in (CONSTANTS | constants).items()
        ],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, Path(__file__).with_name(f"{name}.onnx"))


if __name__ == "__main__":
    make_single()
    make_several()
