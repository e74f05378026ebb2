"""How long paid videos wait, by how many workers there are and how busy: a simulation of the service's rules.

Videos are paid for at random moments (Poisson). Each goes to the worker that has the least to do; one whose places are
all taken lets some wait, as long as it expects to have room soon, and tells the rest to come back. Those wait in the
service, in the order in which they were paid for, until a worker has room. Renders at one worker share its pace.

Nothing is rendered: the pace of a worker is an argument, and the default is what `bench.render` measured on two cores.
Same seed, same figures.
"""

import heapq
import json
import math
import random
import statistics
from collections import deque
from collections.abc import Iterator, Sequence

import click
import msgspec

from bench.load import percentile

WARM_UP = 0.2
"""Of the videos, the first, which find an empty fleet and are not counted."""


class WorkerKind(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker can do.

    Attributes:
        pace: Seconds of video that it renders in a second, of all renders together.
        one: The same of one render that is alone.
        places: Renders at once.
        waiting: Renders that wait there for those.
        wait_s: Longest wait that it lets somebody begin.
    """

    pace: float
    one: float
    places: int = 4
    waiting: int = 8
    wait_s: float = 30


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one fleet.

    Attributes:
        load: Video time paid for in a second, of what the fleet can render in it.
        videos_per_hour: That were paid for.
        waited: Share of those that did not begin at once.
        wait_mean_s, wait_p95_s, wait_p99_s, wait_max_s: From payment to the first frame's turn.
        took_mean: Seconds of rendering for a second of video.
        slow: Share of those that are rendered in more time than they last.
    """

    workers: int
    load: float
    videos_per_hour: int
    waited: float
    wait_mean_s: float
    wait_p95_s: float
    wait_p99_s: float
    wait_max_s: float
    took_mean: float
    slow: float


class _Worker:
    """One worker. What each of its renders has had of its pace since the start is the same for all: `attained`."""

    def __init__(self, kind: WorkerKind) -> None:
        self.kind = kind
        self.running: list[tuple[float, int]] = []  # attained at its end, which video; a heap
        self.waiting: deque[int] = deque()
        self.attained = 0.0
        self.at = 0.0
        self.version = 0
        self.given = 0

    @property
    def load(self) -> int:
        return len(self.running) + len(self.waiting)

    @property
    def rate(self) -> float:
        """Seconds of video that each of its renders gets in a second."""
        return min(self.kind.one, self.kind.pace / len(self.running)) if self.running else 0.0

    def advance(self, now: float) -> None:
        self.attained += (now - self.at) * self.rate
        self.at = now

    def expected_wait(self, lengths: Sequence[float]) -> float:
        """Estimate as `worker.admission` does: what each place has left, and those that wait dealt out to them."""
        left = [end - self.attained for end, _ in self.running]
        heapq.heapify(left)
        for video in self.waiting:
            heapq.heapreplace(left, left[0] + lengths[video])
        return left[0] / (self.kind.pace / self.kind.places)

    def takes(self, lengths: Sequence[float]) -> bool:
        """Tell whether one more may come in, be it to wait."""
        if len(self.running) < self.kind.places:
            return True
        return len(self.waiting) < self.kind.waiting and self.expected_wait(lengths) <= self.kind.wait_s


class _Fleet:
    """All workers, the queue of the service, and what happens when."""

    def __init__(
        self, kind: WorkerKind, workers: int, lengths: Sequence[float], paid: Sequence[float]
    ) -> None:
        self.workers = [_Worker(kind) for _ in range(workers)]
        self.lengths, self.paid = lengths, paid
        self.began = [math.inf] * len(paid)
        self.ended = [math.inf] * len(paid)
        self.queue: deque[int] = deque()
        self.ends: list[tuple[float, int, int]] = []  # when, of which worker, at which version of it
        self.by_load = [(0, 0, number) for number in range(workers)]

    def run(self) -> None:
        """Let it all happen."""
        for video, now in enumerate(self.paid):
            self._finish_until(now)
            if self.queue or not self._give(video, now):
                self.queue.append(video)
        self._finish_until(math.inf)

    def _finish_until(self, until: float) -> None:
        while self.ends and self.ends[0][0] <= until:
            now, number, version = heapq.heappop(self.ends)
            worker = self.workers[number]
            if version != worker.version:
                continue
            worker.advance(now)
            _, video = heapq.heappop(worker.running)
            self.ended[video] = now
            if worker.waiting:
                self._begin(worker, worker.waiting.popleft(), now)
            self._changed(number, now)
            while self.queue and self._give(self.queue[0], now):
                self.queue.popleft()

    def _give(self, video: int, now: float) -> bool:
        """Give a video to the worker that has the least to do; False where that one is full."""
        while True:
            load, given, number = self.by_load[0]
            worker = self.workers[number]
            if (load, given) == (worker.load, worker.given):
                break
            heapq.heappop(self.by_load)
        worker.advance(now)
        if not worker.takes(self.lengths):
            return False
        worker.given += 1
        if len(worker.running) < worker.kind.places:
            self._begin(worker, video, now)
        else:
            worker.waiting.append(video)
        self._changed(number, now)
        return True

    def _begin(self, worker: _Worker, video: int, now: float) -> None:
        self.began[video] = now
        heapq.heappush(worker.running, (worker.attained + self.lengths[video], video))

    def _changed(self, number: int, now: float) -> None:
        """Take note of a worker's new load, and of when it will finish something next."""
        worker = self.workers[number]
        worker.version += 1
        heapq.heappush(self.by_load, (worker.load, worker.given, number))
        if worker.running:
            left = worker.running[0][0] - worker.attained
            heapq.heappush(self.ends, (now + left / worker.rate, number, worker.version))


def simulate(
    kind: WorkerKind, *, workers: int, load: float, lengths: Sequence[float], rng: random.Random
) -> Row:
    """Let a fleet render.

    Args:
        kind: Of all its workers.
        workers: How many.
        load: Of what they can render together.
        lengths: Seconds of each video, in the order in which they are paid for.
        rng: When they are paid for.
    """
    per_second = load * workers * min(kind.pace, kind.one * kind.places) / statistics.fmean(lengths)
    now = 0.0
    paid = [now := now + rng.expovariate(per_second) for _ in lengths]
    fleet = _Fleet(kind, workers, lengths, paid)
    fleet.run()
    counted = range(int(WARM_UP * len(paid)), len(paid))
    waits = [fleet.began[video] - paid[video] for video in counted]
    took = [(fleet.ended[video] - fleet.began[video]) / lengths[video] for video in counted]
    return Row(
        workers=workers,
        load=load,
        videos_per_hour=round(per_second * 3600),
        waited=round(sum(wait > 0 for wait in waits) / len(waits), 4),
        wait_mean_s=round(statistics.fmean(waits), 2),
        wait_p95_s=round(percentile(waits, 0.95), 2),
        wait_p99_s=round(percentile(waits, 0.99), 2),
        wait_max_s=round(max(waits), 2),
        took_mean=round(statistics.fmean(took), 3),
        slow=round(sum(seconds > 1 for seconds in took) / len(took), 4),
    )


def typical_lengths(count: int, rng: random.Random) -> list[float]:
    """Lengths of videos: lognormal with a median of 15 s and a mean of 20, from 2 s to 5 minutes."""
    return [min(300.0, max(2.0, rng.lognormvariate(math.log(15), 0.76))) for _ in range(count)]


def table(
    kind: WorkerKind, fleets: Sequence[int], loads: Sequence[float], videos: int, seed: int
) -> Iterator[Row]:
    """Simulate every fleet at every load, each with at least so many videos and ten for each place."""
    for workers in fleets:
        for load in loads:
            rng = random.Random(f"{seed} {workers} {load}")
            count = max(videos, 10 * workers * kind.places)
            yield simulate(kind, workers=workers, load=load, lengths=typical_lengths(count, rng), rng=rng)


@click.command()
@click.option("--pace", default=3.4, help="Times real time that a worker renders, of all renders together.")
@click.option("--one", default=3.4, help="Times real time of one render alone.")
@click.option("--places", default=4, help="Renders at once at a worker.")
@click.option("--fleet", multiple=True, default=[1, 2, 8, 64, 256, 1000], help="Workers; may be repeated.")
@click.option(
    "--load", multiple=True, default=[0.5, 0.8, 0.95, 0.99], help="Of what they can; may be repeated."
)
@click.option("--videos", default=20_000, help="Videos of each row, at least.")
@click.option("--seed", default=1)
@click.option("--json", "as_json", is_flag=True)
def main(
    pace: float,
    one: float,
    places: int,
    fleet: Sequence[int],
    load: Sequence[float],
    videos: int,
    seed: int,
    as_json: bool,
) -> None:
    """Print how long paid videos wait, by fleet and load."""
    kind = WorkerKind(pace=pace, one=one, places=places)
    rows = []
    for row in table(kind, fleet, load, videos, seed):
        rows.append(row)
        if not as_json:
            print(
                f"{row.workers:5} workers {row.load:4.0%}  {row.videos_per_hour:9,} videos/h  wait: "
                f"{row.waited:6.1%}, mean {row.wait_mean_s:7.2f} s, p95 {row.wait_p95_s:7.2f}, "
                f"p99 {row.wait_p99_s:7.2f}, max {row.wait_max_s:7.2f}; slower than real time {row.slow:6.1%}",
                flush=True,
            )
    if as_json:
        print(json.dumps({"kind": msgspec.to_builtins(kind), "rows": msgspec.to_builtins(rows)}, indent=1))


if __name__ == "__main__":
    main()
