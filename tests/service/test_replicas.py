"""Services that sell from one PostgreSQL and one bucket."""

import asyncio
import contextlib
import os
import socket
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
import sqlalchemy as sa
import structlog.testing

from lightning import Msat, PaymentHash
from service.assembly.stores import open_database
from service.errors import LeaseLost, NotRefundable
from service.jobs.attempts import Failure
from service.orders.choice import Choice
from service.orders.video import VideoState
from service.refunds.refund import Refund, RefundState
from service.storage.orders import SqlOrders
from service.storage.payments import SqlPayments
from service.storage.postgres import PostgresDatabase
from service.storage.refunds import SqlRefunds
from service.storage.schema import orders
from service.storage.videos import SqlVideos

CERTIFICATE = Path(__file__).parents[1] / "lightning" / "nobody.pem"

CHOICE = Choice(avatar="arab_woman", emotion="happy")

pytestmark = pytest.mark.parametrize("stores", ["servers"], indirect=True)


@pytest.fixture
def closed_other(closed_shop, tmp_path):
    """Another replica of the shop: it has the shop's node, worker and clock, and a folder of its own."""
    other = type(closed_shop)(tmp_path / "other", closed_shop.worker, closed_shop.stores)
    other.node, other.clock = closed_shop.node, closed_shop.clock
    return other


@pytest.fixture
async def other(shop, closed_other):
    """It started after the shop, which therefore follows the node."""
    async with closed_other.open():
        yield closed_other


@contextlib.asynccontextmanager
async def streamed(shop, invoice):
    """Ask a replica for a video; what it says when its first bytes are here."""
    async with shop.http.stream("POST", "/lightning/generate-video", json=shop.order(invoice)) as answer:
        assert answer.status_code == 200
        yield answer.aiter_raw()


async def rest(chunks):
    return b"".join([chunk async for chunk in chunks])


async def disconnect_all(url):
    """Have the server close every connection to this database, as it does when it is started again."""
    connection = await asyncpg.connect(url)
    closed = await connection.fetchval(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity"
        " where datname = current_database() and pid <> pg_backend_pid()"
    )
    await connection.close()
    return closed


async def test_a_quote_of_one_is_paid_asked_about_and_delivered_at_the_other(shop, other, worker):
    invoice = await shop.paid()

    await other.until(invoice, lambda payment: payment["status"] == "paid")

    assert worker.video == (await other.video(invoice)).content
    assert worker.video == (await shop.http.get(f"/lightning/video/{invoice}")).content


async def test_a_delivery_joins_the_render_of_the_other(shop, other, worker):
    invoice = await shop.paid()
    worker.hold_after = 2

    async with streamed(shop, invoice) as here, streamed(other, invoice) as there:
        await other.until(invoice, lambda payment: payment["video"]["frames"] == 24)
        worker.go.set()
        assert [worker.video] * 2 == [await rest(here), await rest(there)]

    assert len(worker.requests) == 1


async def test_who_waits_at_one_is_woken_by_what_the_other_hears_of_the_node(shop, other, worker):
    invoices = [await shop.quote() for _ in range(5)]
    waiting = [
        asyncio.create_task(other.http.get(f"/lightning/payment/{invoice}?wait=60", timeout=70))
        for invoice in invoices
    ]
    await other.eventually(lambda: other.stopping.waiting == len(invoices))

    for invoice in invoices:
        shop.node.pay(invoice)

    async with asyncio.timeout(5):
        answers = await asyncio.gather(*waiting)
    assert [answer.json()["status"] for answer in answers] == ["paid"] * 5


async def test_who_waits_is_woken_although_the_database_was_away_meanwhile(shop, other):
    invoice = await shop.quote()
    waiting = asyncio.create_task(other.http.get(f"/lightning/payment/{invoice}?wait=60", timeout=70))
    await other.until_waiting()

    assert await disconnect_all(shop.stores["database_url"]) > 3
    shop.node.pay(invoice)

    async with asyncio.timeout(20):
        assert (await waiting).json()["status"] == "paid"


async def test_one_follows_the_node_when_the_other_is_gone(shop, closed_other, closed_shop, worker):
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(closed_other.open())
        invoices = [await first.quote() for _ in range(2)]
        shop.node.pay(invoices[0])
        await first.until(invoices[0], lambda payment: payment["status"] == "paid")
    # Which of the two followed the node does not matter: each is left alone once.
    shop.node.pay(invoices[1])

    await shop.until(invoices[1], lambda payment: payment["status"] == "paid")


