"""What is told of payments, and how the node's word becomes it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from service.assembly.stores import open_database
from service.storage.payments import SqlPayments

NOT_LAUNCHED = {"state": "none", "frames": 0, "seconds": 0.0}


async def test_a_quote_is_pending_until_it_is_paid(shop):
    invoice = await shop.quote()
    payment = await shop.payment(invoice)
    assert {
        "invoice", "amount_sat", "amount_usd", "status", "created_at", "paid_at", "video", "refund",
    } == set(payment)  # fmt: skip
    assert (invoice, "pending", None, NOT_LAUNCHED) == (
        payment["invoice"], payment["status"], payment["paid_at"], payment["video"],
    )  # fmt: skip
    assert payment["created_at"].endswith("Z")

    shop.node.pay(invoice)

    payment = await shop.until(invoice, lambda payment: payment["status"] != "pending")
    assert payment["status"] == "paid"
    assert abs(datetime.now(UTC) - datetime.fromisoformat(payment["paid_at"])).total_seconds() < 60


@pytest.mark.parametrize("spelling", ["lightning:{}", "LIGHTNING:{}", "{}"])
async def test_an_invoice_is_found_with_its_scheme_and_in_capitals(shop, spelling):
    invoice = await shop.quote()

    assert invoice == (await shop.payment(spelling.format(invoice)))["invoice"]
    assert invoice == (await shop.payment(spelling.format(invoice.upper())))["invoice"]


@pytest.mark.parametrize("invoice", ["x", "lnbc1", "lightning:", "%00", "%F0%9F%98%80", "a" * 5000, "%ff"])
async def test_an_invoice_that_is_not_ours_is_a_404(shop, invoice):
    answer = await shop.http.get(f"/lightning/payment/{invoice}")

    assert answer.status_code == 404
    assert answer.json()["detail"] == "Payment not found"


async def test_a_key_that_nobody_needs_is_ignored(shop):
    invoice = await shop.quote()

    answer = await shop.http.get(f"/lightning/payment/{invoice}", headers={"Authorization": "Bearer wrong"})

    assert answer.status_code == 200


async def test_a_quote_that_is_not_paid_in_time_expires(shop):
    invoice = await shop.quote()

    shop.clock.pass_by(minutes=15, seconds=1)

    assert (await shop.payment(invoice))["status"] == "expired"


async def test_a_quote_that_expired_can_still_be_paid_late(shop, worker):
    invoice = await shop.quote()
    shop.clock.pass_by(minutes=15, seconds=1)
    assert (await shop.payment(invoice))["status"] == "expired"

    shop.node.pay(invoice)  # it was on its way

    await shop.until(invoice, lambda payment: payment["status"] == "paid")
    assert worker.video == (await shop.video(invoice)).content


async def test_the_node_is_asked_a_last_time_before_a_quote_expires(closed_shop, silent_node):
    closed_shop.node = silent_node
    async with closed_shop.open() as shop:
        invoice = await shop.quote()
        shop.node.pay(invoice)
        assert (await shop.payment(invoice))["status"] == "pending"  # polls ask nothing of the node

        shop.clock.pass_by(minutes=16)

        assert (await shop.payment(invoice))["status"] == "paid"


async def test_a_quote_does_not_expire_while_the_node_cannot_be_asked(shop):
    invoice = await shop.quote()
    shop.clock.pass_by(minutes=16)
    shop.node.go_down()
    assert (await shop.payment(invoice))["status"] == "pending"

    shop.node.come_back()

    assert (await shop.payment(invoice))["status"] == "expired"


async def test_a_delivery_asks_the_node_before_it_sends_its_buyer_away(closed_shop, silent_node, worker):
    closed_shop.node = silent_node
    async with closed_shop.open(payment_wait_s=0.1) as shop:
        invoice = await shop.quote()
        shop.node.pay(invoice)

        assert worker.video == (await shop.video(invoice)).content


async def test_the_sweep_finds_what_nobody_asks_for(closed_shop, silent_node):
    closed_shop.node = silent_node
    async with closed_shop.open() as shop:
        paid = await shop.quote()
        await shop.quote()
        shop.node.pay(paid)
    closed_shop.clock.pass_by(minutes=16)

    async with closed_shop.open(sweep_s=0.05) as shop:
        key = await shop.key()

        async def statuses():
            answer = await shop.http.get("/lightning/payments", headers=key)
            return [payment["status"] for payment in answer.json()]

        async with asyncio.timeout(10):
            while await statuses() != ["paid", "expired"]:  # noqa: ASYNC110 - what an operator can do
                await asyncio.sleep(0.01)


async def test_payments_of_other_programs_move_the_index_and_nothing_else(shop):
    other = await shop.node.add_invoice(amount=1000, memo="somebody else's", expiry_s=60)
    shop.node.pay(other.bolt11)
    invoice = await shop.paid()

    await shop.until(invoice, lambda payment: payment["status"] == "paid")

    node = await shop.node.ping()
    async with open_database(shop.settings()) as database:
        assert (await SqlPayments(database).last_settled(node.pubkey))[0] == 2


async def test_payments_while_the_service_was_away_are_seen_when_it_is_back(closed_shop):
    async with closed_shop.open() as shop:
        invoices = [await shop.quote() for _ in range(3)]
    for invoice in invoices:
        closed_shop.node.pay(invoice)

    async with closed_shop.open() as shop:
        for invoice in invoices:
            await shop.until(invoice, lambda payment: payment["status"] == "paid")


async def test_a_settlement_that_is_told_twice_is_dealt_with_once(shop):
    invoice = await shop.paid()
    await shop.until(invoice, lambda payment: payment["status"] == "paid")
    settlement = await anext(shop.node.settlements(after=0))

    async with open_database(shop.settings()) as database:
        payments = SqlPayments(database)
        assert None is await payments.settle(settlement, node=await shop.node.node(), now=shop.clock.now())
        at = settlement.settled_at
        assert None is await payments.mark_paid(settlement.payment_hash, at, 1, now=at)


async def test_the_list_needs_a_key(shop):
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic wrong"}):
        answer = await shop.http.get("/lightning/payments", headers=headers)

        assert answer.status_code == 401
        assert answer.json() == {
            "status": "error",
            "error_code": "INVALID_API_KEY",
            "message": "Invalid or missing API key",
        }
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_the_list_is_walked_page_by_page_from_the_newest(shop):
    invoices = [await shop.quote() for _ in range(5)]
    key = await shop.key()

    answer = await shop.http.get("/lightning/payments?limit=2", headers=key)
    pages = [answer.json()]
    while "next" in answer.links:
        answer = await shop.http.get(answer.links["next"]["url"], headers=key)
        pages.append(answer.json())

    assert [[payment["id"] for payment in page] for page in pages] == [[4, 5], [2, 3], [1]]
    assert invoices == [payment["invoice"] for page in reversed(pages) for payment in page]
    assert {"id", "invoice", "amount_sat", "amount_usd", "status", "created_at", "paid_at"} == set(
        pages[0][0]
    )


async def test_quotes_that_are_made_meanwhile_change_no_page_of_the_list(shop):
    for _ in range(4):
        await shop.quote()
    key = await shop.key()
    first = await shop.http.get("/lightning/payments?limit=2", headers=key)

    await shop.quote()
    second = await shop.http.get(first.links["next"]["url"], headers=key)

    assert [payment["id"] for payment in second.json()] == [1, 2]


async def test_the_list_is_of_what_is_asked_for_on_every_page(shop):
    begin = shop.clock.now()
    for _ in range(3):
        await shop.paid()
    await shop.quote()
    shop.clock.pass_by(days=1)
    later = await shop.paid()
    await shop.until(later, lambda payment: payment["status"] == "paid")
    key = await shop.key()

    async def ids(**query):
        answer = await shop.http.get("/lightning/payments", params={"limit": 2, **query}, headers=key)
        pages = [answer.json()]
        while "next" in answer.links:
            answer = await shop.http.get(answer.links["next"]["url"], headers=key)
            pages.append(answer.json())
        return [payment["id"] for page in reversed(pages) for payment in page]

    noon = (begin + timedelta(hours=12)).isoformat()
    assert await ids(status="paid") == [1, 2, 3, 5]
    assert await ids(status="pending") == [4]
    assert await ids(created_from=noon) == [5]
    assert await ids(created_to=noon) == [1, 2, 3, 4]
    assert await ids(status="paid", created_to=noon) == [1, 2, 3]
    assert await ids(paid_from=begin.replace(microsecond=0).isoformat()) == [1, 2, 3, 5]
    assert await ids(paid_to=begin.replace(microsecond=0, tzinfo=None).isoformat()) == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=x", "before_id=0", "before_id=x", "before_id=9223372036854775808",
     "cursor=x", "cursor=YmVmb3JlOg", "cursor=%F0%9F%92%A9", "status=lost",
     "created_from=yesterday", "paid_to=x"],
)  # fmt: skip
async def test_a_page_that_cannot_be_is_a_400(shop, query):
    answer = await shop.http.get(f"/lightning/payments?{query}", headers=await shop.key())

    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["detail"]
