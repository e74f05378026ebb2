"""Makes the model of tests/worker/data/voice: the smallest VITS that sherpa-onnx speaks with. Needs the onnx package.

    python tests/worker/data/make_tiny_voice.py

Each token becomes a tenth of a second of a tone, higher for a higher token; `length_scale` stretches it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SAMPLE_RATE = 16_000
TOKEN_SAMPLES = 1_600
HOME = Path(__file__).parent / "voice"
TOKENS = (" ", "a", "b", "c", ".", ",")
WORDS = {"one": "a", "two": "b", "three": "c b a"}


def main() -> None:
    """Write the folder."""
    node = helper.make_node
    nodes = [
        node("Cast", ["x"], ["tokens"], to=TensorProto.FLOAT),  # (1, L)
        node("Unsqueeze", ["tokens", "last"], ["column"]),  # (1, L, 1)
        node("Mul", ["column", "step"], ["frequency"]),
        node("Mul", ["frequency", "time"], ["phase"]),  # (1, L, samples)
        node("Sin", ["phase"], ["tone"]),
        node("Mul", ["tone", "volume"], ["soft"]),
        node("Reshape", ["soft", "flat"], ["spoken"]),  # (1, 1, L x samples)
        node("Concat", ["one", "one", "length_scale"], ["scales"], axis=0),
        node("Resize", ["spoken", "", "scales"], ["y"], mode="linear"),
    ]
    constants: dict[str, Any] = {
        "last": np.array([2], np.int64),
        "step": np.array([2 * np.pi * 100], np.float32),  # hertz a token
        "time": (np.arange(TOKEN_SAMPLES, dtype=np.float32) / SAMPLE_RATE)[None, None],
        "volume": np.array([0.05], np.float32),
        "flat": np.array([1, 1, -1], np.int64),
        "one": np.ones(1, np.float32),
    }
    scales = ("noise_scale", "length_scale", "noise_scale_w")
    graph = helper.make_graph(
        nodes,
        "tiny voice",
        [
            helper.make_tensor_value_info("x", TensorProto.INT64, [1, "L"]),
            helper.make_tensor_value_info("x_length", TensorProto.INT64, [1]),
            *(helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in scales),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, "T"])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    described = {
        "model_type": "vits",
        "comment": "tiny",
        "language": "English",
        "sample_rate": SAMPLE_RATE,
        "n_speakers": 1,
        "add_blank": 0,
        "punctuation": ". ,",
    }
    helper.set_model_props(model, {name: str(value) for name, value in described.items()})
    onnx.checker.check_model(model)
    HOME.mkdir(exist_ok=True)
    onnx.save(model, HOME / "model.onnx")
    (HOME / "lexicon.txt").write_text("".join(f"{word} {tokens}\n" for word, tokens in WORDS.items()))
    (HOME / "tokens.txt").write_text(
        "".join(f"{token} {index}\n" for index, token in enumerate([" ", "a", "b", "c", ".", ","]))
    )


if __name__ == "__main__":
    main()
