"""A call by WebRTC: what a viewer costs of a core, and how soon an interruption is heard. `bench.studio` prints it.

Service and worker are ours, with a node in memory; the viewers are aiortc, in this process, and Chromium. Of the
process of the call its processor time is taken, so that a busy machine changes little; the interruptions take what they
take.
"""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import uvicorn
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from playwright.async_api import async_playwright

from bench.browser import ARGUMENTS, find_chromium
from bench.load import percentile
from lightning.memory import MemoryBackend
from regtest.ports import Ports
from regtest.process import Guard
from satspeak import programs
from service.app import create_app
from service.assembly.stores import open_accounts
from service.settings import Settings

AVATAR = "european_woman"

TEXT = " ".join(["The weather stays warm until Friday, with rain in the west of the country."] * 6)

MEASURED_S = 20
"""Of a face at rest and of one that speaks, each."""

ROUNDS = 20

LOUD = 500
"""Mean absolute sample of 20 ms, in which somebody speaks."""

QUIET_PACKETS = 25
"""After which it is silence, and no pause."""

TICKS_PER_S = 100
"""Of `/proc`."""

BEGIN = """
async ([key, avatar]) => {
    window.post = async (path, body) => {
        const headers = {"Authorization": `Bearer ${key}`, "Content-Type": "application/json"};
        const answer = await fetch(path, {method: "POST", headers, body: JSON.stringify(body)});
        return answer.json();
    };
    const connection = window.connection = new RTCPeerConnection();
    for (const kind of ["video", "audio"]) connection.addTransceiver(kind, {direction: "recvonly"});
    const streams = new Promise(came => connection.ontrack = ({streams}) => came(streams));
    await connection.setLocalDescription();
    const {sdp, sessionid} = await post("/offer", {sdp: connection.localDescription.sdp, type: "offer", avatar});
    await connection.setRemoteDescription({type: "answer", sdp});
    const [stream] = await streams;
    const video = document.body.appendChild(document.createElement("video"));
    video.srcObject = stream;
    await video.play();
    const context = new AudioContext();
    const meter = `registerProcessor("meter", class extends AudioWorkletProcessor {
        process([[heard]]) {
            if (heard) this.port.postMessage(heard.reduce((sum, each) => sum + Math.abs(each), 0) / heard.length);
            return true;
        }
    })`;
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([meter], {type: "text/javascript"})));
    const node = new AudioWorkletNode(context, "meter");
    window.last = -Infinity;  // when it was loud
    node.port.onmessage = ({data}) => { if (data > LOUD) last = performance.now(); };
    context.createMediaStreamSource(stream).connect(node);
    return sessionid;
}
"""

INTERRUPT = """
async ([sessionid, text]) => {
    const until = async holds => { while (!holds()) await new Promise(passed => setTimeout(passed, 5)); };
    const asked = performance.now();
    await post("/human", {sessionid, text, type: "echo", interrupt: true});
    await until(() => last > asked);
    await new Promise(passed => setTimeout(passed, 500));
    const interrupted = performance.now();
    await post("/interrupt_talk", {sessionid});
    await until(() => performance.now() - Math.max(last, interrupted) > QUIET_MS);
    return Math.max(0, last - interrupted);
}
"""


