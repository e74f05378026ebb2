"""Frames of several renders go through the network together, and nobody waits for nothing."""

import asyncio
import threading
from contextlib import suppress

import numpy as np
import pytest

from worker.batching import Batcher
from worker.errors import NetworkStopped


class Death(BaseException):
    """What no program should go on after."""


class Network:
    """Doubles what it gets, when it is let; remembers the sizes of its batches."""

    def __init__(self):
        self.batches = []
        self.go = threading.Event()
        self.entered = threading.Event()

    def predict(self, mel, faces):
        self.entered.set()
        assert self.go.wait(10)
        self.batches.append(len(mel))
        if (mel < -1).any():
            raise Death
        if (mel < 0).any():
            raise ValueError("negative")
        return (2 * mel + np.stack(faces)).astype(np.uint8)


def frames(count, value=1.0, size=1):
    return np.full((count, 1), value, np.float32), list(np.zeros((count, size), np.uint8))


@pytest.fixture
def network():
    network = Network()
    yield network
    network.go.set()


@pytest.fixture
async def batcher(network):
    batcher = Batcher(network.predict, max_frames=10, kind=lambda face: face.shape)
    serving = asyncio.create_task(batcher.run())
    yield batcher
    network.go.set()
    serving.cancel()
    await asyncio.wait({serving})


async def ask(batcher, network, *requests):
    """Ask while the network is busy with a first request of one frame."""
    first = asyncio.create_task(batcher.mouths(*frames(1)))
    assert await asyncio.to_thread(network.entered.wait, 10)
    tasks = [asyncio.create_task(batcher.mouths(*request)) for request in requests]
    await asyncio.sleep(0)  # each task queues its request the first time it runs
    assert len(batcher._waiting) == len(requests)
    return first, tasks


async def test_requests_that_wait_share_a_batch_and_get_their_own_answers(batcher, network):
    first, tasks = await ask(batcher, network, frames(4, 2), frames(6, 3), frames(2, 4))

    network.go.set()
    answers = await asyncio.gather(first, *tasks)

    assert network.batches == [1, 10, 2]
    assert [(len(answer), answer[0, 0]) for answer in answers] == [(1, 2), (4, 4), (6, 6), (2, 8)]


async def test_requests_of_other_shapes_get_batches_of_their_own_in_the_order_of_the_first_of_each(
    batcher, network
):
    first, tasks = await ask(
        batcher, network, frames(2, 2), frames(3, 3, size=5), frames(4, 4), frames(1, 5, size=5)
    )

    network.go.set()
    answers = await asyncio.gather(first, *tasks)

    assert network.batches == [1, 6, 4]
    assert [(answer.shape, answer[0, 0]) for answer in answers[1:]] == [
        ((2, 1), 4),
        ((3, 5), 6),
        ((4, 1), 8),
        ((1, 5), 10),
    ]


async def test_what_is_urgent_comes_first_and_shares_no_call_with_the_rest(batcher, network):
    first, tasks = await ask(batcher, network, frames(2, 2), frames(3, 3))
    urgent = [asyncio.create_task(batcher.mouths(*frames(1, value), urgent=True)) for value in (4, 5)]
    await asyncio.sleep(0)

    network.go.set()
    answers = await asyncio.gather(first, *tasks, *urgent)

    assert network.batches == [1, 2, 5]
    assert [(len(answer), answer[0, 0]) for answer in answers[1:]] == [(2, 4), (3, 6), (1, 8), (1, 10)]


async def test_a_request_larger_than_a_batch_is_served_alone(batcher, network):
    first, tasks = await ask(batcher, network, frames(12), frames(1))

    network.go.set()
    await asyncio.gather(first, *tasks)

    assert network.batches == [1, 12, 1]


async def test_a_cancelled_request_costs_the_network_nothing(batcher, network):
    first, tasks = await ask(batcher, network, frames(4), frames(5))
    tasks[0].cancel()
    with suppress(asyncio.CancelledError):
        await tasks[0]

    network.go.set()
    await asyncio.gather(first, tasks[1])

    assert network.batches == [1, 5]


async def test_a_failed_batch_fails_its_requests_and_no_others(batcher, network):
    first, tasks = await ask(batcher, network, frames(10, -1), frames(3))

    network.go.set()

    await first
    with pytest.raises(ValueError, match="negative"):
        await tasks[0]
    assert len(await tasks[1]) == 3


async def test_when_what_serves_the_network_dies_all_who_wait_are_told_and_so_is_who_comes_later(
    batcher, network
):
    batcher.check()
    first, tasks = await ask(batcher, network, frames(9, -2), frames(5))

    network.go.set()

    await first
    for task in tasks:
        with pytest.raises(NetworkStopped, match="Death"):
            await task
    with pytest.raises(NetworkStopped, match="Death"):
        await batcher.mouths(*frames(1))
    with pytest.raises(NetworkStopped, match="Death"):
        batcher.check()


async def test_when_what_serves_the_network_is_ended_nobody_is_left_waiting(network):
    batcher = Batcher(network.predict, max_frames=10)
    serving = asyncio.create_task(batcher.run())
    first, tasks = await ask(batcher, network, frames(3))

    serving.cancel()

    for task in (first, *tasks):
        with pytest.raises(NetworkStopped):
            await task
    network.go.set()
