"""What comes over a raw socket and is no decent request: it ends in time, and never with a 5xx."""

import asyncio
import contextlib
import time
from urllib.parse import urlsplit

import msgspec
import pytest
import uvicorn
from websockets.asyncio.client import connect

from service.program import server_config
from service.routes.http.problems import malformed_http
from service.runtime.connections import patient_for, patient_sockets_for

DEADLINE_S = 10
PATIENCE_S = 0.3

QUOTE = b"POST /lightning/request-video/text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
UPLOAD = (
    b"POST /lightning/request-video/audio HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    b"Content-Type: multipart/form-data; boundary=X\r\n"
)
PART = b'--X\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\n\r\n'


@contextlib.asynccontextmanager
async def connected(shop, **options):
    address = urlsplit(shop.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, **options)
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield reader, writer
    finally:
        writer.close()


async def trickle(reader, writer, head, piece):
    """Send a piece now and then until the other side ends it; what it said, and after how long."""
    writer.write(head)
    started = time.monotonic()
    answer = asyncio.ensure_future(read_all(reader))
    while not answer.done():
        writer.write(piece)
        await asyncio.wait([answer], timeout=0.02)
    return answer.result(), time.monotonic() - started


async def read_all(reader):
    received = b""
    with contextlib.suppress(ConnectionError):  # hung up on while it sent
        while data := await reader.read(65536):
            received += data
    return received


@pytest.fixture
async def hasty_shop(closed_shop):
    async with closed_shop.open(client_patience_s=PATIENCE_S) as shop:
        yield shop


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (QUOTE + b"Content-Length: 9000\r\n\r\n{", b" "),
        (QUOTE + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (UPLOAD + b"Content-Length: 90000\r\n\r\n" + PART, b"R"),
        (UPLOAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n-\r\n"),
    ],
)
async def test_a_body_that_trickles_is_ended_with_a_408(hasty_shop, head, piece):
    async with connected(hasty_shop) as (reader, writer):
        answer, took_s = await trickle(reader, writer, head, piece)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"too long" in answer
    assert PATIENCE_S <= took_s < 10 * PATIENCE_S
    assert not list((hasty_shop.folder / "incoming").iterdir())


async def test_a_body_that_comes_steadily_may_take_longer(hasty_shop, make_wav):
    wav = make_wav(1)
    body = PART + wav + b"\r\n--X--\r\n"
    async with connected(hasty_shop) as (reader, writer):
        writer.write(UPLOAD + b"Content-Length: %d\r\n\r\n" % len(body))
        started = time.monotonic()
        for start in range(0, len(body), 1600):  # more than twice as fast as the slowest that will do
            writer.write(body[start : start + 1600])
            await asyncio.sleep(0.05)  # what is tested is a client that takes its time
        took_s = time.monotonic() - started
        answer = await read_all(reader)

    assert took_s > 2 * PATIENCE_S
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", b"G"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", b"X-A: b\r\n"),
        (b"GET /avatars HTTP/1.1\r\nHost: x\r\n\r\n", b"\r\n"),  # empty lines before the next request
    ],
)
async def test_a_head_that_trickles_is_hung_up_on(hasty_shop, head, piece):
    async with connected(hasty_shop) as (reader, writer):
        answer, took_s = await trickle(reader, writer, head, piece)

    assert b" 5" not in answer.partition(b"\r\n")[0]
    assert took_s < 10 * PATIENCE_S


async def test_a_body_that_nobody_reads_does_not_go_on_for_ever(hasty_shop):
    head = b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with connected(hasty_shop) as (reader, writer):
        answer, took_s = await trickle(reader, writer, head, b"1\r\n \r\n")

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert took_s < 10 * PATIENCE_S


async def test_a_connection_between_two_requests_is_not_hung_up_on(hasty_shop):
    request = b"GET /avatars HTTP/1.1\r\nHost: x\r\n"
    async with connected(hasty_shop) as (reader, writer):
        writer.write(request + b"\r\n")
        began = await reader.read(1)
        await asyncio.sleep(3 * PATIENCE_S)  # what is tested is a client that does nothing
        writer.write(request + b"Connection: close\r\n\r\n")
        answers = began + await read_all(reader)

    assert answers.count(b"HTTP/1.1 200 ") == 2


