"""What the worker measures of itself, as a page in Prometheus' text format. Knows names, no parts."""

from collections.abc import Callable
from typing import Any, Literal, ParamSpec, TypeVar

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client import generate_latest as write

from worker.batching import Mel, Mouths, Predict

METRICS_MEDIA_TYPE = CONTENT_TYPE_LATEST

_PREFIX = "satspeak_worker"

Stage = Literal["speech", "listening", "footage", "network", "filming"]

P = ParamSpec("P")
T = TypeVar("T")


class Metrics:
    """Counters of one worker.

    A class because they belong to a program and not, as the library would have it, to the process.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.frames = Counter(
            "frames_rendered", "Frames rendered.", namespace=_PREFIX, registry=self._registry
        )
        self._live_frames = Counter(
            "live_frames",
            "Frames of live sessions, by whether the face speaks.",
            ["face"],
            namespace=_PREFIX,
            registry=self._registry,
        )
        self._batch_frames = Histogram(
            "batch_frames",
            "Frames in a call of the network.",
            namespace=_PREFIX,
            registry=self._registry,
            buckets=(4, 8, 12, 16, 24),
        )
        self._stage_seconds = Summary(
            "stage_seconds",
            "Seconds that a call of a stage took, without the wait for its turn; footage is opening and decoding it, "
            "filming composing and encoding.",
            ["stage"],
            namespace=_PREFIX,
            registry=self._registry,
        )

    def follow(self, name: str, text: str, value: Callable[[], float]) -> None:
        """Show a value as it is whenever somebody looks."""
        gauge = Gauge(name, text, namespace=_PREFIX, registry=self._registry)
        gauge.set_function(value)

    def timed(self, stage: Stage, work: Callable[P, T]) -> Callable[P, T]:
        """Return work of a stage with its seconds measured, on whatever thread and however late it runs."""

        def timed(*args: P.args, **kwargs: P.kwargs) -> T:
            with self._stage_seconds.labels(stage).time():
                return work(*args, **kwargs)

        return timed

    def live(self, frames: int, speaking: bool) -> None:
        """Count frames of a live session."""
        self._live_frames.labels("speaks" if speaking else "rests").inc(frames)

    def measured(self, predict: Predict) -> Predict:
        """Return the network with its batches and seconds measured."""
        timed = self.timed("network", predict)

        def measured(mel: Mel, faces: list[Any]) -> Mouths:
            self._batch_frames.observe(len(faces))
            return timed(mel, faces)

        return measured

    def page(self) -> bytes:
        """Write all of it."""
        return write(self._registry)
