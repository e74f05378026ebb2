"""People buy with browsers that are no Chromium; each test is run where the machine has that browser."""

import asyncio
import json
from hashlib import sha256

import httpx
import pytest

from tests import browsers
from tests.visitor import DEADLINE_S

pytestmark = pytest.mark.regtest

TEXT = (
    "Whoever has another browser buys as well. The first train of the morning leaves at six, and crosses the river, the"
    " old market and the long bridge before the sun is up."
)

HASH = (
    "fetch(document.getElementById('download').href).then(answer => answer.arrayBuffer())"
    ".then(bytes => crypto.subtle.digest('SHA-256', bytes))"
    ".then(hash => [...new Uint8Array(hash)].map(each => each.toString(16).padStart(2, '0')).join(''))"
)


@pytest.fixture(params=["firefox", "firefox without MediaSource", "webkit"])
async def page(request: pytest.FixtureRequest, tmp_path, ports):
    if request.param == "webkit":
        if not (browsers.WEBKIT_DRIVER and browsers.XVFB):
            gstreamer = "gstreamer1.0-{libav,gl,plugins-good,plugins-bad}"
            pytest.skip(f"there is no WebKitGTK here; Debian: webkit2gtk-driver xvfb {gstreamer}")
        opened = browsers.webkit(tmp_path, ports.take())
    else:
        if not browsers.FIREFOX:
            pytest.skip("there is no Firefox here; Debian: firefox-esr")
        lacking = "delete window.MediaSource;" if "without" in request.param else ""
        opened = browsers.firefox(tmp_path, before=lacking)
    async with opened as page:
        yield page


SHOWN = (
    "(player => [document.querySelector('main').innerText, player.currentSrc, player.readyState, player.currentTime,"
    " player.error?.message])(document.getElementById('player'))"
)


async def until(page: browsers.Page, expression: str):
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not (told := await page.tell(expression)):  # noqa: ASYNC110 - a page tells nobody
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"never {expression}: {await page.tell(SHOWN)}") from None
    return told


async def test_another_browser_buys_and_plays_before_the_video_is_whole(page, shop, payer):
    await page.come(shop.url)
    await page.tell(f"document.getElementById('text').value = {json.dumps(TEXT)}")
    await page.tell("document.getElementById('text').dispatchEvent(new Event('input', {bubbles: true}))")
    await until(page, "document.querySelector('#price b').textContent")
    await page.click("#get")
    invoice = await until(page, "document.getElementById('pay-invoice').value")

    await payer.pay(invoice)
    start = "document.getElementById('start').checkVisibility()"
    await until(page, f"{start} || document.getElementById('player').currentTime > 0")
    if await page.tell(start):  # WebKit lets nothing sound so long after a click
        await page.click("#start")
    await until(page, "document.getElementById('player').currentTime > 0.2")
    made = await page.tell("document.getElementById('bar').value")

    await until(page, "document.getElementById('download').checkVisibility()")
    saved = await page.tell(HASH)
    async with httpx.AsyncClient(base_url=shop.url) as http:
        content = (await http.get(f"/lightning/video/{invoice}")).content
    assert made < 1
    assert saved == sha256(content).hexdigest()
