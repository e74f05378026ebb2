"""Rewrites the published graph of Kokoro-82M: to floats, to fewer and faster operators, and to a length that is given.

It is cut where it has chosen a pitch and a loudness, so that they can be changed before it sounds.

The export quantises what flows through it anew for each sentence. That saves no time and adds noise; only the weights'
size is worth having. So each weight is scaled back once, and the operators that quantise are replaced by plain ones.

    python -m worker.speech.kokoro_graph FILE    writes the rewritten graph there

It takes over a gigabyte of memory for some seconds: a program of its own, so that a worker does not keep it.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper

from worker.speech.kokoro_operators import make_faster
from worker.speech.kokoro_weights import CHOSEN, FRAMES, joined, published_graph
from worker.speech.onnx_rewriting import Rewriting, other

# Frames of 1/40 s. The network gives silence to the last sound too, so that only those before it tell how long it
# speaks: found on 86 sentences in 15 languages, from their first sound to their last, to 70 ms.
_FRAMES_PER_S = 40
_LAST_SOUND, _SHIFT = 19.2, 13.0
_MOST_TOO_LONG = 1.25  # past the fastest that is natural, a sentence is as much longer and no more


def rewritten(graph: bytes) -> bytes:
    """Rewrite the published graph.

    Returns:
        Two graphs, as `kokoro_weights.joined` joins them. The first has the inputs `tokens` (1, n) and `style` (1, 256)
        as before. In place of `speed` it has `seconds` (1,), how long the speech is to last without the silence around
        it; `end` (1,), how many tokens there are up to the last sound, without it; and `speeds` (2,), the slowest and
        the fastest natural speed. It makes `FRAMES` and what is `CHOSEN`. The second makes `audio` of that, under the
        names that `CHOSEN` gives it, and of `style`.
    """
    model = onnx.load_model_from_string(graph)
    _to_floats(model.graph)
    make_faster(model.graph)
    _take_length(model.graph)
    return joined(*_halves(model))


def _to_floats(graph: onnx.GraphProto) -> None:
    rewriting = Rewriting(graph)
    for node in rewriting.of_type("ConvInteger", "MatMulInteger"):
        _product(rewriting, node)
    for node in rewriting.of_type("DynamicQuantizeLSTM"):
        _recurrent(rewriting, node)
    rewriting.finish()


def _product(rewriting: Rewriting, node: onnx.NodeProto) -> None:
    """Replace a product of whole numbers, up to where it is scaled back: [Add bias] → Cast → Mul."""
    quantised, weight, _, zero_point = node.input
    after = rewriting.user(node)
    bias = []
    if after.op_type == "Add":
        bias = [_bias(rewriting, after)]
        after = rewriting.user(after)
    scaling = rewriting.user(after)
    scales = rewriting.maker(other(scaling, after.output[0]))
    quantising = rewriting.maker(quantised)
    assert scales
    assert quantising
    scale = next(name for name in scales.input if rewriting.is_weight(name))
    values = rewriting.value(weight).astype(np.float32) - rewriting.value(zero_point).astype(np.float32)
    name = rewriting.keep(f"{weight}_float", (values * rewriting.value(scale)).astype(np.float32))
    plain = helper.make_node(
        node.op_type.removesuffix("Integer"), [quantising.input[0], name, *bias], [scaling.output[0]]
    )
    plain.attribute.extend(node.attribute)
    rewriting.replace(scaling.output[0], plain)


def _bias(rewriting: Rewriting, add: onnx.NodeProto) -> str:
    """Name the bias that was divided, rounded, cast and reshaped before it was added."""
    node = rewriting.maker(add.input[1])
    while node and node.op_type != "Div":
        node = rewriting.maker(node.input[0])
    assert node
    return str(node.input[0])


def _recurrent(rewriting: Rewriting, node: onnx.NodeProto) -> None:
    """Replace an LSTM, whose weights are stored as (2, in, 4h), by one that has them as (2, 4h, in)."""
    names = []
    for weight, scale, zero_point in ((1, 8, 9), (2, 10, 11)):
        values = rewriting.value(node.input[weight]).astype(np.float32)
        zero = rewriting.value(node.input[zero_point]).astype(np.float32).reshape(-1, 1, 1)
        scaled = (values - zero) * rewriting.value(node.input[scale]).reshape(-1, 1, 1)
        names.append(
            rewriting.keep(f"{node.input[weight]}_float", scaled.transpose(0, 2, 1).astype(np.float32))
        )
    plain = helper.make_node("LSTM", [node.input[0], *names, *node.input[3:7]], node.output)
    plain.attribute.extend(node.attribute)
    rewriting.replace(node.output[0], plain)


def _take_length(graph: onnx.GraphProto) -> None:
    """Have the network choose its speed, which it divides its durations by, from the length that is asked for."""
    rewriting = Rewriting(graph)
    (dividing,) = rewriting.users("speed")
    constants = {
        "first sound": np.array([1], np.int64),
        "last axis": np.array([-1], np.int64),
        "frames per second": np.float32(_FRAMES_PER_S),
        "last sound": np.float32(_LAST_SOUND),
        "shift": np.float32(_SHIFT),
        "too long": np.float32(_MOST_TOO_LONG),
        "halves": np.array([1, 1], np.int64),
    }
    for name, value in constants.items():
        rewriting.keep(name, np.asarray(value))
    durations = dividing.input[0]  # (1, n) at its own speed
    steps = (
        ("Slice", (durations, "first sound", "end", "last axis"), ("sounds",)),
        ("ReduceSum", ("sounds", "last axis"), ("sounds' frames",)),
        ("Add", ("sounds' frames", "last sound"), ("own frames",)),
        ("Mul", ("seconds", "frames per second"), ("wanted frames",)),
        ("Add", ("wanted frames", "shift"), ("all frames",)),
        ("Div", ("own frames", "all frames"), ("wanted speed",)),
        ("Split", ("speeds", "halves"), ("slowest", "fastest")),
        ("Max", ("wanted speed", "slowest"), ("not too slow",)),
        ("Min", ("not too slow", "fastest"), ("natural speed",)),
        ("Div", ("wanted speed", "too long"), ("least speed",)),
        ("Max", ("natural speed", "least speed"), ("speed",)),
        ("Div", dividing.input, dividing.output),
    )
    nodes = [helper.make_node(operator, list(taken), list(made)) for operator, taken, made in steps]
    nodes[1].attribute.append(helper.make_attribute("keepdims", 0))
    rewriting.replace(dividing.output[0], *nodes)
    (speed,) = (given for given in graph.input if given.name == "speed")
    graph.input.remove(speed)
    graph.input.extend(
        [
            helper.make_tensor_value_info("seconds", TensorProto.FLOAT, [1]),
            helper.make_tensor_value_info("end", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("speeds", TensorProto.FLOAT, [2]),
        ]
    )
    rewriting.finish()


def _halves(model: onnx.ModelProto) -> tuple[bytes, bytes]:
    """Cut the network into what chooses and what sounds, which takes as inputs what was chosen."""
    wanted = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, None, None]) for name in CHOSEN]
    wanted.append(helper.make_tensor_value_info(FRAMES, TensorProto.INT64, [None]))
    chosen = [
        helper.make_tensor_value_info(given, TensorProto.FLOAT, [1, None, None]) for given in CHOSEN.values()
    ]
    style = [given for given in model.graph.input if given.name == "style"]
    chooses, sounds = model, onnx.ModelProto.FromString(model.SerializeToString())
    for node in sounds.graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = CHOSEN.get(name, name)
    del chooses.graph.output[:]
    chooses.graph.output.extend(wanted)
    del sounds.graph.input[:]
    sounds.graph.input.extend([*style, *chosen])
    halves = []
    for half in (chooses, sounds):
        Rewriting(half.graph).finish()  # leaves out what is not its own
        halves.append(bytes(half.SerializeToString()))
    return halves[0], halves[1]


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(rewritten(published_graph()))