async def test_a_connection_is_kept_for_longer_than_clients_and_proxies_keep_theirs(hasty_shop):
    settings = hasty_shop.settings()
    proxies_s = 60  # nginx's, HAProxy's and AWS's

    assert server_config(settings, hasty_shop).timeout_keep_alive > proxies_s


async def test_a_client_that_takes_none_of_its_video_is_hung_up_on(hasty_shop, worker):
    worker.segments, worker.segment_bytes = 16, 1 << 20  # more than fits between here and there
    invoice = await hasty_shop.paid()
    body = msgspec.json.encode(hasty_shop.order(invoice))
    async with connected(hasty_shop, limit=1024) as (reader, writer):
        writer.write(b"POST /lightning/generate-video HTTP/1.1\r\nHost: x\r\n")
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        await hasty_shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
        await asyncio.sleep(3 * PATIENCE_S)  # what is tested is a client that does nothing
        received = await read_all(reader)

    assert received.startswith(b"HTTP/1.1 200 ")
    assert len(received) < len(worker.video)
    assert (await hasty_shop.video(invoice)).content == worker.video


async def test_a_client_that_waits_is_not_hung_up_on(hasty_shop, worker):
    worker.hold_after = 1
    invoice = await hasty_shop.paid()
    async with hasty_shop.http.stream(
        "POST", "/lightning/generate-video", json=hasty_shop.order(invoice)
    ) as answer:
        pieces = answer.aiter_raw()
        received = await anext(pieces)
        await asyncio.sleep(2 * PATIENCE_S)  # nothing is sent for longer than a client may be silent
        worker.go.set()
        async for piece in pieces:
            received += piece

    assert worker.video == received


