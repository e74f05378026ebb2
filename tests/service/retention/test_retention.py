"""What nobody needs any more is deleted, and what somebody paid for is not."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from lightning import Invoice, PaymentHash
from lightning.memory import MemoryBackend
from service.accounts.top_up import NewKey, NewTopUp
from service.orders.batch import NewBatch
from service.orders.choice import Choice
from service.orders.port import NewOrder
from service.orders.prepaid import Holding
from service.orders.wish import Wish
from service.payments.payment import Kind, NewPayment
from service.pricing.price import Price
from service.runtime.clock import Clock
from service.sessions.call_port import Link
from service.storage.account_schema import account_webhooks, top_ups
from service.storage.accounts import SqlAccounts
from service.storage.batch_schema import batch_parts, batches
from service.storage.batches import SqlBatches
from service.storage.calls import SqlCallLinks
from service.storage.media import SqlMedia
from service.storage.media_schema import media
from service.storage.orders import SqlOrders
from service.storage.payments import SqlPayments
from service.storage.postgres import PostgresDatabase
from service.storage.receivers import SqlReceivers
from service.storage.retention import GOES_ALONG, HOLDS, SqlRetention
from service.storage.schema import accounts, keys
from service.storage.session_schema import call_links
from service.storage.sqlite import SqliteDatabase
from service.storage.top_ups import SqlTopUps
from service.studio.media import Kind as MediumKind
from service.studio.media import NewMedium

both = pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)

OFTEN = {"sweep_s": 0.02, "unpaid_retention_s": 60}


class TimedNode(MemoryBackend):
    """A node with a clock of its own, which counts how often it was asked."""

    def __init__(self, now: Clock) -> None:
        super().__init__(now=lambda: now().timestamp())
        self.asked = 0

    async def lookup(self, payment_hash: PaymentHash) -> Invoice:
        self.asked += 1
        return await super().lookup(payment_hash)

    async def node(self) -> str:
        self.asked += 1
        return await super().node()


@pytest.fixture
def punctual_shop(closed_shop):
    """A shop whose node has the same time."""
    closed_shop.node = TimedNode(closed_shop.clock.now)
    return closed_shop


async def forget(shop, holds) -> None:
    """Wait until the look for what is to be forgotten, which runs all the time here, has done something."""
    await shop.eventually(lambda: holds(rows(shop)))


def rows(shop) -> list[tuple[object, ...]]:
    """Read (text, upload, forgotten_at) of each order."""
    with sqlite3.connect(shop.folder / "satspeak.sqlite3") as database:
        return database.execute("select text, upload, forgotten_at from orders order by id").fetchall()


def files(shop) -> list[Path]:
    """What is stored, beside the mark that tells whose it is."""
    return [path for path in shop.folder.glob("objects/*/**/*") if path.is_file()]


async def speak(shop, make_wav) -> httpx.Response:
    return await shop.http.post(
        "/lightning/request-video/audio", files={"audio": ("speech.wav", make_wav(1), "audio/wav")}
    )


async def test_what_was_never_paid_is_deleted_after_the_node_was_asked_a_last_time(punctual_shop, make_wav):
    async with punctual_shop.open(**OFTEN) as shop:
        await shop.quote()
        assert (await speak(shop, make_wav)).status_code == 200
        assert len(files(shop)) == 1

        shop.clock.pass_by(hours=1, minutes=16)

        await forget(shop, lambda rows: all((text, upload) == (None, None) for text, upload, _ in rows))
        assert not files(shop)
        assert all(forgotten_at for *_, forgotten_at in rows(shop))


async def test_nothing_is_deleted_while_the_node_may_still_take_the_payment(closed_shop):
    async with closed_shop.open(**OFTEN) as shop:
        invoice = await shop.quote()
        shop.clock.pass_by(hours=1)  # the node's own clock is behind
        await shop.until(invoice, lambda payment: payment["status"] == "expired")

        shop.node.pay(invoice)

        await shop.until(invoice, lambda payment: payment["status"] == "paid")
        assert (await shop.video(invoice)).content == shop.worker.video


async def test_nothing_is_deleted_while_the_node_does_not_answer(punctual_shop):
    async with punctual_shop.open(**OFTEN) as shop:
        invoice = await shop.quote()
        shop.clock.pass_by(minutes=15, seconds=30)
        await shop.until(invoice, lambda payment: payment["status"] == "expired")
        shop.node.go_down()
        shop.clock.pass_by(hours=1)
        asked = shop.node.asked

        await shop.eventually(lambda: shop.node.asked > asked + 1)

        assert rows(shop)[0][0] is not None


async def test_nothing_is_deleted_that_another_node_may_know_better(punctual_shop):
    async with punctual_shop.open(**OFTEN) as shop:
        old = await shop.quote()
        shop.clock.pass_by(minutes=15, seconds=30)
        await shop.until(old, lambda payment: payment["status"] == "expired")
        first = shop.node.become(b"another node's private key, no 1")
        new = await shop.quote()
        shop.clock.pass_by(minutes=17)
        await forget(shop, lambda rows: rows[1][0] is None)

        assert rows(shop)[0][0] is not None

        shop.node.become(first)
        await forget(shop, lambda rows: rows[0][0] is None)
        assert (await shop.payment(new))["status"] == "expired"


async def test_a_video_is_kept_for_its_time_and_then_gone(closed_shop):
    async with closed_shop.open(**OFTEN, video_retention_days=30) as shop:
        invoice = await shop.paid()
        await shop.video(invoice)
        await shop.eventually(lambda: len(files(shop)) == 1)
        shop.clock.pass_by(days=29)
        assert (await shop.http.get(f"/lightning/video/{invoice}")).content == shop.worker.video

        shop.clock.pass_by(days=2)

        await shop.until(invoice, lambda payment: payment["video"]["state"] == "deleted")
        await shop.eventually(lambda: not files(shop))
        assert (await shop.payment(invoice))["status"] == "paid"
        for answer in (await shop.http.get(f"/lightning/video/{invoice}"), await shop.video(invoice)):
            assert answer.status_code == 410
            assert answer.json()["type"] == "/docs/problems#video-gone"
        assert rows(shop)[0][0] is None


async def test_a_video_that_is_lost_for_good_after_its_delivery_is_forgotten_as_others_are(closed_shop):
    async with closed_shop.open(**OFTEN, video_retention_days=30) as shop:
        invoice = await shop.paid()
        await shop.video(invoice)
        await shop.eventually(lambda: len(files(shop)) == 1)
        [whole] = files(shop)
        whole.unlink()
        shop.worker.answer = (400, "Nobody can say that any more.")
        assert (await shop.video(invoice)).status_code == 400
        lost = await shop.payment(invoice)

        shop.clock.pass_by(days=31)

        await forget(shop, lambda rows: rows[0][0] is None)
        assert (lost["video"]["state"], lost["refund"]) == ("failed", None)
        assert (await shop.payment(invoice))["video"]["state"] == "deleted"


@both
async def test_who_asks_only_after_the_retention_time_has_the_video_for_as_long(closed_shop):
    async with closed_shop.open(**OFTEN, video_retention_days=30) as shop:
        invoice = await shop.paid()
        await shop.until(invoice, lambda payment: payment["status"] == "paid")
        shop.clock.pass_by(days=31)
        await shop.video(invoice)
        shop.clock.pass_by(days=29)
        other = await shop.paid()  # whose video shows that there was a look since
        await shop.video(other)
        assert (await shop.http.get(f"/lightning/video/{invoice}")).content == shop.worker.video

        shop.clock.pass_by(days=2)

        await shop.until(invoice, lambda payment: payment["video"]["state"] == "deleted")
        assert (await shop.payment(other))["video"]["state"] == "ready"


@both
async def test_a_clock_that_is_wrong_for_a_moment_deletes_nothing(closed_shop):
    async with closed_shop.open(**OFTEN, video_retention_days=30) as shop:
        old, new = await shop.paid(), await shop.paid()
        await shop.video(old)
        shop.clock.pass_by(days=29)
        await shop.video(new)

        shop.clock.wrong = timedelta(days=365)
        await looked(shop)
        shop.clock.wrong = timedelta(0)
        await looked(shop)
        shop.clock.pass_by(days=2)

        await shop.until(old, lambda payment: payment["video"]["state"] == "deleted")
        assert (await shop.http.get(f"/lightning/video/{new}")).content == shop.worker.video


@both
async def test_a_clock_that_stays_where_it_was_set_is_believed_after_a_while(closed_shop):
    async with closed_shop.open(**OFTEN, video_retention_days=30) as shop:
        invoice = await shop.paid()
        await shop.video(invoice)
        shop.clock.pass_by(hours=1)
        shop.clock.wrong = timedelta(days=31)
        await looked(shop)
        assert (await shop.payment(invoice))["video"]["state"] == "ready"

        shop.clock.pass_by(minutes=11)

        await shop.until(invoice, lambda payment: payment["video"]["state"] == "deleted")


async def looked(shop) -> None:
    """Wait until somebody has looked for what is to be forgotten."""
    before = shop.clock.looks
    await shop.eventually(lambda: shop.clock.looks > before + 1)  # the first may have begun


async def test_a_paid_order_that_was_never_delivered_is_kept(closed_shop):
    async with closed_shop.open(**OFTEN, video_retention_days=30) as shop:
        old, other = await shop.paid(), await shop.paid()
        await shop.video(other)
        shop.clock.pass_by(days=400)
        await shop.until(other, lambda payment: payment["video"]["state"] == "deleted")

        assert (await shop.video(old)).content == shop.worker.video


async def test_a_deletion_that_was_cut_short_is_finished_at_the_next_start(closed_shop):
    async with closed_shop.open() as shop:
        invoice = await shop.paid()
        await shop.video(invoice)
        await shop.eventually(lambda: len(files(shop)) == 1)
    with sqlite3.connect(closed_shop.folder / "satspeak.sqlite3") as database:  # as if killed in between
        database.execute("update jobs set state = 'deleted', init = null, object = null")
        database.execute("insert into deletions select id from orders")

    async with closed_shop.open():
        await closed_shop.eventually(lambda: not files(closed_shop))


async def test_recordings_that_nobody_pays_fill_no_disk(closed_shop, make_wav):
    async with closed_shop.open(unpaid_uploads_mb=1) as shop:
        second = len(make_wav(1))
        sold = [await speak(shop, make_wav) for _ in range(1_000_000 // second)]
        assert {answer.status_code for answer in sold} == {200}

        full = await speak(shop, make_wav)

        assert full.status_code == 503
        assert "Retry-After" in full.headers
        assert len(files(shop)) == len(sold)
        assert await shop.quote()
        shop.node.pay(sold[0].json()["bolt11_invoice"])
        await shop.until(sold[0].json()["bolt11_invoice"], lambda payment: payment["status"] == "paid")
        assert (await speak(shop, make_wav)).status_code == 200


def left(shop) -> dict[str, int]:
    """Count the rows that quotes leave."""
    tables = ("orders", "payments", "preimages", "idempotency_keys", "deletions")
    with sqlite3.connect(shop.folder / "satspeak.sqlite3") as database:
        return {table: database.execute(f"select count(*) from {table}").fetchone()[0] for table in tables}


HOLD = {"hold": True, "avatar": "arab_woman", "emotion": "happy", "language": "en"}


async def test_a_quote_that_nobody_paid_leaves_nothing_in_the_end(punctual_shop, make_wav, monkeypatch):
    monkeypatch.setattr("service.retention.retention.PAGE", 2)
    async with punctual_shop.open(**OFTEN, unpaid_record_retention_s=3600) as shop:
        invoices = [await shop.quote() for _ in range(5)]
        invoices.append(await shop.quote(**HOLD))
        invoices.append((await speak(shop, make_wav)).json()["bolt11_invoice"])
        wish = {"text": "Hello there, my dear friend."}
        key = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
        keyed = await shop.http.post("/lightning/request-video/text", json=wish, headers=key)
        assert keyed.status_code == 200

        shop.clock.pass_by(hours=1, minutes=16)
        await forget(shop, lambda rows: all(forgotten_at for *_, forgotten_at in rows))
        assert (await shop.payment(invoices[0]))["status"] == "expired"
        shop.clock.pass_by(hours=1, minutes=1)

        await shop.eventually(lambda: not any(left(shop).values()))
        assert not files(shop)
        for invoice in invoices:
            assert (await shop.http.get(f"/lightning/payment/{invoice}")).status_code == 404


async def test_what_was_paid_held_or_refused_by_the_node_is_never_deleted(punctual_shop):
    async with punctual_shop.open(**OFTEN, unpaid_record_retention_s=60) as shop:
        unpaid, paid = await shop.quote(), await shop.paid()
        await shop.until(paid, lambda payment: payment["status"] == "paid")
        held = await shop.quote(**HOLD)
        shop.worker.answer = (503, "busy")
        paying = asyncio.create_task(shop.node.pay_held(held))
        await shop.until(held, lambda payment: payment["status"] == "held")

        shop.clock.pass_by(days=2)
        await forget(shop, lambda rows: rows[0][2])
        shop.clock.pass_by(days=2)

        async with asyncio.timeout(10):
            while (await shop.http.get(f"/lightning/payment/{unpaid}")).status_code != 404:  # noqa: ASYNC110 - what a buyer can do
                await asyncio.sleep(0.01)
        assert (await shop.payment(paid))["status"] == "paid"
        assert (await shop.payment(held))["status"] in ("held", "canceled")
        assert left(shop)["preimages"] == 1
        paying.cancel()


async def test_no_row_goes_while_the_node_may_still_take_the_payment(closed_shop):
    async with closed_shop.open(**OFTEN, unpaid_record_retention_s=60) as shop:
        invoice = await shop.quote()
        shop.clock.pass_by(days=2)  # the node's own clock is behind
        await shop.until(invoice, lambda payment: payment["status"] == "expired")
        other = await shop.quote()

        shop.node.pay(invoice)

        await shop.until(invoice, lambda payment: payment["status"] == "paid")
        assert (await shop.payment(other))["status"] == "pending"


THEN = datetime(2026, 1, 1, tzinfo=UTC)
LATER = THEN + timedelta(days=2)


@pytest.fixture(params=["sqlite", "postgres"])
def opening(tmp_path, request):
    if request.param == "sqlite":
        return SqliteDatabase.open(tmp_path / "db.sqlite3")
    return PostgresDatabase.open(request.getfixturevalue("database_url"))


@pytest.fixture
async def kept_on_both(opening):
    """What keeps orders, and a way to make one that expired and was forgotten."""
    async with opening as database:
        orders, payments, store = SqlOrders(database), SqlPayments(database), SqlRetention(database)

        async def expire(n: int) -> PaymentHash:
            payment_hash = PaymentHash(bytes([n]) * 32)
            order_id = await orders.add(
                NewOrder(
                    wish=Wish(text="Hello.", upload=None, duration_ms=1000, choice=Choice()),
                    price=Price(amount_sat=15, usd_micros=10_000),
                    payment=NewPayment(
                        kind=Kind.LIGHTNING,
                        invoice=f"lnbc{n}",
                        payment_hash=payment_hash,
                        node=None,
                        expires_at=THEN,
                    ),
                    refund_hash=bytes([n]) * 32,
                    claim_hash=None,
                    idempotency=None,
                    created_at=THEN,
                )
            )
            payment = await payments.of(order_id)
            assert await payments.mark_expired(payment.id, THEN)
            assert await store.forget_input(order_id, THEN)
            await store.forgotten(order_id)
            return payment_hash

        yield store, payments, expire


async def test_a_payment_that_comes_as_its_row_goes_is_kept(kept_on_both):
    """The row is deleted under the same condition that the payment moves it under: one of them wins."""
    store, payments, expire = kept_on_both
    for n in range(20):
        payment_hash = await expire(n)

        deleted, order_id = await asyncio.gather(
            store.delete_unpaid(before=LATER, limit=10),
            payments.mark_paid(payment_hash, LATER, 1, now=LATER),
        )

        assert (deleted, order_id is None) in ((0, False), (1, True))


async def test_one_look_is_enough_however_many_quotes_nobody_paid(punctual_shop, make_wav, monkeypatch):
    monkeypatch.setattr("service.payments.settlements.SWEEP_PAGE", 2)
    monkeypatch.setattr("service.retention.retention.PAGE", 2)
    monkeypatch.setattr("service.runtime.clock.STEADY_FOR", timedelta(0))  # the first look is the only one
    once = {"sweep_s": 3600.0, "unpaid_retention_s": 60}
    async with punctual_shop.open(**once) as shop:
        await asyncio.gather(*(speak(shop, make_wav) for _ in range(5)))
    punctual_shop.clock.pass_by(hours=1)

    async with punctual_shop.open(**once) as shop:
        await shop.eventually(lambda: {status for _, status in statuses(shop)} == {"expired"})
    async with punctual_shop.open(**once) as shop:
        await shop.eventually(lambda: not files(shop) and left(shop)["deletions"] == 0)


def statuses(shop) -> list[tuple[int, str]]:
    with sqlite3.connect(shop.folder / "satspeak.sqlite3") as database:
        return database.execute("select id, status from payments").fetchall()


async def test_an_account_that_nobody_paid_for_goes_with_all_that_it_brought(opening):
    """Or the row that cannot go would end the look, and nothing of anybody would be forgotten any more."""
    async with opening as database:
        store = SqlRetention(database)
        account_id = await SqlTopUps(database).add(new_top_up(1, created_at=THEN))
        await SqlMedia(database).add(medium(account_id), most_bytes=100, most=1)
        await SqlCallLinks(database).add(
            b"token", Link(account_id=account_id, key=None, recording=None, until=LATER)
        )
        await SqlBatches(database).add(
            NewBatch(
                id="refused",
                account_id=account_id,
                created_at=THEN,
                parts=("There is no such avatar.",),
                key_hash=None,
                fingerprint=None,
                key_until=LATER,
            ),
            Holding(most_open=1, most_delayed=1, unlimited=False),
        )
        await SqlReceivers(database).put(account_id, "https://a.example/", low_ms=None, secret="whsec_")

        assert await expire_top_up(database, store, "lnbc1")

        gone = [accounts, keys, media, call_links, batches, batch_parts, account_webhooks]
        assert [await count(database, table) for table in gone] == [0] * len(gone)


async def test_an_account_that_has_had_something_outlives_a_top_up_that_nobody_paid(opening):
    async with opening as database:
        store = SqlRetention(database)
        account_id = await SqlTopUps(database).add(new_top_up(1, created_at=THEN))
        await SqlAccounts(database).grant(account_id, 1000, ref="gift", now=THEN)
        await SqlMedia(database).add(medium(account_id), most_bytes=100, most=1)

        assert await expire_top_up(database, store, "lnbc1")

        assert [await count(database, table) for table in (top_ups, accounts, media)] == [0, 1, 1]


async def test_whatever_refers_to_an_account_is_known_to_who_deletes_it(tmp_path):
    async with SqliteDatabase.open(tmp_path / "db.sqlite3") as database:
        keys_of = await database.read(lambda connection: sa.inspect(connection).get_multi_foreign_keys())

    refer = {
        name for (_, name), found in keys_of.items() if "accounts" in {k["referred_table"] for k in found}
    }
    assert refer == {table.name for table in (*GOES_ALONG, *HOLDS)}


async def count(database, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return int(await database.read(lambda connection: connection.execute(query).scalar_one()))


async def expire_top_up(database, store, invoice: str) -> bool:
    """Have a top-up run out and be forgotten; whether it was deleted."""
    found = await SqlTopUps(database).find(invoice)
    assert found is not None
    assert await SqlPayments(database).mark_expired(found.id, LATER)
    return await store.delete_top_up(found.id)


def new_top_up(n: int, *, created_at: datetime) -> NewTopUp:
    return NewTopUp(
        account_id=None,
        key=NewKey(name="top-up", prefix="sk_", digest=bytes([n]) * 32),
        ms=5000,
        price=Price(amount_sat=9, usd_micros=9),
        payment=NewPayment(
            kind=Kind.LIGHTNING,
            invoice=f"lnbc{n}",
            payment_hash=PaymentHash(bytes([n]) * 32),
            node=None,
            expires_at=created_at,
        ),
        created_at=created_at,
    )


def medium(account_id: int) -> NewMedium:
    return NewMedium(
        token="a" * 26,
        account_id=account_id,
        kind=MediumKind.PICTURE,
        mime="image/png",
        size=10,
        digest=bytes(32),
        object="media/a",
        name=None,
        recipe=None,
        created_at=THEN,
        expires_at=None,
    )
