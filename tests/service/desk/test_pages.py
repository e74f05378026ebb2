"""What the desk shows of a shop that sells, and that nobody else is told."""

import asyncio
import csv
import html
import io
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import structlog

from service.assembly.stores import open_accounts
from service.desk.export import COLUMNS, harmless
from service.routes.desk import words as catalogue
from service.runtime.recent import MOST, RecentErrors

TEMPLATES = catalogue.FOLDER.parent

XSS = "Hi! <script>alert(1)</script><img src=x onerror=alert(2)>\"'&"


async def number_of(desk, invoice: str) -> int:
    """Find an order's number as the operator does."""
    answer = await desk.post("/desk/find", {"q": invoice})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["Location"].rpartition("/")[2])


async def failed(shop) -> dict[str, Any]:
    """Sell what the worker refuses; its quote, with the proof that it was paid."""
    quote = (await shop.http.post("/lightning/request-video/text", json={"text": "Unspeakable."})).json()
    preimage = shop.node.pay(quote["bolt11_invoice"])
    shop.worker.answer = (400, "Nobody can say that.")
    await shop.video(quote["bolt11_invoice"])
    shop.worker.answer = None
    assert (await shop.payment(quote["bolt11_invoice"]))["refund"]["state"] == "offered"
    return {**quote, "preimage": preimage.hex()}


async def paid_up(shop, invoice: str) -> None:
    """Wait until a top-up is paid."""
    async with asyncio.timeout(30):
        while (await shop.http.get(f"/lightning/top-up/{invoice}")).json()["status"] != "paid":  # noqa: ASYNC110 - what a program does
            await asyncio.sleep(0.01)


@pytest.fixture
async def desk(shop, open_desk):
    return await open_desk(shop)


def test_every_word_of_a_template_is_in_the_catalogue():
    said = catalogue.words()
    used = set()
    for template in TEMPLATES.glob("*.html"):
        used |= set(re.findall(r"\bw\.(\w+)", template.read_text()))

    unused = {name for name in said.page if not name.startswith(("place_", "plot_"))} - used
    assert used <= said.page.keys()
    assert not unused


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_an_order_is_found_and_its_whole_story_told(desk, shop):
    invoice = await shop.paid(text="A story that is told.", avatar="arab_woman", emotion="happy")
    await shop.video(invoice)
    hash_ = (await shop.http.get(f"/lightning/payment/{invoice}")).json()["invoice"]
    order = await number_of(desk, f" LIGHTNING:{hash_.upper()} ")

    story = (await desk.get(f"/desk/orders/{order}")).text

    assert "A story that is told." in story
    assert invoice in story
    assert "arab_woman" in story
    for section in ("quote", "payment", "claims", "job", "pieces", "delivery", "refund", "told"):
        assert f'<h2 id="{section}">' in story
    payment_hash = re.search(r'Payment hash</dt><dd class="mono">([0-9a-f]{64})<', story)
    assert payment_hash
    assert await number_of(desk, payment_hash[1]) == order
    assert await number_of(desk, f"#{order}") == order
    for nothing in ("lnbc1nothing", "f" * 64, "999999", "no such id", "9" * 40, "٣", "a\0b"):
        answer = await desk.post("/desk/find", {"q": nothing})
        assert (answer.status_code, "Nothing found" in answer.text) == (404, True)


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_orders_are_filtered_by_state_and_paged(desk, shop, monkeypatch):
    monkeypatch.setattr("service.desk.looking.PAGE", 3)
    pending = [await shop.quote() for _ in range(4)]
    ready = await shop.paid()
    await shop.video(ready)
    refused = await failed(shop)
    numbers = {
        invoice: await number_of(desk, invoice) for invoice in (*pending, ready, refused["bolt11_invoice"])
    }

    def listed(page: str) -> list[int]:
        return [int(n) for n in re.findall(r'<th scope="row"><a href="/desk/orders/(\d+)"', page)]

    first = (await desk.get("/desk/orders")).text
    more = re.search(r'rel="next" href="([^"]+)"', first)
    assert more
    second = (await desk.get(more[1].replace("&amp;", "&"))).text
    assert listed(first) + listed(second) == sorted(numbers.values(), reverse=True)
    assert 'rel="next"' not in second

    assert listed((await desk.get("/desk/orders?state=paid")).text) == [
        numbers[refused["bolt11_invoice"]],
        numbers[ready],
    ]
    assert listed((await desk.get("/desk/orders?state=failed")).text) == [numbers[refused["bolt11_invoice"]]]
    assert listed((await desk.get("/desk/orders?state=rendering")).text) == []
    waiting = (await desk.get("/desk/orders?state=pending")).text
    assert listed(waiting) == sorted((numbers[each] for each in pending), reverse=True)[:3]
    below = re.search(r"below=(\d+)&amp;state=pending", waiting)
    assert below
    rest = (await desk.get(f"/desk/orders?state=pending&below={below[1]}")).text
    assert listed(rest) == [min(numbers[each] for each in pending)]


