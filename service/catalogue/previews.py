"""How avatars look at rest and voices sound, for whoever is choosing one: asked for once, and kept for a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from service.catalogue.choosing import Choosing
from service.runtime.clock import Clock

FILES = ("portrait.jpg", "idle.mp4")
"""What there is of each avatar and emotion."""

FRESH = timedelta(minutes=10)
"""How long one is shown without asking anew: an operator may replace a face."""

MOST_BYTES = 32 << 20
"""Of all that are kept: those of some two hundred avatars and voices. What was asked for longest ago goes first."""

_Key = tuple[str, ...]


class Previews:
    """What is shown of avatars and voices. A class since what was asked for is kept, and asked for once at a time."""

    def __init__(
        self,
        *,
        choosing: Choosing,
        ask: Callable[[str, str, str], Awaitable[bytes | None]],
        ask_voice: Callable[[str], Awaitable[bytes | None]],
        now: Clock,
    ) -> None:
        self._choosing = choosing
        self._ask = ask
        self._ask_voice = ask_voice
        self._now = now
        self._kept: OrderedDict[_Key, tuple[datetime, bytes]] = OrderedDict()
        self._asking: dict[_Key, asyncio.Task[bytes | None]] = {}

    async def get(self, avatar: str, emotion: str, file: str) -> bytes | None:
        """Return a picture or a film; None where there is none.

        Raises:
            WorkerDown: Nobody who could say answers.
        """
        known = (await self._choosing.avatars()).get(avatar)
        if file not in FILES or known is None or emotion not in known.emotions:
            return None  # so that nobody makes us ask for, or keep, what there is not
        return await self._once((avatar, emotion, file), lambda: self._ask(avatar, emotion, file))

    async def voice(self, name: str) -> bytes | None:
        """Return some seconds of a voice, an M4A; None where there is none.

        Raises:
            WorkerDown: Nobody who could say answers.
        """
        if name not in {voice.name for voice in await self._choosing.voices()}:
            return None
        return await self._once((name,), lambda: self._ask_voice(name))

    async def _once(self, key: _Key, ask: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        if (kept := self._kept.get(key)) and self._now() - kept[0] < FRESH:
            self._kept.move_to_end(key)
            return kept[1]
        asking = self._asking.get(key)
        if asking is None:
            asking = self._asking[key] = asyncio.create_task(self._find(key, ask))
            asking.add_done_callback(lambda done: self._asked(key, done))
        return await asyncio.shield(asking)  # one who goes away takes it from nobody

    async def _find(self, key: _Key, ask: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        found = await ask()
        if found is not None:
            self._kept[key] = self._now(), found
            self._kept.move_to_end(key)
            while sum(len(content) for _, content in self._kept.values()) > MOST_BYTES:
                self._kept.popitem(last=False)
        return found

    def _asked(self, key: _Key, asking: asyncio.Task[bytes | None]) -> None:
        del self._asking[key]
        if not asking.cancelled():
            asking.exception()  # those who waited for it may be gone
