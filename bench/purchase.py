"""What a purchase costs: quotes beside the bare node, the wake-up of a waiting buyer, a clip and the memory.

Everything is measured in one run on one machine, against real nodes that are started for it.
"""

import asyncio
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import click
import msgspec

from bench.beside_lnd import beside_invoices
from bench.load import Connection, prepare
from bench.shop import status_mb
from lightning.invoice import SettleIndex
from lightning.lnd import LndBackend
from regtest.network import Network
from regtest.ports import Ports
from regtest.process import Guard, Program
from satspeak import programs
from satspeak.client import Client
from satspeak.contact_sheet import examine

CLIENTS = 32
QUOTE_TEXT = "Welcome! This is a demonstration of a video that was paid for with Lightning."
TEN_SECONDS = (
    "Good evening, and welcome to the news. The weather stays warm until Friday, with rain in the west. "
    "Trains run on time again, and the museum opens its doors at nine."
)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run."""

    quotes_vs_lnd: float  # quotes per second through the service / AddInvoice per second on the same LND
    quotes_per_s: float
    lnd_invoices_per_s: float
    wake_ms_p50: float  # LND's own event seen here → the waiting buyer has an answer
    first_byte_ms: float
    last_byte_ms: float
    video_s: float
    worker_peak_mb: float
    service_peak_mb: float


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured: the nodes, a complete shop, and a shop whose worker is always away."""

    network: Network
    worker: Program
    service: Program
    port: int
    workerless_port: int


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option("--seconds", default=4.0, show_default=True, help="Length of each round of quotes.")
@click.option("--rounds", default=3, show_default=True, help="Rounds of each side, taken in turn.")
@click.option("--wakes", default=40, show_default=True, help="Purchases for the wake-up time.")
def main(*, as_json: bool, seconds: float, rounds: int, wakes: int) -> None:
    """Measure and print."""
    figures = asyncio.run(_measure(seconds, rounds, wakes))
    for name, value in msgspec.to_builtins(figures).items():
        click.echo(f"{name:20} {value:10.2f}")
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(figures)))


async def _measure(seconds: float, rounds: int, wakes: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="satspeak-bench-") as folder:
        async with _stage(Path(folder)) as stage:
            click.echo(f"quotes with {CLIENTS} clients, {rounds} rounds of {seconds:g} s each side", err=True)
            quotes, invoices = await _quotes(stage, seconds, rounds)
            click.echo(f"{wakes} buyers wait for their payment", err=True)
            wake_ms = await _wake(stage, wakes)
            click.echo("a clip of about ten seconds", err=True)
            first_byte_ms, last_byte_ms, video_s = await _clip(stage, Path(folder))
            return Figures(
                quotes_vs_lnd=quotes / invoices,
                quotes_per_s=quotes,
                lnd_invoices_per_s=invoices,
                wake_ms_p50=wake_ms,
                first_byte_ms=first_byte_ms,
                last_byte_ms=last_byte_ms,
                video_s=video_s,
                worker_peak_mb=status_mb(stage.worker, "VmHWM"),
                service_peak_mb=status_mb(stage.service, "VmHWM"),
            )


@contextlib.asynccontextmanager
async def _stage(folder: Path) -> AsyncIterator[Stage]:
    def tell(line: str) -> None:
        click.echo(line, err=True)

    async with contextlib.AsyncExitStack() as closing:
        ports = closing.enter_context(contextlib.closing(Ports()))
        guard = closing.enter_context(contextlib.closing(Guard()))
        network = await closing.enter_async_context(await Network.start(folder / "network", on_progress=tell))
        worker_port, port, workerless_port, nobody = (ports.take() for _ in range(4))
        worker = programs.worker_program(port=worker_port, folder=folder, guard=guard)
        shop, workerless = (
            programs.service_program(
                port=own,
                folder=folder / name,
                guard=guard,
                worker_urls=f"http://127.0.0.1:{behind}",
                btc_usd="fixed:65000",
                **programs.node_settings(network.merchant),
            )
            for name, own, behind in (("shop", port, worker_port), ("workerless", workerless_port, nobody))
        )
        for program in (worker, shop, workerless):
            closing.push_async_callback(program.stop)
            await program.start()
        await programs.healthy(worker, f"http://127.0.0.1:{worker_port}")
        await programs.healthy(shop, f"http://127.0.0.1:{port}")
        await programs.healthy(workerless, f"http://127.0.0.1:{workerless_port}", healthy_when=bool)
        yield Stage(network=network, worker=worker, service=shop, port=port, workerless_port=workerless_port)


