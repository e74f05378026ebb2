"""Live outputs, and who sees them."""

import contextlib
import secrets
from typing import Any

import pytest

from live.records import Peer, Push, Room
from tests.live import rooms
from tests.live.feeding import Feeder
from tests.live.rooms import Other


@pytest.fixture(scope="session")
async def livekit_server(tmp_path_factory, tell):
    async with rooms.serve(tmp_path_factory.mktemp("livekit"), tell) as server:
        yield server


@pytest.fixture
def room() -> str:
    return f"room-{secrets.token_hex(4)}"


@pytest.fixture
async def join(livekit_server, room):
    """Let somebody join the room of this test."""
    async with contextlib.AsyncExitStack() as leaving:

        async def start(identity: str, *, agent: bool = False) -> Other:
            other = await rooms.join(livekit_server, room, identity, agent=agent)
            leaving.push_async_callback(other.close)
            return other

        yield start


@pytest.fixture
async def show():
    """Start live outputs; whatever they print is kept for the test, and has no secret in it."""
    feeders: list[Feeder] = []

    async def start(opened: Room | Push | Peer) -> Feeder:
        feeder = await Feeder.start(opened)
        feeders.append(feeder)
        return feeder

    yield start
    for feeder in feeders:
        await feeder.close()


@pytest.fixture
def open_room(livekit_server, room):
    """What opens the room of this test, for an avatar."""

    def opened(*, listens: bool = False, ttl_s: float = 600, **how: Any) -> Room:
        return Room(
            url=livekit_server.url,
            token=livekit_server.token(
                room, "avatartalk-agent", agent=True, on_behalf="agent" if listens else None, ttl_s=ttl_s
            ),
            listener_token=livekit_server.token(room, "listener") if listens else None,
            **how,
        )

    return opened
