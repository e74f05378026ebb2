"""The simulated fleet waits as queueing theory says where there is a formula for it."""

import math
import random

import pytest

from bench.fleet import WorkerKind, simulate, typical_lengths

ONE_AT_A_TIME = WorkerKind(pace=1, one=1, places=1, waiting=0)


def erlang_c(servers: int, load: float) -> float:
    """The probability that one has to wait, M/M/c."""
    offered = servers * load
    full = offered**servers / math.factorial(servers) / (1 - load)
    return full / (sum(offered**n / math.factorial(n) for n in range(servers)) + full)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (4, 0.8), (12, 0.8)])
def test_random_lengths_at_some_workers_wait_as_m_m_c(servers, load):
    rng = random.Random(7)
    lengths = [rng.expovariate(1) for _ in range(60_000)]

    row = simulate(ONE_AT_A_TIME, workers=servers, load=load, lengths=lengths, rng=rng)

    assert row.waited == pytest.approx(erlang_c(servers, load), abs=0.03)
    assert row.wait_mean_s == pytest.approx(erlang_c(servers, load) / servers / (1 - load), rel=0.12)


def test_equal_lengths_at_one_worker_wait_as_m_d_1():
    row = simulate(ONE_AT_A_TIME, workers=1, load=0.8, lengths=[1.0] * 60_000, rng=random.Random(7))

    assert row.wait_mean_s == pytest.approx(0.8 / (2 * (1 - 0.8)), rel=0.1)


def test_renders_that_share_a_worker_take_as_long_as_their_share_says():
    # A processor that is shared by all who come, M/G/1-PS, takes 1 / (1 - load) times as long.
    shared = WorkerKind(pace=1, one=1, places=10_000)
    rng = random.Random(7)

    row = simulate(shared, workers=1, load=0.5, lengths=typical_lengths(20_000, rng), rng=rng)

    assert row.waited == 0
    assert row.took_mean == pytest.approx(2, rel=0.1)


def test_a_worker_lets_as_many_wait_as_the_admission_does():
    kind = WorkerKind(pace=4, one=4, places=4, waiting=8, wait_s=30)
    at_once = [10.0] * 40

    row = simulate(kind, workers=2, load=1e6, lengths=at_once, rng=random.Random(7))

    # Two workers render 8 seconds of video a second: the last of 400 s begins before they are through.
    assert row.wait_max_s == pytest.approx(40, abs=1)


def test_the_same_seed_gives_the_same_figures():
    def once():
        rng = random.Random("fleet")
        return simulate(
            WorkerKind(pace=3.4, one=3.4), workers=8, load=0.8, lengths=typical_lengths(2_000, rng), rng=rng
        )

    assert once() == once()
