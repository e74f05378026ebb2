"""The page at `/` and its states, in a real Chromium, before a service whose node and clock a test can move."""

import gzip
import json
import re
from datetime import timedelta

import pytest

from service.routes.pages import words as catalogue

MOST_KB = 60
"""Of HTML, CSS and modules, as they are sent."""

PHONE = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 3,
    "has_touch": True,
    "is_mobile": True,
}


@pytest.fixture
async def visitor(visit, standing_shop):
    visitor = await visit(standing_shop.url)
    await visitor.come()
    return visitor


async def test_every_catalogue_has_the_same_words_with_the_same_gaps():
    english = catalogue.words("en")
    for code in catalogue.CODES:
        other = catalogue.words(code)
        for part in ("page", "avatars", "emotions", "script"):
            ours, theirs = getattr(english, part), getattr(other, part)
            assert ours.keys() == theirs.keys()
            for key, said in ours.items():
                assert theirs[key]
                assert set(re.findall(r"\{\w+\}", said)) == set(re.findall(r"\{\w+\}", theirs[key])), (
                    code,
                    key,
                )


async def test_every_word_that_a_module_says_is_in_the_catalogue():
    said = "".join(path.read_text() for path in (catalogue.FOLDER.parent / "static").glob("*.js"))

    for key in re.findall(r'say\("([\w-]+)"', said):
        assert key in catalogue.words("en").script, key


async def test_the_shop_is_small_and_its_files_are_kept_for_ever(standing_shop):
    page = await standing_shop.http.get("/")
    links = set(re.findall(r'(?:src|href)="(/assets/[^"]+\.(?:js|css))"', page.text))
    sent = len(gzip.compress(page.content))
    for link in links:
        answer = await standing_shop.http.get(link)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Content-Encoding"] == "gzip"
        sent += int(answer.headers["Content-Length"])
        again = await standing_shop.http.get(link, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304

    assert len(links) == 9
    assert sent < MOST_KB * 1000


async def test_whoever_takes_no_gzip_gets_the_page_as_it_is(standing_shop):
    plain = await standing_shop.http.get("/", headers={"Accept-Encoding": "gzip;q=0"})
    packed = await standing_shop.http.get("/", headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.text == packed.text
    assert plain.headers["ETag"] != packed.headers["ETag"]


async def test_no_page_may_run_or_load_what_is_not_ours(standing_shop):
    for path in ("/", "/video/lnbc1"):
        policy = (await standing_shop.http.get(path)).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
    for path in ("/", "/docs", "/avatars", "/lightning/payment/lnbc1", "/nowhere"):
        answer = await standing_shop.http.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "camera=()" in answer.headers["Permissions-Policy"]
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr,ja;q=0.7,en;q=0.5", "ja"),
        ("es;q=0,en;q=0.1", "en"),
        ("fr", "en"),
        ("de;q=rubbish", "en"),
        ("", "en"),
    ],
)
async def test_a_browser_gets_the_language_that_it_asks_for(standing_shop, wanted, got):
    page = await standing_shop.http.get("/", headers={"Accept-Language": wanted})

    assert page.headers["Content-Language"] == got
    assert f'<html lang="{got}">' in page.text


async def test_the_switch_of_languages_is_remembered_and_the_page_speaks_them(visitor, standing_shop):
    await visitor.writes("Guten Morgen, liebe Leute!")
    await visitor.page.select_option("#lang", "de")
    await visitor.reads("#make-title", "Du schreibst es. Jemand sagt es.")
    await visitor.until("document.querySelector('#price span').textContent.includes('auf Deutsch')")
    await visitor.come()  # without a word about the language

    await visitor.reads("#make-title", "Du schreibst es. Jemand sagt es.")
    assert await visitor.page.input_value("#text") == "Guten Morgen, liebe Leute!"


