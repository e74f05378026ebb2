"""Has sessions shown by `python -m live`, a process for each stage: it may be killed, or kill itself, at any moment.

Addresses and tokens go through its standard input alone: no argument, no environment and no log has them. Of this
service's environment it has nothing that opens anything.
"""

import asyncio
import contextlib
import importlib.util
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any, Literal, Self

import msgspec
import structlog

from service.errors import InvalidRequest
from service.sessions.places import Place, PlaceTerms, Push, Room
from service.sessions.port import MOST_AHEAD
from service.sessions.records import Cleared, End, Finished, Init, Segment, Told
from service.sessions.session import Ending
from service.sessions.stages import Gone, Heard, Interrupted, News, Ready, Whole

LONGEST_EVENT_BYTES = 1 << 22

MOST_WAITING_BYTES = 64 << 20
"""Of speech that was heard and not yet said: agents speak far faster than anybody listens. A worker takes a quarter."""

GOODBYE_S = 5.0
"""For which a process may take its leave."""

_LENGTH_BYTES = 4

_SECRET = ("SATSPEAK_", "AWS_")

_ENDINGS = {
    "left": Ending.LEFT,
    "removed": Ending.LEFT,
    "replaced": Ending.REPLACED,
    "alone": Ending.ALONE,
    "expired": Ending.EXPIRED,
    "failed": Ending.PLACE_LOST,
}

SILENT = "The server took nothing for long."

BROKEN = "Something failed where the session was to be shown."

log = structlog.get_logger()


class StageEvent(msgspec.Struct, frozen=True):
    """Any event of a process: what each has is told by its type."""

    type: Literal["ready", "pull", "audio", "done", "clear", "shown", "answer", "began", "recorded", "gone"]
    id: str = ""
    pcm: bytes = b""
    segments: int = 0
    sdp: str = ""
    frames: int = 0
    reason: str = "failed"
    detail: str = ""


_encoder = msgspec.msgpack.Encoder()
_events = msgspec.msgpack.Decoder(StageEvent)


def missing(place: Place) -> bool:
    """Tell whether a package is not installed of those that show sessions at such a place."""
    needed = ("av", "livekit") if isinstance(place, Room) else ("av",)
    return any(importlib.util.find_spec(name) is None for name in needed)


class StageProcess:
    """A stage that is a process.

    Args:
        opening: Its first record, which says where it shows.
    """

    live = True
    ahead = MOST_AHEAD

    def __init__(self, opening: dict[str, Any]) -> None:
        self._opening = opening
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._news: asyncio.Queue[News] = asyncio.Queue()
        self._waiting_bytes = 0
        self._wanted = 0
        self._more = asyncio.Event()
        self._gone: asyncio.Future[Gone] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        """Start the process."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "live"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,  # what libraries say may have a token in it
            env=_harmless(os.environ),
            start_new_session=True,  # who interrupts this service at a terminal does not interrupt it
        )
        self._reading = asyncio.create_task(self._read())
        self.write(self._opening)
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Let the process take its leave, and end it."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._reading is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._process.wait()
        except TimeoutError:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            self._reading.cancel()
            await asyncio.wait([self._reading])

    async def news(self) -> News:
        """See `service.sessions.stages.Stage`."""
        news = await self._news.get()
        if isinstance(news, Heard):
            self._waiting_bytes -= len(news.pcm)
        return news

    async def gone(self) -> Gone:
        """See `service.sessions.stages.Stage`."""
        return await asyncio.shield(self._gone)

    async def wants(self) -> None:
        """Wait until it asks for a segment; where it is gone, for ever: that ends the session."""
        while not self._wanted:
            self._more.clear()
            await self._more.wait()
        self._wanted -= 1

    async def take(self, told: Told) -> None:
        """Hand on what a worker tells; what it ends with waits until it is shown."""
        assert self._process is not None
        assert self._process.stdin is not None
        match told:
            case Init() | Segment() | Finished() | Cleared():
                self.write(told)
            case End():
                self.write({"type": "leave"})
                await self.gone()
        with contextlib.suppress(ConnectionError):  # it is gone, and tells why
            await self._process.stdin.drain()

    def tell(self, news: News) -> None:
        """Take news, in order."""
        self._news.put_nowait(news)

    def write(self, record: Any) -> None:
        """Tell the process something."""
        assert self._process is not None
        assert self._process.stdin is not None
        data = _encoder.encode(record)
        self._process.stdin.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)

    async def _read(self) -> None:
        """Take what the process tells, to its end."""
        assert self._process is not None
        assert self._process.stdout is not None
        gone: Gone | None = None
        try:
            while gone is None:
                length = int.from_bytes(await self._process.stdout.readexactly(_LENGTH_BYTES), "big")
                if length > LONGEST_EVENT_BYTES or self._waiting_bytes > MOST_WAITING_BYTES:
                    break
                gone = self.take_event(_events.decode(await self._process.stdout.readexactly(length)))
        except (asyncio.IncompleteReadError, ConnectionError):
            code = await self._ended()
            gone = Gone(Ending.PLACE_LOST, SILENT if code == -signal.SIGALRM else BROKEN)
        except msgspec.MsgspecError:
            log.exception("live_output_broken")
        self._gone.set_result(gone or Gone(Ending.PLACE_LOST, BROKEN))

    async def _ended(self) -> int:
        """Return what a process ended with that says no more; one that does not end is killed."""
        assert self._process is not None
        try:
            async with asyncio.timeout(GOODBYE_S):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()

    def take_event(self, event: StageEvent) -> Gone | None:
        """Take what the process tells; its last word is returned."""
        match event.type:
            case "ready":
                self.tell(Ready())
            case "pull":
                self._wanted += event.segments
                self._more.set()
            case "audio":
                self._waiting_bytes += len(event.pcm)
                self.tell(Heard(event.id, event.pcm))
            case "done":
                self.tell(Whole(event.id))
            case "clear":
                self.tell(Interrupted())
            case "gone":
                return Gone(_ENDINGS.get(event.reason, Ending.PLACE_LOST), event.detail or BROKEN)
        return None


class StageProcesses:
    """Starts stages.

    Args:
        terms: What the operator allows.
    """

    def __init__(self, terms: PlaceTerms) -> None:
        self._terms = terms

    def stage(self, place: Place) -> StageProcess:
        """Return a stage, whose process is not started yet.

        Raises:
            InvalidRequest: What it needs is not installed.
        """
        if missing(place):
            raise InvalidRequest("This service shows nothing elsewhere: satspeak[live] is not installed.")
        return StageProcess(_opening(place, self._terms))


def _opening(place: Place, terms: PlaceTerms) -> dict[str, Any]:
    match place:
        case Room(url=url, token=token, listener_token=listener_token, agent=agent, addresses=addresses):
            return {
                "type": "room",
                "url": url,
                "addresses": addresses,
                "token": token,
                "listener_token": listener_token,
                "agent": agent,
                "alone_s": terms.live_alone_s,
            }
        case Push(url=url, addresses=addresses):
            return {"type": "push", "url": url, "addresses": addresses}


def _harmless(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(_SECRET)}
