"""Tasks that nobody waits for start again."""

import asyncio

import pytest

from service.runtime import supervision
from service.runtime.supervision import Supervised


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(supervision, "FIRST_PAUSE_S", 0.01)


async def test_a_task_that_fails_starts_again_and_says_why_meanwhile():
    starts = 0
    again = asyncio.Event()

    async def work() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise ConnectionError("gone")
        again.set()
        await asyncio.Event().wait()

    supervised = Supervised("test", work)
    assert supervised.failure == "not started"

    task = asyncio.create_task(supervised.run())
    await asyncio.sleep(0)
    assert "gone" in str(supervised.failure)
    async with asyncio.timeout(5):
        await again.wait()

    assert supervised.failure is None
    task.cancel()
    await asyncio.wait([task])
