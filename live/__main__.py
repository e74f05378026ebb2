"""`python -m live`: one live output, told on standard input; see `live.records`."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Never

from live.errors import CannotShow
from live.output import Output
from live.pipes import Pipes
from live.records import Gone, Message, Peer, Push, Record, Room, Silence, Stop

_GOODBYE_S = 2.0


async def main() -> Never:
    """Show what is told, until it is over."""
    pipes = await Pipes.open()
    try:
        match await pipes.read():
            case Room() as room:
                gone = await _in_room(room, pipes)
            case Push() as push:
                gone = await _pushed(push, pipes)
            case Peer() as peer:
                gone = await _called(peer, pipes)
            case _:
                gone = Gone(reason="left")
    except CannotShow as exc:
        gone = Gone(reason="failed", detail=str(exc))
    except Exception as exc:  # noqa: BLE001 - of libraries, in whose words may be a token or a stream key
        gone = Gone(reason="failed", detail=f"Something failed inside: {type(exc).__name__}.")
    pipes.tell(gone)
    with suppress(TimeoutError):
        async with asyncio.timeout(_GOODBYE_S):
            await pipes.flush()
    os._exit(0)  # LiveKit's SDK may abort as Python ends, and a thread may be in libavformat for ever


async def _in_room(opened: Room, pipes: Pipes) -> Gone:
    from live.livekit import LiveKit  # noqa: PLC0415 - who pushes RTMP needs no LiveKit

    over: asyncio.Future[Gone] = asyncio.get_running_loop().create_future()
    stage = LiveKit(opened, pipes.tell, lambda gone: None if over.done() else over.set_result(gone))
    await stage.join()
    output = Output(stage, pipes.tell)
    gone = await _first(output.play(), _feed(pipes, output.take), stage.listen(), _result(over))
    await _bounded(stage.leave())
    return gone


async def _pushed(opened: Push, pipes: Pipes) -> Gone:
    from live.rtmp import Rtmp  # noqa: PLC0415

    stage = Rtmp(opened, pipes.tell)
    output = Output(stage, pipes.tell)
    gone = await _first(output.play(), _feed(pipes, output.take))
    await _bounded(asyncio.to_thread(stage.close))
    return gone


async def _called(opened: Peer, pipes: Pipes) -> Gone:
    from live.webrtc import WebRtc  # noqa: PLC0415

    over: asyncio.Future[Gone] = asyncio.get_running_loop().create_future()
    stage = WebRtc(opened, pipes.tell, lambda gone: None if over.done() else over.set_result(gone))
    await stage.answer()
    output = Output(stage, pipes.tell)

    async def play() -> None:
        await stage.connect()
        await output.play()

    def take(message: Message) -> None:
        match message:
            case Silence():
                stage.mute.silence()  # its pictures go on, since others are made of them
            case Record():
                stage.record(message)
            case Stop():
                stage.stop()
            case _:
                output.take(message)

    gone = await _first(play(), _feed(pipes, take), stage.watch(), _result(over))
    await _bounded(stage.leave())
    return gone


async def _feed(pipes: Pipes, take: Callable[[Message], None]) -> None:
    """Take all that is told, until nobody is there."""
    while message := await pipes.read():
        take(message)


async def _first(*works: Coroutine[Any, Any, Gone | None]) -> Gone:
    """Do all of it until one is over; what it returns, or raises, is how it ends."""
    tasks = [asyncio.create_task(work) for work in works]
    done, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    results = [task.result() for task in done]
    return next(filter(None, results), Gone(reason="left"))


async def _result(future: asyncio.Future[Gone]) -> Gone:
    return await future


async def _bounded(goodbye: Coroutine[Any, Any, None]) -> None:
    with suppress(Exception):
        async with asyncio.timeout(_GOODBYE_S):
            await goodbye


if __name__ == "__main__":
    asyncio.run(main())
