"""An operator's judge: real commands and a real HTTP server."""

import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from service.app import create_app
from service.errors import SettingsError
from tests.serving import body_of, live

JUDGE = """
import sys
kind, said = sys.argv[1], sys.stdin.buffer.read()
if kind == "audio":
    print("no", "recordings", len(said))
    sys.exit(1)
if b"forbidden" in said:
    print("No such\\nwords.")
    sys.exit(1)
if b"broken" in said:
    sys.exit(3)
if b"slow" in said:
    import time
    time.sleep(600)
"""


class Judge:
    """Speaks HTTP, and refuses what has `forbidden` in it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, bytes]] = []
        self.url = ""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        body = await body_of(receive)
        self.seen.append((dict(scope["headers"])[b"content-type"].decode(), body))
        status = 403 if b"forbidden" in body else 500 if b"broken" in body else 204
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"No such words." if status == 403 else b""})


@pytest.fixture
def command(tmp_path: Path) -> str:
    script = tmp_path / "judge.py"
    script.write_text(JUDGE)
    return f"{sys.executable} {script}"


@pytest.fixture
async def judge(run_server):
    judge = Judge()
    async with run_server(judge) as judge.url:
        yield judge


async def ask(shop, text: str):
    return await shop.http.post("/lightning/request-video/text", json={"text": text})


async def test_a_command_sells_what_it_lets_pass_and_tells_the_buyer_why_not(closed_shop, command):
    async with closed_shop.open(screen=command) as shop:
        assert (await ask(shop, "Fine words.")).status_code == 200

        refused = await ask(shop, "These are forbidden words.")

    assert refused.status_code == 403
    assert refused.json()["detail"] == "No such words."
    assert refused.json()["type"] == "/docs/problems#content-refused"


async def test_a_command_hears_a_recording_before_it_is_stored(closed_shop, command, make_wav):
    speech = make_wav(1)
    async with closed_shop.open(screen=command) as shop:
        refused = await shop.http.post(
            "/lightning/request-video/audio", files={"audio": ("speech.wav", speech, "audio/wav")}
        )

        assert refused.status_code == 403
        assert refused.json()["detail"] == f"no recordings {len(speech)}"
        assert not list(shop.folder.glob("objects/uploads/*"))


@pytest.mark.parametrize("text", ["broken words", "slow words"])
async def test_nothing_is_sold_while_the_judge_fails(closed_shop, command, text):
    async with closed_shop.open(screen=command, screen_timeout_s=2) as shop:
        failed = await ask(shop, text)

        assert failed.status_code == 503
        assert int(failed.headers["Retry-After"]) > 0
        assert (await ask(shop, "Fine words.")).status_code == 200


async def test_a_url_is_asked_the_same(closed_shop, judge, make_wav):
    speech = make_wav(1)
    async with closed_shop.open(screen=judge.url) as shop:
        assert (await ask(shop, "Fine words.")).status_code == 200
        sold = await shop.http.post(
            "/lightning/request-video/audio", files={"audio": ("speech.wav", speech, "audio/wav")}
        )
        assert sold.status_code == 200
        refused = await ask(shop, "These are forbidden words.")
        assert (refused.status_code, refused.json()["detail"]) == (403, "No such words.")
        assert (await ask(shop, "broken words")).status_code == 503

    assert judge.seen[:2] == [("text/plain; charset=utf-8", b"Fine words."), ("audio/wav", speech)]


async def test_a_url_that_nobody_answers_sells_nothing(closed_shop):
    async with closed_shop.open(screen="http://127.0.0.1:9") as shop:
        assert (await ask(shop, "Fine words.")).status_code == 503


@pytest.mark.parametrize("setting", ["no-such-program --at all", "'open"])
async def test_a_command_that_is_not_there_is_found_at_the_start(closed_shop, setting):
    with pytest.raises(SettingsError, match="SATSPEAK_SCREEN"):
        create_app(closed_shop.settings(screen=setting), backend=closed_shop.node)


def header(riff: int, data: int, before: bytes = b"") -> bytes:
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", riff, b"WAVE") + fmt + before + struct.pack("<4sI", b"data", data)


LIST = struct.pack("<4sI", b"LIST", 7) + b"INFOabc\0"


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        (header(0, 0), b""),
        (header(0xFFFFFFFF, 0xFFFFFFFF), b""),
        (header(0, 0x7FFFFFFF), b""),
        (header(36 + 32000, 32000, LIST), b""),
        (header(36 + 32000, 32000), b"data\x04\0\0\0evil" + bytes(5000)),
        (header(0, 0, LIST), b"\x01"),
    ],
    ids=[
        "data of 0",
        "data of 4 GiB",
        "data of 2 GiB",
        "chunks before",
        "junk behind",
        "half a sample behind",
    ],
)
async def test_what_is_judged_is_exactly_what_is_sold(closed_shop, judge, worker, head, tail):
    samples = bytes(range(250)) * 128
    async with closed_shop.open(screen=judge.url) as shop:
        sold = await shop.http.post(
            "/lightning/request-video/audio", files={"audio": ("a.wav", head + samples + tail)}
        )
        assert sold.status_code == 200
        shop.node.pay(sold.json()["bolt11_invoice"])
        await shop.video(sold.json()["bolt11_invoice"])
        assert not list((shop.folder / "incoming").iterdir())

    [(kind, judged)] = judge.seen
    assert kind == "audio/wav"
    assert judged == header(36 + len(samples), len(samples)) + samples
    assert worker.pcm == [samples]


async def test_a_text_is_judged_as_it_is_spoken(closed_shop, judge, worker):
    async with closed_shop.open(screen=judge.url) as shop:
        invoice = await shop.quote("  \n Fine words. \t")
        shop.node.pay(invoice)
        await shop.video(invoice)

    assert [said for _, said in judge.seen] == [worker.requests[0]["text"].encode()] == [b"Fine words."]
