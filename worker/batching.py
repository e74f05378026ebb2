"""Runs the frames of concurrent renders through one network together. Knows nothing of what the arrays mean."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

Mouths = NDArray[np.uint8]
Predict = Callable[..., Mouths]


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    inputs: tuple[NDArray[Any], ...]
    mouths: asyncio.Future[Mouths]

    @property
    def frames(self) -> int:
        return len(self.inputs[0])

    def goes_with(self, other: "_Request") -> bool:
        """Tell whether both fit into one call: whether their frames have the same shapes."""
        mine, others = ([part.shape[1:] for part in request.inputs] for request in (self, other))
        return mine == others


class Batcher:
    """Queues requests and serves them in the order in which they came, as many at once as fit together.

    Those that do not fit keep their place and are served next. That is fair as long as a render asks for little at
    a time and waits for the answer. While the network is idle a request starts at once: nothing waits for company,
    batches form by themselves when there is more to do.

    Args:
        predict: the network; runs in a thread, one call at a time.
        max_frames: of one call. A request that alone has more is served alone.
    """

    def __init__(self, predict: Predict, *, max_frames: int) -> None:
        self._predict = predict
        self._max_frames = max_frames
        self._waiting: deque[_Request] = deque()
        self._wake = asyncio.Event()

    async def mouths(self, *inputs: NDArray[Any]) -> Mouths:
        """Return the network's answer for (B, …) inputs. Cancelled while waiting, it costs the network nothing."""
        request = _Request(inputs=inputs, mouths=asyncio.get_running_loop().create_future())
        self._waiting.append(request)
        self._wake.set()
        return await request.mouths

    async def run(self) -> None:
        """Serve for ever; the program's one task that does."""
        while True:
            await self._wake.wait()
            batch = self._next_batch()
            if not batch:
                self._wake.clear()
                continue
            try:
                inputs = map(np.concatenate, zip(*(request.inputs for request in batch), strict=True))
                mouths = await asyncio.to_thread(self._predict, *inputs)
            except Exception as exc:  # noqa: BLE001 - it is the renders' to handle; the next batch may succeed
                for request in batch:
                    if not request.mouths.done():
                        request.mouths.set_exception(exc)
                continue
            start = 0
            for request in batch:
                end = start + request.frames
                if not request.mouths.done():
                    request.mouths.set_result(mouths[start:end])
                start = end

    def _next_batch(self) -> list[_Request]:
        batch: list[_Request] = []
        left: deque[_Request] = deque()
        frames = 0
        for request in self._waiting:
            if request.mouths.cancelled():
                continue
            fits = not batch or (request.goes_with(batch[0]) and frames + request.frames <= self._max_frames)
            (batch if fits else left).append(request)
            frames += request.frames if fits else 0
        self._waiting = left
        return batch
