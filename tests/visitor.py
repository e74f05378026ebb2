"""Somebody with a browser: a real Chromium, driven by Playwright."""

import asyncio
from typing import Any

import cv2
import numpy as np
import zxingcpp
from playwright.async_api import Page, expect

from bench.browser import axe_source

DEADLINE_S = 90


class Visitor:
    """A page and whoever looks at it. What the browser complains of is a failure of the test that made it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.set_default_timeout(DEADLINE_S * 1000)
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, kind: str, text: str) -> None:
        # A refusal that the page deals with is an error on the console all the same.
        if kind in ("error", "warning") and "Failed to load resource" not in text:
            self.complaints.append(text)

    async def come(self, path: str = "/") -> None:
        await self.page.goto(self.url + path)

    async def sees(self, section: str) -> None:
        await expect(self.page.locator(f"#{section}")).to_be_visible(timeout=DEADLINE_S * 1000)

    async def reads(self, where: str, text: Any) -> None:
        await expect(self.page.locator(where)).to_have_text(text, timeout=DEADLINE_S * 1000)

    async def writes(self, text: str) -> None:
        await self.page.fill("#text", text)

    async def asks(self) -> str:
        """Ask for the invoice; it."""
        await self.page.click("#get")
        await self.sees("pay")
        return await self.page.input_value("#pay-invoice")

    async def scans(self) -> str:
        """What the camera of a phone reads off the screen."""
        await self.until("document.getElementById('qr').naturalWidth > 0")
        shown = await self.page.locator("#pay .qr").screenshot()
        [code] = zxingcpp.read_barcodes(cv2.imdecode(np.frombuffer(shown, np.uint8), cv2.IMREAD_GRAYSCALE))
        return str(code.text)

    async def tell(self, script: str) -> Any:
        return await self.page.evaluate(script)

    async def until(self, script: str) -> Any:
        """Wait until an expression of the page is true. Playwright's own way needs `eval`, which the page forbids."""
        async with asyncio.timeout(DEADLINE_S):
            while not (value := await self.tell(script)):  # noqa: ASYNC110 - a page tells nobody
                await asyncio.sleep(0.02)
        return value

    async def at(self) -> float:
        """Where the video is, in seconds."""
        return float(await self.tell("document.getElementById('player').currentTime"))

    async def plays(self) -> None:
        """Wait until the video moves."""
        before = await self.at()
        await self.until(f"document.getElementById('player').currentTime > {before}")

    async def violations(self) -> list[str]:
        """What axe-core finds wrong with what is shown now."""
        await self.tell(axe_source() + "; 0")
        found = await self.tell("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{each['id']}: {node['html']} {node.get('failureSummary', '')}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    async def overflows(self) -> bool:
        """Whether it has to be moved sideways to be read."""
        return bool(await self.tell("document.documentElement.scrollWidth > innerWidth"))
