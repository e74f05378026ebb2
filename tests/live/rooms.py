"""A real LiveKit server, and who is in its rooms."""

import asyncio
import contextlib
import datetime as dt
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from livekit import api

from regtest.build import Module, build
from regtest.ports import Ports
from regtest.process import Guard, Program, until
from tests.live.feeding import ROOT

KEY, SECRET = "devkey", "secret-of-thirty-two-bytes-or-more"
DEADLINE_S = 180  # an agent imports some 70 packages before it says anything
MODULE = Module(
    folder=Path(__file__).parent / "livekit_server", targets=("github.com/livekit/livekit-server/cmd/server",)
)


class LiveKitServer:
    """A server's URL, and tokens for its rooms."""

    def __init__(self, url: str) -> None:
        self.url = url

    def token(
        self,
        room: str,
        identity: str,
        *,
        agent: bool = False,
        on_behalf: str | None = None,
        ttl_s: float = 600,
    ) -> str:
        token = (
            api.AccessToken(KEY, SECRET)
            .with_identity(identity)
            .with_grants(api.VideoGrants(room_join=True, room=room))
            .with_ttl(dt.timedelta(seconds=ttl_s))
        )
        token = token.with_kind("agent") if agent else token
        token = token.with_attributes({"lk.publish_on_behalf": on_behalf}) if on_behalf else token
        return token.to_jwt()

    @contextlib.asynccontextmanager
    async def api(self):
        async with api.LiveKitAPI(self.url.replace("ws:", "http:"), KEY, SECRET) as client:
            yield client

    async def remove(self, room: str, identity: str) -> None:
        async with self.api() as client:
            await client.room.remove_participant(api.RoomParticipantIdentity(room=room, identity=identity))

    async def delete(self, room: str) -> None:
        async with self.api() as client:
            await client.room.delete_room(api.DeleteRoomRequest(room=room))


class Other:
    """Another participant's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self._told = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    def do(self, **command: Any) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(command).encode() + b"\n")

    def of(self, event: str) -> list[dict[str, Any]]:
        return [each for each in self.events if each["event"] == event]

    async def until(self, event: str, count: int = 1) -> dict[str, Any]:
        await self.until_true(lambda: len(self.of(event)) >= count, f"{count} {event}")
        return self.of(event)[count - 1]

    async def until_true(self, holds: Callable[[], bool], what: str) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not holds():
                assert not self._reading.done(), f"no {what}: {self.events[-3:]}"
                self._told.clear()
                await self._told.wait()

    async def close(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        await self.process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self.process.stdout
        async for line in self.process.stdout:
            if line.startswith(b"{"):
                self.events.append(json.loads(line))
                self._told.set()
        self._told.set()


def who(other: Other) -> set[str]:
    """Who is in the room, as somebody sees it."""
    gone = {each["who"] for each in other.of("went")}
    return {each["who"] for each in other.of("came")} - gone


async def hire(server: LiveKitServer, service: str, key: str, avatar: str) -> Other:
    """Let the agent with AvatarTalk's plugin wait for a room."""
    uv = os.environ.get("UV") or shutil.which("uv")
    assert uv
    script = Path(__file__).with_name("avatartalk_agent.py")
    installing = await asyncio.create_subprocess_exec(uv, "sync", "--script", script)
    assert await installing.wait() == 0
    process = await asyncio.create_subprocess_exec(
        *(uv, "run", "--script", script, service, avatar),
        env={
            **os.environ,
            "LIVEKIT_URL": server.url,
            "LIVEKIT_API_KEY": KEY,
            "LIVEKIT_API_SECRET": SECRET,
            "AVATARTALK_API_KEY": key,
        },
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    return Other(process)


async def join(server: LiveKitServer, room: str, identity: str, *, agent: bool = False) -> Other:
    """Let somebody join a room."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.live.participant"),
        *(server.url, server.token(room, identity, agent=agent)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=ROOT,
    )
    other = Other(process)
    await other.until("joined")
    return other


@contextlib.asynccontextmanager
async def serve(folder: Path, tell: Callable[[str], None]):
    """Of parallel processes one builds it, and the others wait."""
    program = await build(MODULE, tell) / "server"
    with contextlib.closing(Ports()) as ports, contextlib.closing(Guard()) as guard:
        port, udp = ports.take(), ports.take()
        (folder / "config.yaml").write_text(
            json.dumps(
                {
                    "port": port,
                    "bind_addresses": ["127.0.0.1"],
                    "keys": {KEY: SECRET},
                    "rtc": {
                        "udp_port": udp,
                        "tcp_port": 0,
                        "node_ip": "127.0.0.1",
                        "use_external_ip": False,
                        "enable_loopback_candidate": True,
                        "interfaces": {"includes": ["lo"]},
                    },
                }
            )
        )
        server = Program(
            "livekit-server",
            [str(program), "--config", str(folder / "config.yaml")],
            log=folder / "livekit.log",
            guard=guard,
        )
        await server.start()
        url = f"http://127.0.0.1:{port}"

        async def answers() -> bool:
            server.check()
            with contextlib.suppress(httpx.HTTPError):
                async with httpx.AsyncClient() as http:
                    return (await http.get(url)).is_success
            return False

        await until("LiveKit's server", answers, timeout_s=60)
        yield LiveKitServer(url.replace("http:", "ws:"))
        await server.kill()  # it would wait for rooms to close
