"""People buy with a browser and a wallet: a real Chromium, two Lightning nodes, the service and the worker."""

import asyncio
import contextlib
import io
import json
import wave
from collections.abc import AsyncIterator
from typing import Any

import av
import httpx
import numpy as np
import pytest
from lndgrpc.compiled import lightning_pb2

from tests.line import Line
from tests.pictures import PHONE, side_by_side
from tests.regtest.market import still
from tests.visitor import DEADLINE_S

pytestmark = pytest.mark.regtest

TEXT = "Good morning. This video was bought by somebody with a browser and a wallet."
LONG = (
    "The first train of the morning leaves at six. It crosses the river, the old market and the long bridge before the "
    "sun is up."
)
LONGER = f"{LONG} Most people sleep until the last stop, and a few count the boats."


SOME_FRAMES = 72  # of some 180 and more

BEGUN = "document.getElementById('player').currentTime > 0"
"""It may have come to the end of what is there and wait."""


@pytest.fixture(scope="module")
async def failing_shop(open_shop, hire_scripted):
    """A shop whose worker refuses whatever has the word `unspeakable` in it."""
    return await open_shop(await hire_scripted())


@pytest.fixture
async def visitor(visit, shop):
    visitor = await visit(shop.url)
    await visitor.come()
    return visitor


async def whole(shop, invoice: str, **headers: str) -> bytes:
    """The video as the API has it, once it is whole."""
    async with httpx.AsyncClient(base_url=shop.url, headers=headers, timeout=DEADLINE_S) as http:
        async with asyncio.timeout(DEADLINE_S):
            while (await http.get(f"/lightning/payment/{invoice}")).json()["video"]["state"] != "ready":  # noqa: ASYNC110 - what a program does
                await asyncio.sleep(0.05)
        return (await http.get(f"/lightning/video/{invoice}")).content


@contextlib.asynccontextmanager
async def half_made(invoice: str, shop, worker) -> AsyncIterator[None]:
    """Hold the worker still as soon as some seconds of a video are there: who waits for all of it does not play.

    Whichever of the two is quicker otherwise, the worker or the browser, is the machine's doing.
    """
    async with httpx.AsyncClient(base_url=shop.url, timeout=DEADLINE_S) as http:

        async def made() -> dict[str, Any]:
            return dict((await http.get(f"/lightning/payment/{invoice}")).json()["video"])

        async with asyncio.timeout(DEADLINE_S):
            while (await made())["frames"] < SOME_FRAMES:  # noqa: ASYNC110 - what a program does
                await asyncio.sleep(0.02)
        with still(worker.program):
            yield
            assert (await made())["state"] == "rendering"


async def open_invoice(node) -> str:
    """An invoice that leaves the amount to the payer."""
    request = lightning_pb2.Invoice(expiry=3600)
    return str((await node._lightning.AddInvoice(request, metadata=node._admin())).payment_request)


async def downloaded(visitor, button: str = "#download") -> tuple[str, bytes]:
    """Name and content of what a download button saves."""
    async with visitor.page.expect_download() as saving:
        await visitor.page.click(button)
    saved = await saving.value
    path = await saved.path()
    return saved.suggested_filename, path.read_bytes()


async def test_a_text_is_bought_and_plays_before_it_is_whole(visitor, shop, worker, payer):
    await visitor.writes(LONG)
    await visitor.page.check('input[value="arab_woman"]')
    await visitor.until("document.querySelector('#price b').textContent")
    price = await visitor.page.inner_text("#price b")

    invoice = await visitor.asks()
    shown = await visitor.page.inner_text("#pay-amount")
    scanned = await visitor.scans()
    await payer.pay(scanned)
    async with half_made(invoice, shop, worker):
        await visitor.sees("watch")
        await visitor.until(BEGUN)
        assert await visitor.tell("document.getElementById('bar').value") < 1
        assert await visitor.violations() == []

    assert price == shown
    assert scanned == f"LIGHTNING:{invoice.upper()}"
    await visitor.sees("download")
    await visitor.plays()
    assert await visitor.violations() == []
    name, content = await downloaded(visitor)
    before = await visitor.at()
    await visitor.page.click("#replay")
    await visitor.until(f"document.getElementById('player').currentTime < {before}")
    assert name.startswith("satspeak-The-first-train")
    assert content == await whole(shop, invoice)
    await visitor.until("document.querySelector('#player track') !== null")
    await visitor.tell("document.querySelector('#player track').track.mode = 'showing'")
    words = "[...document.querySelector('#player track').track.cues ?? []].map(cue => cue.text).join(' ')"
    assert await visitor.until(words) == LONG
    _, captioned = await downloaded(visitor, "#download-captions")
    with av.open(io.BytesIO(captioned), "r") as file:
        assert [stream.type for stream in file.streams] == ["video", "audio", "subtitle"]


