"""A worker to render with: small drawn avatars, a tiny network, and the real program around them."""

import asyncio
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from worker.encode import FPS
from worker.live import records as live
from worker.records import RecordReader, RenderRequest, encode_record

FOOTAGE_FRAMES = 25
MOUTHS = ((120, 60, 60), (60, 90, 120))  # colours of the other mouths, which have no other shape
DEADLINE_S = 60


def sway(step: int) -> int:
    return 256 + int(6 * np.sin(2 * np.pi * step / FOOTAGE_FRAMES))


def draw_face(step: int) -> NDArray[np.uint8]:
    """A face that sways, its mouth closed: RGB, (512, 512, 3)."""
    x = sway(step)
    picture = np.full((512, 512, 3), (120, 150, 170), np.uint8)
    cv2.ellipse(picture, (x, 250), (130, 170), 0, 0, 360, (225, 180, 150), -1)
    for eye in (-50, 50):
        cv2.circle(picture, (x + eye, 210), 14, (60, 40, 30), -1)
    cv2.line(picture, (x - 35, 330), (x + 35, 330), (170, 80, 80), 8)
    return picture


def draw_mouths(step: int) -> NDArray[np.uint8]:
    """The other mouths of a frame, each a little brighter than in the one before: RGB, (144, 288, 3)."""
    colours = np.array(MOUTHS, np.uint8) + np.uint8(step)
    return np.tile(np.repeat(colours, 144, axis=0), (144, 1, 1))


def write_film(path: Path, draw: Callable[[int], NDArray[np.uint8]]) -> None:
    with av.open(path, "w") as film:
        stream = film.add_stream("libx264", rate=25, options={"crf": "12"})
        stream.height, stream.width, _ = draw(0).shape
        stream.pix_fmt = "yuv420p"
        for step in range(FOOTAGE_FRAMES):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(draw(step), format="rgb24")))
        film.mux(stream.encode())


def write_avatar(
    folder: Path, name: str, emotions: dict[str, str], gender: str = "female", *, mouths: bool = False
) -> None:
    """Write a pack with one film of `FOOTAGE_FRAMES` frames for each emotion, given with its playback."""
    folder.mkdir(parents=True)
    boxes = [(sway(step), 320.5, 135.0) for step in range(FOOTAGE_FRAMES)]
    for emotion in emotions:
        write_film(folder / f"{emotion}.mp4", draw_face)
        if mouths:
            write_film(folder / f"{emotion}.mouths.mp4", draw_mouths)
    described = {
        emotion: {
            "footage": f"{emotion}.mp4",
            "frames": FOOTAGE_FRAMES,
            "playback": playback,
            "boxes": boxes,
        }
        | (
            {"mouths": {"film": f"{emotion}.mouths.mp4", "shapes": len(MOUTHS), "size": 144}}
            if mouths
            else {}
        )
        for emotion, playback in emotions.items()
    }
    pack = {"name": name, "label": name.title(), "gender": gender, "elderly": False, "emotions": described}
    (folder / "avatar.json").write_text(json.dumps(pack))


@pytest.fixture(scope="session")
def assets(tmp_path_factory) -> Path:
    return write_assets(tmp_path_factory.mktemp("assets"))


def write_assets(folder: Path) -> Path:
    """Write three avatars, one with other mouths, and the tiny networks of `data/make_tiny_model.py`."""
    write_avatar(folder / "avatars" / "ann", "ann", {"neutral": "pingpong", "happy": "loop"})
    write_avatar(folder / "avatars" / "bob", "bob", {"neutral": "loop"}, gender="male")
    write_avatar(folder / "avatars" / "cleo", "cleo", {"neutral": "pingpong"}, mouths=True)
    (folder / "model").mkdir()
    for graph in ("wav2lip.onnx", "references.onnx"):
        shutil.copy(Path(__file__).parent / "data" / graph, folder / "model")
    (folder / "model" / "model.json").write_text(json.dumps({"name": "tiny", "version": "test"}))
    return folder


@pytest.fixture
def mouth_colours() -> tuple[tuple[int, int, int], ...]:
    """Of the other mouths in the first frame."""
    return MOUTHS


