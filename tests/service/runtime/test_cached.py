"""What costs something is asked for once, however many want to know."""

import asyncio

import pytest

from service.runtime.cached import Cached


class Source:
    """Answers when it may, with how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.error: Exception | None = None

    async def ask(self) -> int:
        self.asked += 1
        asked = self.asked
        await self.may_answer.wait()
        if self.error:
            raise self.error
        return asked


async def test_all_who_ask_at_once_share_one_answer():
    source = Source()
    cached = Cached(source.ask, fresh_s=0)
    asking = [asyncio.create_task(cached.get()) for _ in range(100)]
    await asyncio.sleep(0)

    source.may_answer.set()

    assert await asyncio.gather(*asking) == [1] * 100
    assert await cached.get() == 2


async def test_an_answer_is_fresh_for_a_while():
    source = Source()
    source.may_answer.set()
    cached = Cached(source.ask, fresh_s=3600)

    assert [await cached.get() for _ in range(3)] == [1, 1, 1]


async def test_an_error_is_shared_too():
    source = Source()
    source.error = ZeroDivisionError()
    source.may_answer.set()
    cached = Cached(source.ask, fresh_s=3600)

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await cached.get()
    assert source.asked == 1


async def test_who_goes_away_takes_the_answer_from_nobody():
    source = Source()
    cached = Cached(source.ask, fresh_s=0)
    gone, stays = (asyncio.create_task(cached.get()) for _ in range(2))
    await asyncio.sleep(0)

    gone.cancel()
    source.may_answer.set()

    assert await stays == 1
