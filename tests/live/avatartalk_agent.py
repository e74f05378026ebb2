# /// script
# requires-python = ">=3.11,<3.13"
# dependencies = ["livekit-agents==1.8.9", "livekit-plugins-avatartalk==1.8.9"]
# ///
"""An agent of livekit-agents that speaks by AvatarTalk's plugin, as it comes: `avatartalk_agent.py SERVICE AVATAR`.

It has an environment of its own: it needs another version of LiveKit's SDK, and some 70 packages. The server gives it
the first room that somebody joins. There it says something, goes on at a line of its standard input, is interrupted at
the next, says something else and leaves, and tells of all that as JSON, a line each. LIVEKIT_URL, LIVEKIT_API_KEY,
LIVEKIT_API_SECRET and AVATARTALK_API_KEY are read by LiveKit's own code.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentServer, AgentSession, JobContext, JobExecutorType
from livekit.plugins import avatartalk

RATE = 16_000
FRAME_S = 0.05


def tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


async def tone(seconds: float) -> AsyncIterator[rtc.AudioFrame]:
    step = round(FRAME_S * RATE)
    for start in range(0, round(seconds * RATE), step):
        t = np.arange(start, start + step) / RATE
        pcm = (8_000 * np.sin(2 * np.pi * 200 * t)).astype("<i2").tobytes()
        yield rtc.AudioFrame(pcm, sample_rate=RATE, num_channels=1, samples_per_channel=step)


async def talk(context: JobContext, service: str, avatar: str) -> None:
    await context.connect()
    session: AgentSession[None] = AgentSession()
    face = avatartalk.AvatarSession(api_url=service, avatar=avatar)
    await face.start(session, room=context.room)
    await session.start(Agent(instructions=""), room=context.room)
    await face.wait_for_join()
    tell(event="joined", task=face.conversation_id)
    output = session.output.audio
    assert output
    output.on(
        "playback_finished",
        lambda over: tell(event="finished", position=over.playback_position, interrupted=over.interrupted),
    )
    await session.say("one", audio=tone(1.0))
    await asyncio.to_thread(sys.stdin.readline)
    long = session.say("two", audio=tone(20.0))
    await asyncio.to_thread(sys.stdin.readline)  # somebody has heard it
    await session.interrupt()
    await long
    await session.say("three", audio=tone(0.5))
    context.shutdown()


async def main(service: str, avatar: str) -> None:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    server = AgentServer(host="127.0.0.1", port=0, job_executor_type=JobExecutorType.THREAD)

    async def ended(_context: JobContext) -> None:
        loop.call_soon_threadsafe(over.set)

    async def work(context: JobContext) -> None:
        await talk(context, service, avatar)

    server.rtc_session(work, on_session_end=ended)
    server.on("worker_registered", lambda *_: tell(event="waits"))
    running = asyncio.create_task(server.run(devmode=True))
    await asyncio.wait({running, asyncio.create_task(over.wait())}, return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        await running
    await server.drain()
    await server.aclose()
    tell(event="left")
    os._exit(0)  # LiveKit's SDK may abort as Python ends


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