async def test_the_other_goes_on_where_the_settlements_of_the_first_ended(closed_shop, closed_other):
    async with contextlib.AsyncExitStack() as first:
        await first.enter_async_context(closed_shop.open())
        async with closed_other.open() as other:
            invoices = [await other.quote() for _ in range(3)]
            closed_shop.node.pay(invoices[0])
            await other.until(invoices[0], lambda payment: payment["status"] == "paid")

            await first.aclose()
            for invoice in invoices[1:]:
                other.node.pay(invoice)

            for invoice in invoices[1:]:
                await other.until(invoice, lambda payment: payment["status"] == "paid")


async def test_requests_with_one_key_at_both_make_one_quote(shop, other):
    key = {"Idempotency-Key": str(uuid.uuid4())}

    answers = await asyncio.gather(
        *(
            replica.http.post("/lightning/request-video/text", json={"text": "Once, please."}, headers=key)
            for replica in (shop, other) * 10
        )
    )

    assert [answer.status_code for answer in answers] == [200] * 20
    assert len({answer.text for answer in answers}) == 1
    async with open_database(shop.settings()) as database:
        count = sa.select(sa.func.count()).select_from(orders)
        assert await database.read(lambda connection: connection.scalar(count)) == 1


async def test_a_challenge_that_the_other_made_at_the_same_moment_is_good_once_it_is_paid(
    shop, other, monkeypatch
):
    look, both = SqlOrders.of_idempotency_key, asyncio.Barrier(2)

    async def look_together(self, *asked):
        found = await look(self, *asked)
        if found is None:
            await both.wait()
        return found

    monkeypatch.setattr(SqlOrders, "of_idempotency_key", look_together)
    wish = {"text": "Once, please.", "avatar": "arab_woman", "emotion": "happy"}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    challenges = await asyncio.gather(
        *(replica.http.post("/l402/video", json=wish, headers=key) for replica in (shop, other))
    )
    [invoice] = {challenge.json()["bolt11_invoice"] for challenge in challenges}
    preimage = shop.node.pay(invoice)

    for challenge in challenges:
        credential = {"Authorization": f"L402 {challenge.json()['macaroon']}:{preimage.hex()}"}
        assert (await shop.http.post("/l402/video", json=wish, headers=credential)).status_code == 200


async def test_quotes_that_wait_for_their_payment_are_counted_over_all(closed_shop, closed_other):
    async with closed_shop.open(open_quotes=3) as shop, closed_other.open(open_quotes=3) as other:
        for replica in (shop, other, shop):
            await replica.quote()
        shop.clock.pass_by(seconds=2)

        answer = await other.http.post("/lightning/request-video/text", json={"text": "One more."})

        assert answer.status_code == 503


async def test_a_replica_that_starts_leaves_the_renders_of_the_others_alone(shop, closed_other, worker):
    invoice = await shop.paid()
    worker.hold_after = 2
    async with streamed(shop, invoice) as chunks:
        await shop.until(invoice, lambda payment: payment["video"]["frames"] == 24)
        async with closed_other.open() as other:
            assert (await other.payment(invoice))["video"]["state"] == "rendering"
            worker.go.set()

            assert worker.video == await rest(chunks)
    assert len(worker.requests) == 1


async def test_a_download_goes_on_when_the_replica_that_renders_is_stopped(shop, closed_other, worker):
    invoice = await shop.paid()
    worker.hold_after = 2
    async with contextlib.AsyncExitStack() as stack:
        other = await stack.enter_async_context(closed_other.open())
        asked = asyncio.create_task(other.video(invoice))
        await shop.until(invoice, lambda payment: payment["video"]["frames"] == 24)
        async with streamed(shop, invoice) as chunks:
            received = await anext(chunks)
            worker.hold_after = None
            await stack.aclose()

            assert worker.video == received + await rest(chunks)
    with pytest.raises(httpx.HTTPError):
        await asked
    assert [request["first_frame"] for request in worker.requests] == [0, 24]


async def test_a_download_goes_on_when_the_replica_that_renders_is_killed(closed_shop, worker, tmp_path):
    leases = {"lease_s": 6, "render_silence_s": 5}
    async with closed_shop.open(**leases) as shop, program(tmp_path, shop, leases) as (url, process):
        invoice = await shop.paid()
        await shop.until(invoice, lambda payment: payment["status"] == "paid")
        worker.hold_after = 2
        async with httpx.AsyncClient(base_url=url, timeout=10) as http:
            asked = asyncio.create_task(http.post("/lightning/generate-video", json=shop.order(invoice)))
            await shop.until(invoice, lambda payment: payment["video"]["frames"] == 24)
            download = asyncio.create_task(shop.download(invoice))

            process.kill()
            worker.hold_after = None

            with pytest.raises(httpx.HTTPError):
                await asked
        curl = await download
    assert (0, worker.video) == (curl.returncode, curl.received)
    assert [request["first_frame"] for request in worker.requests] == [0, 24]