async def test_a_text_is_shown_where_it_is_not_private_and_never_runs(desk, shop):
    public, private = await shop.quote(text=XSS), await shop.quote(text="Nobody reads this.", private=True)

    shown = (await desk.get(f"/desk/orders/{await number_of(desk, public)}")).text
    hidden = (await desk.get(f"/desk/orders/{await number_of(desk, private)}")).text
    listed = (await desk.get("/desk/orders")).text

    assert "<script" not in shown
    assert "<img src=x" not in shown
    assert "&lt;script&gt;alert(1)" in shown
    assert "Nobody reads this" not in hidden + listed
    assert "The order is private" in hidden
    assert '<span class="tag">private</span>' in listed


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_the_money_is_added_up_by_day_and_by_avatar(desk, shop):
    before = datetime.now(UTC).date()
    amounts = []
    for avatar in ("arab_woman", "arab_woman", "african_man"):
        invoice = await shop.paid(avatar=avatar, emotion="happy")
        await shop.video(invoice, avatar=avatar)
        amounts.append((await shop.payment(invoice))["amount_sat"])
    topped = (await shop.http.post("/lightning/top-up", json={"seconds": 9})).json()
    shop.node.pay(topped["bolt11_invoice"])
    await paid_up(shop, topped["bolt11_invoice"])
    waiting = await shop.paid()  # whose video nobody asks for
    await shop.until(waiting, lambda payment: payment["status"] == "paid")

    page = (await desk.get("/desk?days=7")).text

    shares = dict(
        re.findall(
            r'<tr><th scope="row">([^<]+)</th><td class="bar">.*?</td><td class="n">([\d,.]+)</td>', page
        )
    )
    assert shares["arab_woman"] == str(amounts[0] + amounts[1])
    assert shares["african_man"] == str(amounts[2])
    assert shares["Video time in advance"] == str(topped["amount"])
    assert 'role="img" aria-label="Satoshi received and refunded on each day' in page
    days = re.findall(
        r'<th scope="row">(\d{4}-\d\d-\d\d)</th><td class="n">([\d,.]+)</td><td class="n">(\d+)<', page
    )
    assert len(days) == 7
    assert sum(int(count) for *_, count in days) == 5
    assert days[0][0] in {str(before), str(datetime.now(UTC).date())}


@pytest.mark.parametrize("stores", ["files", "servers"], indirect=True)
async def test_what_is_owed_is_listed_with_what_is_to_be_done(closed_shop, open_desk):
    closed_shop.payer = None  # the operator pays by hand
    async with closed_shop.open() as shop:
        desk = await open_desk(shop)
        quote = await failed(shop)
        order = await number_of(desk, quote["bolt11_invoice"])
        waits = re.search(r'id="step-failed">[^<]*\((\d+)\)', (await desk.get("/desk/owed")).text)
        theirs = (await shop.buyer.add_invoice(amount=1000, memo="back", expiry_s=3600)).bolt11
        proof = {name: quote[name] for name in ("bolt11_invoice", "refund_token", "preimage")}
        bound = await shop.http.post("/lightning/refund", json={**proof, "refund_invoice": theirs})
        assert bound.status_code == 202, bound.text

        owed = (await desk.get("/desk/owed")).text
        story = (await desk.get(f"/desk/orders/{order}")).text

    assert waits
    assert waits[1] == "1"
    assert f"satspeak owed paid {order} PREIMAGE" in owed
    assert theirs in owed
    assert "to be paid by hand" in story
    assert "Nobody can say that." in story