async def test_faces_move_and_a_voice_is_heard_before_anything_is_bought(visit, shop):
    visitor = await visit(shop.url, reduced_motion="no-preference", **PHONE)
    await visitor.come()
    await visitor.until("document.getElementById('idle').currentTime > 0")
    await visitor.until("document.querySelector('.grid video')?.currentTime > 0")
    await visitor.until("document.getElementById('voice').options.length > 1")
    await visitor.page.select_option("#voice", "de-female")

    await visitor.page.click("#listen")

    await visitor.reads("#listen", "Stop")
    await visitor.reads("#listen", "Listen")  # it has come to its end


async def test_a_recording_of_any_format_becomes_the_wav_that_the_shop_takes(visitor, payer, tmp_path, shop):
    file = tmp_path / "stereo.wav"
    with wave.open(str(file), "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(44_100)
        t = np.arange(2 * 44_100) / 44_100
        buzz = (6_000 * np.sin(2 * np.pi * 180 * t) * (np.sin(2 * np.pi * 2 * t) > 0)).astype("<i2")
        writer.writeframes(np.repeat(buzz, 2).tobytes())

    await visitor.page.check('input[value="audio"]')
    await visitor.page.set_input_files("#file", file)
    await visitor.reads("#clip-length", "2.0 s")
    await visitor.page.reload()  # what was taken is still there
    await visitor.reads("#clip-length", "2.0 s")
    invoice = await visitor.asks()
    await payer.pay(invoice)
    await visitor.sees("watch")
    await visitor.plays()

    await visitor.sees("download")
    assert len(await whole(shop, invoice)) > 20_000


async def test_what_the_microphone_hears_is_recorded_and_sold(visitor):
    await visitor.page.check('input[value="audio"]')
    await visitor.page.click("#record")
    await visitor.until("document.getElementById('level').value > 0.05")  # the beep of the browser's own
    await visitor.page.click("#record")
    await visitor.sees("clip")

    assert await visitor.violations() == []
    await visitor.asks()
    assert "s" in await visitor.page.inner_text("#pay-what")


async def test_a_file_without_sound_is_refused_before_it_is_sent(visitor, tmp_path):
    (tmp_path / "letter.mp3").write_text("Dear reader")

    await visitor.page.check('input[value="audio"]')
    await visitor.page.set_input_files("#file", tmp_path / "letter.mp3")

    await visitor.sees("problem")
    assert "no sound" in await visitor.page.inner_text("#problem")


async def test_a_private_video_opens_by_its_link_alone(visitor, visit, shop, payer):
    await visitor.writes(TEXT)
    await visitor.page.check("#private")
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    invoice = await visitor.asks()
    await payer.pay(await visitor.scans())
    await visitor.sees("download")
    await visitor.page.evaluate("navigator.clipboard.writeText = async text => { window.copied = text; }")
    await visitor.page.click("#share")
    link = await visitor.until("window.copied")
    token = link.partition("#claim=")[2]

    _, content = await downloaded(visitor)
    _, captioned = await downloaded(visitor, "#download-captions")
    assert b"tx3g" in captioned
    friend, stranger = await visit(shop.url, color_scheme="dark"), await visit(shop.url, color_scheme="dark")
    friend.page.on("request", lambda request: asked.append(request.url))
    await friend.come(link.removeprefix(shop.url))
    await friend.until("document.getElementById('player').readyState >= 2")
    await friend.until("document.querySelector('#player track') !== null")
    await stranger.come(f"/video/{invoice}")

    assert token
    assert content == await whole(shop, invoice, **{"Claim-Token": token})
    assert not [url for url in asked if token in url and "#" not in url]
    assert await stranger.page.title() == "There is no video here"
    assert TEXT not in await friend.page.content()
    assert (await stranger.violations(), await friend.violations()) == ([], [])


@pytest.fixture
async def old_phone(visit, shop):
    """Somebody whose browser has no MediaSource, as iPhones had none before iOS 17."""
    visitor = await visit(shop.url, color_scheme="dark", **PHONE)
    await visitor.page.add_init_script("delete window.MediaSource; delete window.ManagedMediaSource")
    await visitor.come()
    return visitor


async def test_a_browser_without_media_source_follows_the_playlist_while_the_video_is_made(
    old_phone, visit, shop, worker, payer
):
    await old_phone.writes(LONGER)
    invoice = await old_phone.asks()
    await payer.pay(invoice)
    async with half_made(invoice, shop, worker):
        await old_phone.sees("watch")
        await old_phone.until(BEGUN)
        assert await old_phone.tell("document.getElementById('bar').value") < 1
        friend = await visit(shop.url)
        await friend.come(f"/video/{invoice}")

        assert (await old_phone.tell("document.getElementById('player').currentSrc")).endswith("/hls.m3u8")
        await friend.until("document.getElementById('player').readyState >= 1")
        assert await old_phone.violations() == []
    await old_phone.sees("download")
    assert await old_phone.violations() == []
    await old_phone.page.reload()
    await old_phone.page.click("#start")
    await old_phone.until("document.getElementById('player').duration > 5")
    await old_phone.plays()


async def test_a_private_video_without_media_source_is_shown_once_it_is_whole(old_phone, shop, payer):
    asked: list[str] = []
    old_phone.page.on("request", lambda request: asked.append(request.url))
    await old_phone.writes(TEXT)
    await old_phone.page.check("#private")
    await payer.pay(await old_phone.asks())

    await old_phone.sees("download")
    await old_phone.plays()

    [order] = json.loads(await old_phone.tell("localStorage.getItem('satspeak.orders')"))
    assert (await old_phone.tell("document.getElementById('player').currentSrc")).startswith("blob:")
    assert order["claim"]
    assert not [url for url in asked if order["claim"] in url]


async def test_a_reload_at_any_step_loses_nothing(visitor, payer):
    await visitor.writes(LONGER)
    await visitor.page.check('input[value="serious"]')
    await visitor.page.reload()
    assert await visitor.page.input_value("#text") == LONGER
    assert await visitor.page.is_checked('input[value="serious"]')

    invoice = await visitor.asks()
    await visitor.page.reload()
    assert await visitor.until("document.getElementById('pay-invoice').value") == invoice

    await payer.pay(invoice)
    await visitor.sees("watch")
    await visitor.page.reload()  # while it is rendered, unless that is quicker than the page
    await visitor.until(
        "[...document.querySelectorAll('#start, #download')].some((each) => each.checkVisibility())"
    )
    if await visitor.page.is_visible("#start"):  # nothing may sound on a page that nobody touched
        await visitor.page.click("#start")
        await visitor.plays()

    await visitor.sees("download")
    await visitor.page.reload()
    await visitor.sees("download")
    await visitor.page.evaluate("document.getElementById('player').play()")
    await visitor.plays()


async def test_a_line_that_breaks_in_the_middle_is_taken_up_where_it_broke(visit, shop, payer):
    line = Line(shop.url.removeprefix("http://"))
    await line.restore()
    try:
        visitor = await visit(f"http://{line.near_end}")
        await visitor.come()
        await visitor.writes(LONGER)
        invoice = await visitor.asks()
        await visitor.page.context.set_offline(True)
        await visitor.reads("#toast", "You are offline. Everything goes on as soon as you are back.")
        await payer.pay(invoice)  # with a phone, which has a line of its own
        await visitor.page.context.set_offline(False)
        await visitor.sees("watch")
        await visitor.plays()

        await line.cut()
        await visitor.until("document.getElementById('toast').textContent")
        await line.restore()

        await visitor.sees("download")
        await visitor.until("document.getElementById('player').duration < 1e6")  # all of it is there
        await visitor.plays()
        await visitor.reads("#toast", "")
    finally:
        await line.cut()


async def test_whoever_has_a_keyboard_alone_can_buy(visitor, payer):
    keys = visitor.page.keyboard

    async def to(element: str) -> None:
        for _ in range(60):
            if await visitor.tell("document.activeElement.id || document.activeElement.name") == element:
                return
            await keys.press("Tab")
        raise AssertionError(f"no Tab leads to {element}")

    await to("avatar")
    await keys.press("ArrowRight")
    await to("text")
    await keys.type("Bought by keyboard.")
    await to("get")
    await keys.press("Enter")
    await visitor.sees("pay")
    assert await visitor.tell("document.activeElement.id") == "pay-title"

    await payer.pay(await visitor.page.input_value("#pay-invoice"))
    await visitor.sees("watch")
    assert await visitor.tell("document.activeElement.id") == "watch-title"
    await to("another")
    await keys.press("Enter")
    assert await visitor.tell("document.activeElement.id") == "make-title"


async def test_a_video_that_fails_offers_the_refund_where_it_was_bought(visit, failing_shop, payer, merchant):
    visitor = await visit(failing_shop.url, color_scheme="dark")
    await visitor.come()
    await visitor.writes("Something unspeakable.")
    invoice = await visitor.asks()
    payment = await payer.pay(invoice)
    await visitor.sees("failed")
    offered = await visitor.page.inner_text("#failed-text")
    assert await visitor.violations() == []

    await visitor.page.click("#refund button.main")
    assert "64 characters" in await visitor.page.inner_text("#refund-problem")
    await visitor.page.fill("#preimage", payment.preimage.hex())
    await visitor.page.fill("#refund-invoice", await open_invoice(payer))
    await merchant.until_channel_usable()
    await visitor.page.click("#refund button.main")

    await visitor.reads("#refund-state", "Your money is back in your wallet.")
    assert await visitor.violations() == []
    assert str(payment.amount_msat // 1000 - 1) in offered or str(payment.amount_msat // 1000) in offered
    await visitor.page.reload()
    await visitor.reads("#refund-state", "Your money is back in your wallet.")
    await visitor.come(f"/video/{invoice}")
    assert await visitor.violations() == []


async def test_the_page_of_a_video_shows_it_to_people_and_its_picture_to_programs(visit, shop, client, payer):
    quote = await client.quote_text(TEXT)
    visitor = await visit(shop.url)
    await visitor.come(f"/video/{quote.bolt11_invoice}")
    assert await visitor.page.title() == "This video is not paid yet"
    assert await visitor.violations() == []
    await payer.pay(quote.bolt11_invoice)
    chunks = client.video(quote.bolt11_invoice, avatar="african_man", emotion="happy")
    content = b"".join([chunk async for chunk in chunks])

    await visitor.page.reload()
    await visitor.until("document.getElementById('player').readyState >= 1")

    assert await visitor.page.inner_text("blockquote") == TEXT
    assert await visitor.page.inner_text("h1") == "African man speaks"
    assert await visitor.violations() == []
    await visitor.tell("document.getElementById('player').textTracks[0].mode = 'showing'")
    await visitor.until("document.getElementById('player').textTracks[0].cues?.length")
    card = await visitor.page.get_attribute('meta[property="og:image"]', "content")
    oembed = await visitor.page.get_attribute('link[type="application/json+oembed"]', "href")
    async with httpx.AsyncClient(timeout=DEADLINE_S) as http:
        picture, described = await http.get(card), (await http.get(oembed)).json()
    assert picture.content.startswith(b"\xff\xd8\xff")
    assert described["thumbnail_url"] == card
    assert (described["type"], described["title"]) == ("video", f"“{TEXT[:70].rstrip()}…”")
    _, saved = await downloaded(visitor)
    assert saved == content or len(saved) == len(content)  # a whole one starts otherwise, and is as long


async def test_the_pictures_of_the_docs_are_of_a_real_purchase(pictures, visit, shop, payer):
    desk = await visit(shop.url, viewport={"width": 1280, "height": 1060}, reduced_motion="no-preference")
    await desk.come()
    await desk.writes(TEXT)
    await desk.page.wait_for_selector("#idle:not([hidden])")
    await desk.until("document.querySelector('#price b').textContent")
    await desk.tell("document.activeElement.blur()")
    shots = [await desk.page.screenshot()]

    phone = await visit(shop.url, color_scheme="dark", **PHONE)
    await phone.come("/?lang=de")
    await phone.writes("Guten Morgen! Der Kaffee ist fertig, und die Züge sind pünktlich.")
    invoice = await phone.asks()
    await phone.until("document.getElementById('qr').naturalWidth > 0")
    await phone.tell("scrollTo(0, 0)")
    shots.append(await phone.page.screenshot())
    await payer.pay(invoice)
    await phone.sees("download")
    await phone.until("document.getElementById('player').currentTime > 1.2")
    await phone.tell("document.getElementById('player').pause()")
    await phone.tell("scrollTo(0, 0)")
    shots.append(await phone.page.screenshot())

    await asyncio.to_thread(side_by_side, shots, pictures / "shop.jpg")
