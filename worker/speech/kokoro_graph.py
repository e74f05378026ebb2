"""Rewrites the published graph of Kokoro-82M, whose sums run on whole numbers, to one that runs on floats.

The export quantises what flows through it anew for each sentence. That saves no time and adds noise; only the weights'
size is worth having. So each weight is scaled back once, and the operators that quantise are replaced by plain ones.

    python -m worker.speech.kokoro_graph FILE    writes the rewritten graph there

It takes over a gigabyte of memory for some seconds: a program of its own, so that a worker does not keep it.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnx
from onnx import helper, numpy_helper

from worker.speech.kokoro_weights import published_graph

_NODE = dict[str, onnx.NodeProto]


def to_floats(graph: bytes) -> bytes:
    """Rewrite a graph, as ONNX bytes; its inputs, outputs and values stay, but for the noise of quantising."""
    model = onnx.load_model_from_string(graph)
    rewriting = _Rewriting(model.graph)
    for node in model.graph.node:
        match node.op_type:
            case "ConvInteger" | "MatMulInteger":
                rewriting.product(node)
            case "DynamicQuantizeLSTM":
                rewriting.recurrent(node)
    rewriting.finish()
    return bytes(model.SerializeToString())


class _Rewriting:
    """One rewriting of a graph. A class since each replacement looks its neighbours up."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._weights = {weight.name: weight for weight in graph.initializer}
        self._maker = {output: node for node in graph.node for output in node.output}
        self._users: dict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in graph.node:
            for name in node.input:
                self._users[name].append(node)
        self._replaced: _NODE = {}  # by the first output of what it replaces
        self._scaled: dict[str, onnx.TensorProto] = {}

    def product(self, node: onnx.NodeProto) -> None:
        """Replace a product of whole numbers, up to where it is scaled back: [Add bias] → Cast → Mul."""
        quantised, weight, _, zero_point = node.input
        after = self._user(node)
        bias = []
        if after.op_type == "Add":
            bias = [self._bias(after)]
            after = self._user(after)
        scaling = self._user(after)
        scales = self._maker[_other(scaling, after.output[0])]
        scale = next(name for name in scales.input if name in self._weights)
        values = self._value(weight).astype(np.float32) - self._value(zero_point).astype(np.float32)
        name = self._keep(weight, values * self._value(scale))
        plain = helper.make_node(
            node.op_type.removesuffix("Integer"),
            [self._maker[quantised].input[0], name, *bias],
            [scaling.output[0]],
        )
        plain.attribute.extend(node.attribute)
        self._replaced[scaling.output[0]] = plain

    def recurrent(self, node: onnx.NodeProto) -> None:
        """Replace an LSTM, whose weights are stored as (2, in, 4h), by one that has them as (2, 4h, in)."""
        names = []
        for weight, scale, zero_point in ((1, 8, 9), (2, 10, 11)):
            values = self._value(node.input[weight]).astype(np.float32)
            zero = self._value(node.input[zero_point]).astype(np.float32).reshape(-1, 1, 1)
            scaled = (values - zero) * self._value(node.input[scale]).reshape(-1, 1, 1)
            names.append(self._keep(node.input[weight], scaled.transpose(0, 2, 1)))
        plain = helper.make_node("LSTM", [node.input[0], *names, *node.input[3:7]], node.output)
        plain.attribute.extend(node.attribute)
        self._replaced[node.output[0]] = plain

    def finish(self) -> None:
        """Put the replacements in place, and leave out what nothing needs any more."""
        wanted = {output.name for output in self._graph.output}
        nodes = []
        for old in reversed(self._graph.node):
            node = self._replaced.get(next(iter(old.output)), old)
            if wanted.intersection(node.output):
                wanted.update(node.input)
                nodes.append(onnx.NodeProto.FromString(node.SerializeToString()))
        weights = [weight for name, weight in (self._weights | self._scaled).items() if name in wanted]
        kept = [onnx.TensorProto.FromString(weight.SerializeToString()) for weight in weights]
        del self._graph.node[:], self._graph.initializer[:]
        self._graph.node.extend(reversed(nodes))
        self._graph.initializer.extend(kept)

    def _user(self, node: onnx.NodeProto) -> onnx.NodeProto:
        (user,) = self._users[node.output[0]]
        return user

    def _bias(self, add: onnx.NodeProto) -> str:
        """Name the bias that was divided, rounded, cast and reshaped before it was added."""
        node = self._maker[add.input[1]]
        while node.op_type != "Div":
            node = self._maker[node.input[0]]
        return str(node.input[0])

    def _value(self, name: str) -> np.ndarray:
        return numpy_helper.to_array(self._weights[name])

    def _keep(self, name: str, values: np.ndarray) -> str:
        kept = f"{name}_float"
        self._scaled[kept] = numpy_helper.from_array(np.ascontiguousarray(values, np.float32), kept)
        return kept


def _other(node: onnx.NodeProto, name: str) -> str:
    return str(next(one for one in node.input if one != name))


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(to_floats(published_graph()))
