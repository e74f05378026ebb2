"""The page at `/` and its states, in a real Chromium, before a service whose node and clock a test can move."""

import asyncio
import base64
import gzip
import json
import re
from datetime import timedelta

import pytest

from service.routes.pages import words as catalogue
from tests.media_files import film, speech
from tests.visitor import Visitor

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

    assert len(links) == 10
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


async def test_an_invoice_is_copied_in_one_tap(visitor):
    await visitor.page.evaluate("navigator.clipboard.writeText = async text => { window.copied = text; }")
    await visitor.writes("Paid elsewhere.")
    invoice = await visitor.asks()

    await visitor.page.click("#pay-copy")

    assert await visitor.until("window.copied") == invoice
    await visitor.until("document.getElementById('toast').textContent")


async def test_sound_of_any_kind_is_dropped_onto_the_page(visitor, make_wav):
    await visitor.page.check('input[value="audio"]')
    files = {
        "speech.wav": (make_wav(1.5), 1.5),
        "speech.mp3": (speech("mp3", "libmp3lame"), 0.25),
        "speech.m4a": (speech("mp4", "aac"), 0.25),
        "speech.ogg": (speech("ogg", "libopus"), 0.25),
        "speech.flac": (speech("flac", "flac"), 0.25),
        "speech.webm": (speech("webm", "libopus"), 0.25),
        "film.mp4": (film("mp4", "libx264", sound=True), 0.25),
    }
    for name, (content, seconds) in files.items():
        dropped = await visitor.page.evaluate_handle(
            """([text, name]) => {
                const dropped = new DataTransfer();
                dropped.items.add(new File([Uint8Array.from(atob(text), each => each.charCodeAt(0))], name));
                return dropped;
            }""",
            [base64.b64encode(content).decode(), name],
        )

        await visitor.page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})

        length = "parseFloat(document.getElementById('clip-length').textContent)"
        assert await visitor.until(f"Math.abs({length} - {seconds}) < 0.15"), name
        await visitor.page.click("#clip-remove")
        await visitor.until("document.getElementById('clip').hidden")


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


async def test_a_video_that_was_deleted_is_told_so_on_its_page_and_where_it_was_bought(
    visit, make_shop, tmp_path
):
    async with make_shop(tmp_path, sweep_s=0.02, video_retention_days=30) as shop:
        visitor = await visit(shop.url)
        await visitor.come()
        await visitor.writes("Kept for a while.")
        invoice = await visitor.asks()
        shop.node.pay(invoice)
        await visitor.sees("download")

        shop.clock.ahead += timedelta(days=31)
        await shop.until(invoice, lambda payment: payment["video"]["state"] == "deleted")
        await visitor.page.reload()

        await visitor.reads("#watch-state", "This video was kept long enough and is deleted now.")
        assert await visitor.violations() == []
        await visitor.come(f"/video/{invoice}")
        await visitor.reads("h1", "This video was deleted")
        assert await visitor.violations() == []


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
        assert await visitor.until("document.activeElement.id") == "get"  # for whoever has a keyboard alone
        assert await visitor.violations() == []


async def test_an_impatient_hand_gets_one_invoice_and_the_back_button_leads_back(visitor, standing_shop):
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    await visitor.writes("Quick, quick.")

    await visitor.tell("for (let n = 0; n < 5; n++) document.getElementById('get').click()")
    await visitor.sees("pay")
    invoice = await visitor.page.input_value("#pay-invoice")
    assert len([url for url in asked if "request-video" in url]) == 1
    await visitor.page.go_back()
    await visitor.sees("make")
    assert await visitor.page.input_value("#text") == "Quick, quick."
    await visitor.page.go_forward()
    await visitor.sees("pay")
    assert await visitor.page.input_value("#pay-invoice") == invoice
    await visitor.page.click("#open-purchases")
    await visitor.page.reload()
    await visitor.sees("purchases")
    await visitor.page.go_back()
    await visitor.sees("pay")


async def test_who_asks_while_still_recording_buys_what_was_said(visitor):
    await visitor.page.check('input[value="audio"]')
    await visitor.tell(
        """(() => {
            const devices = navigator.mediaDevices, open = devices.getUserMedia.bind(devices);
            window.opened = 0;
            devices.getUserMedia = wanted => { window.opened++; return open(wanted); };
            for (let n = 0; n < 2; n++) document.getElementById("record").click();
        })()"""
    )
    await visitor.until("document.getElementById('level').value > 0.05")

    await visitor.asks()

    assert await visitor.tell("window.opened") == 1


