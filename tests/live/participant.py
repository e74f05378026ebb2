"""Somebody else in a LiveKit room, as a program of its own: LiveKit's SDK may abort the process that it was used in.

`python -m tests.live.participant URL TOKEN` reads commands and tells what happens, both as JSON, a line each.
"""

import asyncio
import json
import os
import sys
import time
from typing import Any

import numpy as np
from livekit import rtc

BRIGHT = 150
LOUD = 1_500
CHUNK_S = 0.05


def tell(**what: Any) -> None:
    print(json.dumps({**what, "at": time.monotonic()}), flush=True)


class Participant:
    def __init__(self, url: str, token: str) -> None:
        self.room = rtc.Room()
        self.url, self.token = url, token
        self.writer: rtc.ByteStreamWriter | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.frames = 0

    async def run(self) -> None:
        self.room.on("track_subscribed", self.subscribed)
        self.room.on("participant_connected", lambda who: tell(event="came", who=who.identity))
        self.room.on("participant_disconnected", lambda who: tell(event="went", who=who.identity))
        await self.room.connect(self.url, self.token)
        self.room.local_participant.register_rpc_method("lk.playback_finished", self.finished)
        for who in self.room.remote_participants.values():
            tell(event="came", who=who.identity)
        tell(event="joined")
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        async for line in reader:
            await self.do(**json.loads(line))

    async def do(self, *, do: str, **how: Any) -> None:
        match do:
            case "speak":
                await self.speak(**how)
            case "clear":
                try:
                    answer = await self.room.local_participant.perform_rpc(
                        destination_identity=how.get("to", "listener"), method="lk.clear_buffer", payload=""
                    )
                except rtc.RpcError as exc:
                    answer = str(exc)
                tell(event="cleared", answer=answer)
            case "count":
                tell(event="counted", frames=self.frames)

    async def speak(self, *, seconds: float, end: bool = True, rate: int = 16_000, channels: int = 1) -> None:
        writer = await self.room.local_participant.stream_bytes(
            name="AUDIO_test",
            topic="lk.audio_stream",
            destination_identities=["listener"],
            attributes={"sample_rate": str(rate), "num_channels": str(channels)},
        )
        t = np.arange(round(seconds * rate)) / rate
        pcm = (8_000 * np.sin(2 * np.pi * 200 * t)).astype("<i2").repeat(channels).tobytes()
        step = round(CHUNK_S * rate) * 2 * channels
        for start in range(0, len(pcm), step):
            await writer.write(pcm[start : start + step])
        if end:
            await writer.aclose()
        tell(event="spoke")

    def finished(self, call: rtc.RpcInvocationData) -> str:
        tell(event="finished", by=call.caller_identity, **json.loads(call.payload))
        return "ok"

    def subscribed(self, track: rtc.Track, publication: Any, who: Any) -> None:
        tell(
            event="track",
            name=publication.name,
            who=who.identity,
            kind=who.kind,
            attributes=dict(who.attributes),
            source=publication.source,
            mime=publication.mime_type,
        )
        watch = self.watch if track.kind == rtc.TrackKind.KIND_VIDEO else self.listen
        task = asyncio.create_task(watch(track))
        self.tasks.add(task)

    async def watch(self, track: rtc.Track) -> None:
        was_bright = False
        async for event in rtc.VideoStream(track):
            frame = event.frame
            luma = np.frombuffer(frame.data, np.uint8, count=frame.width * frame.height)
            is_bright = float(luma[::97].mean()) > BRIGHT
            if is_bright and not was_bright:
                tell(event="flash", frame=self.frames)
            was_bright = is_bright
            self.frames += 1

    async def listen(self, track: rtc.Track) -> None:
        quiet = 1.0
        async for event in rtc.AudioStream(track, sample_rate=48_000, num_channels=1, frame_size_ms=10):
            pcm = np.frombuffer(event.frame.data, np.int16)
            loud = float(np.abs(pcm.astype(float)).mean()) > LOUD
            if loud and quiet > 0.2:
                tell(event="beep")
            quiet = 0.0 if loud else quiet + 0.01


async def main() -> None:
    try:
        await Participant(*sys.argv[1:]).run()
    finally:
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
