"""The desk in a real Chromium: signed in to, read and used, on a desk, on a phone and in the dark."""

import asyncio
import csv
import random
import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import expect

from service.accounts.port import Scope
from service.assembly.stores import open_accounts, open_keys, open_outbox
from tests.pictures import side_by_side
from tests.receivers import Receiver

PAGES = ("", "/orders", "/owed", "/accounts", "/system", "/webhooks")

XSS = "Hi! <script>document.title='stolen'</script><img src=x onerror=\"document.title='stolen'\">"

PHONE = {
    "viewport": {"width": 375, "height": 740},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
}

SETTINGS: dict[str, Any] = {
    "webhook_private": True,
    "webhook_look_s": 0.02,
    "desk_sign_ins_per_minute": 0,
    "desk_sign_ins_per_minute_per_client": 0,
}


@pytest.fixture(scope="module")
async def receiver(run_server):
    receiver = Receiver()
    receiver.status = 410
    async with run_server(receiver) as receiver.url:
        yield receiver


@pytest.fixture(scope="module")
async def sold(tmp_path_factory, make_shop, receiver):
    """A shop that has sold in most ways, and what of it the tests go by; they leave it as it is, but for one letter."""
    async with make_shop(tmp_path_factory.mktemp("sold"), **SETTINGS) as shop:
        async with open_keys(shop.settings()) as keys:
            key = await keys.create("me", [Scope.DESK])
        async with open_accounts(shop.settings()) as holders:
            account = await holders.accounts.get(await holders.video_time.create("app"))
            assert account is not None
            await holders.video_time.grant(account, 90_000, ref="welcome")
        bought = await shop.paid(text=XSS, avatar="arab_woman", emotion="happy")
        await shop.video(bought)
        quote = {"text": "Told to somebody.", "webhook_url": f"{receiver.url}/hook"}
        told = (await shop.http.post("/lightning/request-video/text", json=quote)).json()["bolt11_invoice"]
        shop.node.pay(told)
        await shop.video(told)
        shop.worker.answer = (400, "Nobody can say that.")
        failed = await shop.paid(text="Unspeakable.", private=False)
        await shop.video(failed)
        shop.worker.answer = None
        for _ in range(3):
            await shop.quote()
        await until_dead(shop, 3)
        yield shop, key, {"bought": bought, "told": told, "failed": failed}


async def until_dead(shop, letters: int) -> None:
    """Wait until so many letters were given up."""
    async with open_outbox(shop.settings()) as outbox, asyncio.timeout(60):
        while len(await outbox.dead()) != letters:  # noqa: ASYNC110 - rows tell nobody
            await asyncio.sleep(0.02)


@pytest.fixture
async def operator(visit, sold):
    return await signed_in(visit, sold)


async def signed_in(visit, sold, **traits: Any):
    shop, key, _ = sold
    visitor = await visit(shop.url, **traits)
    await visitor.come("/desk")
    await visitor.page.fill("#key", key)
    await visitor.page.click("main button")
    await expect(visitor.page.locator("h1")).to_have_text("Money")
    return visitor


async def finds(visitor, asked: str) -> None:
    await visitor.page.fill("#q", asked)
    await visitor.page.click(".find button")


async def test_a_wrong_key_is_refused_and_the_right_one_opens_the_desk_until_one_leaves(visit, sold):
    shop, key, _ = sold
    visitor = await visit(shop.url)
    await visitor.come("/desk/orders")
    assert visitor.page.url.endswith("/desk/sign-in")
    assert await visitor.tell("document.activeElement.id") == "key"
    assert await visitor.violations() == []

    await visitor.page.fill("#key", "sk_wrong")
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.locator("#refused")).to_be_visible()
    assert await visitor.violations() == []
    await visitor.page.fill("#key", key)
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.locator("h1")).to_have_text("Money")

    [cookie] = await visitor.page.context.cookies(f"{shop.url}/desk")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/desk")
    assert await visitor.tell("document.cookie") == ""
    await visitor.page.click(".out button")
    await expect(visitor.page.locator("h1")).to_have_text("Sign in")
    await visitor.come("/desk/orders")
    await expect(visitor.page.locator("h1")).to_have_text("Sign in")


@pytest.mark.parametrize(
    "traits", [{}, PHONE, {**PHONE, "color_scheme": "dark"}], ids=["desk", "phone", "phone in the dark"]
)
async def test_every_page_can_be_read_by_everybody(visit, sold, traits):
    visitor = await signed_in(visit, sold, **traits)
    for path in PAGES:
        await visitor.come(f"/desk{path}")
        for details in await visitor.page.locator("details").all():
            await details.locator("summary").click()
        assert await visitor.violations() == [], path
        assert not await visitor.overflows(), path
    for invoice in sold[2].values():
        await finds(visitor, invoice)
        await expect(visitor.page.locator("#quote")).to_be_visible()
        assert await visitor.violations() == []
        assert not await visitor.overflows()
    await finds(visitor, "nothing of ours")
    await expect(visitor.page.locator("h1")).to_have_text("Nothing found")
    assert await visitor.violations() == []


async def test_on_a_phone_the_tables_are_read_without_moving_them(visit, sold):
    visitor = await signed_in(visit, sold, **PHONE)
    cut = (
        "[...document.querySelectorAll('.scroll')].filter((each) => each.scrollWidth > each.clientWidth)"
        ".map((each) => each.getAttribute('aria-labelledby'))"
    )
    for path in PAGES:
        await visitor.come(f"/desk{path}")
        for details in await visitor.page.locator("details").all():
            await details.locator("summary").click()
        # What was logged, and what receivers answered, is of any length.
        assert set(await visitor.tell(cut)) <= {"errors", "letters"}, path