async def test_the_last_price_wins_however_fast_one_types(visitor):
    asked = []
    visitor.page.on(
        "request", lambda request: asked.append(request.url) if "/estimate" in request.url else None
    )

    await visitor.page.locator("#text").press_sequentially("One two three four five six seven")
    await visitor.until("document.querySelector('#price b').textContent")
    await visitor.page.fill("#text", "Hi")
    await visitor.until("document.querySelector('#price span').textContent.includes('0.')")

    assert len(asked) < 10


async def test_nothing_to_say_is_said_before_anything_is_asked(visitor):
    await visitor.page.click("#get")

    await visitor.reads("#problem", "Write something first: the avatar has nothing to say yet.")
    assert await visitor.tell("document.activeElement.id") == "text"
    assert await visitor.violations() == []


async def test_an_expired_invoice_is_replaced_in_one_tap(visit, make_shop, tmp_path):
    async with make_shop(tmp_path) as shop:
        visitor = await visit(shop.url)
        await visitor.come()
        await visitor.writes("This takes too long.")
        old = await visitor.asks()

        shop.clock.ahead += timedelta(hours=1)
        await visitor.page.reload()
        await visitor.sees("expired")
        assert await visitor.violations() == []
        await visitor.page.click("#fresh")

        await visitor.sees("pay")
        assert await visitor.page.input_value("#pay-invoice") != old
        await visitor.page.click("#open-purchases")
        await visitor.sees("purchases")
        assert await visitor.page.locator("#bought li").count() == 2
        assert await visitor.violations() == []
        visitor.page.once("dialog", lambda dialog: dialog.accept())
        await visitor.page.click("#forget")
        await visitor.sees("make")
        assert await visitor.tell("localStorage.getItem('satspeak.orders')") is None


async def test_a_request_that_broke_off_gets_the_same_invoice(visit, shop):
    visitor = await visit(shop.url)
    await visitor.come()
    await visitor.writes("Twice the same.")
    keys, invoices = [], []

    async def lose(route):
        """Let the shop answer, and the answer never arrive."""
        keys.append(route.request.headers["idempotency-key"])
        invoices.append((await (await route.fetch()).json())["bolt11_invoice"])
        await route.abort()

    await visitor.page.route("**/request-video/text", lose, times=1)
    await visitor.page.click("#get")
    await visitor.reads("#problem", re.compile("cannot be reached"))
    await visitor.page.reload()
    async with visitor.page.expect_request("**/request-video/text") as asking:
        invoices.append(await visitor.asks())

    assert (await asking.value).headers["idempotency-key"] == keys[0]
    assert invoices[0] == invoices[1]


async def test_what_the_shop_refuses_is_said_in_words_that_help(visit, make_shop, tmp_path):
    async with make_shop(tmp_path) as shop:
        visitor = await visit(shop.url)
        await visitor.come()
        await visitor.writes("Good morning.")
        shop.node.go_down()

        await visitor.page.click("#get")

        await visitor.reads("#problem", re.compile("The shop's Lightning node does not answer"))
        assert await visitor.violations() == []


@pytest.mark.parametrize("width", [320, 360, 768, 1280, 3840])
async def test_nothing_has_to_be_moved_sideways(visit, standing_shop, width):
    visitor = await visit(standing_shop.url, viewport={"width": width, "height": 800})
    await visitor.come("/?lang=de")
    assert not await visitor.overflows()
    await visitor.writes("مرحبا بالعالم. هذا نص من اليمين إلى اليسار.")
    assert await visitor.tell("getComputedStyle(document.getElementById('text')).direction") == "rtl"

    await visitor.asks()
    assert not await visitor.overflows()


@pytest.mark.parametrize(
    "traits", [PHONE, {"color_scheme": "dark"}, {"reduced_motion": "reduce"}], ids=["phone", "dark", "calm"]
)
async def test_a_phone_a_dark_screen_and_a_calm_one_can_buy(visit, standing_shop, traits):
    visitor = await visit(standing_shop.url, **traits)
    await visitor.come("/?lang=ja")
    await visitor.writes("こんにちは。")
    assert await visitor.violations() == []

    invoice = await visitor.asks()

    assert await visitor.scans() == f"LIGHTNING:{invoice.upper()}"  # on white, also in the dark
    assert await visitor.violations() == []
    assert await visitor.page.get_attribute("#pay-open", "href") == f"lightning:{invoice.upper()}"
    if traits == {"reduced_motion": "reduce"}:
        assert await visitor.page.get_attribute("#idle", "src") is None