async def test_two_tabs_keep_an_order_each_and_list_both(visitor, standing_shop):
    await visitor.writes("The first of two.")
    first = await visitor.asks()
    tab = Visitor(await visitor.page.context.new_page(), standing_shop.url)
    await tab.come()
    await tab.sees("pay")  # what this browser is about to pay
    await tab.page.click("#pay-back")
    await tab.writes("The second of two.")
    second = await tab.asks()

    await visitor.page.reload()

    await visitor.sees("pay")
    assert await visitor.page.input_value("#pay-invoice") == first
    standing_shop.node.pay(first)
    standing_shop.node.pay(second)
    await visitor.sees("download")
    await tab.sees("download")
    await tab.page.click("#open-purchases")
    assert await tab.page.locator("#bought li").count() == 2
    assert tab.complaints == []


@pytest.mark.parametrize("hours", [-5, 5])
async def test_the_countdown_goes_by_the_clock_of_the_shop(visit, standing_shop, hours):
    visitor = await visit(standing_shop.url)
    real = "const real = Date.now; Date.now = () => real() + "
    await visitor.page.add_init_script(real + str(hours * 3_600_000))
    await visitor.come()
    await visitor.writes("My watch is wrong.")

    await visitor.asks()
    await visitor.reads("#pay-left", re.compile("Valid for 1[0-4]:"))
    await visitor.page.reload()

    await visitor.reads("#pay-left", re.compile("Valid for 1[0-4]:"))


async def test_what_was_paid_while_the_phone_slept_is_seen_when_it_wakes(visitor, standing_shop):
    held: list[str] = []
    # A line that is dead, and that nobody was told of.
    await visitor.page.route("**/events", lambda route: held.append(route.request.url))
    await visitor.writes("Paid from another app.")
    invoice = await visitor.asks()
    await standing_shop.eventually(lambda: bool(held))
    standing_shop.node.pay(invoice)
    await standing_shop.until(invoice, lambda payment: payment["status"] == "paid")
    assert await visitor.page.is_visible("#pay")

    await visitor.tell("document.dispatchEvent(new Event('visibilitychange'))")

    async with asyncio.timeout(25):  # the page gives a silent line up by itself, but only after 40 s
        await visitor.sees("watch")


async def test_a_browser_that_keeps_nothing_buys_all_the_same(visit, standing_shop):
    visitor = await visit(standing_shop.url)
    await visitor.page.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
        "indexedDB.open = () => { throw new DOMException('none', 'SecurityError'); }"
    )
    await visitor.come()
    await visitor.writes("Nothing is kept.")

    standing_shop.node.pay(await visitor.asks())

    await visitor.sees("download")
    await visitor.page.click("#open-purchases")
    assert await visitor.page.locator("#bought li").count() == 1


async def test_a_paid_order_outlives_a_hundred_that_were_not(visitor):
    await visitor.tell(
        """localStorage.setItem("satspeak.orders", JSON.stringify([...Array(100).keys()].map(n => (
            {invoice: `lnbc${n}`, asked: {text: `${n}`, avatar: "arab_woman"}, at: new Date(), amount: 1,
             state: n > 97 ? "failed" : "pending"}))))"""
    )
    await visitor.writes("One more.")

    invoice = await visitor.asks()

    kept = json.loads(await visitor.tell("localStorage.getItem('satspeak.orders')"))
    assert len(kept) == 100
    assert [order["invoice"] for order in (kept[0], *kept[-2:])] == [invoice, "lnbc98", "lnbc99"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("word " * 40_000, "too long for one video"),
        ("word " * 1_100, "too long for one video"),
        ("🎉🎉", "No voice"),
    ],
    ids=["huge", "long", "emoji"],
)
async def test_what_no_voice_can_say_is_told_in_words(visitor, text, told):
    await visitor.writes(text)
    await visitor.reads("#problem", re.compile(told))
    await visitor.page.click("#get")

    await visitor.reads("#problem", re.compile(told))
    assert not await visitor.overflows()


async def test_rich_text_is_pasted_as_its_words(visitor):
    await visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    plain = "Hello Café 👩‍👩‍👧 \u202eRTL\u202c"
    await visitor.page.evaluate(
        """plain => navigator.clipboard.write([new ClipboardItem({
            "text/plain": plain, "text/html": `<b>Hello</b> <i onclick="alert(1)">${plain.slice(6)}</i>`})])""",
        plain,
    )
    await visitor.page.focus("#text")

    await visitor.page.keyboard.press("Control+V")

    await visitor.until("document.getElementById('text').value")
    assert await visitor.page.input_value("#text") == plain
    await visitor.asks()


