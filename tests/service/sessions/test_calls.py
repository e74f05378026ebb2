"""Calls, with a real worker: seen by aiortc, and by a real browser as the docs say."""

import asyncio
import contextlib
import io
import json
import re
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from tests.live.viewer import Viewer
from tests.service.sessions.conftest import DEADLINE_S

DOCS = Path(__file__).parents[3] / "docs" / "webrtc.md"

LONG = "One two three four five six seven eight nine ten " * 16
SPEECH_S = 50
"""In which nobody says all of it."""


def tone(seconds: float) -> bytes:
    """A WAV in which something is heard."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        t = np.arange(int(seconds * 16_000)) / 16_000
        out.writeframes((12_000 * np.sin(2 * np.pi * 300 * t)).astype("<i2").tobytes())
    return file.getvalue()


class Caller:
    """Who sees a face, and speaks to it by the API."""

    def __init__(self, shop, viewer: Viewer, session: int, headers: dict[str, str]) -> None:
        self.shop = shop
        self.viewer = viewer
        self.session = session
        self.headers = headers

    async def post(self, path: str, **body):
        answer = await self.shop.http.post(
            path, json={"sessionid": self.session, **body}, headers=self.headers, timeout=60
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def speaks(self) -> bool:
        return (await self.post("/is_speaking"))["data"]


@pytest.fixture
async def call(holder):
    """Let a holder of a key call."""
    async with contextlib.AsyncExitStack() as closing:

        async def begin(of=None, **asked) -> Caller:
            of = of or holder
            viewer = Viewer()
            closing.push_async_callback(viewer.close)
            answer = await of.shop.http.post(
                "/offer",
                json={"sdp": await viewer.offer(), "type": "offer", "avatar": "ann", **asked},
                headers=of.headers,
                timeout=60,
            )
            assert answer.status_code == 200, answer.text
            assert answer.json().get("type") == "answer", answer.text
            await viewer.accept(answer.json()["sdp"])
            return Caller(of.shop, viewer, answer.json()["sessionid"], of.headers)

        yield begin


async def test_a_face_is_seen_heard_and_interrupted_and_costs_what_was_sent(call, holder):
    caller = await call()
    viewer = caller.viewer
    await viewer.until(lambda: len(viewer.light) > 3, "picture")
    assert not await caller.speaks()

    assert await caller.post("/human", text=LONG, type="echo") == {"code": 0, "msg": "ok"}
    await viewer.until(viewer.heard, "speech")
    assert await caller.speaks()
    await caller.post("/interrupt_talk")
    assert not await caller.speaks()
    await viewer.until(lambda: viewer.quiet_for(0.3), "silence")
    silent = len(viewer.level)
    await viewer.until(lambda: viewer.quiet_for(1.5), "silence")
    assert not viewer.heard(silent)  # nor the end of what was cut, which its worker lets fade
    assert viewer.level[-1][0] - viewer.level[0][0] < SPEECH_S
    since = len(viewer.level)

    await caller.post("/human", text="Hello again.", type="echo", interrupt=True)
    await viewer.until(lambda: viewer.heard(since), "speech")
    seen = len(viewer.light)
    await viewer.close()

    free_ms, used_ms = await holder.settled()
    assert free_ms + used_ms == 60_000
    assert used_ms > seen * 40 * 0.5
    over = await caller.post("/is_speaking")
    assert over["code"] == -1
    assert "no session" in over["msg"]


async def test_what_is_said_is_followed_by_events(call, holder):
    caller = await call()
    async with holder.shop.http.stream(
        "GET", "/sse", params={"sessionid": caller.session}, headers=holder.headers, timeout=60
    ) as events:
        lines = events.aiter_lines()
        await caller.post("/human", text="Good evening.", type="echo")
        told: list[dict[str, object]] = []
        while len(told) < 2:
            line = await anext(lines)
            if line.startswith("data: "):
                told.append(json.loads(line.removeprefix("data: ")))
        await caller.viewer.close()
        rest = [line async for line in lines]

    assert told == [
        {"status": status, "text": "Good evening.", "message": None} for status in ("start", "end")
    ]
    assert not any(line.startswith("data: ") for line in rest)


async def test_a_recording_is_spoken(call, holder):
    caller = await call()

    answer = await holder.shop.http.post(
        "/humanaudio",
        data={"sessionid": str(caller.session)},
        files={"file": tone(1.0)},
        headers=holder.headers,
    )

    assert answer.json() == {"code": 0, "msg": "ok"}, answer.text
    await caller.viewer.until(caller.viewer.heard, "sound")


async def test_what_was_sent_is_kept_and_is_of_its_account_alone(call, holder, holder_of):
    caller = await call()
    path = f"/record/{caller.session}"
    assert (await holder.shop.http.get(path, headers=holder.headers)).status_code == 404

    await caller.post("/record", type="start_record")
    await caller.post("/human", text="This is kept.", type="echo")
    await caller.viewer.until(caller.viewer.heard, "speech")
    since = len(caller.viewer.light)
    await caller.viewer.until(lambda: len(caller.viewer.light) > since + 25, "pictures")
    assert await caller.post("/record", type="end_record") == {"code": 0, "msg": "ok"}
    film = await holder.shop.http.get(path, headers=holder.headers)
    part = await holder.shop.http.get(path, headers={**holder.headers, "Range": "bytes=4-7"})
    stranger = await holder_of(holder.shop)
    theirs = await holder.shop.http.get(path, headers=stranger.headers)
    said = await holder.shop.http.post(
        "/human", json={"sessionid": caller.session, "text": "x"}, headers=stranger.headers
    )

    assert film.headers["Content-Type"] == "video/mp4"
    with av.open(io.BytesIO(film.content), "r") as movie:
        assert sum(1 for _ in movie.decode(video=0)) > 10
    with av.open(io.BytesIO(film.content), "r") as movie:
        assert max(np.abs(frame.to_ndarray()).max() for frame in movie.decode(audio=0)) > 0.02
    assert (part.status_code, part.content) == (206, b"ftyp")
    assert theirs.status_code == 404
    assert said.json()["code"] == -1
    # Whoever hangs up while recording has the recording, too.
    await caller.post("/record", type="start_record")
    since = len(caller.viewer.light)
    await caller.viewer.until(lambda: len(caller.viewer.light) > since + 40, "pictures")  # two key frames
    await caller.viewer.close()
    async with asyncio.timeout(DEADLINE_S):
        while True:  # it is kept a moment after the call has ended
            later = await holder.shop.http.get(path, headers=holder.headers)
            if later.content != film.content:
                break
            await asyncio.sleep(0.02)
    assert later.status_code == 200


async def test_who_shows_no_key_or_has_no_video_time_sees_nothing(live_shop, holder_of):
    poor = await holder_of(live_shop, 0)
    viewer = Viewer()
    body = {"sdp": await viewer.offer(), "type": "offer", "avatar": "ann"}

    nobody = await live_shop.http.post("/offer", json=body)
    without = await live_shop.http.post("/offer", json=body, headers=poor.headers)
    await viewer.close()

    assert (nobody.status_code, nobody.json()["code"]) == (401, -1)
    assert (without.status_code, without.json()["code"]) == (403, -1)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"sdp": "nonsense"}, "no video"),
        ({"sdp": "v=0", "type": "answer"}, "must be 'offer'"),
        ({"sdp": "v=0", "avatar": "nobody"}, "avatar"),
        ({}, "missing"),
    ],
)
async def test_an_offer_that_cannot_be_answered_costs_nothing(live_shop, holder, body, told):
    answer = await live_shop.http.post("/offer", json=body, headers=holder.headers, timeout=60)

    assert (answer.status_code, answer.json()["code"]) == (200, -1)
    assert told in answer.json()["msg"]
    assert await holder.settled() == (60_000, 0)


async def test_pages_of_any_site_may_call(live_shop):
    asks = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}

    preflight = await live_shop.http.options("/offer", headers=asks)
    refused = await live_shop.http.post("/offer", headers=asks)

    assert preflight.status_code == 204
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
    for answer in (preflight, refused):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_service_that_stops_leaves_no_call_behind(tmp_path, make_shop, face, holder_of, call):
    async with make_shop(tmp_path, worker_urls=face.url) as shop:
        own = await holder_of(shop)
        caller = await call(own)
        await caller.viewer.until(lambda: len(caller.viewer.light) > 3, "picture")

    async with make_shop(tmp_path, worker_urls=face.url) as shop:
        own.shop = shop
        assert sum(await own.settled()) == 60_000


LOOK = """
async () => {
    const video = document.querySelector("video");
    const canvas = new OffscreenCanvas(64, 64).getContext("2d", {willReadFrequently: true});
    const look = () => {
        canvas.drawImage(video, 0, 0, 64, 64);
        return canvas.getImageData(0, 0, 64, 64).data;
    };
    await new Promise(shown => video.requestVideoFrameCallback(shown));
    const first = look();
    let most = 0;
    const began = performance.now();
    while (most < 8 && performance.now() - began < 30000) {
        await new Promise(shown => video.requestVideoFrameCallback(shown));
        const now = look();
        most = Math.max(most, ...now.map((value, n) => Math.abs(value - first[n])));
    }
    return most;
}
"""

ENERGY = """
async () => {
    for (const report of (await connection.getStats()).values())
        if (report.type === "inbound-rtp" && report.kind === "audio")
            return [report.totalAudioEnergy, report.totalSamplesDuration];
    return [0, 0];
}
"""

HEAR = """
async loud => {
    const energy = %s;
    let [before, at] = await energy();
    const began = performance.now();
    while (performance.now() - began < 40000) {
        await new Promise(passed => setTimeout(passed, 100));
        const [now, until] = await energy();
        if (until - at >= 0.4) {
            const level = Math.sqrt((now - before) / (until - at));
            if (loud ? level > 0.01 : level < 0.003) return level;
            [before, at] = [now, until];
        }
    }
    return null;
}
""" % ENERGY.strip()  # noqa: UP031 - braces are JavaScript's


@pytest.fixture
async def page(chromium):
    page = await chromium.new_page()
    await page.set_content("<video autoplay></video>")
    yield page
    await page.close()


def program_of_the_docs(shop, holder) -> str:
    [block] = re.findall(r"```js\n(.*?)```", DOCS.read_text(), re.DOTALL)
    key = holder.headers["Authorization"].removeprefix("Bearer ")
    program = block.replace("https://video.example.org", shop.url).replace("sk_...", key)
    program = program.replace("european_woman", "ann").replace("Hello! Ask me anything.", LONG)
    return f"async () => {{ {program} Object.assign(window, {{connection, post, sessionid}}); return sessionid; }}"


async def test_a_browser_sees_and_hears_a_face_as_the_docs_say(page, live_shop, holder):
    session = await page.evaluate(program_of_the_docs(live_shop, holder))

    assert await page.evaluate(HEAR, True) is not None
    assert await page.evaluate(LOOK) >= 8  # a mouth opens, a head moves
    await page.evaluate("post('/interrupt_talk', {sessionid})")
    assert await page.evaluate(HEAR, False) is not None
    stats = await page.evaluate("connection.getStats().then(all => [...all.values()])")
    codecs = {each["mimeType"] for each in stats if each["type"] == "codec"}
    assert {"video/H264", "audio/opus"} <= codecs

    await page.close()
    free_ms, used_ms = await holder.settled()
    assert free_ms + used_ms == 60_000
    answer = await live_shop.http.post("/is_speaking", json={"sessionid": session}, headers=holder.headers)
    assert answer.json()["code"] == -1