async def test_a_wallet_in_the_browser_pays_and_proves_it(visitor, standing_shop):
    await visitor.page.add_init_script(
        "window.webln = {enable: async () => {}, sendPayment: async invoice => {"
        " window.sent = invoice; return {preimage: 'ab'.repeat(32)}; }}"
    )
    await visitor.come()
    await visitor.writes("Paid without leaving.")
    invoice = await visitor.asks()

    await visitor.page.click("#pay-webln")

    assert await visitor.until("window.sent") == invoice
    [order] = json.loads(await visitor.tell("localStorage.getItem('satspeak.orders')"))
    assert order["preimage"] == "ab" * 32


async def test_the_demo_wallet_is_there_for_the_demo_alone(
    visit, standing_shop, make_shop, tmp_path, run_server
):
    paid = []

    async def wallet(scope, receive, send):
        body = (await receive())["body"].decode()
        paid.append(body)
        shop.node.pay(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    assert "pay-demo" not in (await standing_shop.http.get("/")).text
    assert (await standing_shop.http.post(f"/demo/pay/{await standing_shop.quote()}")).status_code == 400
    async with run_server(wallet) as url, make_shop(tmp_path, demo_wallet=url) as shop:
        visitor = await visit(shop.url)
        await visitor.come()
        await visitor.writes("On the house.")
        invoice = await visitor.asks()
        await visitor.page.click("#pay-demo")
        await visitor.sees("watch")

    assert paid == [invoice]


async def test_prices_are_read_in_the_buyers_currency_which_is_remembered(visit, make_shop, tmp_path):
    async with make_shop(tmp_path, btc_usd="fixed:65000,EUR=0.5,JPY=150") as shop:
        visitor = await visit(shop.url)
        await visitor.come()
        await visitor.writes("Good morning, all of you.")
        await visitor.reads("#price span", re.compile(r"^\$0"))
        await visitor.page.select_option("#currency", "EUR")
        await visitor.reads("#price span", re.compile("^€0"))
        assert await visitor.violations() == []

        await visitor.page.reload()

        await visitor.reads("#price span", re.compile("^€0"))
        await visitor.page.select_option("#currency", "JPY")
        await visitor.reads("#price span", re.compile("^¥[1-9]"))
        await visitor.asks()
        await visitor.reads("#pay-money", re.compile("^¥[1-9]"))


async def test_where_there_is_no_other_currency_there_is_no_choice(visitor):
    await visitor.until("document.getElementById('currency').options.length == 1")

    assert await visitor.page.is_hidden("#currency-part")


async def test_a_voice_is_loaded_once_somebody_wants_to_hear_it(visit, shop, worker):
    worker.voices = [{"name": name, "language": "de", "gender": "female"} for name in ("anna", "betty")]
    visitor = await visit(shop.url)
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    await visitor.come()
    await visitor.until("document.getElementById('voice').options.length == 3")
    assert await visitor.page.is_hidden("#listen")

    await visitor.page.select_option("#voice", "betty")
    await visitor.page.wait_for_selector("#listen", state="visible")
    assert await visitor.violations() == []
    assert not [url for url in asked if "sample" in url]
    async with visitor.page.expect_request("**/voices/betty/sample.m4a"):
        await visitor.page.click("#listen")

    await visitor.reads("#toast", re.compile("Nobody can"))  # this worker has no samples
    await visitor.page.select_option("#voice", "")
    assert await visitor.page.is_hidden("#listen")


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/problems", "/video/lnbc1"])
async def test_no_page_has_a_barrier(visit, standing_shop, path):
    visitor = await visit(standing_shop.url)
    await visitor.come(path)

    assert await visitor.violations() == []