PATHS = [
    b"/lightning/payment/" + b"lnbc" + b"q" * 4_000,
    b"/lightning/payment/" + b"lnbc" + b"q" * 15_000,
    b"/lightning/payment/" + b"lnbc" + b"q" * 65_536,
    b"/lightning/video/" + b"lnbc" + b"q" * 65_536,
    b"/lightning/video/" + b"%" * 1_000,
    b"/lightning/payment/a%2Fb",
    b"/lightning/payment/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    b"/lightning/payment/../../etc/passwd",
    b"/lightning/payment/%00",
    b"/lightning/video/lnbc%00",
    b"/lightning/payment/%0d%0aX-Injected:%201",
    b"/lightning/payment/%ff%fe",
    b"/lightning/payment/%ed%a0%80",  # a lone surrogate
    b"/lightning/payment/%F0%9F%92%A9",
    b"/lightning/payment/\xc3\xa9",
    b"/lightning/payment/lnbc;a=b",
    b"/lightning/payment/lightning:lightning:lnbc",
    b"/lightning/payment/%20",
    b"/lightning/payment/lnbc?invoice=%00&wait=%ff",
    b"/lightning/payment//lnbc",
    b"//lightning/payment/lnbc",
    b"/%2flightning/payment/lnbc",
    b"/pages/../../settings.py",
    b"/pages/%2e%2e/settings.py",
    b"http://elsewhere/lightning/payment/lnbc",
    b"*",
    b"lightning",
    b"",
]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: repr(path[:40]) + str(len(path)))
async def test_a_path_that_names_nothing_is_a_4xx(standing_shop, path):
    async with connected(standing_shop) as (reader, writer):
        writer.write(b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await read_all(reader)

    assert answer.split(b" ", 2)[1] in {b"400", b"404", b"414", b"431"}
    assert b"X-Injected" not in answer.partition(b"\r\n\r\n")[0]


GOOD = b"GET /avatars HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
REQUESTS = {
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /avatars\r\n\r\n",
    "HTTP/9.9": b"GET /avatars HTTP/9.9\r\nHost: x\r\n\r\n",
    "NUL in the method": b"G\x00T /avatars HTTP/1.1\r\nHost: x\r\n\r\n",
    "no host": b"GET /avatars HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": GOOD + b"Host: y\r\n\r\n",
    "a long header": GOOD + b"X-A: " + b"a" * 70_000 + b"\r\n\r\n",
    "many headers": GOOD + b"".join(b"X-%d: a\r\n" % n for n in range(5_000)) + b"\r\n",
    "NUL in a header": GOOD + b"X-A: a\x00b\r\n\r\n",
    "a space in a header's name": GOOD + b"X A: b\r\n\r\n",
    "a folded header": GOOD + b" folded\r\n\r\n",
    "a negative length": QUOTE + b"Content-Length: -1\r\n\r\n",
    "a length that is no integer": QUOTE + b"Content-Length: 1e3\r\n\r\n",
    "two lengths": QUOTE + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "an endless length": QUOTE + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
    "a length and chunks": QUOTE + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "an unknown transfer encoding": QUOTE + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "an endless chunk": QUOTE + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffffff\r\n",
    "a packed body": QUOTE + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "an odd charset": QUOTE + b"Content-Type: text/plain; charset=\xff\r\nContent-Length: 2\r\n\r\n{}",
    "a long boundary": UPLOAD.replace(b"=X", b"=" + b"X" * 5_000) + b"Content-Length: 2\r\n\r\n{}",
    "an odd boundary": UPLOAD.replace(b"=X", b'="\xff\xfe"') + b"Content-Length: 2\r\n\r\n{}",
    "an odd key": GOOD.replace(b"/avatars", b"/lightning/payments")
    + b"Authorization: Bearer \xff\xfe\r\n\r\n",
    "an odd query": GOOD.replace(b"/avatars", b"/lightning/payments?limit=%ff&before_id=" + b"9" * 30)
    + b"\r\n",
    "an odd range": GOOD.replace(b"/avatars", b"/lightning/video/lnbc") + b"Range: bytes=\xff-\r\n\r\n",
    "an odd forwarder": GOOD + b"X-Forwarded-For: \xff, \xfe\r\nX-Forwarded-Proto: gopher\r\n\r\n",
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_request_that_is_odd_or_broken_is_never_a_5xx(hasty_shop, name):
    async with connected(hasty_shop) as (reader, writer):
        writer.write(REQUESTS[name])
        answer = await read_all(reader)

    assert answer[:10] in {b"", b"HTTP/1.1 2", b"HTTP/1.1 4"}


async def test_an_invoice_of_any_size_in_a_body_is_a_404(standing_shop):
    for size in (10, 10_000, 60_000):
        answer = await standing_shop.video("lnbc" + "q" * size)

        assert (answer.status_code, len(answer.content) < 500) == (404, True)


async def test_a_websocket_whose_client_takes_nothing_is_hung_up_on(run_server):
    ended = asyncio.Event()

    async def flood(scope, receive, send):
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        with contextlib.suppress(OSError):  # the client is gone
            while True:
                await send({"type": "websocket.send", "bytes": bytes(1 << 20)})
        ended.set()

    config = uvicorn.Config(
        flood,
        port=0,
        lifespan="off",
        log_config=None,
        http=patient_for(DEADLINE_S, malformed_http, 10),
        ws=patient_sockets_for(PATIENCE_S),
    )
    async with (
        run_server(flood, config) as url,
        connect(url.replace("http", "ws", 1), max_size=None, proxy=None) as client,
    ):
        client.transport.pause_reading()
        async with asyncio.timeout(DEADLINE_S):
            await ended.wait()
        client.transport.abort()


async def test_a_websocket_may_be_silent_for_longer_than_a_head_may_take(run_server):
    async def wait(scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.sleep(3 * PATIENCE_S)
        await send({"type": "websocket.send", "text": "still here"})
        await receive()

    config = uvicorn.Config(
        wait,
        port=0,
        lifespan="off",
        log_config=None,
        http=patient_for(PATIENCE_S, malformed_http, 10),
        ws=patient_sockets_for(DEADLINE_S),
    )
    async with (
        run_server(wait, config) as url,
        connect(url.replace("http", "ws", 1), proxy=None) as client,
        asyncio.timeout(DEADLINE_S),
    ):
        assert await client.recv() == "still here"
