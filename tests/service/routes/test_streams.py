"""Requests that last are bounded, by client and in total; and so are connections and uploads on their way."""

import asyncio
import contextlib
import resource
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from service.runtime.descriptors import most_connections

DEADLINE_S = 10
ADDRESS = {"X-Forwarded-For": "198.51.100.1"}


@contextlib.asynccontextmanager
async def events(shop, invoice, **options):
    """Follow a payment; the status, once the head is there."""
    async with shop.http.stream("GET", f"/lightning/payment/{invoice}/events", **options) as answer:
        pieces = answer.aiter_raw()  # held on to: the connection goes with it
        if answer.status_code == 200:
            await anext(pieces)
        yield answer


async def until_taken(shop, invoice, status, **options):
    """Ask until the answer is so: the server hears of an end a little later than the client makes it."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            async with events(shop, invoice, **options) as answer:
                if answer.status_code == status:
                    return answer


async def let_in(client, method, path, body, answered):
    """Ask until there is room: the last share is given back a moment after its client has gone. Then stay."""
    while True:
        async with client.stream(method, path, json=body) as answer:
            if answer.status_code != 429:
                assert answer.status_code == 200
                answered.set()
                await answer.aread()
                return


async def test_a_client_follows_so_many_payments_and_others_meanwhile_theirs(closed_shop):
    async with closed_shop.open(open_streams_per_client=2, trusted_proxies="127.0.0.1") as shop:
        invoice = await shop.quote()
        async with events(shop, invoice, headers=ADDRESS), events(shop, invoice, headers=ADDRESS):
            async with events(shop, invoice, headers=ADDRESS) as refused:
                await refused.aread()
                assert refused.status_code == 429
                assert int(refused.headers["Retry-After"]) > 0
                assert refused.json()["type"] == "/docs/problems#too-many-requests"
            async with events(shop, invoice, headers={"X-Forwarded-For": "198.51.100.2"}) as another:
                assert another.status_code == 200
            assert (await shop.http.get(f"/lightning/payment/{invoice}", headers=ADDRESS)).status_code == 200
        await until_taken(shop, invoice, 200, headers=ADDRESS)


async def test_every_kind_of_wait_counts_the_same(closed_shop, worker):
    worker.hold_after = 1
    async with closed_shop.open(open_streams_per_client=1) as shop:
        invoice, growing = await shop.quote(), await shop.paid()
        requests = {
            "events": ("GET", f"/lightning/payment/{invoice}/events", None),
            "wait": ("GET", f"/lightning/payment/{invoice}?%77ait=30", None),
            "payment": ("POST", "/lightning/generate-video", shop.order(invoice)),
            "render": ("POST", "/lightning/generate-video", shop.order(growing)),
            "download": ("GET", f"/lightning/video/{growing}", None),
        }
        for kind, (method, path, body) in requests.items():
            async with httpx.AsyncClient(base_url=shop.url) as other:
                answered = asyncio.Event()
                held = asyncio.create_task(let_in(other, method, path, body, answered))
                if kind in {"wait", "payment"}:  # answered when they end
                    await shop.eventually(lambda: shop.stopping.waiting > 0)
                else:
                    await asyncio.wait_for(answered.wait(), DEADLINE_S)
                async with events(shop, invoice) as refused:
                    assert refused.status_code == 429
                held.cancel()
                await asyncio.wait([held])
            await until_taken(shop, invoice, 200)  # given back though nobody paid and nothing was rendered
            await shop.eventually(lambda: not shop.stopping.waiting)
        worker.go.set()


async def test_all_clients_together_have_a_limit(closed_shop):
    async with closed_shop.open(open_streams=2) as shop:
        invoice = await shop.quote()
        async with events(shop, invoice), events(shop, invoice), events(shop, invoice) as refused:
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) > 0
        await until_taken(shop, invoice, 200)


async def test_streams_that_come_at_once_do_not_pass_the_cap_together(closed_shop):
    async with closed_shop.open(open_streams_per_client=3) as shop:
        invoice = await shop.quote()
        async with contextlib.AsyncExitStack() as stack:
            answers = await asyncio.gather(
                *(stack.enter_async_context(events(shop, invoice)) for _ in range(50))
            )
            assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 47


@pytest.fixture
def few_files():
    """As few files as a process has on some systems."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
    yield 256
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_one_address_cannot_take_all_files(closed_shop, few_files):
    async with closed_shop.open(open_streams_per_client=100, open_streams=10_000) as shop:
        invoice = await shop.quote()
        address = urlsplit(shop.url)
        head = f"GET /lightning/payment/{invoice}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        async with contextlib.AsyncExitStack() as stack:
            answers = []
            for _ in range(40):  # each is two files here: the server's and ours
                reader, writer = await asyncio.open_connection(address.hostname, address.port)
                stack.callback(writer.close)
                writer.write(head)
                answers.append(int((await reader.readline()).split()[1]))

            assert answers == [200] * 32 + [429] * 8
            assert (await shop.http.get("/health/live")).status_code == 200
            assert await shop.quote()


