"""One viewer by WebRTC, as a process: `python -m live`, told by `docs/webrtc.md`."""

import asyncio
import importlib.util
from typing import Any

from service.errors import InvalidRequest, PlaceLost
from service.sessions.call_terms import CallTerms
from service.sessions.stage_process import StageEvent, StageProcess
from service.sessions.stages import Began, Gone, Over


class CallProcess(StageProcess):
    """A viewer's connection, which is a process.

    Args:
        sdp: The viewer's offer.
        terms: What the operator allows.
    """

    def __init__(self, sdp: str, terms: CallTerms) -> None:
        super().__init__({"type": "peer", "sdp": sdp, "ice": [each.record() for each in terms.servers()]})
        self._answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._recorded: asyncio.Queue[int] = asyncio.Queue()

    async def answer(self) -> str:
        """Return what the offer is answered with.

        Raises:
            PlaceLost: It cannot be answered; why is told.
        """
        gone = asyncio.create_task(self.gone())
        try:
            either: list[asyncio.Future[Any]] = [self._answer, gone]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not self._answer.done():
                raise PlaceLost(gone.result().detail)
            return self._answer.result()
        finally:
            gone.cancel()

    def silence(self) -> None:
        """Let nothing more be heard of what was said so far; a clear of the session has to follow."""
        self.write({"type": "silence"})

    def record(self, path: str, longest_s: float) -> None:
        """Record what is sent from now on to a file."""
        self.write({"type": "record", "path": path, "longest_s": longest_s})

    def stop_recording(self) -> None:
        """Record no more."""
        self.write({"type": "stop"})

    async def recorded(self) -> int:
        """Wait until a recording is whole, and return how many frames it has; 0 where it never will be."""
        told, gone = asyncio.create_task(self._recorded.get()), asyncio.create_task(self.gone())
        either: list[asyncio.Future[Any]] = [told, gone]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if told.done():
                return told.result()
        finally:
            told.cancel()
            gone.cancel()
            await asyncio.wait(either)
        return 0 if self._recorded.empty() else self._recorded.get_nowait()

    def take_event(self, event: StageEvent) -> Gone | None:
        """See `StageProcess`."""
        match event.type:
            case "answer":
                self._answer.set_result(event.sdp)
            case "began":
                self.tell(Began(event.id))
            case "shown":
                self.tell(Over(event.id))
            case "recorded":
                self._recorded.put_nowait(event.frames)
        return super().take_event(event)


class CallProcesses:
    """Starts them.

    Args:
        terms: What the operator allows.
    """

    def __init__(self, terms: CallTerms) -> None:
        self._terms = terms

    def stage(self, sdp: str) -> CallProcess:
        """Return a stage, whose process is not started yet.

        Raises:
            InvalidRequest: What it needs is not installed.
        """
        if any(importlib.util.find_spec(name) is None for name in ("av", "aiortc")):
            raise InvalidRequest("There is no WebRTC here: satspeak[live] is not installed.")
        return CallProcess(sdp, self._terms)
