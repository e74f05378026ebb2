"""The lip network on ONNX Runtime: what is heard and an idle face in, mouths out. Knows no audio files and no video."""

from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from worker.compose import Mask
from worker.errors import BadAssets, ProviderUnavailable
from worker.mel import MelWindow

Provider = Literal["auto", "cpu", "cuda"]

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What `model.json` says, as far as rendering needs it."""

    name: str
    version: str = "1"
    mask: Mask = Mask()
    mel: MelWindow = MelWindow()


class LipModel:
    """A loaded network. Safe to use from several threads.

    Args:
        folder: holds `wav2lip.onnx` and `model.json`.
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
        candidates = _candidates(provider)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Idle threads that spin take a core from the video encoder.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                folder / "wav2lip.onnx", options, providers=candidates
            )
        except Exception as exc:  # ONNX Runtime's exceptions share no public base
            raise BadAssets(f"{folder / 'wav2lip.onnx'} cannot be loaded: {exc}") from exc
        # A build with CUDA starts without it where the driver or the card is missing, and only says so in its log.
        running = self._session.get_providers()
        self.provider = "cuda" if _CUDA in running else "cpu"
        if provider == "cuda" and self.provider != "cuda":
            raise ProviderUnavailable(provider, running)

    def predict(self, mel: NDArray[np.float32], face: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run the network.

        Args:
            mel: (B, 1, 80, M), see `worker.mel`.
            face: (B, 6, 96, 96), see `worker.compose.network_input`.

        Returns:
            Mouths, RGB in [0, 1], (B, 3, 96, 96).
        """
        (mouths,) = self._session.run(["mouth"], {"mel": mel, "face": face})
        return np.asarray(mouths, np.float32)


def _candidates(provider: Provider) -> list[str]:
    """Return ONNX Runtime's names of the devices to try, best first."""
    available = onnxruntime.get_available_providers()
    wanted = [_CPU] if provider == "cpu" else [_CUDA, _CPU]
    if provider == "cuda" and _CUDA not in available:
        raise ProviderUnavailable(provider, available)
    return [name for name in wanted if name in available]