class WorkerClient:
    """A client that speaks the worker's protocol."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._live = 0

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, timeout=DEADLINE_S)

    async def health(self) -> dict[str, Any]:
        async with self.client() as client:
            return (await client.get("/health")).json()

    @asynccontextmanager
    async def render(self, pcm: bytes = b"", **fields: Any) -> AsyncIterator[AsyncIterator[Any]]:
        """Open a render; what it gives yields the records."""
        content = _request_bytes(pcm, **fields)
        async with self.client() as client, client.stream("POST", "/renders", content=content) as response:
            if response.status_code != 200:
                await response.aread()
            response.raise_for_status()
            yield _records(response)

    @asynccontextmanager
    async def live(self, **fields: Any) -> AsyncIterator["LiveClient"]:
        """Open a live session; asks for what is usual, but for `fields`."""
        url = self.url.replace("http", "ws", 1) + "/sessions"
        self._live += 1
        async with connect(url, max_size=None, proxy=None) as socket:
            client = LiveClient(socket)
            defaults: dict[str, Any] = {"session": "test", "avatar": "ann", "emotion": "neutral"}
            with suppress(ConnectionClosed):  # where there is no place it may be closed already
                await client.send(live.Open(**(defaults | fields)))
            yield client
        self._live -= 1
        if socket.close_code == CloseCode.SERVICE_RESTART:
            return  # it has ended
        async with asyncio.timeout(DEADLINE_S):
            while (await self.health())["live_sessions"] > self._live:  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.02)  # a place comes free a moment after its connection is closed

    async def records(self, pcm: bytes = b"", **fields: Any) -> list[Any]:
        async with self.render(pcm, **fields) as records:
            return [record async for record in records]


class WorkerProcess(WorkerClient):
    """`python -m worker`, and a client of it."""

    def __init__(self, assets: Path, *options: str, ready: bool = True) -> None:
        command = [sys.executable, "-m", "worker", "--port", "0", "--assets", str(assets), *options]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
        )
        assert self.process.stdout
        assert self.process.stderr
        self._stdout, self._stderr = self.process.stdout, self.process.stderr
        self.log: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()
        if ready:
            assert self._ready.wait(DEADLINE_S)
            listens = next((line for line in self.log if "worker listens" in line), None)
            assert listens, "".join(self.log)
            port = listens.split("port=")[1].split()[0]
            super().__init__(f"http://127.0.0.1:{port}")

    def _read_log(self) -> None:
        for line in self._stderr:
            self.log.append(line)
            if "worker ready" in line:
                self._ready.set()
        self._ready.set()

    def stop(self) -> str:
        """Ask it to end; returns what it printed since its start."""
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        printed = "" if self._stdout.closed else self._stdout.read()
        self._stdout.close()
        self._stderr.close()
        return printed


class LiveClient:
    """One who speaks the protocol of live sessions and keeps all that comes."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[Any] = []

    async def send(self, *messages: live.Message) -> None:
        for message in messages:
            await self.socket.send(live.encode(message))

    async def next(self) -> Any:
        async with asyncio.timeout(DEADLINE_S):
            data = await self.socket.recv(decode=False)
        self.events.append(live.decode_event(data))
        return self.events[-1]

    async def until(self, kind: Any, **fields: Any) -> Any:
        """Take what comes up to an event of a kind."""
        while True:
            event = await self.next()
            if isinstance(event, kind) and all(getattr(event, key) == value for key, value in fields.items()):
                return event

    async def pull(self) -> live.Segment:
        """Ask for one segment, and take what comes up to it."""
        await self.send(live.Pull())
        segment = await self.until(live.Segment)
        assert isinstance(segment, live.Segment)
        if segment.utterance is None:  # which the worker has ready: played eight times as fast as it is meant
            await asyncio.sleep(segment.frames / FPS / 8)
        return segment

    async def pull_until(self, fact: Callable[[], bool]) -> None:
        """Pull segments until something holds."""
        while not fact():
            await self.pull()

    async def say(self, utterance: str, text: str) -> None:
        await self.send(live.Say(id=utterance, text=text), live.Done(id=utterance))

    async def end(self) -> None:
        """Finish, and pull all that is left."""
        await self.send(live.Finish())
        while not self.of(live.End):
            with suppress(ConnectionClosed):  # the end comes by itself after the last segment
                await self.send(live.Pull())
            await self.until((live.Segment, live.End))

    def of(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def segments(self) -> list[live.Segment]:
        return self.of(live.Segment)

    @property
    def movie(self) -> bytes:
        return b"".join(event.data for event in self.events if isinstance(event, live.Init | live.Segment))


def _request_bytes(pcm: bytes = b"", **fields: Any) -> bytes:
    defaults: dict[str, Any] = {"order": "test", "avatar": "ann", "emotion": "neutral", "sample_rate": 16_000}
    return encode_record(RenderRequest(**(defaults | fields))) + pcm


async def _records(response: httpx.Response) -> AsyncIterator[Any]:
    reader = RecordReader(max_bytes=10_000_000)
    async for data in response.aiter_raw():
        reader.feed(data)
        while record := reader.next():
            yield record
    assert reader.take_rest() == b""


@pytest.fixture(scope="session")
def worker(assets) -> Iterator[WorkerProcess]:
    worker = WorkerProcess(assets, "--max-renders", "2")
    yield worker
    worker.stop()


@pytest.fixture
def start_worker(assets) -> Iterator[Callable[..., WorkerProcess]]:
    """Starts workers of the test's own."""
    started = []

    def start(*options: str, assets: Path = assets, ready: bool = True) -> WorkerProcess:
        started.append(WorkerProcess(assets, *options, ready=ready))
        return started[-1]

    yield start
    for worker in started:
        worker.stop()


@pytest.fixture
def request_bytes() -> Callable[..., bytes]:
    """Makes the body of a render request that is right but for what is given."""
    return _request_bytes