def _backend(stage: Stage) -> LndBackend:
    merchant = stage.network.merchant
    return LndBackend(
        merchant.address, merchant.tls_cert_path.read_bytes(), merchant.macaroon_path.read_bytes()
    )


async def _quotes(stage: Stage, seconds: float, rounds: int) -> tuple[float, float]:
    """Return quotes per second and bare invoices per second, each the median of its rounds."""
    backend = _backend(stage)
    body = json.dumps({"text": QUOTE_TEXT}).encode()
    request = prepare("POST", "/lightning/request-video/text", body, host=f"127.0.0.1:{stage.port}")
    try:
        return await beside_invoices(
            backend,
            stage.port,
            request,
            status=200,
            clients=CLIENTS,
            seconds=seconds,
            rounds=rounds,
        )
    finally:
        await backend.aclose()


async def _wake(stage: Stage, count: int) -> float:
    """Return the median milliseconds from LND's event to the answer that a waiting buyer gets.

    The shop has no worker, so the answer is its 503, at once: the wake-up is measured and no rendering.
    """
    backend = _backend(stage)
    seen: dict[str, float] = {}
    changed = asyncio.Condition()

    async def follow() -> None:
        async for settlement in backend.settlements(after=SettleIndex(0)):
            now = time.perf_counter()
            async with changed:
                seen[settlement.bolt11] = now
                changed.notify_all()

    following = asyncio.create_task(follow())
    connection = await Connection.open("127.0.0.1", stage.workerless_port)
    waits = []
    async with Client(f"http://127.0.0.1:{stage.workerless_port}") as client:
        for _ in range(count):
            invoice = (await client.quote_text(QUOTE_TEXT)).bolt11_invoice
            order = {"bolt11_invoice": invoice, "avatar": "european_woman", "emotion": "happy"}
            request = prepare(
                "POST", "/lightning/generate-video", json.dumps(order).encode(), host="127.0.0.1"
            )
            answer = asyncio.create_task(_timed(connection, request))
            await stage.network.payer.pay(invoice)
            answered = await answer
            async with changed:
                await changed.wait_for(partial(seen.__contains__, invoice))
            waits.append((answered - seen[invoice]) * 1000)
    await connection.close()
    following.cancel()
    await backend.aclose()
    return statistics.median(waits)


async def _timed(connection: Connection, request: bytes) -> float:
    status, answer = await connection.send(request)
    assert status == 503, answer  # noqa: PLR2004 - paid, and no worker to render it
    return time.perf_counter()


async def _clip(stage: Stage, folder: Path) -> tuple[float, float, float]:
    """Return milliseconds to the first and to the last byte of a paid clip, and its length in seconds."""
    video = folder / "clip.mp4"
    async with Client(f"http://127.0.0.1:{stage.port}") as client:
        quote = await client.quote_text(TEN_SECONDS, language="en")
        await stage.network.payer.pay(quote.bolt11_invoice)
        started = time.perf_counter()
        first = 0.0
        with video.open("wb") as file:
            async for chunk in client.video(quote.bolt11_invoice, avatar="european_woman", emotion="happy"):
                first = first or time.perf_counter()
                file.write(chunk)
        last = time.perf_counter()
    return (first - started) * 1000, (last - started) * 1000, examine(video).video_s


if __name__ == "__main__":
    main()