@contextlib.asynccontextmanager
async def program(folder, shop, settings):
    """The program itself as another replica; it has no node, which a delivery does not need."""
    (folder / "macaroon").write_bytes(b"\x02\x01\x03lnd")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    chosen = {
        "port": port,
        "data_dir": folder / "program",
        "lnd_address": "127.0.0.1:1",
        "lnd_tls_cert": CERTIFICATE,
        "lnd_macaroon": folder / "macaroon",
        "btc_usd": "fixed:65000",
        "worker_urls": shop.worker.url,
        **shop.stores,
        **settings,
    }
    environment = {f"SATSPEAK_{name.upper()}": str(value) for name, value in chosen.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service", env={**os.environ, **environment}
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http, asyncio.timeout(60):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get("/health/live")).is_success:  # its node is away: it never sells
                        break
                await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_replicas_that_start_at_once_bring_the_tables_up_to_date_once(stores):
    async with contextlib.AsyncExitStack() as stack:
        await asyncio.gather(
            *(stack.enter_async_context(PostgresDatabase.open(stores["database_url"])) for _ in range(4))
        )


async def test_of_claims_at_once_one_gets_the_render(shop, other):
    invoice = await shop.paid()
    await shop.until(invoice, lambda payment: payment["status"] == "paid")
    now = datetime.now(UTC)
    async with open_database(shop.settings()) as here, open_database(other.settings()) as there:
        claims = await asyncio.gather(
            *(
                SqlVideos(database).claim(1, CHOICE, owner=owner, now=now, until=now + timedelta(seconds=90))
                for database, owner in ((here, "here"), (there, "there")) * 10
            )
        )

    assert len([claim for claim in claims if claim is not None]) == 1


async def test_what_postgresql_cannot_keep_is_refused_before_it_is_asked(shop):
    text = await shop.http.post("/lightning/request-video/text", json={"text": "a\0b"})
    invoice = await shop.http.get("/lightning/payment/lnbc%00")

    assert (text.status_code, invoice.status_code) == (400, 404)


async def test_a_video_is_forgotten_once_by_replicas_that_both_look(closed_shop, closed_other, worker):
    looking = {"sweep_s": 0.02, "video_retention_days": 1}
    async with closed_shop.open(**looking) as shop, closed_other.open(**looking) as other:
        invoice = await shop.paid()
        assert worker.video == (await shop.video(invoice)).content

        shop.clock.pass_by(days=2)

        for replica in (shop, other):
            await replica.until(invoice, lambda payment: payment["video"]["state"] == "deleted")
            assert (await replica.http.get(f"/lightning/video/{invoice}")).status_code == 410


class Wire:
    """A TCP address of the database's server, which can be cut."""

    def __init__(self, url: str) -> None:
        split = urlsplit(url)
        self._socket = f"{parse_qs(split.query)['host'][0]}/.s.PGSQL.5432"
        self._database = split.path
        self._open: set[asyncio.StreamWriter] = set()
        self._cut = False
        self.url = ""

    @contextlib.asynccontextmanager
    async def laid(self):
        server = await asyncio.start_server(self._connect, "127.0.0.1")
        port = server.sockets[0].getsockname()[1]
        self.url = f"postgresql://postgres@127.0.0.1:{port}{self._database}"
        try:
            yield self
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        self._cut = True
        for writer in self._open:
            writer.transport.abort()

    def mend(self) -> None:
        self._cut = False

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        if self._cut:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_unix_connection(self._socket)
        self._open.add(far_writer)
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer), return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(1 << 16):
            writer.write(chunk)
    finally:
        writer.close()


async def test_a_database_that_is_away_is_a_503_and_nothing_is_lost_when_it_is_back(closed_shop, worker):
    async with Wire(closed_shop.stores["database_url"]).laid() as wire:
        closed_shop.stores["database_url"] = wire.url
        async with closed_shop.open() as shop:
            invoice = await shop.quote()

            wire.cut()
            quote = await shop.http.post("/lightning/request-video/text", json={"text": "Not now."})
            ready = await shop.http.get("/health/ready")
            assert (quote.status_code, ready.status_code) == (503, 503)
            assert "Retry-After" in quote.headers
            assert "database" in quote.json()["detail"]
            shop.node.pay(invoice)

            wire.mend()
            assert worker.video == (await shop.video(invoice)).content


@contextlib.asynccontextmanager
async def read_only(url: str) -> AsyncIterator[None]:
    """Have the server take no changes of this database, as one that follows another takes none."""
    name = urlsplit(url).path.removeprefix("/")
    await change(url, f"alter database {name} set default_transaction_read_only = on")
    yield
    await change(url, f"alter database {name} reset default_transaction_read_only")


async def change(url: str, statement: str) -> None:
    """Change a setting of the database, and have all who are connected connect anew, by it."""
    connection = await asyncpg.connect(url)
    await connection.execute("set default_transaction_read_only = off")
    await connection.execute(statement)
    await connection.close()
    await disconnect_all(url)


