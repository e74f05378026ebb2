"""With the worker itself: what is delivered is a video that plays, also when the worker died halfway."""

import asyncio
import contextlib
import io
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from fractions import Fraction
from itertools import pairwise

import av
import httpx
import pytest

from service.assembly.stores import open_accounts

START_S = 90
RENDER_S = 120

LONG = " ".join(["Every sentence of this text is spoken by an avatar, one after the other."] * 5)


@contextlib.asynccontextmanager
async def run_worker(port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the program until it answers; killed at the end."""
    environment = {**os.environ, "SATSPEAK_WORKER_PORT": str(port)}
    program = await asyncio.create_subprocess_exec(sys.executable, "-m", "worker", env=environment)
    try:
        async with httpx.AsyncClient(timeout=START_S) as http, asyncio.timeout(START_S):
            while True:
                assert program.returncode is None
                try:
                    await http.get(f"http://127.0.0.1:{port}/health")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.1)
        yield program
    finally:
        with contextlib.suppress(ProcessLookupError):
            program.send_signal(signal.SIGKILL)
        await program.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@pytest.fixture
def port() -> int:
    return free_port()


def check_plays(video: bytes, frames: int) -> None:
    """Decode all of it: no frame is missing, and sound accompanies it without a gap."""
    with av.open(io.BytesIO(video), "r") as file:
        picture, sound = file.streams.video[0], file.streams.audio[0]
        assert (picture.codec_context.name, sound.codec_context.name) == ("h264", "aac")
        assert picture.average_rate == 25
        assert picture.time_base is not None
        pts = [(frame.pts or 0) * picture.time_base for frame in file.decode(picture)]
        assert [later - earlier for earlier, later in pairwise(pts)] == [Fraction(1, 25)] * (frames - 1)
    with av.open(io.BytesIO(video), "r") as file:
        heard = list(file.decode(file.streams.audio[0]))
        for earlier, later in pairwise(heard):
            assert later.pts == (earlier.pts or 0) + earlier.samples
        seconds = sum(frame.samples for frame in heard) / heard[0].sample_rate
        assert seconds == pytest.approx(frames / 25, abs=0.15)


async def test_a_real_worker_makes_a_video_that_plays(closed_shop, port):
    async with run_worker(port), closed_shop.open(worker_urls=f"http://127.0.0.1:{port}") as shop:
        shop.http.timeout = RENDER_S
        invoice = await shop.paid()

        answer = await shop.video(invoice, emotion="neutral")

        assert answer.status_code == 200, answer.text
        payment = await shop.payment(invoice)
        assert payment["video"]["state"] == "ready"
        check_plays(answer.content, payment["video"]["frames"])
        made = await shop.http.get(f"/lightning/video/{invoice}", params={"format": "mov"})
        assert made.status_code == 200, made.text
        with av.open(io.BytesIO(made.content), "r") as film:
            assert len(list(film.decode(video=0))) == payment["video"]["frames"]


async def test_a_worker_that_dies_halfway_is_replaced_and_the_video_plays(closed_shop, port):
    async with closed_shop.open(worker_urls=f"http://127.0.0.1:{port}") as shop:
        shop.http.timeout = RENDER_S
        async with run_worker(port) as program:
            invoice = await shop.paid(text=LONG)
            download = asyncio.create_task(shop.download(invoice, emotion="neutral"))
            await shop.until(invoice, lambda payment: payment["video"]["frames"] >= 24)
            program.send_signal(signal.SIGKILL)
            broken = await download
        assert broken.returncode == 18  # CURLE_PARTIAL_FILE

        async with run_worker(port):
            answer = await shop.video(invoice, emotion="neutral")

        assert answer.content.startswith(broken.received)
        check_plays(answer.content, (await shop.payment(invoice))["video"]["frames"])


async def test_a_worker_that_dies_halfway_is_replaced_by_another_and_the_download_goes_on(closed_shop):
    ports = [free_port(), free_port()]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    async with (
        run_worker(ports[0]) as first,
        run_worker(ports[1]) as second,
        closed_shop.open(worker_urls=",".join(urls)) as shop,
        httpx.AsyncClient() as http,
    ):
        invoice = await shop.paid(text=LONG)
        download = asyncio.create_task(shop.download(invoice, emotion="neutral"))
        await shop.until(invoice, lambda payment: payment["video"]["frames"] >= 24)
        active = [(await http.get(f"{url}/health")).json()["renders_active"] for url in urls]
        assert sorted(active) == [0, 1]

        victim, survivor = (first, urls[1]) if active[0] else (second, urls[0])
        victim.send_signal(signal.SIGKILL)

        whole = await download
        assert whole.returncode == 0
        assert (await http.get(f"{survivor}/health")).json()["frames_rendered"] > 0
        payment = await shop.payment(invoice)
        assert payment["video"]["state"] == "ready"
        check_plays(whole.received, payment["video"]["frames"])


async def test_a_real_worker_makes_a_video_for_an_account_and_its_captions_end_with_it(closed_shop, port):
    wish = {
        "text": "Good morning. This is said by an account.",
        "avatar": "old_asian_man",
        "emotion": "neutral",
    }
    async with run_worker(port), closed_shop.open(worker_urls=f"http://127.0.0.1:{port}") as shop:
        shop.http.timeout = RENDER_S
        async with open_accounts(shop.settings()) as holders:
            number = await holders.video_time.create("app")
            account = await holders.accounts.get(number)
            assert account is not None
            await holders.video_time.grant(account, 60_000)
            headers = {"X-API-Key": await holders.keys.create("app", account_id=number)}

        streamed = await shop.http.post("/inference?stream=true", json=wish, headers=headers)
        told = (await shop.http.post("/inference", json=wish, headers=headers)).json()

        seconds = told["video_duration_seconds"]
        check_plays(streamed.content, round(seconds * 25))
        check_plays((await shop.http.get(told["mp4_url"])).content, round(seconds * 25))
        first, second = (await shop.http.get(told["captions_url"])).text.split("\n\n")[1:]
        assert first.endswith("Good morning.")
        assert second.strip().endswith("This is said by an account.")
        assert second.startswith(first.split()[2])
        end = Fraction(second.split()[2].removeprefix("00:00:"))
        assert end == pytest.approx(seconds, abs=0.05)
        free_ms = (await shop.http.get("/account", headers=headers)).json()["free_ms"]
        assert 60_000 - free_ms == pytest.approx(2000 * seconds, abs=1)
        assert told["credits_consumed"] == -(-(60_000 - free_ms) // 2000)