class _Viewer:
    """Who hears how loud it is, packet by packet, and when each came."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.heard: list[tuple[float, float]] = []
        self.pictures = 0
        self._came = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        for kind in ("video", "audio"):
            self.connection.addTransceiver(kind, direction="recvonly")
        self.connection.on("track", lambda track: self._tasks.add(asyncio.create_task(self._watch(track))))

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            self._came.clear()
            await self._came.wait()

    def loud(self) -> bool:
        return bool(self.heard) and self.heard[-1][1] > LOUD

    def quiet(self) -> bool:
        return all(level <= LOUD for _, level in self.heard[-QUIET_PACKETS:])

    async def _watch(self, track: Any) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, av.VideoFrame):
                    self.pictures += 1
                else:
                    level = float(np.abs(frame.to_ndarray()).mean())
                    self.heard.append((asyncio.get_running_loop().time(), level))
                self._came.set()


def measure() -> dict[str, float]:
    """Return `webrtc_cpu_per_viewer`, of a core, and `interrupt_ms_p95`, also as Chromium plays it."""
    return asyncio.run(_measure())


async def _measure() -> dict[str, float]:
    async with _shop() as (http, key):
        figures = await _by_aiortc(http, key)
        in_chromium_ms = await _by_chromium(str(http.base_url), key)
    return figures | {"interrupt_chromium_ms_p95": round(percentile(in_chromium_ms, 0.95))}


async def _by_chromium(url: str, key: str) -> list[float]:
    """Return how long each interruption takes to be heard in a page."""
    quiet_ms = QUIET_PACKETS * 20
    interrupt = INTERRUPT.replace("QUIET_MS", str(quiet_ms))
    async with async_playwright() as driver:
        arguments = [*ARGUMENTS, "--autoplay-policy=no-user-gesture-required"]
        chromium = await driver.chromium.launch(executable_path=find_chromium(), args=arguments)
        page = await chromium.new_page()
        await page.goto(f"{url}/health/live")  # AudioWorklet wants an origin
        session = await page.evaluate(BEGIN.replace("LOUD", str(LOUD / 32_768)), [key, AVATAR])
        delays_ms = [await page.evaluate(interrupt, [session, TEXT]) for _ in range(ROUNDS)]
        await chromium.close()
    return delays_ms


async def _by_aiortc(http: httpx.AsyncClient, key: str) -> dict[str, float]:
    """Return what a call costs, and how long an interruption takes to be heard."""
    headers = {"Authorization": f"Bearer {key}"}
    viewer = _Viewer()
    await viewer.connection.setLocalDescription(await viewer.connection.createOffer())
    offer = {"sdp": viewer.connection.localDescription.sdp, "type": "offer", "avatar": AVATAR}
    answer = (await http.post("/offer", json=offer, headers=headers)).json()
    await viewer.connection.setRemoteDescription(RTCSessionDescription(answer["sdp"], "answer"))
    await viewer.until(lambda: viewer.pictures > 0)

    async def post(path: str, **body: Any) -> None:
        told = await http.post(path, json={"sessionid": answer["sessionid"], **body}, headers=headers)
        assert told.json()["code"] == 0, told.text

    loop = asyncio.get_running_loop()
    started, before_s = loop.time(), _cpu_of_calls_s()
    await asyncio.sleep(MEASURED_S)  # at rest
    await post("/human", text=TEXT, type="echo")
    await asyncio.sleep(MEASURED_S)
    cpu = (_cpu_of_calls_s() - before_s) / (loop.time() - started)

    delays_ms = []
    for _ in range(ROUNDS):
        await post("/human", text=TEXT, type="echo", interrupt=True)
        await viewer.until(viewer.loud)
        interrupted = loop.time()
        await post("/interrupt_talk")
        await viewer.until(viewer.quiet)
        last = max((at for at, level in viewer.heard if level > LOUD), default=interrupted)
        delays_ms.append(max(0.0, last - interrupted) * 1000)
    await viewer.connection.close()
    return {
        "webrtc_cpu_per_viewer": round(cpu, 3),
        "interrupt_ms_p95": round(percentile(delays_ms, 0.95)),
    }


@contextlib.asynccontextmanager
async def _shop() -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """Run a service and its worker; who asks it, and the key of an account with an hour."""
    async with contextlib.AsyncExitStack() as closing:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="satspeak-bench-")))
        ports = closing.enter_context(contextlib.closing(Ports()))
        guard = closing.enter_context(contextlib.closing(Guard()))
        port = ports.take()
        worker = programs.worker_program(port=port, folder=folder, guard=guard)
        closing.push_async_callback(worker.stop)
        await worker.start()
        await programs.healthy(worker, f"http://127.0.0.1:{port}")
        settings = Settings.of(
            data_dir=folder / "service", worker_urls=f"http://127.0.0.1:{port}", btc_usd="fixed:65000"
        )
        app = create_app(settings, backend=MemoryBackend())
        here = ports.take()
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=here, log_config=None))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)
        async with open_accounts(settings) as holders:
            account = await holders.accounts.get(await holders.video_time.create("bench"))
            assert account is not None
            await holders.video_time.grant(account, 3_600_000)
            key = await holders.keys.create("bench", account_id=account.id)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{here}", timeout=60) as http:
            yield http, key
        server.should_exit = True
        await serving


def _cpu_of_calls_s() -> float:
    """Return the processor time that the processes of calls took so far."""
    total = 0.0
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().split(b"\0")
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if command[1:3] == [b"-m", b"live"] and int(fields[1]) == os.getpid():
                total += (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return total