async def test_a_database_that_only_reads_is_not_ready_and_sells_nothing(shop):
    invoice = await shop.quote()

    async with read_only(shop.stores["database_url"]):
        ready = await shop.http.get("/health/ready")
        quote = await shop.http.post("/lightning/request-video/text", json={"text": "Not now."})
        assert (ready.status_code, quote.status_code) == (503, 503)
        assert "database" in quote.json()["detail"]
        assert (await shop.payment(invoice))["status"] == "pending"

    async with asyncio.timeout(10):
        while (await shop.http.get("/health/ready")).status_code != 200:  # noqa: ASYNC110 - what a prober does
            await asyncio.sleep(0.01)
    assert await shop.quote() != invoice


HOLD = {"avatar": "arab_woman", "emotion": "happy", "language": "en", "hold": True}


async def test_a_replica_without_room_does_not_give_back_what_the_other_renders(
    closed_shop, closed_other, worker
):
    closed_other.clock = type(closed_shop.clock)()
    worker.hold_after = 2
    async with closed_shop.open(hold_renders=1, lease_s=3600) as shop:
        invoices = [await shop.quote(**HOLD) for _ in range(2)]
        paying = []
        for invoice in invoices:
            paying.append(asyncio.create_task(shop.node.pay_held(invoice)))
            await shop.until(invoice, lambda payment: payment["status"] == "held")
        await shop.until(invoices[0], lambda payment: payment["video"]["frames"] == 24)
        async with closed_other.open(hold_renders=2, lease_s=3600) as other:
            await other.until(invoices[1], lambda payment: payment["video"]["frames"] == 24)

            with structlog.testing.capture_logs() as told:
                shop.clock.pass_by(minutes=11)  # longer than it waits for room
                await shop.eventually(lambda: [each for each in told if each["event"].startswith("hold_")])
            assert [each["event"] for each in told if each["event"].startswith("hold_")] == ["hold_goes_on"]
            worker.go.set()

            await asyncio.gather(*paying)
            for invoice in invoices:
                await shop.until(invoice, lambda payment: payment["status"] == "paid")


async def test_of_a_video_that_ends_and_a_payment_that_goes_back_at_once_one_happens(shop, other):
    now = datetime.now(UTC)
    async with open_database(shop.settings()) as here, open_database(other.settings()) as there:
        for number in range(1, 9):
            await shop.quote(**HOLD)
            payments: Any = SqlPayments(here)
            videos: Any = SqlVideos(there)
            payment = await payments.of(number)
            assert await payments.mark_held(payment.id, now)
            video = await videos.claim(
                number, CHOICE, owner="there", now=now, until=now + timedelta(seconds=90)
            )
            assert not await payments.give_back(payment.id, now, although_rendered=False)

            ends: Any = await asyncio.gather(
                videos.finish(video, {}, now),
                payments.give_back(payment.id, now, although_rendered=True),
                return_exceptions=True,
            )
            finished, gone = ends

            assert gone == isinstance(finished, LeaseLost)
            found = await videos.get(number)
            assert found.state is (VideoState.FAILED if gone else VideoState.READY)
            again = await videos.claim(
                number, CHOICE, owner="here", now=now, until=now + timedelta(seconds=90)
            )
            assert again is None


async def test_of_a_video_that_is_begun_again_and_its_refund_at_once_one_happens(shop, other):
    now = datetime.now(UTC)
    async with open_database(shop.settings()) as here, open_database(other.settings()) as there:
        for number in range(1, 9):
            invoice = await shop.paid()
            await shop.until(invoice, lambda payment: payment["status"] == "paid")
            videos: Any = SqlVideos(here)
            refunds: Any = SqlRefunds(there)
            lease = {"owner": "here", "now": now, "until": now + timedelta(seconds=90)}
            video = await videos.claim(number, CHOICE, **lease)
            await videos.interrupt(video, Failure(reason="no", refused=True), now)
            refund = Refund(
                order_id=number,
                payment_hash=PaymentHash(number.to_bytes(32)),
                invoice=f"lnbc{number}",
                open_amount=False,
                state=RefundState.OWED,
                amount_msat=Msat(1000),
                fee_limit_msat=Msat(0),
                expires_at=now + timedelta(days=1),
            )

            moves: Any = await asyncio.gather(
                videos.claim(number, CHOICE, **lease), refunds.bind(refund, now), return_exceptions=True
            )
            begun, bound = moves

            assert (begun is None) == (bound == refund)
            assert begun is None or isinstance(bound, NotRefundable)
            if begun is not None:
                await videos.finish(begun, {}, now)
                with pytest.raises(NotRefundable):
                    await refunds.bind(refund, now)