async def test_the_price_comes_once_the_line_is_back(visitor):
    await visitor.page.context.set_offline(True)
    await visitor.writes("Good morning, all of you.")
    await visitor.reads("#problem", re.compile("cannot be reached"))

    await visitor.page.context.set_offline(False)

    await visitor.until("document.querySelector('#price b').textContent")
    await visitor.until("document.getElementById('problem').hidden")


@pytest.mark.parametrize("width", [320, 360, 768, 1280, 3840])
async def test_nothing_has_to_be_moved_sideways(visit, standing_shop, width):
    visitor = await visit(standing_shop.url, viewport={"width": width, "height": 800})
    await visitor.come("/?lang=de")
    assert not await visitor.overflows()
    await visitor.writes("مرحبا بالعالم. هذا نص من اليمين إلى اليسار.")
    assert await visitor.tell("getComputedStyle(document.getElementById('text')).direction") == "rtl"

    await visitor.asks()
    assert not await visitor.overflows()


@pytest.mark.parametrize("traits", [PHONE, {"color_scheme": "dark"}], ids=["phone", "dark"])
async def test_a_phone_and_a_dark_screen_can_buy(visit, standing_shop, traits):
    visitor = await visit(standing_shop.url, **traits)
    await visitor.come("/?lang=ja")
    await visitor.writes("こんにちは。")
    assert await visitor.violations() == []

    invoice = await visitor.asks()

    assert await visitor.scans() == f"LIGHTNING:{invoice.upper()}"  # on white, also in the dark
    assert await visitor.violations() == []
    assert await visitor.page.get_attribute("#pay-open", "href") == f"lightning:{invoice.upper()}"


MOVING = "[...document.querySelectorAll('.grid video')].filter(film => !film.paused && film.currentTime > 0).length"


@pytest.fixture
async def many_faces(visit, shop, worker, make_avatar):
    """Send somebody to a shop with a dozen faces, each of which has a film; and what was asked of these."""
    worker.avatars = [make_avatar(f"face_{n:02}") for n in range(12)]
    await shop.until_known("face_11")
    asked: list[str] = []

    async def send(motion: str):
        visitor = await visit(shop.url, reduced_motion=motion, **PHONE)

        async def show(route):
            asked.append(route.request.url)
            await route.fulfill(body=film("mp4", "libx264"), content_type="video/mp4")

        await visitor.page.route("**/idle.mp4", show)
        await visitor.come()
        return visitor

    return send, asked


async def test_faces_in_view_move_and_no_other_is_loaded(many_faces):
    send, asked = many_faces
    visitor = await send("no-preference")
    faces = visitor.page.locator(".grid")

    await visitor.until(f"{MOVING} >= 3")
    assert await visitor.violations() == []
    assert len(set(asked)) < 7
    await faces.evaluate("faces => faces.scrollTo(9999, 0)")
    await visitor.until(
        f"document.querySelector('.grid label:last-child video')?.currentTime > 0 && {MOVING} < 7"
    )
    assert await faces.locator("label:first-child video").evaluate("film => film.paused")
    await visitor.page.check('input[value="serious"]', force=True)
    await visitor.until("document.querySelector('.grid label:last-child').dataset.film.endsWith('/serious')")

    await visitor.page.click("#motion")
    await visitor.until("[...document.querySelectorAll('video')].every(film => film.paused)")
    asked.clear()
    await visitor.page.reload()
    await visitor.until("document.getElementById('motion').title === 'Let them move'")
    assert asked == []
    await visitor.page.click("#motion")
    await visitor.until(MOVING)


async def test_who_wants_no_motion_has_none_before_asking_for_it(many_faces):
    send, asked = many_faces
    visitor = await send("reduce")
    await visitor.until("document.getElementById('motion').title === 'Let them move'")
    assert await visitor.violations() == []
    assert asked == []

    await visitor.page.click("#motion")

    await visitor.until(MOVING)


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
@pytest.mark.parametrize("traits", [{}, {**PHONE, "color_scheme": "dark"}], ids=["desk", "phone in the dark"])
async def test_no_page_has_a_barrier(visit, standing_shop, path, traits):
    visitor = await visit(standing_shop.url, **traits)
    await visitor.come(path)

    assert await visitor.violations() == []
