"""Who renders, who waits and who is told to come back, and when."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from worker.admission import Admission
from worker.errors import Busy, CallerGone


async def never():
    await asyncio.Event().wait()


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def admit(clock):
    def make(**limits):
        return Admission(**({"max_renders": 1, "max_waiting": 9, "max_wait_s": 30} | limits), clock=clock)

    return make


@asynccontextmanager
async def visitors(admission):
    """Lets orders come one after another; `ran` has those that got their turn, `leave` ends one."""
    ran: list[str] = []
    done: dict[int, asyncio.Event] = {}
    tasks: list[asyncio.Task[None]] = []

    async def visit(number, order, frames, gone):
        async with admission.turn(order, frames, gone):
            ran.append(order)
            await done[number].wait()

    async def settle():
        for _ in range(5):  # a turn passes on within a few steps of the loop
            await asyncio.sleep(0)

    async def come(order, frames=25, gone=never):
        number = len(tasks)
        done[number] = asyncio.Event()
        tasks.append(asyncio.create_task(visit(number, order, frames, gone)))
        await settle()
        return tasks[number]

    async def leave(number):
        done[number].set()
        await settle()

    yield come, leave, ran
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_comes_while_there_is_a_place_does_not_wait(admit):
    admission = admit(max_renders=2)
    async with visitors(admission) as (come, _, ran):
        await come("a")
        await come("b")

        assert ran == ["a", "b"]
        assert (admission.active, admission.waiting) == (2, 0)


async def test_those_who_wait_are_let_in_as_they_came(admit):
    async with visitors(admit()) as (come, leave, ran):
        for order in "abc":
            await come(order)
        assert ran == ["a"]

        await leave(0)
        assert ran == ["a", "b"]
        await leave(1)
        assert ran == ["a", "b", "c"]


async def test_an_order_that_renders_already_comes_after_the_others(admit):
    async with visitors(admit(max_renders=2)) as (come, leave, ran):
        for order in ("greedy", "b", "greedy", "greedy", "modest"):
            await come(order)

        await leave(1)

        assert ran == ["greedy", "b", "modest"]


async def test_one_too_many_is_told_when_to_come_back(admit, clock):
    admission = admit(max_waiting=1)
    async with admission.turn("a", 100, never) as job:
        for _ in range(100):  # ten frames a second, until that is believed
            clock.now += 0.1
            admission.progressed(job, 1)
        job.frames_left = 100
        async with visitors(admission) as (come, _, _ran):
            await come("b", frames=200)

            with pytest.raises(Busy) as refusal:
                await (await come("c"))

    assert (refusal.value.renders, refusal.value.waiting) == (1, 1)
    assert refusal.value.retry_after_s == pytest.approx(30, abs=1)


async def test_a_wait_counts_the_frames_ahead_over_all_places(admit):
    admission = admit(max_renders=2)
    async with visitors(admission) as (come, _, _ran):
        await come("a", frames=100)
        assert admission.wait_s() == 0
        await come("b", frames=1_000)
        first = admission.wait_s()
        await come("c", frames=300)

        assert admission.wait_s() == pytest.approx(4 * first)  # after a and c, while b goes on


async def test_who_would_wait_too_long_is_told_at_once(admit):
    async with visitors(admit()) as (come, _, _ran):
        await come("a", frames=10_000)

        with pytest.raises(Busy):
            await (await come("b"))


async def test_a_wait_that_was_estimated_too_short_ends_all_the_same(admit):
    admission = admit(max_wait_s=0.05)
    async with visitors(admission) as (come, _, _ran):
        await come("a", frames=0)

        with pytest.raises(Busy):
            await (await come("b"))
        assert (admission.active, admission.waiting) == (1, 0)


async def test_who_goes_away_while_waiting_leaves_the_queue(admit):
    admission = admit()
    gone = asyncio.Event()
    async with visitors(admission) as (come, leave, ran):
        await come("a")
        waiting = await come("b", gone=gone.wait)
        await come("c")

        gone.set()
        with pytest.raises(CallerGone):
            await waiting
        await leave(0)

        assert ran == ["a", "c"]


async def test_a_cancelled_wait_holds_no_place(admit):
    admission = admit()
    async with visitors(admission) as (come, leave, ran):
        await come("a")
        waiting = await come("b")
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await leave(0)

        assert ran == ["a"]
        assert (admission.active, admission.waiting) == (0, 0)
