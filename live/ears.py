"""The ears of an avatar whose agent is somewhere else, as livekit-agents 1.x has it (`voice/avatar/_datastream_io.py`).

An agent says each utterance by a byte stream to the listener, interrupts by a call, and is called once for each
utterance when the last of it was shown; without that call it waits for ever, and a second one counts for the next one.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable

import av
import msgspec
import numpy as np
from livekit import rtc

from live.records import SPEECH_RATE, Audio, Clear, Done, Event

TOPIC = "lk.audio_stream"
CLEAR_BUFFER = "lk.clear_buffer"
PLAYBACK_FINISHED = "lk.playback_finished"

LOST_S = 10.0
"""After which nothing more of a stream is expected; agents push faster than they speak."""

_TRIES = 3
_RETRY_S = 0.1
_ANSWER_S = 2.0
_UNHEARD = {
    rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD,
    rtc.RpcError.ErrorCode.RECIPIENT_NOT_FOUND,
    rtc.RpcError.ErrorCode.SEND_FAILED,
}
"""Errors after which a call may be made again: nobody heard it. Whoever may have heard it is not told twice."""


class _Utterance(msgspec.Struct):
    """One that the agent was not called about yet."""

    heard: bool = False  # any of it
    whole: bool = False


class Ears:
    """The listener in a room.

    Args:
        room: which the listener joins, but has not yet.
        agent: returns the agent's identity.
        tell: takes what is heard.
        silence: called at an interruption; nothing that was said so far shall be heard.
        shown_s: returns how many seconds of an utterance were shown.
    """

    def __init__(
        self,
        room: rtc.Room,
        *,
        agent: Callable[[], str | None],
        tell: Callable[[Event], None],
        silence: Callable[[], None],
        shown_s: Callable[[str], float],
    ) -> None:
        self._room = room
        self._agent = agent
        self._tell = tell
        self._silence = silence
        self._shown_s = shown_s
        self._count = 0
        self._present: dict[str, _Utterance] = {}
        self._readers: deque[tuple[str, rtc.ByteStreamReader]] = deque()
        self._came = asyncio.Event()
        self._reading: str | None = None
        self._patience: asyncio.Timeout | None = None
        self._calls: asyncio.Queue[tuple[float, bool]] = asyncio.Queue()
        room.register_byte_stream_handler(TOPIC, self._begin)

    def attach(self) -> None:
        """Take calls; once the room is joined."""
        self._room.local_participant.register_rpc_method(CLEAR_BUFFER, self._clear)

    async def run(self) -> None:
        """Listen, and call the agent."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._call())

    async def leave(self) -> None:
        """Call the agent about all that it waits for; `run` is over, and nothing more is shown."""
        self._interrupt()
        while not self._calls.empty():
            await self._tell_agent(*self._calls.get_nowait())

    def finished(self, utterance: str, position_s: float, *, interrupted: bool) -> None:
        """Take note that the last of an utterance was shown; of one that was interrupted the agent knows already."""
        if self._present.pop(utterance, None):
            self._calls.put_nowait((position_s, interrupted))
        self._finish_empty()

    def _begin(self, reader: rtc.ByteStreamReader, identity: str) -> None:
        if identity != self._agent():
            reader.close()
            return
        self._count += 1
        utterance = str(self._count)
        self._present[utterance] = _Utterance()
        self._readers.append((utterance, reader))
        self._came.set()
        self._hurry()  # whatever is read now has no end any more: an agent says one thing at a time

    def _clear(self, call: rtc.RpcInvocationData) -> str:
        if call.caller_identity != self._agent():
            return "reject"
        if self._present:
            self._tell(Clear())
            self._silence()
        self._interrupt()
        self._hurry()
        return "ok"

    def _interrupt(self) -> None:
        """End all utterances where they are."""
        for utterance in list(self._present):
            del self._present[utterance]
            self._calls.put_nowait((self._shown_s(utterance), True))

    async def _listen(self) -> None:
        while True:
            while not self._readers:
                self._came.clear()
                await self._came.wait()
            self._reading, reader = self._readers.popleft()
            try:
                await self._read(self._reading, reader)
            finally:
                reader.close()
            present = self._present.get(self._reading)
            if present is not None:
                present.whole = True
                if present.heard:
                    self._tell(Done(id=self._reading))
            self._reading = None
            self._finish_empty()

    async def _read(self, utterance: str, reader: rtc.ByteStreamReader) -> None:
        """Read a stream until its end, its loss, its successor or an interruption."""
        speech = _Speech(reader.info.attributes or {})
        while True:
            hurried = self._readers or utterance not in self._present
            try:
                async with asyncio.timeout(0 if hurried else LOST_S) as self._patience:
                    chunk = await anext(reader)  # what is there already comes in no time
            except (StopAsyncIteration, TimeoutError, rtc.StreamError):
                return
            finally:
                self._patience = None
            present = self._present.get(utterance)
            if present is None:
                return
            if pcm := speech.take(chunk):
                present.heard = True
                self._tell(Audio(id=utterance, pcm=pcm))

    def _hurry(self) -> None:
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())

    def _finish_empty(self) -> None:
        """Finish utterances of which nothing was heard, in their turn."""
        for utterance, present in list(self._present.items()):
            if present.heard or not present.whole:
                return
            del self._present[utterance]
            self._calls.put_nowait((0.0, False))

    async def _call(self) -> None:
        while True:
            await self._tell_agent(*await self._calls.get())

    async def _tell_agent(self, position_s: float, interrupted: bool) -> None:
        """Call the agent about an utterance."""
        payload = json.dumps({"playback_position": position_s, "interrupted": interrupted})
        for tried in range(1, _TRIES + 1):
            agent = self._agent()
            if agent is None:
                return
            try:
                await self._room.local_participant.perform_rpc(
                    destination_identity=agent,
                    method=PLAYBACK_FINISHED,
                    payload=payload,
                    response_timeout=_ANSWER_S,
                )
            except rtc.RpcError as exc:
                if exc.code not in _UNHEARD or tried == _TRIES:
                    return
                await asyncio.sleep(_RETRY_S)
            else:
                return


class _Speech:
    """Turns what a stream brings into samples of `SPEECH_RATE`; a sample may be torn between two chunks."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self._rate = _number(attributes.get("sample_rate"), SPEECH_RATE)
        self._channels = _number(attributes.get("num_channels"), 1)
        self._torn = b""
        self._resampler = None
        if (self._rate, self._channels) != (SPEECH_RATE, 1):
            self._resampler = av.AudioResampler(format="s16", layout="mono", rate=SPEECH_RATE)

    def take(self, chunk: bytes) -> bytes:
        """Return as many samples as are whole."""
        data = self._torn + chunk
        whole = len(data) - len(data) % (2 * self._channels)
        data, self._torn = data[:whole], data[whole:]
        if self._resampler is None or not data:
            return data
        mono = np.frombuffer(data, "<i2").reshape(-1, self._channels).mean(axis=1).astype("<i2")
        frame = av.AudioFrame.from_ndarray(mono[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = self._rate
        return b"".join(out.to_ndarray().tobytes() for out in self._resampler.resample(frame))


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and int(text) else default
