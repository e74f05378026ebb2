"""Runs Kokoro's graph by OpenVINO, which multiplies in bfloat16 where the processor can (AVX-512 BF16, AMX).

Only the decoder is so coarse, in which nearly all of the time goes: what it says stays within -25 dB of what floats
say. How long each sound takes, the pitch, and the source, whose phase adds up over a sentence, are computed in floats.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Else oneDNN keeps what it compiles for each length of a sentence: a gigabyte after some dozens. It reads this once.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "0")
# Else importing OpenVINO tells Google Analytics about it. It does without the package that does so.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # the documented way to forbid an import

import openvino as ov  # noqa: E402 - see above
from openvino import opset13 as op  # noqa: E402 - see above

from worker.speech.kokoro_weights import CHOSEN, FRAMES, halves  # noqa: E402 - see above
from worker.speech.melody import Melody, sung  # noqa: E402 - see above

# Values of the second graph, where it is cut in three.
_SOUNDS, _PITCH, _LOUDNESS = CHOSEN.values()
_SOURCE = "/decoder/decoder/generator/Concat_3_output_0"  # its spectrum, (1, 22, f) at 4,800 Hz
_SPECTRUM = "/decoder/decoder/generator/conv_post/Conv_output_0"  # the speech's, as the source's
_SAMPLES = "audio"

# sin²(πr) for r in [-0.5, 0.5] as a polynomial in r² without a constant, highest power first: to 0.0001.
_SQUARED_SINE = (-24.16644243, 41.83057945, -32.42560859, 9.86926367)


class OpenVinoGraph:
    """The graph, compiled for this processor; not safe to use from several threads at once.

    Args:
        graph: its weights, as `kokoro_weights.float_graph` gives them.
        threads: of the CPU.
    """

    def __init__(self, graph: bytes | Path, *, threads: int) -> None:
        core = ov.Core()

        def compiled(part: ov.Model, precision: str) -> ov.InferRequest:
            settings: dict[str, str | int | bool] = {
                "INFERENCE_PRECISION_HINT": precision,
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": "1",
                "ENABLE_CPU_PINNING": False,  # the pictures need the cores too
                "CPU_RUNTIME_CACHE_CAPACITY": 50,  # equal convolutions of one sentence
            }
            if precision == "bf16":
                _make_faster(part)
                # Fuses all that stands between convolutions, also where it is not sure of it: a third of the time.
                settings["SNIPPETS_MODE"] = "IGNORE_CALLBACK"
            return core.compile_model(part, "CPU", settings).create_infer_request()

        chooses, sounds = (core.read_model(half.read_bytes()) for half in halves(graph))
        self._choose = compiled(chooses, "f32")
        self._give_source = compiled(_part(sounds.clone(), [_SOURCE], [_PITCH]), "f32")
        self._decode = compiled(
            _part(sounds.clone(), [_SPECTRUM], [_SOUNDS, _PITCH, _LOUDNESS, _SOURCE, "style"]), "bf16"
        )
        self._sound = compiled(_part(sounds, [_SAMPLES], [_SPECTRUM]), "f32")

    def run(self, inputs: Mapping[str, NDArray[np.generic]], melody: Melody | None) -> NDArray[np.float32]:
        """Say what the inputs of the graph tell, its choices changed; float32 samples, shape (N,)."""
        read = self._choose.infer(dict(inputs))
        chosen = sung([np.array(read[name]) for name in CHOSEN], np.array(read[FRAMES]), melody)
        given = dict(zip(CHOSEN.values(), chosen, strict=True))
        source = self._give_source.infer({_PITCH: given[_PITCH]})[_SOURCE]
        spectrum = self._decode.infer({**given, _SOURCE: source, "style": inputs["style"]})[_SPECTRUM]
        return np.array(self._sound.infer({_SPECTRUM: spectrum})[_SAMPLES], np.float32).reshape(-1)


def multiplies_in_bfloat16() -> bool:
    """Tell whether this processor gains by it."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _part(model: ov.Model, made: Sequence[str], taken: Sequence[str]) -> ov.Model:
    """Cut out what makes some values of others."""
    values = {
        name: value for node in model.get_ops() for value in node.outputs() for name in value.get_names()
    }
    parameters = []
    for name in taken:
        value = values[name]
        given = op.parameter(value.get_partial_shape(), value.get_element_type())
        given.output(0).set_names({name})
        for user in value.get_target_inputs():
            user.replace_source_output(given.output(0))
        parameters.append(given)
    results = [op.result(values[name]) for name in made]
    return ov.Model(results, parameters, "part")


