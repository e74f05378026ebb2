"""The lip networks: what is heard and a face at rest in, mouths out. Knows no audio and no video.

There are two, and the number of references tells which one draws. `references.onnx` sees the idle mouth and others at
the same pose, and moves and blends their pixels. `wav2lip.onnx` sees the idle mouth alone, as imported footage has no
other; it is laid out as Wav2Lip, so that its checkpoints fit.

On a CPU a graph is cut (`worker.splitting`), unless it cannot be or would then draw something else: that is tried.

Axes: B frames, K references, S pixels of a square, M mel frames.
"""

import os
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import onnxruntime
import structlog
from numpy.typing import NDArray

from worker.compose import CROP, IdleFrame, Mask
from worker.errors import BadAssets, ProviderUnavailable
from worker.mel import MelWindow
from worker.network import Rest, SplitGraph, WholeGraph
from worker.splitting import MEL, split

log = structlog.get_logger()

Provider = Literal["auto", "cpu", "cuda"]

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_SINGLE = "wav2lip.onnx"
SEVERAL = "references.onnx"
_TRIED = 144  # pixels of squares for such a graph, to try it


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """What rendering needs to know of a graph.

    Attributes:
        mask: how its mouths are blended into the frame.
        mel: what it hears for a frame.
    """

    mask: Mask = Mask()
    mel: MelWindow = MelWindow()


