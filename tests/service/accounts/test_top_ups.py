"""Video time bought by Lightning: an account from a wallet alone, worth nothing until it is paid, and paid once."""

import asyncio
import functools
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from litestar import Litestar, get

from lightning import Msat, PaymentHash, SettleIndex, Settlement
from lightning.memory import MemoryBackend
from lightning.reading import read_invoice
from service.accounts.account import Move
from service.accounts.port import Scope
from service.accounts.top_up import NewTopUp
from service.assembly.stores import open_accounts, open_database, open_refunds
from service.payments.payment import MEMO, Kind, NewPayment
from service.pricing.price import Price
from service.routes.http.problems import HANDLERS
from service.storage.account_schema import top_ups
from service.storage.accounts import SqlAccounts
from service.storage.payments import SqlPayments
from service.storage.schema import accounts, keys, payments
from service.storage.sqlite import SqliteDatabase
from service.storage.top_ups import SqlTopUps

NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def ask(shop, seconds=600, **headers):
    answer = await shop.http.post("/lightning/top-up", json={"seconds": seconds}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def account(shop, key, **query):
    answer = await shop.http.get("/account", headers={"X-API-Key": key}, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def until(shop, quote, holds):
    """Wait until what is told of a top-up is so."""
    path = f"/lightning/top-up/{quote['bolt11_invoice']}"
    async with asyncio.timeout(10):
        while not holds(told := await shop.http.get(path)):  # noqa: ASYNC110 - what a buyer can do
            await asyncio.sleep(0.01)
    return told


async def until_paid(shop, quote):
    return (await until(shop, quote, lambda told: told.json()["status"] == "paid")).json()


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_a_wallet_alone_makes_an_account_which_has_what_was_paid(shop):
    quote = await ask(shop, 600)
    assert (await account(shop, quote["api_key"]))["granted_ms"] == 0

    shop.node.pay(quote["bolt11_invoice"])
    told = await until_paid(shop, quote)

    assert (told["seconds"], told["amount_sat"]) == (600, quote["amount"])
    now = await account(shop, quote["api_key"])
    assert (now["account_id"], now["credits"], now["free_ms"]) == (quote["account_id"], 600, 600_000)
    [entry] = now["ledger"]
    assert (entry["move"], entry["ms"]) == ("top-up", 600_000)
    assert entry["ref"] == read_invoice(quote["bolt11_invoice"]).payment_hash.hex()


async def test_a_top_up_is_quoted_as_a_video_is(standing_shop):
    quote = await ask(standing_shop, 10)

    invoice = quote["bolt11_invoice"]
    assert (quote["duration"], quote["amount_usd"]) == (10, 0.1)
    assert quote["amount"] * 1000 == read_invoice(invoice).amount
    assert quote["lightning_uri"] == f"lightning:{invoice.upper()}"
    assert quote["bip21_uri"] == f"bitcoin:?lightning={invoice.upper()}"
    assert quote["expires_at"].endswith("Z")


async def test_a_key_tops_up_its_own_account(shop):
    first = await ask(shop, 5)

    second = await ask(shop, 7, Authorization=f"Bearer {first['api_key']}")

    assert (second["account_id"], second["api_key"]) == (first["account_id"], None)
    for quote in (first, second):
        shop.node.pay(quote["bolt11_invoice"])
        await until_paid(shop, quote)
    assert (await account(shop, first["api_key"]))["free_ms"] == 12_000


async def test_a_key_that_is_no_accounts_tops_up_nothing(shop):
    unknown = await shop.http.post("/lightning/top-up", json={"seconds": 5}, headers={"X-API-Key": "sk_no"})
    operators = await shop.http.post("/lightning/top-up", json={"seconds": 5}, headers=await shop.key())

    assert (unknown.status_code, unknown.json()["error_code"]) == (401, "INVALID_API_KEY")
    assert (operators.status_code, operators.json()["error_code"]) == (403, "INSUFFICIENT_SCOPE")
    assert (await shop.http.get("/account", headers=await shop.key())).status_code == 403
    assert (await shop.http.get("/account")).status_code == 401


async def test_a_key_that_only_makes_videos_does_not_tell_the_balance(shop):
    async with open_accounts(shop.settings()) as holders:
        number = await holders.video_time.create("app")
        key = await holders.keys.create("phone", [Scope.VIDEO], account_id=number)

    assert (await shop.http.get("/account", headers={"X-API-Key": key})).status_code == 403
    assert (await ask(shop, 5, **{"X-API-Key": key}))["account_id"] == number


@pytest.mark.parametrize("seconds", [0, -1, 36_001, 1.5, "9", None, 10**30])
async def test_what_is_not_sold_at_once_is_refused(standing_shop, seconds):
    answer = await standing_shop.http.post("/lightning/top-up", json={"seconds": seconds})

    assert (answer.status_code, answer.json()["field"]) == (400, "seconds")


async def test_an_operator_who_sells_nothing_in_advance_owes_nothing(closed_shop):
    async with closed_shop.open(top_up_s=0) as shop:
        refused = await shop.http.post("/lightning/top-up", json={"seconds": 5})

        assert (refused.status_code, "No video time is sold" in refused.json()["detail"]) == (400, True)
        async with open_accounts(shop.settings()) as holders:
            assert await holders.accounts.all() == []


async def test_a_payment_that_comes_while_the_service_is_away_is_credited_when_it_is_back(closed_shop):
    async with closed_shop.open() as shop:
        quote = await ask(shop, 60)
    closed_shop.node.pay(quote["bolt11_invoice"])

    for _ in range(2):
        async with closed_shop.open() as shop:
            await until_paid(shop, quote)
            assert (await account(shop, quote["api_key"]))["granted_ms"] == 60_000


async def test_a_top_up_that_expired_is_told_so_and_a_late_payment_still_counts(closed_shop):
    closed_shop.node = MemoryBackend()  # in its own time, in which the invoice is good for longer
    async with closed_shop.open(sweep_s=0.05) as shop:
        quote = await ask(shop, 60)
        shop.clock.pass_by(minutes=16)
        await until(shop, quote, lambda told: told.json()["status"] == "expired")

        shop.node.pay(quote["bolt11_invoice"])

        await until_paid(shop, quote)
        assert (await account(shop, quote["api_key"]))["free_ms"] == 60_000


async def test_quotes_that_wait_for_their_payment_are_counted_with_videos(closed_shop):
    async with closed_shop.open(open_quotes_per_client=2) as shop:
        await shop.quote()
        first = await ask(shop, 5)
        refused = await shop.http.post("/lightning/top-up", json={"seconds": 5})
        assert refused.status_code == 429

        shop.node.pay(first["bolt11_invoice"])
        await until_paid(shop, first)
        await ask(shop, 5)


async def test_prepaid_time_is_a_debt_in_the_books(shop):
    quote = await ask(shop, 600)
    shop.node.pay(quote["bolt11_invoice"])
    await until_paid(shop, quote)
    async with open_accounts(shop.settings()) as holders:
        holder = await holders.accounts.get(quote["account_id"])
        assert holder is not None
        await holders.video_time.reserve(holder, 9000, ref="video")
        await holders.video_time.settle("video", 4000)
        await holders.video_time.reserve(holder, 8000, ref="other")

    async with open_refunds(shop.settings()) as refunds:
        ledger = await refunds.ledger()
        assert await refunds.debts() == []

    msat = quote["amount"] * 1000
    assert (ledger.received_msat, ledger.topped_up_msat, ledger.undelivered_msat) == (msat, msat, 0)
    assert (ledger.prepaid_ms, ledger.prepaid_used_ms) == (596_000, 4000)
    figures = (await shop.http.get("/metrics", headers=await shop.key())).text
    assert "satspeak_prepaid_ms 596000\n" in figures
    assert "satspeak_prepaid_used_ms 4000\n" in figures
    assert f"satspeak_money_topped_up_msat {msat}\n" in figures
    assert "satspeak_orders_undelivered 0\n" in figures
    used = (await account(shop, quote["api_key"]))["usage"]
    assert [(day["used_ms"], day["credits"]) for day in used] == [(4000, 4)]


async def test_the_moves_of_an_account_are_paged(shop):
    async with open_accounts(shop.settings()) as holders:
        number = await holders.video_time.create("app")
        holder = await holders.accounts.get(number)
        assert holder is not None
        for n in range(5):
            await holders.video_time.grant(holder, 1000 + n, ref=f"{n}")
        key = await holders.keys.create("phone", account_id=number)

    told, path = [], "/account?limit=2"
    while path:
        page = await shop.http.get(path, headers={"X-API-Key": key})
        told += [entry["ms"] for entry in page.json()["ledger"]]
        path = page.links["next"]["url"] if "next" in page.links else ""

    assert told == [1004, 1003, 1002, 1001, 1000]
    wrong = await shop.http.get("/account?cursor=x", headers={"X-API-Key": key})
    assert (wrong.status_code, wrong.json()["field"]) == (400, "cursor")


async def test_what_nobody_paid_goes_with_the_account_that_was_made_for_it(closed_shop):
    closed_shop.node = MemoryBackend(now=lambda: closed_shop.clock.now().timestamp())
    async with closed_shop.open(sweep_s=0.05) as shop:
        async with open_accounts(shop.settings()) as holders:
            number = await holders.video_time.create("app")
            named = await holders.keys.create("phone", account_id=number)
        unpaid, paid = await ask(shop, 5), await ask(shop, 6)
        await ask(shop, 7, **{"X-API-Key": named})
        await ask(shop, 8, **{"X-API-Key": paid["api_key"]})
        shop.node.pay(paid["bolt11_invoice"])
        await until_paid(shop, paid)

        shop.clock.pass_by(days=2)
        await until(shop, unpaid, lambda told: told.status_code == 404)

        async with open_accounts(shop.settings()) as holders:
            assert {each.id for each in await holders.accounts.all()} == {number, paid["account_id"]}
            assert len(await holders.keys.list()) == 2
        assert (await shop.http.get("/account", headers={"X-API-Key": unpaid["api_key"]})).status_code == 401
        assert (await account(shop, paid["api_key"]))["free_ms"] == 6000
    async with SqliteDatabase.open(shop.folder / "satspeak.sqlite3") as database:
        for table in (payments, top_ups):
            count = sa.select(sa.func.count()).select_from(table)
            assert await database.read(functools.partial(sa.Connection.scalar, statement=count)) == 1


def new_top_up(number: int | None = None) -> NewTopUp:
    payment = NewPayment(
        kind=Kind.LIGHTNING, invoice="lnbc1", payment_hash=PaymentHash(bytes(32)), node="02", expires_at=NOW
    )
    price = Price(amount_sat=9, usd_micros=9)
    return NewTopUp(account_id=number, key=None, ms=5000, price=price, payment=payment, created_at=NOW)


async def test_a_payment_is_credited_once_whoever_tells_of_it_however_often(replicas):
    number = await replicas[0].create("app", most_open=None, now=NOW)
    await SqlTopUps(replicas[0]._database).add(new_top_up(number))
    stores = [SqlPayments(replica._database) for replica in replicas]
    settlement = Settlement(
        settle_index=SettleIndex(1), payment_hash=PaymentHash(bytes(32)), bolt11="lnbc1",
        amount=Msat(9000), amount_paid=Msat(9000), settled_at=NOW, memo=MEMO,
    )  # fmt: skip

    told = await asyncio.gather(
        *(stores[n % 2].settle(settlement, node=f"0{n}", now=NOW) for n in range(6)),
        *(stores[n % 2].mark_paid(PaymentHash(bytes(32)), NOW, 9000, now=NOW) for n in range(6)),
    )

    assert [paid.account_id for paid in told if paid is not None] == [number]
    now = await replicas[0].get(number)
    assert (now.granted_ms, now.free_ms) == (5000, 5000)
    _, entries = await replicas[0].statement(number, before_id=None, limit=9)
    assert [(entry.move, entry.ref) for entry in entries] == [(Move.TOP_UP, bytes(32).hex())]


async def test_a_key_whose_account_has_gone_tops_up_nothing(shop):
    quote = await ask(shop, 5)
    async with SqliteDatabase.open(shop.folder / "satspeak.sqlite3") as database:
        for table in (top_ups, keys, accounts):
            await database.write(functools.partial(sa.Connection.execute, statement=table.delete()))

    refused = await shop.http.get("/account", headers={"X-API-Key": quote["api_key"]})
    assert refused.status_code == 401


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_a_key_whose_account_goes_while_it_asks_has_nothing_made(shop, monkeypatch, delayed):
    quote = await ask(shop, 5)
    find = SqlAccounts.get

    async def find_and_lose(self, number):
        found = await find(self, number)
        async with open_database(shop.settings()) as database:
            for table in (top_ups, keys, accounts):
                await database.write(functools.partial(sa.Connection.execute, statement=table.delete()))
        return found

    monkeypatch.setattr(SqlAccounts, "get", find_and_lose)
    refused = await shop.http.post(
        "/inference",
        json={"text": "Hello.", "avatar": "arab_woman", "emotion": "happy", "delayed": delayed},
        headers={"X-API-Key": quote["api_key"]},
    )

    assert (refused.status_code, refused.json()["error_code"]) == (401, "INVALID_API_KEY")


async def test_a_top_up_is_drawn_as_a_qr_code(standing_shop):
    quote = await ask(standing_shop, 5)

    drawn = await standing_shop.http.get(f"/lightning/qr/{quote['bolt11_invoice']}")

    assert (drawn.status_code, drawn.headers["Content-Type"]) == (200, "image/svg+xml")


async def test_what_was_paid_in_advance_is_listed_for_the_books(shop):
    await ask(shop, 5)
    quote = await ask(shop, 6)
    shop.node.pay(quote["bolt11_invoice"])
    await until_paid(shop, quote)

    async with open_accounts(shop.settings()) as holders:
        [paid] = await holders.top_ups.paid()

    assert (paid.account_id, paid.ms, paid.invoice) == (quote["account_id"], 6000, quote["bolt11_invoice"])
    assert paid.paid_msat == paid.price.amount_msat == quote["amount"] * 1000


async def test_who_has_too_little_is_told_how_much_is_missing_and_how_it_is_bought(run_server, shop):
    async with open_accounts(shop.settings()) as holders:
        number = await holders.video_time.create("app")
        await holders.accounts.grant(number, 1500, ref="gift", now=NOW)
        holder = await holders.accounts.get(number)

        @get("/")
        async def work() -> None:
            assert holder is not None
            await holders.video_time.reserve(holder, 4200, ref="video")

        async with run_server(Litestar([work], exception_handlers=HANDLERS)) as url:
            refused = await shop.http.get(url)

    top_up = {"method": "POST", "path": "/lightning/top-up", "body": {"seconds": 3}}
    assert (refused.status_code, refused.json()) == (
        403,
        {
            "status": "error",
            "error_code": "INSUFFICIENT_CREDITS",
            "message": "Insufficient video time to process request",
            "details": {"missing_seconds": 3, "top_up": top_up},
        },
    )
