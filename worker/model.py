"""The lip networks on ONNX Runtime: what is heard and a face at rest in, mouths out. Knows no audio and no video.

There are two, and the number of references tells which one draws. `references.onnx` sees the idle mouth and others at
the same pose, and moves and blends their pixels. `wav2lip.onnx` sees the idle mouth alone, as imported footage has no
other; it is laid out as Wav2Lip, so that its checkpoints fit.

Axes: B frames, K references, S pixels of a square, M mel frames.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from worker.compose import CROP, Mask
from worker.errors import BadAssets, ProviderUnavailable
from worker.mel import MelWindow

Provider = Literal["auto", "cpu", "cuda"]

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_SINGLE, _SEVERAL = "wav2lip.onnx", "references.onnx"


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


class Description(Graph, frozen=True, kw_only=True):
    """What `model.json` says, as far as rendering needs it; of `wav2lip.onnx` where it does not name the other."""

    name: str
    version: str = "1"
    references: _Difference = _Difference()


class LipModel:
    """The loaded networks. Safe to use from several threads.

    Args:
        folder: holds `model.json` and the graphs that are needed.
        provider: the device; `auto` takes CUDA where this ONNX Runtime has it.
        threads: for the CPU; 0 leaves it to ONNX Runtime (one for each core).

    Raises:
        BadAssets: the files are missing or cannot be loaded.
        ProviderUnavailable: `provider` is not there.
    """

    def __init__(self, folder: Path, *, provider: Provider, threads: int) -> None:
        try:
            self.description = msgspec.json.decode((folder / "model.json").read_bytes(), type=Description)
        except (OSError, msgspec.DecodeError) as exc:
            raise BadAssets(f"{folder / 'model.json'} does not describe a model: {exc}") from exc
        self._folder = folder
        candidates = _candidates(provider)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Idle threads that spin take a core from the video encoder.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # A plan of the memory is kept for each size of batch: 200 MB more at the same speed.
        options.enable_mem_pattern = False
        self._sessions = {
            name: _load(folder / name, options, candidates)
            for name in (_SINGLE, _SEVERAL)
            if (folder / name).exists()
        }
        if not self._sessions:
            raise BadAssets(f"{folder} has neither {_SINGLE} nor {_SEVERAL}.")
        # A build with CUDA starts without it where the driver or the card is missing, and only says so in its log.
        running = next(iter(self._sessions.values())).get_providers()
        self.provider = "cuda" if _CUDA in running else "cpu"
        if provider == "cuda" and self.provider != "cuda":
            raise ProviderUnavailable(provider, running)

    @property
    def networks(self) -> list[str]:
        """Name those that there are."""
        return list(self._sessions)

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
        for count, size in shapes:
            inputs = {value.name: value.shape for value in self._session(count).get_inputs()}
            heard, frames = inputs["mel"][3], self.graph(count).mel.frames
            if heard != frames:
                raise BadAssets(
                    f"{self._path(count)} hears {heard} mel frames, but model.json says {frames}."
                )
            if count > 1 and inputs["references"][1:] != [count, size, size, 3]:
                _, others, pixels, _, _ = inputs["references"]
                raise BadAssets(
                    f"{self._path(count)} sees {others - 1} other mouths of {pixels} pixels, "
                    f"but there is an avatar with {count - 1} of {size}."
                )

    def predict(
        self, mel: NDArray[np.float32], references: NDArray[np.uint8], framings: NDArray[np.float32]
    ) -> NDArray[np.uint8]:
        """Run the network for that many references.

        Args:
            mel: (B, 1, 80, M), see `worker.mel`.
            references: RGB, the idle mouth first; (B, K, S, S, 3).
            framings: where the mouth's box lies in them, centre x, centre y and side in pixels; (B, 3). A single one
                is nothing but that box.

        Returns:
            Mouths, RGB, (B, S, S, 3).

        Raises:
            BadAssets: that network is missing.
        """
        session = self._session(references.shape[1])
        if references.shape[1] > 1:
            inputs = {"mel": mel, "references": references, "framing": framings}
            (mouths,) = session.run(["mouth"], inputs)
            return np.asarray(mouths, np.uint8)
        (drawn,) = session.run(["mouth"], {"mel": mel, "face": _halved_and_whole(references[:, 0])})
        return np.asarray(np.rint(255 * np.clip(drawn.transpose(0, 2, 3, 1), 0, 1)), np.uint8)

    def _session(self, references: int) -> Any:
        path = self._path(references)
        if path.name not in self._sessions:
            which = "other mouths" if references > 1 else "no other mouths"
            raise BadAssets(f"{path} is missing; avatars with {which} need it.")
        return self._sessions[path.name]

    def _path(self, references: int) -> Path:
        return self._folder / (_SEVERAL if references > 1 else _SINGLE)


def _halved_and_whole(idle: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the squares with their lower half blank, and the squares.

    Args:
        idle: RGB, (B, 96, 96, 3).

    Returns:
        RGB in [0, 1], (B, 6, 96, 96).
    """
    whole = idle.transpose(0, 3, 1, 2).astype(np.float32) / 255
    face = np.concatenate([whole, whole], axis=1)
    face[:, :3, CROP // 2 :] = 0
    return face


def _load(path: Path, options: onnxruntime.SessionOptions, providers: list[str]) -> Any:
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