def _make_faster(model: ov.Model) -> None:
    """Write what OpenVINO has slow kernels for in other ways."""
    for node in model.get_ops():
        if node.get_type_name() == "Sin":
            _bend(node)
        elif node.get_type_name() == "Convolution" and len(node.get_attributes()["strides"]) == 2:  # noqa: PLR2004
            _convolution(node)
        elif node.get_type_name() == "ConvolutionBackpropData":
            _upsampling(node)
    model.validate_nodes_and_infer_types()


def _bend(sine: ov.Node) -> None:
    """Write sin²(u) as a polynomial: its only sine is a plain loop."""
    (square,) = _users(sine)
    assert square.get_type_name() == "Multiply"
    turns = op.multiply(sine.input_value(0), _number(1 / np.pi))
    rest = op.subtract(turns, op.round(turns, "half_to_even"))
    powers = op.multiply(rest, rest)
    highest, *others = _SQUARED_SINE
    value = op.multiply(powers, _number(highest))
    for factor in others:
        value = op.multiply(op.add(value, _number(factor)), powers)
    _replace(square, value)


def _convolution(node: ov.Node) -> None:
    """Write one that `kokoro_operators` has made one of a picture of height 1 over time again: it saves copies."""
    settings = node.get_attributes()
    value = op.convolution(
        node.input_value(0).get_node().input_value(0),
        op.constant(_weights(node)[:, :, 0]),
        settings["strides"][1:],
        settings["pads_begin"][1:],
        settings["pads_end"][1:],
        settings["dilations"][1:],
    )
    (after,) = _users(node)
    if after.get_type_name() == "Add":
        value = op.add(value, op.constant(_constant(after.input_value(1).get_node()).reshape(1, -1, 1)))
        (after,) = _users(after)
    assert after.get_type_name() == "Squeeze"
    _replace(after, value)


def _upsampling(node: ov.Node) -> None:
    """Write a transposed convolution as one that gives all samples of a step at once, as channels."""
    settings = node.get_attributes()
    (step,), (cut,) = settings["strides"], settings["pads_begin"]
    weights = _weights(node)
    inner, outer, size = weights.shape
    assert size - 2 * cut == step, "a step gives so many samples, at the ends too"
    # Sample j of step i hears the input at i - late, through tap step · late + cut + j.
    first, last = -((cut + step - 1) // step), (size - 1 - cut) // step
    taps = np.zeros((step, outer, inner, last - first + 1), np.float32)
    for late in range(first, last + 1):
        for sample in range(step):
            tap = step * late + cut + sample
            if 0 <= tap < size:
                taps[sample, :, :, last - late] = weights[:, :, tap].T
    value = op.convolution(
        node.input_value(0), op.constant(taps.reshape(step * outer, inner, -1)), [1], [last], [-first], [1]
    )
    value = op.reshape(value, op.constant(np.array([0, step, outer, -1])), special_zero=True)
    value = op.transpose(value, op.constant(np.array([0, 2, 3, 1])))
    _replace(node, op.reshape(value, op.constant(np.array([0, outer, -1])), special_zero=True))


def _users(node: ov.Node) -> list[ov.Node]:
    users = (user.get_node() for user in node.output(0).get_target_inputs())
    by_name = {user.get_name(): user for user in users}  # a square takes it twice
    return [user for user in by_name.values() if user.get_type_name() != "ShapeOf"]


def _replace(node: ov.Node, by: ov.Node) -> None:
    for user in node.output(0).get_target_inputs():
        user.replace_source_output(by.output(0))


def _number(value: float) -> ov.Node:
    return op.constant(np.full((1, 1, 1), value, np.float32))


def _weights(node: ov.Node) -> NDArray[np.float32]:
    return _constant(node.input_value(1).get_node())


def _constant(node: ov.Node) -> NDArray[np.float32]:
    while node.get_type_name() != "Constant":
        node = node.input_value(0).get_node()
    return np.array(node.data, np.float32)