class _Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What is not as in the other graph."""

    mask: Mask | None = None
    mel: MelWindow | None = None
    rest: Rest | None = None


class Description(Graph, frozen=True, kw_only=True):
    """What `model.json` says, as far as rendering needs it; of `wav2lip.onnx` where it does not name the other."""

    name: str
    version: str = "1"
    rest: Rest | None = None
    references: _Difference = _Difference()


class LipModel:
    """The loaded networks. Safe to use from several threads.

    Args:
        folder: holds `model.json` and the graphs that are needed.
        provider: the device; `auto` takes CUDA where this ONNX Runtime has it.
        threads: for the CPU; 0 is one for each core.
        cut: whether to cut graphs where that is possible.

    Raises:
        BadAssets: the files are missing or cannot be loaded.
        ProviderUnavailable: `provider` is not there.
    """

    def __init__(self, folder: Path, *, provider: Provider, threads: int, cut: bool = True) -> None:
        try:
            self.description = msgspec.json.decode((folder / "model.json").read_bytes(), type=Description)
        except (OSError, msgspec.DecodeError) as exc:
            raise BadAssets(f"{folder / 'model.json'} does not describe a model: {exc}") from exc
        self._folder = folder
        self._threads = threads or len(os.sched_getaffinity(0))
        self._executor = ThreadPoolExecutor(self._threads, "draw") if self._threads > 1 else None
        candidates = _candidates(provider)
        self._networks: dict[str, WholeGraph | SplitGraph] = {}
        self._shapes: dict[str, dict[str, list[Any]]] = {}  # of each graph's inputs
        self.provider = ""
        for name, rest in ((_SINGLE, self.description.rest), (SEVERAL, self.description.references.rest)):
            if (folder / name).exists():
                self._networks[name] = self._open(name, rest, candidates, cut=cut)
                if provider == "cuda" and self.provider != "cuda":
                    raise ProviderUnavailable(provider, [self.provider])
        if not self._networks:
            raise BadAssets(f"{folder} has neither {_SINGLE} nor {SEVERAL}.")

    @property
    def networks(self) -> list[str]:
        """Name those that there are."""
        return list(self._networks)

    @property
    def cut(self) -> list[str]:
        """Name those that run in parts."""
        return [name for name, network in self._networks.items() if isinstance(network, SplitGraph)]

    def graph(self, references: int) -> Graph:
        """Return what to know of the graph for so many references."""
        if references == 1:
            return self.description
        own = self.description.references
        return Graph(mask=own.mask or self.description.mask, mel=own.mel or self.description.mel)

    def check(self, shapes: Iterable[tuple[int, int]]) -> None:
        """Make sure that all of these can be drawn.

        Args:
            shapes: K and S of each kind of references.

        Raises:
            BadAssets: a graph is missing, or made for others.
        """
        for count, size in sorted(shapes):
            path = self._path(count)
            inputs = self._shapes[path.name]
            heard, frames = inputs[MEL][3], self.graph(count).mel.frames
            if heard != frames:
                raise BadAssets(f"{path} hears {heard} mel frames, but model.json says {frames}.")
            if count > 1:
                _, mouths, *sides, _ = inputs["references"]
                if mouths != count or any(_is_told(side) and side != size for side in sides):
                    told = [str(side) if _is_told(side) else "any" for side in sides]
                    pixels = "×".join(dict.fromkeys(told))
                    sees = f"sees {mouths - 1}" if _is_told(mouths) else "leaves open how many it sees of"
                    raise BadAssets(
                        f"{path} {sees} other mouths of {pixels} pixels, "
                        f"but there is an avatar with {count - 1} of {size}. One that leaves their size open"
                        " (`python -m training export`) sees any."
                    )

    def predict(self, mel: NDArray[np.float32], faces: Sequence[IdleFrame]) -> NDArray[np.uint8]:
        """Run the network for that many references.

        Args:
            mel: (B, 1, 80, M), see `worker.mel`.
            faces: what it sees, B frames of footage with as many references.

        Returns:
            Mouths, RGB, (B, S, S, 3).

        Raises:
            BadAssets: that network is missing.
        """
        return self._networks[self._path(len(faces[0].references)).name].draw(mel, faces)

    def close(self) -> None:
        """Free the threads."""
        if self._executor:
            self._executor.shutdown()

    def _open(
        self, name: str, rest: Rest | None, candidates: list[str], *, cut: bool
    ) -> WholeGraph | SplitGraph:
        with tempfile.TemporaryDirectory(prefix="satspeak-graph-") as folder:
            optimized = Path(folder) / name
            session = _load(self._folder / name, _options(self._threads, optimized), candidates)
            self._shapes[name] = {value.name: value.shape for value in session.get_inputs()}
            # A build with CUDA starts without it where the driver or the card is missing, and only says so in its log.
            self.provider = "cuda" if _CUDA in session.get_providers() else "cpu"
            whole = WholeGraph(session)
            # A GPU sees faces in less time than it takes to bring it what was kept of them.
            parts = self._cut(optimized, whole, rest) if cut and self.provider == "cpu" else None
            return parts or whole

    def _cut(self, graph: Path, whole: WholeGraph, rest: Rest | None) -> SplitGraph | None:
        """Return a graph in parts, if that draws the same.

        It is cut as ONNX Runtime has optimised it: cut before, its parts would be optimised otherwise, and add up in
        another order.
        """
        try:
            parts = split(graph, heard=rest.units if rest else MEL)
            cut = SplitGraph(parts, open_session=_open_part, rest=rest, executor=self._executor)
            if _draw_alike(cut, whole, self._shapes[graph.name]):
                return cut
            reason = "in parts it draws something else"
        except Exception as exc:  # noqa: BLE001 - ONNX Runtime's exceptions share no public base
            reason = str(exc)
        if rest:  # of another graph than the one that is here
            return self._cut(graph, whole, None)
        log.info("network runs whole", network=graph.name, reason=reason)
        return None

    def _path(self, references: int) -> Path:
        path = self._folder / (SEVERAL if references > 1 else _SINGLE)
        if path.name not in self._networks:
            which = "other mouths" if references > 1 else "no other mouths"
            raise BadAssets(f"{path} is missing; avatars with {which} need it.")
        return path


def _draw_alike(one: SplitGraph, other: WholeGraph, shapes: dict[str, list[Any]]) -> bool:
    """Let two graphs draw what cannot be foreseen, and silence, onto faces; tell whether it is the same.

    One frame at a time, since a larger batch adds up in another order: then the last bit is not even a graph's own.
    """
    draw = np.random.default_rng(1)
    _, _, bands, heard = shapes[MEL]
    mel = draw.uniform(-4, 4, (3, 1, bands, heard)).astype(np.float32)
    mel[2] = -4
    _, count, size, _, _ = shapes.get("references", [None, 1, CROP, CROP, 3])
    size = size if _is_told(size) else _TRIED
    faces = [
        IdleFrame(
            picture=np.zeros(0, np.uint8),
            references=draw.integers(0, 256, (count, size, size, 3), np.uint8),
            framing=(size / 2, size / 2, min(size, CROP)),
            box=(0, 0, size),
        )
        for _ in mel
    ]
    drawn = one.draw(mel, faces)
    alone = [other.draw(mel[frame : frame + 1], faces[frame : frame + 1]) for frame in range(len(mel))]
    return np.array_equal(drawn, np.concatenate(alone))


def _is_told(size: Any) -> bool:
    """Tell whether a graph has one size for an axis; one that it leaves open has any name, or none."""
    return isinstance(size, int)


def _options(threads: int, optimized: Path | None = None) -> onnxruntime.SessionOptions:
    """Return how to run a graph, and where to write what it is optimised to."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Idle threads that spin take a core from the video encoder.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # A plan of the memory is kept for each size of batch: 200 MB more at the same speed.
    options.enable_mem_pattern = False
    options.log_severity_level = 3  # it warns that what it writes is good for this machine alone
    if optimized:
        options.optimized_model_filepath = str(optimized)
    return options


def _open_part(graph: bytes, *, rarely: bool = False) -> onnxruntime.InferenceSession:
    """Load a part of an optimised graph, which runs on the thread that asks."""
    options = _options(1)
    options.enable_cpu_mem_arena = not rarely
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(graph, options, providers=[_CPU])


def _load(
    path: Path, options: onnxruntime.SessionOptions, providers: list[str]
) -> onnxruntime.InferenceSession:
    try:
        return onnxruntime.InferenceSession(path, options, providers=providers)
    except Exception as exc:  # ONNX Runtime's exceptions share no public base
        raise BadAssets(f"{path} cannot be loaded: {exc}") from exc


def _candidates(provider: Provider) -> list[str]:
    """Return ONNX Runtime's names of the devices to try, best first."""
    available = onnxruntime.get_available_providers()
    wanted = [_CPU] if provider == "cpu" else [_CUDA, _CPU]
    if provider == "cuda" and _CUDA not in available:
        raise ProviderUnavailable(provider, available)
    return [name for name in wanted if name in available]
