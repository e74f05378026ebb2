"""Writes parts of Kokoro's decoder with fewer and faster operators; what it computes stays the same, but for rounding.

Most of its time goes to convolutions, and to what each of their inputs passes through: it is normalized over time,
scaled and shifted by the style, and bent by x + sin²(a x) / a. As it was exported that is a dozen passes
over memory.
"""

import numpy as np
import onnx
from onnx import helper

from worker.speech.onnx_rewriting import Rewriting, other

_BLOCK = 16  # channels that the blocked convolution of ONNX Runtime takes at once, at most


def make_faster(graph: onnx.GraphProto) -> None:
    """Rewrite a graph of floats in place."""
    rewriting = Rewriting(graph)
    rewriting.keep("flat", np.array([-1], np.int64))
    rewriting.keep("height", np.array([2], np.int64))
    bent: dict[str, np.ndarray] = {}
    for node in rewriting.of_type("Div"):
        bent |= _normalization(rewriting, node)
    for node in rewriting.of_type("Conv"):
        _convolution(rewriting, node, bent.get(node.output[0]))
    for node in rewriting.of_type("STFT"):
        _spectrum(rewriting, node)
    rewriting.finish()


def _normalization(rewriting: Rewriting, division: onnx.NodeProto) -> dict[str, np.ndarray]:
    """Replace (x - mean) / deviation and what follows it.

    Returns:
        The weights of the convolutions behind it that make up for what is left out here, by their output.
    """
    centred, deviation = (rewriting.maker(name) for name in division.input)
    if not centred or not deviation or (centred.op_type, deviation.op_type) != ("Sub", "Sqrt"):
        return {}
    regularized = rewriting.maker(deviation.input[0])
    assert regularized
    epsilon = float(next(rewriting.value(i) for i in regularized.input if rewriting.is_weight(i)).item())
    weights = {}
    for scaled in rewriting.users(division.output[0]):
        shifted = rewriting.user(scaled)
        styled = shifted.output[0]
        style = (other(scaled, division.output[0]), other(shifted, scaled.output[0]))
        bending = _bending(rewriting, styled)
        normalized, nodes = styled, []
        if bending:
            # With u = a x the bend is (u + sin²(u)) / a: a goes into the style, 1 / a into the convolution's weights.
            alpha, inverse, bend = bending
            convolution = rewriting.user(bend)
            own = rewriting.value(convolution.input[1])
            weights[convolution.output[0]] = own * rewriting.value(inverse).reshape(1, -1, 1)
            nodes = [
                helper.make_node("Mul", [part, alpha], [f"{styled} own {number}"])
                for number, part in enumerate(style)
            ]
            style = (nodes[0].output[0], nodes[1].output[0])
            normalized = f"{styled} u"
        flat = [f"{styled} scale", f"{styled} shift"]
        nodes += [
            helper.make_node("Reshape", [part, "flat"], [one]) for part, one in zip(style, flat, strict=True)
        ]
        nodes.append(
            helper.make_node(
                "InstanceNormalization", [centred.input[0], *flat], [normalized], epsilon=epsilon
            )
        )
        if bending:
            sine, square = f"{styled} sine", f"{styled} square"
            nodes += [
                helper.make_node("Sin", [normalized], [sine]),
                helper.make_node("Mul", [sine, sine], [square]),
                helper.make_node("Add", [normalized, square], [bend.output[0]]),
            ]
        rewriting.replace(nodes[-1].output[0], *nodes)
    return weights


def _bending(rewriting: Rewriting, styled: str) -> tuple[str, str, onnx.NodeProto] | None:
    """Find a, 1 / a and the last node where a value is bent: Mul → Sin → Pow → Mul → Add; None where it is not."""
    for product in rewriting.users(styled):
        if product.op_type == "Mul" and rewriting.is_weight(other(product, styled)):
            power = rewriting.user(rewriting.user(product))
            divided = rewriting.user(power)
            return other(product, styled), other(divided, power.output[0]), rewriting.user(divided)
    return None


def _convolution(rewriting: Rewriting, node: onnx.NodeProto, weights: np.ndarray | None) -> None:
    """Write a convolution over time as one of a picture of height 1, of which ONNX Runtime has a faster one."""
    settings = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    output = node.output[0]
    bent, weights = weights is not None, rewriting.value(node.input[1]) if weights is None else weights
    if settings["group"] != 1 or weights.shape[0] % _BLOCK:
        assert not bent
        return
    name = rewriting.keep(f"{output} weights", weights[:, :, None])
    before, after = settings["pads"]
    rewriting.replace(
        output,
        helper.make_node("Unsqueeze", [node.input[0], "height"], [f"{output} from"]),
        helper.make_node(
            "Conv",
            [f"{output} from", name, *node.input[2:]],
            [f"{output} to"],
            kernel_shape=[1, *settings["kernel_shape"]],
            dilations=[1, *settings["dilations"]],
            strides=[1, *settings["strides"]],
            pads=[0, before, 0, after],
        ),
        helper.make_node("Squeeze", [f"{output} to", "height"], [output]),
    )


def _spectrum(rewriting: Rewriting, node: onnx.NodeProto) -> None:
    """Write the short-time Fourier transform of the source as a convolution.

    Its lowest and highest bin are real. The export gave them an imaginary part of rounding noise, whose sign decides
    between the phases π and -π of a negative one. Here it is 0, and the phase π, as where the network was trained.
    """
    signal, step, window, length = node.input
    size = int(rewriting.value(length).item())
    bins = size // 2 + 1
    angle = 2 * np.pi * np.arange(bins)[:, None] * np.arange(size) / size
    waves = np.stack([np.cos(angle), -np.sin(angle)])
    waves[1, [0, -1]] = 0
    filters = waves.reshape(2 * bins, 1, size) * rewriting.value(window)
    rewriting.keep("spectrum filters", filters.astype(np.float32))
    rewriting.keep("spectrum halves", np.array([bins, bins], np.int64))
    rewriting.keep("channel", np.array([1], np.int64))
    parts = rewriting.users(rewriting.user(node).output[0])
    real, imaginary = sorted(parts, key=lambda part: int(rewriting.value(part.input[1]).item()))
    rewriting.replace(
        real.output[0],
        helper.make_node("Unsqueeze", [signal, "channel"], ["spectrum from"]),
        helper.make_node(
            "Conv",
            ["spectrum from", "spectrum filters"],
            ["spectrum to"],
            kernel_shape=[size],
            strides=[int(rewriting.value(step).item())],
        ),
        helper.make_node(
            "Split", ["spectrum to", "spectrum halves"], [real.output[0], imaginary.output[0]], axis=1
        ),
    )
    rewriting.replace(imaginary.output[0])
    for user in rewriting.users(imaginary.output[0]):
        if user.op_type == "Greater":
            positive = helper.make_node("GreaterOrEqual", user.input, user.output)
            rewriting.replace(user.output[0], positive)
