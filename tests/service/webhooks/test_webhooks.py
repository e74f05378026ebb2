"""What a receiver is told, over HTTP, verified by a library that others wrote."""

import asyncio
import contextlib
import json
import socket
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import uvicorn
from standardwebhooks import Webhook, WebhookVerificationError

from lightning import PaymentFailed
from service.assembly.stores import open_outbox
from service.runtime.internet import is_public
from service.webhooks.carrier import AT_ONCE_PER_NETWORK
from tests.receivers import Receiver
from tests.service.webhooks.conftest import SETTINGS

TEXT = {"text": "Hello there, my dear friend."}
CHOICE = {"avatar": "arab_woman", "emotion": "happy"}


async def quote(shop, receiver, **wish) -> dict[str, Any]:
    body = {**TEXT, **CHOICE, "webhook_url": f"{receiver.url}/hook", **wish}
    answer = await shop.http.post("/lightning/request-video/text", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def until_noted(shop, tries: int) -> None:
    """Wait until so many tries that failed are noted: from then on time may pass."""
    async with open_outbox(shop.settings()) as outbox, asyncio.timeout(10):
        while True:
            letters = await outbox.due(shop.clock.now() + timedelta(days=2), but=(), limit=10)
            if any(letter.tries >= tries for letter in letters):
                return
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_a_receiver_is_told_of_all_in_order_and_can_verify_it(shop, receiver):
    made = await quote(shop, receiver)
    shop.node.pay(made["bolt11_invoice"])
    await shop.video(made["bolt11_invoice"])
    await shop.eventually(lambda: len(receiver.told) == 3)

    assert receiver.types == ["payment.settled", "video.started", "video.ready"]
    verifier = Webhook(made["webhook_secret"])
    for headers, body in receiver.tries:
        assert verifier.verify(body, headers) == json.loads(body)
        with pytest.raises(WebhookVerificationError):
            verifier.verify(body + b" ", headers)
    assert receiver.told[0]["data"]["bolt11_invoice"] == made["bolt11_invoice"]
    assert receiver.told[0]["timestamp"].endswith("Z")
    assert len({headers["webhook-id"] for headers, _ in receiver.tries}) == 3


async def test_a_quote_that_runs_out_a_held_payment_and_one_that_goes_back_are_told(shop, receiver):
    await quote(shop, receiver)
    shop.node._now = lambda: shop.clock.now().timestamp()
    shop.clock.pass_by(hours=1)
    await shop.eventually(lambda: receiver.types == ["payment.expired"])

    held = await quote(shop, receiver, hold=True, language="en")
    paying = asyncio.create_task(shop.node.pay_held(held["bolt11_invoice"]))
    await shop.eventually(lambda: len(receiver.told) == 5)
    await paying

    assert receiver.types[1] == "payment.held"
    assert sorted(receiver.types[2:]) == ["payment.settled", "video.ready", "video.started"]


async def test_a_held_payment_that_goes_back_is_told_of_once(shop, receiver):
    shop.worker.answer = (400, "Nobody can say that.")
    held = await quote(shop, receiver, hold=True, language="en")

    with pytest.raises(PaymentFailed):
        await shop.node.pay_held(held["bolt11_invoice"])
    await shop.until(held["bolt11_invoice"], lambda payment: payment["status"] == "canceled")
    await until_all_told(shop)

    assert receiver.types == ["payment.held", "video.started", "video.failed"]


async def test_a_held_payment_that_goes_back_before_its_turn_is_told_of(closed_shop, receiver):
    closed_shop.worker.hold_after = 1
    async with closed_shop.open(**SETTINGS, hold_renders=1, hold_patience_s=1) as shop:
        first = await quote(shop, receiver, hold=True, language="en", webhook_url=None)
        paying = asyncio.create_task(shop.node.pay_held(first["bolt11_invoice"]))
        await shop.until(first["bolt11_invoice"], lambda payment: payment["video"]["frames"] > 0)
        second = await quote(shop, receiver, hold=True, language="en")

        with pytest.raises(PaymentFailed):
            await shop.node.pay_held(second["bolt11_invoice"])
        await shop.until(second["bolt11_invoice"], lambda payment: payment["status"] == "canceled")
        await until_all_told(shop)

        assert receiver.types == ["payment.held", "video.failed"]
        shop.worker.go.set()
        await paying


async def until_all_told(shop) -> None:
    """Wait until nothing is left that receivers are to be told."""
    async with open_outbox(shop.settings()) as outbox, asyncio.timeout(10):
        while await outbox.due(shop.clock.now() + timedelta(days=2), but=(), limit=1):  # noqa: ASYNC110 - rows ring nothing
            await asyncio.sleep(0.02)


async def test_a_video_that_fails_and_its_refund_are_told(shop, receiver):
    made = await quote(shop, receiver)
    preimage = shop.node.pay(made["bolt11_invoice"])
    shop.worker.answer = (400, "Nobody can say that.")
    await shop.video(made["bolt11_invoice"])
    await shop.eventually(lambda: "video.failed" in receiver.types)
    await shop.http.post(
        "/lightning/refund",
        json={
            "bolt11_invoice": made["bolt11_invoice"],
            "refund_token": made["refund_token"],
            "preimage": preimage.hex(),
            "refund_invoice": shop.buyer.add_open_invoice().bolt11,
        },
    )

    await shop.eventually(lambda: len(receiver.told) == 4)
    assert receiver.types == ["payment.settled", "video.started", "video.failed", "refund.paid"]


async def test_what_a_receiver_is_still_to_be_told_is_not_forgotten_with_an_old_order(shop, receiver):
    """A refund may be paid when all else of its order is forgotten at once."""
    shop.worker.answer = (400, "Nobody can say that.")
    shop.node._now = shop.buyer._now = lambda: shop.clock.now().timestamp()
    told, untold = await quote(shop, receiver), await quote(shop, receiver, webhook_url=None)
    receipts = [shop.node.pay(made["bolt11_invoice"]).hex() for made in (told, untold)]
    for made in (told, untold):
        await shop.video(made["bolt11_invoice"])
    await shop.eventually(lambda: receiver.types[-1:] == ["video.failed"])
    shop.clock.pass_by(days=40)
    receiver.silent = True
    for made, preimage in zip((told, untold), receipts, strict=True):
        await shop.http.post(
            "/lightning/refund",
            json={
                "bolt11_invoice": made["bolt11_invoice"],
                "refund_token": made["refund_token"],
                "preimage": preimage,
                "refund_invoice": shop.buyer.add_open_invoice().bolt11,
            },
        )

    await shop.until(untold["bolt11_invoice"], lambda seen: seen["video"]["state"] == "deleted")
    async with open_outbox(shop.settings()) as outbox:
        waiting = await outbox.due(shop.clock.now(), but=(), limit=10)

    assert [letter.event.value for letter in waiting] == ["refund.paid"]


async def test_what_fails_is_tried_again_by_the_same_id_and_keeps_the_order(shop, receiver):
    receiver.answers = [500, 302, 503]
    made = await quote(shop, receiver)
    shop.node.pay(made["bolt11_invoice"])
    await shop.video(made["bolt11_invoice"])
    for tries in (1, 2, 3):
        await until_noted(shop, tries)
        shop.clock.pass_by(hours=1)
    await shop.eventually(lambda: len(receiver.told) == 3)

    assert receiver.types == ["payment.settled", "video.started", "video.ready"]
    first = [headers["webhook-id"] for headers, _ in receiver.tries[:4]]
    assert len(set(first)) == 1
    assert len({body for _, body in receiver.tries[:4]}) == 1


@pytest.fixture
async def patient_shop(closed_shop, monkeypatch):
    """One that waits for receivers for so long that it gives up none while a test looks."""
    monkeypatch.setattr("service.webhooks.carrier.TIMEOUT_S", 600.0)
    async with closed_shop.open(**SETTINGS) as shop:
        yield shop


async def test_a_receiver_that_is_away_blocks_nobody_else(patient_shop, receiver, run_server):
    shop = patient_shop
    dawdler = Receiver()
    dawdler.silent = True
    async with run_server(dawdler) as dawdler.url:
        slow = [await quote(shop, dawdler) for _ in range(12)]
        quick = await quote(shop, receiver)
        for made in (*slow, quick):
            shop.node.pay(made["bolt11_invoice"])

        await shop.eventually(lambda: receiver.types == ["payment.settled"])
        await shop.eventually(lambda: len(dawdler.tries) == 8)
        assert not dawdler.told


async def test_of_those_who_wait_for_a_receiver_that_is_away_none_hides_another(
    patient_shop, receiver, run_server
):
    """More than one look finds, all due earlier."""
    shop = patient_shop
    dawdler = Receiver()
    dawdler.silent = True
    async with run_server(dawdler) as dawdler.url:
        for made in await asyncio.gather(*(quote(shop, dawdler) for _ in range(200))):
            shop.node.pay(made["bolt11_invoice"])
        await shop.eventually(lambda: len(dawdler.tries) == 8)
        quick = await quote(shop, receiver)
        shop.node.pay(quick["bolt11_invoice"])

        await shop.eventually(lambda: receiver.types == ["payment.settled"])
        assert len(dawdler.tries) == 8


async def test_one_address_under_many_names_keeps_no_more_than_its_share_from_others(
    patient_shop, receiver, run_server, monkeypatch
):
    shop = patient_shop
    dawdler, resolve = Receiver(), socket.getaddrinfo
    dawdler.silent = True
    elsewhere = uvicorn.Config(receiver, host="127.0.1.2", port=0, log_config=None)
    async with run_server(dawdler) as dawdler.url, run_server(receiver, elsewhere) as at:
        port = dawdler.url.rpartition(":")[2]

        def lead(host, *arguments, **hints):
            return resolve("127.0.0.1" if str(host).endswith(".example") else host, *arguments, **hints)

        monkeypatch.setattr(socket, "getaddrinfo", lead)
        for n in range(80):  # more than are sent at the same time
            made = await quote(shop, dawdler, webhook_url=f"http://n{n}.example:{port}/")
            shop.node.pay(made["bolt11_invoice"])
        await shop.eventually(lambda: len(dawdler.tries) == AT_ONCE_PER_NETWORK)
        made = await quote(shop, receiver, webhook_url=at.replace("127.0.0.1", "127.0.1.2"))
        shop.node.pay(made["bolt11_invoice"])

        await shop.eventually(lambda: receiver.types == ["payment.settled"])
        assert len(dawdler.tries) == AT_ONCE_PER_NETWORK

        dawdler.speak()  # and what was put off is sent once there is room
        while len(dawdler.told) < 80 - AT_ONCE_PER_NETWORK:
            told = len(dawdler.told)
            shop.clock.pass_by(minutes=1)
            await shop.eventually(lambda: len(dawdler.told) > told)  # noqa: B023 - waited for at once


async def test_a_receiver_whose_name_cannot_be_read_blocks_nobody_else(shop, receiver):
    """A name that the client of HTTP refuses by an error of its own."""
    odd = await quote(shop, receiver, webhook_url="https://xn--a/")
    shop.node.pay(odd["bolt11_invoice"])
    await until_noted(shop, 1)
    made = await quote(shop, receiver)
    shop.node.pay(made["bolt11_invoice"])

    await shop.eventually(lambda: receiver.types == ["payment.settled"])


async def test_an_error_that_nobody_thought_of_ends_with_its_letter(shop, receiver, monkeypatch):
    resolve = socket.getaddrinfo

    def break_down(host, *arguments, **hints):
        if host == "broken.example.org":
            raise RuntimeError
        return resolve(host, *arguments, **hints)

    monkeypatch.setattr(socket, "getaddrinfo", break_down)
    for url in ("https://broken.example.org/", receiver.url):
        made = await quote(shop, receiver, webhook_url=url)
        shop.node.pay(made["bolt11_invoice"])

    await shop.eventually(lambda: receiver.types == ["payment.settled"])
    await until_noted(shop, 1)


async def test_names_that_nobody_resolves_keep_no_thread_from_the_shop(shop, receiver, monkeypatch, make_wav):
    asked: set[str] = set()
    going, resolve = threading.Event(), socket.getaddrinfo

    def wait(host, *arguments, **hints):
        if not str(host).endswith(".example"):
            return resolve(host, *arguments, **hints)
        asked.add(host)
        going.wait(30)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    with contextlib.ExitStack() as stack:
        stack.callback(going.set)
        for n in range(40):  # more than the loop's own threads
            made = await quote(shop, receiver, webhook_url=f"https://n{n}.example/")
            shop.node.pay(made["bolt11_invoice"])
        await shop.eventually(lambda: len(asked) == 40)

        audio = {"audio": ("a.wav", make_wav(1), "audio/wav")}
        answer = await shop.http.post("/lightning/request-video/audio", files=audio)

    assert answer.status_code == 200, answer.text


async def test_what_receivers_want_remembered_is_forgotten(shop, receiver):
    receiver.headers = [(b"set-cookie", b"a=b; Max-Age=9999")]
    made = await quote(shop, receiver)
    shop.node.pay(made["bolt11_invoice"])
    await shop.video(made["bolt11_invoice"])
    await shop.eventually(lambda: len(receiver.told) == 3)

    assert not any("cookie" in headers for headers, _ in receiver.tries)


async def test_what_was_not_delivered_when_the_service_died_is_delivered_by_the_next(closed_shop, receiver):
    receiver.answers = [500]
    async with closed_shop.open(**SETTINGS) as shop:
        made = await quote(shop, receiver)
        shop.node.pay(made["bolt11_invoice"])
        await until_noted(shop, 1)
    closed_shop.clock.pass_by(minutes=1)

    async with closed_shop.open(**SETTINGS) as shop:
        await shop.eventually(lambda: receiver.types == ["payment.settled"])

    assert receiver.tries[0][0]["webhook-id"] == receiver.tries[1][0]["webhook-id"]


async def test_what_failed_for_three_days_is_set_aside_and_sent_again_when_the_operator_says_so(
    shop, receiver
):
    receiver.answers = [500] * 100
    made = await quote(shop, receiver)
    shop.node.pay(made["bolt11_invoice"])
    await until_noted(shop, 1)
    shop.clock.pass_by(days=3)
    await shop.eventually(lambda: len(receiver.tries) == 2)
    async with open_outbox(shop.settings()) as outbox, asyncio.timeout(10):
        while not (dead := await outbox.dead()):  # noqa: ASYNC110 - what a row says
            await asyncio.sleep(0.02)
    receiver.answers.clear()

    message = receiver.tries[0][0]["webhook-id"]
    shop.clock.ahead = timedelta(0)
    done = await asyncio.to_thread(webhooks, shop, "replay", message)
    await shop.eventually(lambda: receiver.types == ["payment.settled"])

    assert [(letter.message_id, letter.failure) for letter in dead] == [(message, "status 500")]
    assert done.returncode == 0, done.stderr
    assert receiver.tries[-1][0]["webhook-id"] == message


def webhooks(shop, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", "webhooks", *arguments]
    environment = {"SATSPEAK_DATA_DIR": str(shop.folder)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


async def test_an_event_happens_when_the_clock_of_the_service_says_so(shop, receiver):
    """One of a clock that is months behind would be too old for a second try."""
    shop.clock.pass_by(days=100)
    receiver.answers = [500]
    made = await quote(shop, receiver)
    shop.node.pay(made["bolt11_invoice"])
    await until_noted(shop, 1)
    shop.clock.pass_by(minutes=1)

    await shop.eventually(lambda: receiver.types == ["payment.settled"])

    happened = datetime.fromisoformat(receiver.told[0]["timestamp"])
    assert timedelta(0) < shop.clock.now() - happened < timedelta(days=1)


async def test_who_answers_gone_is_told_no_more(shop, receiver):
    receiver.answers = [410]
    made = await quote(shop, receiver)
    shop.node.pay(made["bolt11_invoice"])
    await shop.eventually(lambda: len(receiver.tries) == 1)
    await shop.video(made["bolt11_invoice"])
    await shop.eventually(lambda: receiver.types[-1:] == ["video.ready"])

    assert "payment.settled" not in receiver.types


async def test_who_says_when_to_come_back_is_left_alone_until_then(shop, receiver):
    receiver.answers, receiver.headers = [429], [(b"retry-after", b"3600")]
    made = await quote(shop, receiver)
    shop.node.pay(made["bolt11_invoice"])
    await until_noted(shop, 1)
    shop.clock.pass_by(minutes=59)
    other = await quote(shop, receiver)
    shop.node.pay(other["bolt11_invoice"])
    await shop.eventually(lambda: len(receiver.tries) == 2)
    shop.clock.pass_by(minutes=2)
    await shop.eventually(lambda: len(receiver.told) == 2)

    assert receiver.told[0]["data"]["bolt11_invoice"] == other["bolt11_invoice"]


async def test_a_quote_that_is_told_again_has_the_same_secret(shop, receiver):
    key = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    body = {**TEXT, "webhook_url": receiver.url}
    first, second = [
        (await shop.http.post("/lightning/request-video/text", json=body, headers=key)).json()
        for _ in range(2)
    ]

    assert first == second
    assert first["webhook_secret"].startswith("whsec_")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://example.org:8443/",
        "https://user@example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://localhost/",
        "https://service.internal/",
        "https://" + "a" * 500,
        "ftp://example.org/",
        "https://[::1",
        "example.org",
        "https://exa mple.org/",
        "https://example..org/",
        "https://" + "a" * 64 + ".org/",
        "",
    ],
)
async def test_a_receiver_that_nobody_on_the_internet_has_is_refused(standing_shop, url):
    answer = await standing_shop.http.post("/lightning/request-video/text", json={**TEXT, "webhook_url": url})

    assert answer.status_code == 400
    assert answer.json()["field"] == "webhook_url"


async def test_a_name_that_leads_inside_is_not_asked(closed_shop, receiver, monkeypatch):
    """As when a name resolves to the inside only after it was looked at."""
    inside = receiver.url.removeprefix("http://127.0.0.1:")

    def resolve(host, port, **hints):
        assert (host, port) == ("rebound.example.org", 443)
        return [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("127.0.0.1", int(inside)))]

    async with closed_shop.open(webhook_look_s=0.02) as shop:
        body = {**TEXT, "webhook_url": "https://rebound.example.org/"}
        made = (await shop.http.post("/lightning/request-video/text", json=body)).json()
        with monkeypatch.context() as patched:
            patched.setattr(socket, "getaddrinfo", resolve)
            shop.node.pay(made["bolt11_invoice"])
            async with asyncio.timeout(10):
                while "not on the internet" not in await failure(shop):  # noqa: ASYNC110 - what a row says
                    await asyncio.sleep(0.02)

    assert not receiver.tries


async def failure(shop) -> str:
    """Why what waits could not be sent."""
    async with open_outbox(shop.settings()) as outbox:
        letters = await outbox.due(shop.clock.now() + timedelta(hours=1), but=(), limit=10)
    return str(letters[0].failure) if letters else ""


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("::ffff:8.8.8.8", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("192.88.99.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("fec0::1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False),
        ("5f00::1", False),
        ("2001:67c:27e4:15::64", True),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_only_addresses_of_the_internet_are_public(address, public):
    assert is_public(address) == public


async def test_a_receiver_that_trickles_its_answer_is_waited_for_no_longer_than_any_other(
    shop, receiver, monkeypatch
):
    monkeypatch.setattr("service.webhooks.carrier.TIMEOUT_S", 0.5)
    stop = asyncio.Event()

    async def trickle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX: ")
        with contextlib.suppress(ConnectionError):
            while not stop.is_set():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        made = await quote(shop, receiver, webhook_url=url)
        shop.node.pay(made["bolt11_invoice"])
        await until_noted(shop, 1)
        stop.set()

    assert "no answer in" in await failure(shop)
