"""A real service over HTTP, with a node in memory and a worker that does what the test says."""

import asyncio
import contextlib
import io
import struct
import time
import wave
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from lightning import PaymentHash, SettleIndex, Settlement
from lightning.memory import MemoryBackend
from lightning.memory_payments import MemoryPayments
from service.accounts.port import Scope
from service.app import create_app
from service.assembly.stores import open_database, open_keys
from service.catalogue.built_in import AVATARS, EMOTIONS
from service.program import server_config
from service.runtime.recent import RecentErrors
from service.runtime.stopping import Stopping
from service.settings import Settings
from service.storage.videos import SqlVideos
from tests.serving import body_of, live, serve

DEADLINE_S = 30

CURL_S = 120
"""A real render may take as long."""

SEGMENT_FRAMES = 12

PACK = b"the tar of an avatar"

UNLIMITED = [
    f"{what}{whose}"
    for what in (
        "quotes_per_minute",
        "estimates_per_minute",
        "polls_per_minute",
        "open_quotes",
        "open_streams",
    )
    for whose in ("", "_per_client")
]
"""Tests ask as fast as they can."""


class Clock:
    """The time, which a test can put forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self.wrong = timedelta(0)  # what somebody has set it wrong by
        self.looks = 0  # of who does not believe it without a second one
        self.jump: tuple[int, timedelta] | None = None  # after so many looks

    def now(self) -> datetime:
        if self.jump is not None:
            looks, far = self.jump
            self.jump = (looks - 1, far) if looks else None
            self.ahead += timedelta(0) if looks else far
        return datetime.now(UTC) + self.ahead + self.wrong

    def monotonic(self) -> float:
        self.looks += 1
        return time.monotonic() + self.ahead.total_seconds()

    def pass_by(self, **duration: float) -> None:
        self.ahead += timedelta(**duration)


class SilentNode(MemoryBackend):
    """A node whose stream of settlements hangs, as LND's is known to (lnd#7727)."""

    async def settlements(
        self, *, after: SettleIndex, known: PaymentHash | None = None
    ) -> AsyncGenerator[Settlement]:
        await asyncio.Event().wait()
        async for settlement in super().settlements(after=after, known=known):
            yield settlement