async def test_payments_are_exported_for_the_days_that_are_named(desk, shop, monkeypatch):
    monkeypatch.setattr("service.desk.export.PAGE", 2)
    invoices = [await shop.paid() for _ in range(5)]
    for invoice in invoices:
        await shop.until(invoice, lambda payment: payment["status"] == "paid")
    quote = await failed(shop)
    days = [date.fromisoformat((await shop.payment(each))["paid_at"][:10]) for each in invoices]

    answer = await desk.get(f"/desk/payments.csv?from={min(days)}&to={max(days) + timedelta(days=1)}")
    before = await desk.get(
        f"/desk/payments.csv?from={min(days) - timedelta(9)}&to={min(days) - timedelta(1)}"
    )

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert tuple(rows[0]) == COLUMNS
    orders = [await number_of(desk, each) for each in (*invoices, quote["bolt11_invoice"])]
    assert sorted(int(row["order"]) for row in rows) == sorted(orders)
    assert [row["paid_at_utc"] for row in rows] == sorted(row["paid_at_utc"] for row in rows)
    assert all(int(row["received_msat"]) == int(row["amount_sat"]) * 1000 for row in rows)
    assert before.text == ",".join(COLUMNS) + "\r\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_spreadsheet_computes_what_is_exported(text):
    assert harmless(text) == f"'{text}"
    assert harmless("arab_woman") == "arab_woman"


async def test_accounts_show_what_they_have_and_what_is_owed_for_it(desk, shop):
    async with open_accounts(shop.settings()) as holders:
        number = await holders.video_time.create("<b>app</b>")
        account = await holders.accounts.get(number)
        assert account is not None
        await holders.video_time.grant(account, 90_500, ref="welcome")

    listed = (await desk.get("/desk/accounts")).text
    one = (await desk.get(f"/desk/accounts/{number}")).text

    assert "&lt;b&gt;app&lt;" in listed
    assert '<td class="n">90.5</td>' in listed
    assert "<dt>Video time owed</dt><dd>90.5 s</dd>" in listed
    assert "welcome" in one
    topped = (await shop.http.post("/lightning/top-up", json={"seconds": 9})).json()["bolt11_invoice"]
    found = await desk.post("/desk/find", {"q": topped})
    assert found.headers["Location"] == f"/desk/accounts/{number + 1}"


async def test_the_node_and_the_workers_are_shown_as_they_are(desk, shop):
    shop.worker.active = 3
    async with asyncio.timeout(30):
        while '<td class="n">3</td>' not in (await desk.get("/desk/system")).text:  # noqa: ASYNC110 - a person reloads
            await asyncio.sleep(0.05)
    page = (await desk.get("/desk/system")).text
    assert shop.worker.url in html.unescape(page)
    assert ">well<" in page
    assert "Inbound liquidity</dt><dd>2,100,000,000,000,000 sat" in page

    shop.node.go_down()

    down = await desk.get("/desk/system")
    assert down.status_code == 200
    assert "The node cannot be asked: NodeUnavailable" in down.text


def test_so_many_errors_are_remembered_and_none_of_their_words():
    recent = RecentErrors()
    for n in range(MOST + 5):
        recent.note(None, "error", {"event": "unexpected_error", "level": "error", "order": n})
    recent.note(None, "info", {"event": "quote_made", "level": "info"})
    recent.note(None, "error", {"event": "x" * 9000, "level": "error", "exc_info": ValueError("a text")})

    assert len(recent.newest) == MOST
    assert recent.newest[0].facts == "error=ValueError"
    assert len(recent.newest[0].event) == 500
    assert recent.newest[1].facts == f"order={MOST + 4}"


def test_an_error_that_comes_again_and_again_hides_no_other():
    recent = RecentErrors()
    recent.add("error", "store_lost", "")
    for _ in range(MOST * 2):
        recent.add("error", "task_stopped", "task=settlements")
        recent.add("warning", "sweep_stopped", "")

    assert [(each.event, each.times) for each in recent.newest] == [
        ("sweep_stopped", MOST * 2),
        ("task_stopped", MOST * 2),
        ("store_lost", 1),
    ]


async def test_what_is_logged_is_shown_on_the_desk(closed_shop, open_desk):
    async with closed_shop.open() as shop:
        desk = await open_desk(shop)
        assert "Nothing was logged." in (await desk.get("/desk/system")).text
    recent = RecentErrors()
    before = structlog.get_config()
    structlog.configure(processors=[structlog.processors.add_log_level, recent.note, *before["processors"]])
    try:
        closed_shop.errors = recent
        async with closed_shop.open() as shop:
            desk = await open_desk(shop)
            await desk.sign_in("sk_wrong")  # which leaves the session as it is
            page = (await desk.get("/desk/system")).text
    finally:
        structlog.configure(**before)
    assert "desk_refused" in page
    assert "warning" in page
