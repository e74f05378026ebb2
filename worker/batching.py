"""Runs the frames of concurrent renders through one network together. Knows nothing of what they show."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.errors import NetworkStopped

Mouths = NDArray[np.uint8]
Mel = NDArray[np.float32]
Predict = Callable[[Mel, list[Any]], Mouths]


class _Request(msgspec.Struct, frozen=True, kw_only=True):
    mel: Mel
    faces: Sequence[Any]
    kind: object
    mouths: asyncio.Future[Mouths]
    urgent: bool

    def goes_with(self, other: "_Request") -> bool:
        """Tell whether both fit into one call: whether their frames have the same shapes."""
        return (self.mel.shape[1:], self.kind) == (other.mel.shape[1:], other.kind)


class Batcher:
    """Queues requests and serves them in the order in which they came, as many at once as fit together.

    What is urgent comes before all else and shares no call with it: a face that speaks live waits for one call at most.
    Those that do not fit keep their place and are served next. That is fair as long as a render asks for little at
    a time and waits for the answer. While the network is idle a request starts at once: nothing waits for company,
    batches form by themselves when there is more to do.

    Args:
        predict: the network; runs in a thread of its own, one call at a time.
        max_frames: of one call. A request that alone has more is served alone.
        kind: of a face; only those of one kind go into a call.

    Attributes:
        max_frames: as above; it may change while the network is at work.
    """

    def __init__(
        self, predict: Predict, *, max_frames: int, kind: Callable[[Any], object] = lambda _: None
    ) -> None:
        self._predict = predict
        self.max_frames = max_frames
        self._kind = kind
        self._waiting: deque[_Request] = deque()
        self._served: list[_Request] = []  # in the call that runs
        self._wake = asyncio.Event()
        self._stopped: NetworkStopped | None = None

    def check(self) -> None:
        """Make sure that it serves, or will once `run` has begun.

        Raises:
            NetworkStopped: `run` has ended, for whatever reason.
        """
        if self._stopped:
            raise NetworkStopped(*self._stopped.args)

    async def mouths(self, mel: Mel, faces: Sequence[Any], *, urgent: bool = False) -> Mouths:
        """Return the network's answer for B windows, (B, …), and B faces.

        Cancelled while waiting, it costs the network nothing.

        Raises:
            NetworkStopped: `run` has ended, before or meanwhile.
        """
        self.check()
        future: asyncio.Future[Mouths] = asyncio.get_running_loop().create_future()
        kind = self._kind(faces[0])
        request = _Request(mel=mel, faces=faces, kind=kind, mouths=future, urgent=urgent)
        self._waiting.append(request)
        self._wake.set()
        return await request.mouths

    async def run(self) -> None:
        """Serve for ever; the program's one task that does. However it ends, nobody is left waiting."""
        thread = ThreadPoolExecutor(1, "network")
        try:
            while True:
                await self._wake.wait()
                self._served = self._next_batch()
                if self._served:
                    await self._serve(thread)
                else:
                    self._wake.clear()
        except BaseException as exc:
            self._stopped = NetworkStopped(f"The network has stopped: {type(exc).__name__}.")
            for request in (*self._served, *self._waiting):
                if not request.mouths.done():
                    request.mouths.set_exception(NetworkStopped(*self._stopped.args))
            raise
        finally:
            thread.shutdown(wait=False)

    async def _serve(self, thread: ThreadPoolExecutor) -> None:
        try:
            mel = np.concatenate([request.mel for request in self._served])
            faces = [face for request in self._served for face in request.faces]
            mouths = await asyncio.get_running_loop().run_in_executor(thread, self._predict, mel, faces)
        except Exception as exc:  # noqa: BLE001 - it is the renders' to handle; the next batch may succeed
            for request in self._served:
                if not request.mouths.done():
                    request.mouths.set_exception(exc)
            return
        start = 0
        for request in self._served:
            end = start + len(request.faces)
            if not request.mouths.done():
                request.mouths.set_result(mouths[start:end])
            start = end

    def _next_batch(self) -> list[_Request]:
        batch: list[_Request] = []
        left: deque[_Request] = deque()
        frames = 0
        wanted = [request for request in self._waiting if not request.mouths.cancelled()]
        urgent = any(request.urgent for request in wanted)
        for request in wanted:
            fits = request.urgent == urgent and (
                not batch or (request.goes_with(batch[0]) and frames + len(request.faces) <= self.max_frames)
            )
            (batch if fits else left).append(request)
            frames += len(request.faces) if fits else 0
        self._waiting = left
        return batch