async def test_a_bought_order_is_seen_filtered_and_read_and_its_text_does_nothing(operator, sold):
    await operator.page.click("nav >> text=Orders")
    await operator.page.click(".chips >> text=given up")
    await expect(operator.page.locator("tbody tr")).to_have_count(1)
    await operator.page.click(".chips >> text=paid")
    await expect(operator.page.locator("tbody tr")).to_have_count(3)

    await finds(operator, sold[2]["bought"].upper())

    await expect(operator.page.locator("blockquote")).to_have_text(XSS)
    await expect(operator.page.locator("#payment + dl")).to_contain_text(sold[2]["bought"])
    assert (await operator.page.title()).startswith("Order ")
    assert sold[2]["bought"] not in operator.page.url


async def test_the_plot_has_its_numbers_in_a_table(operator):
    plot = operator.page.get_by_role("img", name="Satoshi received and refunded")
    await expect(plot).to_be_visible()
    await operator.page.click("summary")
    await expect(operator.page.locator("details tbody tr")).to_have_count(30)
    await operator.page.click("text=7 days")
    await operator.page.click("summary")
    await expect(operator.page.locator("details tbody tr")).to_have_count(7)


async def test_payments_are_saved_as_a_spreadsheet(operator, sold):
    day = sold[0].clock.now().date()
    await operator.page.fill("#from", str(day - timedelta(days=2)))
    await operator.page.fill("#to", str(day + timedelta(days=1)))
    async with operator.page.expect_download() as saving:
        await operator.page.click("text=Download CSV")
    saved = await saving.value
    assert saved.suggested_filename.endswith(".csv")
    path = await saved.path()
    with path.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 3


async def test_a_letter_that_was_given_up_is_replayed(operator, sold, receiver):
    await operator.page.click("nav >> text=Webhooks")
    await expect(operator.page.locator("tbody tr")).to_have_count(3)
    receiver.status = 200

    await operator.page.locator("tbody button").first.click()

    await expect(operator.page.locator(".notice")).to_have_text("To be sent again: 1")
    await sold[0].eventually(lambda: bool(receiver.told))
    await until_dead(sold[0], 2)
    await operator.come("/desk/webhooks")
    await expect(operator.page.locator("tbody tr")).to_have_count(2)


async def test_a_page_of_another_site_neither_changes_nor_reads_the_desk(operator, sold, run_server):
    """The browser itself keeps the cookie back, and says where a form comes from."""
    shop = sold[0]
    change = f"{shop.url}/desk/webhooks/replay"
    page = f'<form method="post" action="{change}"><button name="all" value="yes">Win</button></form>'

    async def evil(scope, receive, send):
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page.encode()})

    async with run_server(evil) as url:
        elsewhere = url.replace("127.0.0.1", "localhost")  # another site, on the same machine
        await operator.page.goto(elsewhere)
        read = await operator.tell(
            f"fetch('{shop.url}/desk', {{credentials: 'include'}}).then(() => 'read', () => 'refused')"
        )
        await operator.page.click("button")
        await expect(operator.page.locator("h1")).to_have_text("Forbidden")

    assert read == "refused"
    operator.complaints[:] = [each for each in operator.complaints if "CORS" not in each]
    async with open_outbox(shop.settings()) as outbox:
        assert await outbox.dead()
    await operator.come("/desk")
    await expect(operator.page.locator("h1")).to_have_text("Money")


async def test_whoever_has_a_keyboard_alone_reaches_all_of_it(operator):
    keys = operator.page.keyboard
    await operator.come("/desk/orders")
    await keys.press("Tab")
    assert await operator.tell("document.activeElement.className") == "skip"
    await keys.press("Enter")
    assert await operator.tell("document.activeElement.id") == "main"
    for _ in range(20):
        await keys.press("Tab")
        if await operator.tell("document.activeElement.matches('tbody a')"):
            break
    await keys.press("Enter")
    await expect(operator.page.locator("#quote")).to_be_visible()


async def test_a_key_that_is_revoked_ends_what_it_opened(visit, sold):
    shop, _, orders = sold
    async with open_keys(shop.settings()) as keys:
        other = await keys.create("lost", [Scope.DESK])
        number = next(key.id for key in await keys.list() if key.name == "lost")
    visitor = await signed_in(visit, (shop, other, orders))
    async with open_keys(shop.settings()) as keys:
        await keys.revoke(number)

    await visitor.page.reload()

    await expect(visitor.page.locator("h1")).to_have_text("Sign in")


async def test_the_picture_of_the_docs_is_of_a_month_of_sales(pictures, visit, make_shop, tmp_path):
    chance = random.Random(14)
    async with make_shop(tmp_path) as shop:
        for _ in range(90):
            avatar = chance.choices(
                ["european_woman", "african_man", "arab_woman", "japanese_woman"], [8, 4, 2, 1]
            )[0]
            invoice = await shop.paid(avatar=avatar)
            assert (await shop.video(invoice, avatar=avatar)).status_code == 200
        with sqlite3.connect(shop.folder / "satspeak.sqlite3") as database:
            for (number,) in database.execute("select id from payments").fetchall():
                ago_ms = int(chance.triangular(0, 29, 4) * 86_400_000)
                database.execute("update payments set paid_at = paid_at - ? where id = ?", (ago_ms, number))
        async with open_keys(shop.settings()) as keys:
            sold: Any = (shop, await keys.create("me", [Scope.DESK]), {})
        shots = [
            await (await signed_in(visit, sold, **traits)).page.screenshot()
            for traits in ({"viewport": {"width": 960, "height": 900}}, {**PHONE, "color_scheme": "dark"})
        ]

    await asyncio.to_thread(side_by_side, shots, pictures / "desk.jpg", height=760)
