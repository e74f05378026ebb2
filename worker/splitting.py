"""Cuts the graph of a lip network where what it sees meets what it hears. Knows ONNX, and not what is drawn.

A good part of such a network looks at the face alone and gives the same for a frame of film whatever is said. Cut off,
it runs once for each frame of a film and not in each of its loops; its nodes are left as they are, so that what is
drawn is the same bit by bit.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import onnx
import onnx.shape_inference
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

MEL = "mel"  # the input that is heard; all others are seen
MOUTH = "mouth"

# What these give differs from call to call, so it cannot be kept.
_RANDOM = {"Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform"} | {
    "RandomUniformLike"
}


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """A graph in two parts, or three.

    Attributes:
        see: a frame's face → what is kept of it.
        hear: `mel` → `heard`; None where `heard` is `mel` itself.
        draw: `heard`, what is kept, and inputs of the face as far as it still looks at them → `mouth`.
        kept: names of what `see` gives.
        heard: name of what is heard.
    """

    see: bytes
    hear: bytes | None
    draw: bytes
    kept: tuple[str, ...]
    heard: str


class Uncuttable(Exception):
    """The graph cannot be cut, or nothing would be gained."""


def split(path: Path, *, heard: str = MEL) -> Parts:
    """Cut a graph.

    Args:
        path: of the graph.
        heard: a value that depends on `mel` alone, where what is heard is cut off as well.

    Raises:
        Uncuttable: see there.
    """
    try:
        model = onnx.load(path)
        typed = onnx.shape_inference.infer_shapes(model).graph
    except Exception as exc:  # parser, checker and file system have classes of their own
        raise Uncuttable(f"it cannot be read: {exc}") from exc
    graph = model.graph
    _refuse_what_is_hidden(model)
    seen_inputs = {value.name for value in graph.input} - {
        initializer.name for initializer in graph.initializer
    }
    if MEL not in seen_inputs:
        raise Uncuttable(f"it has no input {MEL!r}")
    seen_inputs.remove(MEL)
    hears = _reached(graph, {MEL})
    sees = _reached(graph, seen_inputs)
    if heard != MEL and (heard not in hears or heard in sees):
        raise Uncuttable(f"{heard!r} does not depend on {MEL!r} alone")
    kept = tuple(
        dict.fromkeys(
            name
            for node in graph.node
            if hears & set(node.input)
            for name in node.input
            if name in sees - hears - seen_inputs
        )
    )
    if not kept or MOUTH not in hears:
        raise Uncuttable("nothing of it depends on the face alone")
    types = {
        value.name: value.type.tensor_type.elem_type
        for value in (*typed.value_info, *typed.input, *typed.output)
    }
    return Parts(
        see=_part(model, types, seen_inputs, kept),
        hear=None if heard == MEL else _part(model, types, [MEL], [heard]),
        draw=_part(model, types, [heard, *kept, *seen_inputs], [MOUTH]),
        kept=kept,
        heard=heard,
    )


def _refuse_what_is_hidden(model: ModelProto) -> None:
    """Refuse graphs whose nodes do more than their inputs tell."""
    if model.functions:
        raise Uncuttable("it has functions of its own")
    for node in model.graph.node:
        if node.op_type in _RANDOM:
            raise Uncuttable(f"{node.op_type} gives something else each time")
        if any(part.type in {AttributeProto.GRAPH, AttributeProto.GRAPHS} for part in node.attribute):
            raise Uncuttable(f"{node.op_type} holds a graph of its own")


def _reached(graph: GraphProto, names: Iterable[str]) -> set[str]:
    """Return the values that depend on any of these, themselves included; nodes are in order of what they need."""
    reached = set(names)
    for node in graph.node:
        if reached & set(node.input):
            reached.update(name for name in node.output if name)
    return reached


def _part(
    model: ModelProto, types: Mapping[str, int], inputs: Iterable[str], outputs: Sequence[str]
) -> bytes:
    """Return the graph that leads from some values to others, with those inputs alone that it needs."""
    given = set(inputs)
    maker: dict[str, NodeProto] = {name: node for node in model.graph.node for name in node.output}
    weights: dict[str, TensorProto] = {weight.name: weight for weight in model.graph.initializer}
    needed: set[str] = set()
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name and name not in needed:
            needed.add(name)
            if name not in given and name in maker:
                waiting += maker[name].input
    made = needed - given
    graph = helper.make_graph(
        [node for node in model.graph.node if made & set(node.output)],
        model.graph.name,
        [_value(name, types) for name in sorted(given & needed)],
        [_value(name, types) for name in outputs],
        [weights[name] for name in sorted(needed & weights.keys())],
    )
    part = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    return bytes(part.SerializeToString())


def _value(name: str, types: Mapping[str, int]) -> ValueInfoProto:
    """Describe a value by its type alone, for a shape that was inferred may be wrong.

    Those of an optimiser's own nodes are unknown to ONNX, and floats: else the part cannot be loaded.
    """
    return helper.make_tensor_value_info(name, types.get(name, TensorProto.FLOAT), None)