KNOCK = """
import socket, sys
held = []
for _ in sys.stdin:
    held += [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(8)]
    print(len(held), flush=True)
"""


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


async def test_connections_that_send_nothing_leave_room_for_what_serves_others(closed_shop):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A quarter is left for what serves others, and for all that this process of tests has open anyway.
    limit = max(512, 4 * (open_files() + 64))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, before[1]))
    try:
        async with closed_shop.open() as shop:
            knocking = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", KNOCK, str(urlsplit(shop.url).port)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            assert knocking.stdin is not None
            assert knocking.stdout is not None
            own, held = open_files(), 0
            while (
                held < limit - 62
            ):  # few at a time, for all that come between two turns of the loop are accepted
                knocking.stdin.write(b"more\n")
                held = int(await knocking.stdout.readline())
            assert open_files() <= own + most_connections() + 8
            invoice = await shop.paid()  # by the connection that was there first
            assert (
                await shop.video(invoice)
            ).status_code == 200  # for which the worker is asked over another
            knocking.kill()
            await knocking.wait()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


UPLOAD = (
    b"POST /lightning/request-video/audio HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: multipart/form-data; boundary=X\r\n"
)


@pytest.mark.parametrize(
    "length",
    [b"Content-Length: 4000000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"],
    ids=["said", "chunked"],
)
async def test_uploads_on_their_way_are_bounded_before_their_first_byte(closed_shop, make_wav, length):
    async with closed_shop.open(
        max_video_s=100, incoming_uploads_mb_per_client=9, trusted_proxies="127.0.0.1"
    ) as shop:
        address = urlsplit(shop.url)
        small = {"audio": ("a.wav", make_wav(60))}
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(2):
                _, writer = await asyncio.open_connection(address.hostname, address.port)
                stack.callback(writer.close)
                writer.write(UPLOAD + b"X-Forwarded-For: 198.51.100.1\r\n" + length)
            await shop.eventually(lambda: len(list((shop.folder / "incoming").iterdir())) == 2)

            refused = await shop.http.post("/lightning/request-video/audio", files=small, headers=ADDRESS)
            assert refused.status_code == 429
            assert "uploads" in refused.json()["detail"]
            other = {"X-Forwarded-For": "198.51.100.2"}
            assert (
                await shop.http.post("/lightning/request-video/audio", files=small, headers=other)
            ).status_code == 200

        await shop.eventually(lambda: not list((shop.folder / "incoming").iterdir()))
        sold = await shop.http.post("/lightning/request-video/audio", files=small, headers=ADDRESS)
        assert sold.status_code == 200


async def test_estimates_do_not_use_up_the_limit_of_quotes(closed_shop):
    async with closed_shop.open(quotes_per_minute_per_client=1, estimates_per_minute_per_client=2) as shop:
        wish = {"text": "Hello there."}
        estimates = [(await shop.http.post("/lightning/estimate", json=wish)).status_code for _ in range(3)]

        assert estimates == [200, 200, 429]
        assert await shop.quote()


async def test_a_video_is_named_by_what_tells_nobody_of_other_orders(closed_shop):
    async with closed_shop.open() as shop:
        etags = []
        for _ in range(2):
            invoice = await shop.paid()
            await shop.video(invoice)
            await shop.until(invoice, lambda payment: payment["video"]["state"] == "ready")
            etags.append((await shop.http.get(f"/lightning/video/{invoice}")).headers["ETag"])
            again = await shop.http.get(
                f"/lightning/video/{invoice}", headers={"If-Range": etags[-1], "Range": "bytes=0-9"}
            )
            assert again.status_code == 206
    assert etags[0] != etags[1]
    assert all(len(msgspec.json.decode(etag)) == 32 for etag in etags)
