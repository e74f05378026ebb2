"""Asks a network of LiteRT about one picture. Knows nothing of what is seen there."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.planes import Rgb


class PictureNetwork:
    """A network that takes one picture, loaded.

    Args:
        model: a `.tflite` file.

    Raises:
        ModuleNotFoundError: LiteRT is not installed.
    """

    def __init__(self, model: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - of the extra `faces`

        self._interpreter = Interpreter(model_path=str(model), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        outputs = self._interpreter.get_output_details()
        self._output = max(outputs, key=lambda output: int(np.prod(output["shape"])))["index"]

    def look(self, picture: Rgb) -> NDArray[np.float32]:
        """Return the largest of its outputs, without the axis of the batch.

        Args:
            picture: of the size that the network sees, (S, S, 3).
        """
        self._interpreter.set_tensor(self._input, picture[None].astype(np.float32) / np.float32(255))
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output)[0], np.float32)
