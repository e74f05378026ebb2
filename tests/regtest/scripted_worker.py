"""A worker that stops where a file tells it to: `python scripted_worker.py PORT SCRIPT`.

A program of its own, so that it can be killed. The script is one word: `go`; `refuse`; or a number, the segment before
which it waits. A text that has the word `unspeakable` is refused whatever the script says, and of one that has
`unfinished` only the first segment is made and called the whole. A recording has to be as long as all segments. Its
videos are no videos: every byte says of which order and segment it is.
"""

import asyncio
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

SEGMENTS = 4
SEGMENT_FRAMES = 12
LOOK_S = 0.02

SPEECH = bytes(2 * 960 * SEGMENT_FRAMES)
"""Of a text, as long as a segment shows."""

AVATARS = [
    {
        "name": "european_woman",
        "label": "European woman",
        "emotions": ["happy"],
        "gender": "female",
        "elderly": False,
    }
]
VOICES = [{"name": "betty", "language": "en", "gender": "female"}]


def init(order: int) -> bytes:
    return b"init of %d" % order


def segment(order: int, n: int) -> bytes:
    return b"segment %d of %d " % (n, order) * 200


def video(order: int) -> bytes:
    """Say what the whole video of an order is."""
    return init(order) + b"".join(segment(order, n) for n in range(SEGMENTS))


class Worker:
    """Its renders. A class since its health counts them."""

    def __init__(self, script: Path) -> None:
        self._script = script
        self._active = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        match scope["path"]:
            case "/health":
                await answer(send, 200, {"status": "ok", "renders_active": self._active})
            case "/avatars":
                await answer(send, 200, AVATARS)
            case "/voices":
                await answer(send, 200, VOICES)
            case "/video":
                await answer(send, 200, video(int(scope["query_string"])).decode())
            case "/renders":
                self._active += 1
                try:
                    await self._render(await request(receive), send)
                finally:
                    self._active -= 1

    async def _render(self, job: dict[str, Any], send: Any) -> None:
        order, first = int(job["order"]), job["first_frame"] // SEGMENT_FRAMES
        await self._until_told(first)
        if self._script.read_text() == "refuse" or "unspeakable" in (job["text"] or ""):
            await answer(send, 400, {"detail": "This worker makes no video."})
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})

        async def put(kind: str, **record: Any) -> None:
            packed = msgspec.msgpack.encode({"type": kind, **record})
            framed = struct.pack(">I", len(packed)) + packed
            await send({"type": "http.response.body", "body": framed, "more_body": True})

        spoken = job["text"] is not None
        await put(
            "init",
            data=init(order),
            language="en" if spoken else None,
            voice="betty" if spoken else None,
        )
        text, said = job["text"] or "", job["pcm_bytes"] // len(SPEECH)
        for n in range(first, SEGMENTS):
            await self._until_told(n)
            for part in range(
                said, min(n + 2, SEGMENTS) if spoken else 0
            ):  # speech comes before what shows it
                said += 1
                await put(
                    "speech",
                    first_sample=part * len(SPEECH) // 2,
                    pcm=SPEECH,
                    spoken=len(text) * said // SEGMENTS,
                    sample_rate=24000,
                )
            if "unfinished" in text and n == 1:  # it ends early, and says that this is all
                await put("end", frames=SEGMENT_FRAMES, engine={})
                return
            await put(
                "segment", first_frame=n * SEGMENT_FRAMES, frames=SEGMENT_FRAMES, data=segment(order, n)
            )
        await put("end", frames=SEGMENTS * SEGMENT_FRAMES, engine={})
        await send({"type": "http.response.body", "body": b""})

    async def _until_told(self, n: int) -> None:
        while (told := self._script.read_text()).isdigit() and int(told) <= n:  # noqa: ASYNC110 - a file tells nobody when it changes
            await asyncio.sleep(LOOK_S)


async def request(receive: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Read what is to be rendered."""
    body, more = b"", True
    while more:
        event = await receive()
        body, more = body + event.get("body", b""), event.get("more_body", False)
    (length,) = struct.unpack_from(">I", body)
    return {**msgspec.msgpack.decode(body[4 : 4 + length]), "pcm_bytes": len(body) - 4 - length}


async def answer(send: Any, status: int, content: Any) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(content)})


if __name__ == "__main__":
    uvicorn.run(Worker(Path(sys.argv[2])), port=int(sys.argv[1]), lifespan="off", log_level="warning")