class ScriptedWorker:
    """Speaks the worker protocol over HTTP and does what the test says.

    Its videos are no videos: every byte says which segment it belongs to, so that a test sees what it got.
    """

    def __init__(self) -> None:
        self.segments = 4
        self.segment_bytes = 3000
        self.fail_after: int | None = (
            None  # break the connection once so many segments of this render are sent
        )
        self.answer: tuple[int, str] | None = None  # refuse: status and detail
        self.hold_after: int | None = None  # wait for `go` once so many segments of this render are sent
        self.go = asyncio.Event()
        self.fault: str | None = None  # break the protocol
        self.sign: Callable[[dict[str, Any]], bytes] = lambda _request: b""  # what each segment begins with
        self.voices = [{"name": "anna", "language": "de", "gender": "female", "new": 1}]
        self.avatars = [show(name) for name in AVATARS]
        self.active = 0  # renders that it says it has
        self.pictures: dict[str, str] = {}  # what it answers at other paths
        self.asked: list[str] = []  # of these
        self.films: list[bytes] = []  # bodies that came with that
        self.lent: dict[str, bytes] = {}  # packs of accounts' avatars, and backgrounds, by their names
        self.clones: list[str] = []  # languages that it speaks like any recording
        self.cloned: list[dict[str, Any]] = []  # what it was asked to make such voices of
        self.like: dict[str, Any] | None = None  # what it matches to samples; None: it does no such work
        self.unfit: list[bytes] = []  # what it takes for neither
        self.said: list[dict[str, Any]] = []  # texts that were to be heard
        self.recording = bytes(32_000)  # what any file sounds like, s16le at 16 kHz
        self.portrait: bytes | None = None  # what it draws; None: it does no such work
        self.prompts: list[str] = []  # that it was asked to draw
        self.fitted: list[tuple[bytes, str]] = []  # pictures that it was asked to cut, and how
        self.packs: list[dict[str, Any]] = []  # what it was asked to make avatars of
        self.requests: list[dict[str, Any]] = []
        self.pcm: list[bytes] = []
        self.retry_after_s = 5  # said with every answer
        self.gone = asyncio.Event()  # a render that waited for `go` was stopped
        self.url = ""

    @property
    def video(self) -> bytes:
        """What a whole video is."""
        return self._init() + b"".join(self._segment(n) for n in range(self.segments))

    def stored(self, segments: int) -> bytes:
        """What a video of so many segments is."""
        return self._init() + b"".join(self._segment(n) for n in range(segments))

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        match scope["path"]:
            case "/health":
                health = {"status": "ok", "renders_active": self.active, "clones": self.clones}
                await _answer(send, 200, health)
            case "/avatars" if scope["method"] == "GET":
                await _answer(send, 200, self.avatars)
            case "/voices":
                await _answer(send, 200, self.voices)
            case "/renders":
                await self._render(receive, send)
            case path if path in self.pictures:
                self.asked.append(path)
                self.films.append((await receive())["body"])
                await _answer(send, 200, self.pictures[path])
            case _:
                await self._studio(scope, receive, send)

    async def _studio(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """What accounts have made beside videos: it waits before it begins, or in the middle of a pack."""
        match scope["path"]:
            case "/portraits" | "/avatars/filmed" if self.portrait is not None:
                await self._draw(msgspec.json.decode(await body_of(receive)), receive, send)
            case "/portraits/fitted" if self.portrait is not None:
                self.fitted.append((await body_of(receive), scope["query_string"].decode()))
                if self.answer is not None:
                    await _answer(send, self.answer[0], {"detail": self.answer[1]})
                else:
                    await send({"type": "http.response.start", "status": 200, "headers": []})
                    await send({"type": "http.response.body", "body": self.portrait})
            case "/avatars" if scope["method"] == "POST" and self.portrait is not None:
                self.packs.append({"film": await body_of(receive), "query": scope["query_string"].decode()})
                await self._pack(receive, send, ["The mouth is open."])
            case path if path.startswith(("/voices/clone", "/voices/own_")):
                await self._speak_like(scope, receive, send)
            case path if path.startswith(("/avatars/own_", "/backgrounds/")):
                await self._lend(path.rsplit("/", 1)[1], scope["method"], receive, send)
            case "/speech":
                self.said.append(msgspec.json.decode(await body_of(receive)))
                await self._held_at(0, receive)
                await self._hear(send, b"ID3" + bytes(2000), b"2500")
            case "/voices/match" if self.like is not None:
                self.said.append(msgspec.msgpack.decode(await body_of(receive)))
                await _answer(send, *(self.answer or (200, self.like)))
            case "/pcm":
                self.films.append(await body_of(receive))
                await self._hear(send, self.recording, b"1000")
            case _:
                await _answer(send, 404, {"title": "Not Found"})

    async def _draw(self, asked: dict[str, Any], receive: Any, send: Any) -> None:
        if "prompt" not in asked:
            self.packs.append(asked)
            await self._pack(receive, send, [])
            return
        self.prompts.append(asked["prompt"])
        await self._held_at(0, receive)
        if self.answer is not None:
            await _answer(send, self.answer[0], {"detail": self.answer[1]})
        else:
            drawn = {"picture": self.portrait, "recipe": {"seed": 7}, "ignored_words": ["monocle"]}
            await _answer(send, 200, drawn)

    async def _speak_like(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Make a voice of samples, or take one that is lent."""
        if not self.clones:
            await _answer(send, 404 if scope["method"] == "GET" else 501, {"detail": "There is no template."})
        elif scope["path"] == "/voices/clone":
            await self._clone(msgspec.msgpack.decode(await body_of(receive)), receive, send)
        else:
            await self._lend(scope["path"].rsplit("/", 1)[1], scope["method"], receive, send)

    async def _clone(self, asked: dict[str, Any], receive: Any, send: Any) -> None:
        """Make a voice; where it is tried it waits before."""
        self.cloned.append(asked)
        if asked["trial"]:
            await self._held_at(0, receive)
        if self.answer is not None:
            await _answer(send, self.answer[0], {"detail": self.answer[1]})
            return
        about = {"template": "any", "gender": "female", "seconds": 3.5, "pitch_hz": 201.5, "similarity": 0.5}
        made = msgspec.msgpack.encode({"pack": PACK, **about})
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": made})

    async def _pack(self, receive: Any, send: Any, warnings: list[str]) -> None:
        await self._held_at(0, receive)
        if self.answer is not None:
            await _answer(send, self.answer[0], {"detail": self.answer[1]})
            return
        headers = [(b"content-type", b"application/x-tar"), (b"x-warnings", msgspec.json.encode(warnings))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": PACK[:7], "more_body": True})
        await self._held_at(1, receive)
        await send({"type": "http.response.body", "body": PACK[7:]})

    async def _held_at(self, step: int, receive: Any) -> None:
        if self.hold_after == step:
            await self._go_or_gone(receive)

    async def _lend(self, name: str, method: str, receive: Any, send: Any) -> None:
        if method == "PUT" and (content := await body_of(receive)) in self.unfit:
            await _answer(send, 400, {"detail": "This picture cannot be decoded."})
            return
        if method == "PUT":
            self.lent[name] = content
        await _answer(send, 200 if name in self.lent else 404, {"title": "lent or not"})

    async def _hear(self, send: Any, content: bytes, ms: bytes) -> None:
        if self.answer is not None:
            await _answer(send, self.answer[0], {"detail": self.answer[1]})
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"speech-ms", ms)]})
        await send({"type": "http.response.body", "body": content})

    async def _render(self, receive: Any, send: Any) -> None:
        body = await body_of(receive)
        (length,) = struct.unpack_from(">I", body)
        request = msgspec.msgpack.decode(body[4 : 4 + length])
        self.requests.append(request)
        self.pcm.append(body[4 + length :])
        if self.answer is not None:
            status, detail = self.answer
            problem = {"title": "no", "status": status, "detail": detail}
            await _answer(send, status, problem, retry_after_s=self.retry_after_s)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if self.fault == "gap":
            request = {**request, "first_frame": SEGMENT_FRAMES}
        elif self.fault is not None:
            body = {"rubbish": b"\x00\x00\x00\x02??", "endless record": b"\xff" * 8}[self.fault]
            await send({"type": "http.response.body", "body": body, "more_body": True})
        for sent, record in enumerate(self._records(request, self.pcm[-1])):
            if sent == self.hold_after:
                await self._go_or_gone(receive)
            if sent == self.fail_after:
                return  # without the last chunk: the connection breaks
            for piece in record:
                encoded = msgspec.msgpack.encode(piece)
                packed = struct.pack(">I", len(encoded)) + encoded
                await send({"type": "http.response.body", "body": packed, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _go_or_gone(self, receive: Any) -> None:
        going, leaving = asyncio.create_task(self.go.wait()), asyncio.create_task(receive())
        await asyncio.wait([going, leaving], return_when=asyncio.FIRST_COMPLETED)
        if leaving.done():
            self.gone.set()
        going.cancel()
        leaving.cancel()

    def _records(self, request: dict[str, Any], pcm: bytes) -> list[list[dict[str, Any]]]:
        """What is sent together: the start with the first segment, then a segment each, then the end.

        Speech comes a part before the segment that shows it, as much of it as the PCM does not have yet.
        """
        speaks = request["text"] is not None
        groups: list[list[dict[str, Any]]] = []
        init = {
            "type": "init",
            "data": self._init(),
            "language": (request["language"] or "en") if speaks else None,
            "voice": (request["voice"] or "betty") if speaks else None,
            "sample_rate": 24000 if speaks else 16000,
            "width": 512,
            "height": 512,
            "fps": 25,
        }
        frames = self.segments * SEGMENT_FRAMES if speaks else -(-len(pcm) // (2 * 640))
        starts = [frames * n // self.segments for n in range(self.segments + 1)]
        first = starts.index(request["first_frame"])
        said = len(pcm) // len(self.speech(0))
        for n in range(first, self.segments):
            group = [init] if n == first else []
            for part in range(said, min(n + 2, self.segments) if speaks else 0):
                said += 1
                speech = {
                    "type": "speech",
                    "first_sample": part * len(self.speech(0)) // 2,
                    "pcm": self.speech(part),
                    "spoken": self.spoken(request["text"], part + 1),
                    "last": said == self.segments,
                    "sample_rate": 24000,
                    "language": "en",
                    "voice": "betty",
                }
                group.append(speech)
            segment = {
                "type": "segment",
                "first_frame": starts[n],
                "frames": starts[n + 1] - starts[n],
                "first_sample": 0,
                "data": self.sign(request) + self._segment(n),
            }
            groups.append([*group, segment])
        end = {
            "type": "end",
            "frames": frames,
            "samples": frames * (960 if speaks else 640),
            "engine": {"model": "none"},
        }
        return [*groups, [end]]

    def speech(self, n: int) -> bytes:
        """What a part of the speech of a text is: a segment's."""
        return bytes([n]) * (2 * 960 * SEGMENT_FRAMES)

    def spoken(self, text: str, parts: int) -> int:
        """How many characters of a text so many parts say."""
        return len(text) * parts // self.segments

    def _init(self) -> bytes:
        return b"init" * 10

    def _segment(self, n: int) -> bytes:
        return bytes([n]) * self.segment_bytes


async def _answer(send: Any, status: int, content: Any, *, retry_after_s: int = 5) -> None:
    headers = [(b"content-type", b"application/json"), (b"retry-after", str(retry_after_s).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": msgspec.json.encode(content)})


def show(name: str, *emotions: str) -> dict[str, Any]:
    """Say of an avatar what a worker says."""
    return {
        "name": name,
        "label": name.title(),
        "emotions": emotions or EMOTIONS,
        "gender": "female",
        "elderly": False,
    }


class Shop:
    """A service, its client, its node and its worker."""

    def __init__(self, folder: Path, worker: ScriptedWorker, stores: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.stores = stores or {}  # where orders and videos are, if not in the folder
        self.clock = Clock()
        self.node = MemoryBackend()
        self.buyer = MemoryBackend()  # a wallet, for refunds
        self.payer: MemoryPayments | None = MemoryPayments(self.buyer)
        self.worker = worker
        self.stopping = Stopping()
        self.errors: RecentErrors | None = None
        self.url = ""
        self.http: httpx.AsyncClient

    def settings(self, **changes: Any) -> Settings:
        usual = {
            "data_dir": self.folder,
            "worker_urls": self.worker.url,
            "btc_usd": "fixed:65000",
            "payment_wait_s": 5.0,
            "port": 0,
            "drain_s": 1,
            "heygen_per_hour": 0,
            "top_up_s": 36_000,
            "resume_s": 3600.0,  # a render that failed stays as it is
            **dict.fromkeys(UNLIMITED, 0),
            **self.stores,
        }
        return Settings.of(**{**usual, **changes})

    @contextlib.asynccontextmanager
    async def open(self, **settings: Any) -> AsyncIterator["Shop"]:
        """Run it; a second time it is the same service after a restart."""
        self.stopping = Stopping()
        chosen = self.settings(**settings)
        app = create_app(
            chosen,
            backend=self.node,
            payer=self.payer,
            stopping=self.stopping,
            now=self.clock.now,
            monotonic=self.clock.monotonic,
            errors=self.errors,
        )
        async with (
            serve(app, server_config(chosen, app)) as self.url,
            httpx.AsyncClient(base_url=self.url, timeout=DEADLINE_S) as self.http,
        ):
            yield self

    async def quote(self, text: str = "Hello there, my dear friend.", **wish: Any) -> str:
        """Ask for a quote; its invoice."""
        answer = await self.http.post("/lightning/request-video/text", json={"text": text, **wish})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["bolt11_invoice"])

    async def paid(self, **wanted: str) -> str:
        """Ask for a quote and pay it; its invoice."""
        invoice = await self.quote(**wanted)
        self.node.pay(invoice)
        return invoice

    def order(self, invoice: str, **changes: Any) -> dict[str, Any]:
        """Say what a delivery asks for."""
        return {"bolt11_invoice": invoice, "avatar": "arab_woman", "emotion": "happy", **changes}

    async def video(self, invoice: str, **changes: Any) -> httpx.Response:
        """Ask for the delivery and read all of it."""
        return await self.http.post("/lightning/generate-video", json=self.order(invoice, **changes))

    async def download(self, invoice: str, **changes: Any) -> "Download":
        """Ask for the delivery as a person with curl does."""
        body = msgspec.json.encode(self.order(invoice, **changes)).decode()
        return await curl("-d", body, f"{self.url}/lightning/generate-video")

    async def payment(self, invoice: str) -> dict[str, Any]:
        """Ask what became of a payment."""
        answer = await self.http.get(f"/lightning/payment/{invoice}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def eventually(self, holds: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(DEADLINE_S):
            while not holds():  # noqa: ASYNC110 - files and counters tell nobody when they change
                await asyncio.sleep(0.005)

    async def until_joined(self) -> None:
        """Wait until the video of the first order is one object."""
        async with open_database(self.settings()) as database, asyncio.timeout(DEADLINE_S):
            videos = SqlVideos(database)
            while (video := await videos.get(1)) is None or video.object is None:  # noqa: ASYNC110 - what a row says
                await asyncio.sleep(0.01)

    async def until_waiting(self) -> None:
        """Wait until a request waits."""
        await self.eventually(lambda: self.stopping.waiting > 0)

    async def key(self, *scopes: Scope) -> dict[str, str]:
        """Make a key of the operator, good for all figures unless it is said; the header that shows it."""
        async with open_keys(self.settings()) as keys:
            return {"Authorization": f"Bearer {await keys.create('test', scopes)}"}

    async def until_known(self, avatar: str, *, known: bool = True) -> None:
        """Wait until an avatar is on sale, or no longer."""
        async with asyncio.timeout(DEADLINE_S):
            while (f'"{avatar}"' in (await self.http.get("/avatars")).text) != known:  # noqa: ASYNC110 - what a buyer can do
                await asyncio.sleep(0.01)

    async def until(self, invoice: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until what is told of a payment is so."""
        async with asyncio.timeout(DEADLINE_S):
            while not holds(payment := await self.payment(invoice)):  # noqa: ASYNC110 - what a buyer can do
                await asyncio.sleep(0.01)
        return payment


class Download(NamedTuple):
    """What curl got, and what it said by its exit code."""

    returncode: int
    received: bytes


async def curl(*arguments: str) -> Download:
    """Run the real curl."""
    process = await asyncio.create_subprocess_exec(
        "curl",
        "-sS",
        "--no-buffer",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(CURL_S):
        received, _ = await process.communicate()
    return Download(process.returncode or 0, received)


def wav(seconds: float, *, rate: int = 16000, channels: int = 1) -> bytes:
    """A WAV of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(bytes(2 * channels * round(seconds * rate)))
    return file.getvalue()


@pytest.fixture
def make_wav():
    return wav


@pytest.fixture(scope="session")
def run_server():
    return serve


@pytest.fixture
def make_avatar():
    return show


@pytest.fixture
def silent_node():
    return SilentNode()


@pytest.fixture
def run_curl():
    return curl


@pytest.fixture
async def worker():
    script = ScriptedWorker()
    async with serve(script) as script.url:
        yield script


@pytest.fixture
async def second_worker():
    script = ScriptedWorker()
    async with serve(script) as script.url:
        yield script


@pytest.fixture
def stores(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings that say where orders and videos are: of a newcomer, or of an operator with servers."""
    if getattr(request, "param", "files") == "files":
        return {}
    return {name: request.getfixturevalue(name) for name in ("database_url", "objects_url")}


@pytest.fixture
def closed_shop(tmp_path: Path, worker: ScriptedWorker, stores: dict[str, str]) -> Shop:
    return Shop(tmp_path / "data", worker, stores)


@pytest.fixture
async def shop(closed_shop: Shop):
    async with closed_shop.open():
        yield closed_shop


@contextlib.asynccontextmanager
async def _closed_shop(folder: Path, stores: dict[str, str] | None = None) -> AsyncIterator[Shop]:
    script = ScriptedWorker()
    async with serve(script) as script.url:
        yield Shop(folder / "data", script, stores)


@contextlib.asynccontextmanager
async def _shop(folder: Path, **settings: Any) -> AsyncIterator[Shop]:
    async with _closed_shop(folder) as closed, closed.open(**settings) as shop:
        yield shop


@pytest.fixture(scope="session")
def make_shop():
    return _shop


@pytest.fixture(scope="session")
def make_closed_shop():
    return _closed_shop


@pytest.fixture(scope="module")
async def standing_shop(tmp_path_factory: pytest.TempPathFactory):
    """One service for tests that leave nothing behind: starting one for each takes longer than what they ask."""
    async with _shop(tmp_path_factory.mktemp("standing")) as shop:
        yield shop
