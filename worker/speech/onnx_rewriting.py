"""Replaces operators of an ONNX graph by others, by what stands around them. Knows no network."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
import onnx
from onnx import numpy_helper


class Rewriting:
    """One rewriting of a graph. A class since each replacement looks its neighbours up.

    Args:
        graph: changed in place by `finish`, until when all look-ups find it as it was.
    """

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._graph = graph
        self._weights = {weight.name: weight for weight in graph.initializer}
        self._maker = {output: node for node in graph.node for output in node.output}
        self._users: dict[str, list[onnx.NodeProto]] = defaultdict(list)
        for node in graph.node:
            for name in node.input:
                self._users[name].append(node)
        self._replaced: dict[str, Sequence[onnx.NodeProto]] = {}
        self._added: dict[str, onnx.TensorProto] = {}

    def of_type(self, *types: str) -> Iterator[onnx.NodeProto]:
        """Find nodes by their operator."""
        return (node for node in self._graph.node if node.op_type in types)

    def maker(self, name: str) -> onnx.NodeProto | None:
        """Find the node that makes a value; None for an input or a weight."""
        return self._maker.get(name)

    def users(self, name: str) -> Sequence[onnx.NodeProto]:
        """Find the nodes that take a value."""
        return self._users[name]

    def user(self, node: onnx.NodeProto) -> onnx.NodeProto:
        """Find the one node that takes the first output of a node."""
        (user,) = self._users[node.output[0]]
        return user

    def is_weight(self, name: str) -> bool:
        """Tell whether a value is stored."""
        return name in self._weights

    def value(self, name: str) -> np.ndarray:
        """Read a stored value."""
        return numpy_helper.to_array(self._weights[name])

    def keep(self, name: str, values: np.ndarray) -> str:
        """Store a value; returns its name."""
        self._added[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def replace(self, output: str, *nodes: onnx.NodeProto) -> None:
        """Have others make a value; what made it goes if nothing needs it any more."""
        self._replaced[output] = nodes

    def finish(self) -> None:
        """Put the replacements in place, leave out what nothing needs, and order what is left."""
        wanted = {output.name for output in self._graph.output}
        nodes: list[onnx.NodeProto] = []
        for old in reversed(self._graph.node):
            for node in reversed(self._replaced.get(old.output[0], [old])):
                if wanted.intersection(node.output):
                    wanted.update(node.input)
                    nodes.append(onnx.NodeProto.FromString(node.SerializeToString()))
        weights = [weight for name, weight in (self._weights | self._added).items() if name in wanted]
        kept = [onnx.TensorProto.FromString(weight.SerializeToString()) for weight in weights]
        known = {"", *(weight.name for weight in kept), *(given.name for given in self._graph.input)}
        del self._graph.node[:], self._graph.initializer[:]
        self._graph.node.extend(_in_order(nodes[::-1], known))
        self._graph.initializer.extend(kept)


def other(node: onnx.NodeProto, name: str) -> str:
    """Name the input of a node that is not this one."""
    return str(next(one for one in node.input if one != name))


def _in_order(nodes: Sequence[onnx.NodeProto], known: set[str]) -> Iterator[onnx.NodeProto]:
    """Put each node behind what it takes."""
    while nodes:
        waiting = []
        for node in nodes:
            if known.issuperset(node.input):
                known.update(node.output)
                yield node
            else:
                waiting.append(node)
        assert len(waiting) < len(nodes), "a node takes what nothing makes"
        nodes = waiting
