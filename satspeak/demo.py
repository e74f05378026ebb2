"""One purchase from start to end, on real nodes that are started for it, told step by step."""

import asyncio
import contextlib
import io
import json
import shlex
import shutil
import socket
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import segno
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from regtest.chain import ChainChoice
from regtest.errors import RegtestError
from regtest.lnd import LndNode
from regtest.network import Network
from regtest.ports import Ports
from regtest.process import Guard
from satspeak import demo_wallet, programs
from satspeak.client import Client, Quote, SatspeakError
from satspeak.contact_sheet import examine, write_contact_sheet

USUAL_PORT = 8010
TEXT = (
    "Hello! You have just bought this video with a Lightning payment. "
    "No account, and no card: an invoice, a payment, and here I am. "
    "My lips move with every word. And when I pause, they rest."
)
_FPS = 25
_LOOK_EVERY_S = 0.25


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo's customer wants."""

    text: str
    avatar: str
    emotion: str
    language: str | None


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A running service with everything behind it, and a wallet in front of it."""

    url: str
    worker_url: str
    desk_key: str
    folder: Path
    payer: LndNode


class DemoFailed(Exception):
    """The purchase did not come to its end; the message says why."""


async def demonstrate(order: Order, *, out: Path, once: bool, chain: ChainChoice) -> None:
    """Start everything, buy one video, keep the shop open until Ctrl-C unless `once`.

    Raises:
        DemoFailed: A part did not start, or the service refused.
    """
    console = Console(soft_wrap=True, highlight=False)
    try:
        out.mkdir(parents=True, exist_ok=True)
        async with _open_shop(chain, console) as shop:
            await _buy(shop, order, out, console)
            if not once:
                _tell_how_to_buy(shop, order, console)
                await asyncio.Event().wait()
    except (RegtestError, SatspeakError, httpx.HTTPError, OSError) as error:
        raise DemoFailed(str(error)) from error


@contextlib.asynccontextmanager
async def _open_shop(chain: ChainChoice, console: Console) -> AsyncIterator[Shop]:
    """Start the network, the worker and the service in a temporary folder; keep it when something fails."""
    folder = Path(tempfile.mkdtemp(prefix="satspeak-demo-"))
    try:
        async with contextlib.AsyncExitStack() as closing:
            yield await _start(folder, chain, console, closing)
    except Exception:
        console.print(f"The logs are in {folder}", style="yellow")
        raise
    except asyncio.CancelledError:  # Ctrl-C, which is how a demo that went well ends
        shutil.rmtree(folder)
        raise
    shutil.rmtree(folder)


async def _start(
    folder: Path, chain: ChainChoice, console: Console, closing: contextlib.AsyncExitStack
) -> Shop:
    ports = closing.enter_context(contextlib.closing(Ports()))
    guard = closing.enter_context(contextlib.closing(Guard()))
    _say(console, 1, "A private Lightning network, a worker and the service")
    worker_port = ports.take()
    worker = programs.worker_program(port=worker_port, folder=folder, guard=guard, speech_engine="auto")
    closing.push_async_callback(worker.stop)
    with console.status("starting") as status:

        def progress(line: str) -> None:
            status.update(line)
            console.print(f"   {line}", style="dim")

        await worker.start()  # it loads its weights while the nodes find each other
        network = await Network.start(folder / "network", chain=chain, on_progress=progress)
        closing.push_async_callback(network.stop)
        port = USUAL_PORT if _is_free(USUAL_PORT) else ports.take()
        wallet_url = await closing.enter_async_context(demo_wallet.serve(network.payer))
        worker_url, url = f"http://127.0.0.1:{worker_port}", f"http://127.0.0.1:{port}"
        service = programs.service_program(
            port=port,
            folder=folder,
            guard=guard,
            worker_urls=worker_url,
            btc_usd="fixed:65000",
            demo_wallet=wallet_url,
            **programs.node_settings(network.merchant),
        )
        desk_key = await programs.make_desk_key(folder)
        closing.push_async_callback(service.stop)
        await service.start()
        await programs.healthy(worker, worker_url)
        await programs.healthy(service, url)
    console.print(f"   The shop is open: {url}", style="bold")
    console.print(f"   The operator's desk: {url}/desk")
    console.print(f"   which opens with this key: {desk_key}", markup=False)
    console.print(f"   worker {worker_url}, logs in {folder}", style="dim")
    return Shop(url=url, worker_url=worker_url, desk_key=desk_key, folder=folder, payer=network.payer)


async def _buy(shop: Shop, order: Order, out: Path, console: Console) -> None:
    async with Client(shop.url) as client:
        _say(console, 2, "Ask for a video: what does it cost?")
        _show_command(console, _quote_command(shop, order))
        quote = await client.quote_text(order.text)
        _show_quote(console, quote)

        _say(console, 3, "Pay the invoice from another node")
        before = await client.payment(quote.bolt11_invoice)
        started = time.perf_counter()
        payment = await shop.payer.pay(quote.bolt11_invoice)
        paid_ms = (time.perf_counter() - started) * 1000
        console.print(f"   state before: {before.status}")
        console.print(
            f"   paid {payment.amount_msat // 1000} sat and {payment.fee_msat} msat in fees", end=""
        )
        console.print(f" in {paid_ms:.0f} ms; preimage {payment.preimage.hex()[:16]}…")

        _say(console, 4, "Fetch the video while it is rendered")
        _show_command(console, _video_command(shop, order, quote.bolt11_invoice[:16] + "…", "demo.mp4"))
        video = out / "demo.mp4"
        await _download(client, shop, order, quote, video=video, console=console)
        after = await client.payment(quote.bolt11_invoice)
        console.print(f"   state after: {after.status}, video {after.video.state}")

    _say(console, 5, "Look at it")
    sheet = out / "demo.png"
    facts = await asyncio.to_thread(examine, video)
    await asyncio.to_thread(write_contact_sheet, video, sheet)
    console.print(
        f"   {facts.video_codec} + {facts.audio_codec}, {facts.width}×{facts.height}, {facts.fps:g} fps, "
        f"{facts.frames} frames: {facts.video_s:.2f} s of video, {facts.audio_s:.2f} s of sound",
    )
    console.print(f"   {video}\n   {sheet}", style="bold")


async def _download(
    client: Client, shop: Shop, order: Order, quote: Quote, *, video: Path, console: Console
) -> None:
    """Write the stream to a file under a bar of what is rendered, and tell when the first byte came."""
    started = looked = time.perf_counter()
    first_byte: str | None = None
    bar = Progress(
        TextColumn("   {task.description}"), BarColumn(), TimeElapsedColumn(), console=console, transient=True
    )
    with bar, video.open("wb") as file:
        task = bar.add_task("waiting for the first segment", total=quote.duration * _FPS)
        async for chunk in client.video(
            quote.bolt11_invoice, avatar=order.avatar, emotion=order.emotion, language=order.language
        ):
            now = time.perf_counter()
            if first_byte is None:
                rendered = await _frames_rendered(shop)
                first_byte = f"first byte after {now - started:.2f} s, when {rendered} frames were rendered"
            file.write(chunk)
            if now - looked > _LOOK_EVERY_S:
                looked = now
                progress = (await client.payment(quote.bolt11_invoice)).video
                bar.update(
                    task,
                    completed=progress.frames,
                    description=f"{progress.seconds:.1f} s rendered, {file.tell() // 1000} kB received",
                )
        size = file.tell()
    console.print(f"   {first_byte}; all {size // 1000} kB after {time.perf_counter() - started:.2f} s")


async def _frames_rendered(shop: Shop) -> int:
    """Ask the worker's own counter."""
    async with httpx.AsyncClient(trust_env=False) as client:
        return int((await client.get(f"{shop.worker_url}/health")).json()["frames_rendered"])


def _show_quote(console: Console, quote: Quote) -> None:
    shown = msgspec.to_builtins(quote) | {
        "bolt11_invoice": quote.bolt11_invoice[:40] + "…",
        "refund_token": quote.refund_token[:6] + "…",
    }
    del shown["canvas_price"]  # which estimates tell, and no answer to this request
    console.print_json(json.dumps(shown), indent=3)
    # Upper case lets the QR code use its alphanumeric mode, which is a third smaller.
    picture = io.StringIO()
    segno.make(quote.bolt11_invoice.upper(), error="l").terminal(picture, compact=True, border=2)
    console.print(picture.getvalue(), markup=False)
    console.print(f"   {quote.bolt11_invoice}", style="dim")


def _tell_how_to_buy(shop: Shop, order: Order, console: Console) -> None:
    _say(console, 6, "Your turn")
    console.print(f"   In a browser: {shop.url}", style="bold")
    console.print(
        "   where a button pays with the demo's wallet; or the same by hand, in another terminal:\n"
    )
    folder = shlex.quote(str(shop.folder / "network"))
    for line in (
        _quote_command(shop, order),
        "INVOICE=…   # the bolt11_invoice of the answer",
        f'./run python -m regtest pay "$INVOICE" --folder {folder}',
        f'curl -s {shop.url}/lightning/payment/"$INVOICE"',
        _video_command(shop, order, "'\"$INVOICE\"'", "my_video.mp4"),
    ):
        _show_command(console, line)
    pay = shlex.quote(f"./run python -m regtest pay {{invoice}} --folder {folder}")
    console.print("\n   Or in one command, which asks before it pays:\n")
    _show_command(
        console, f'./run satspeak buy "I am all yours." --url {shop.url} --pay {pay} -o my_other_video.mp4'
    )
    console.print(
        f"\n   What the shop's operator sees: {shop.url}/desk, with the key {shop.desk_key}", markup=False
    )
    console.print(f"   All of the API: {shop.url}/docs\n   The shop stays open until Ctrl-C.")


def _quote_command(shop: Shop, order: Order) -> str:
    body = shlex.quote(json.dumps({"text": order.text}, ensure_ascii=False))
    return f"curl -s {shop.url}/lightning/request-video/text -H 'Content-Type: application/json' -d {body}"


def _video_command(shop: Shop, order: Order, invoice: str, file: str) -> str:
    choice = {"avatar": order.avatar, "emotion": order.emotion}
    if order.language is not None:
        choice["language"] = order.language
    body = f'{{"bolt11_invoice": "{invoice}", {json.dumps(choice)[1:]}'
    return (
        f"curl {shop.url}/lightning/generate-video -H 'Content-Type: application/json' "
        f"-d '{body}' --output {file}"
    )


def _say(console: Console, step: int, what: str) -> None:
    console.print(f"\n[bold cyan]{step}.[/] [bold]{what}[/]")


def _show_command(console: Console, command: str) -> None:
    console.print(f"   $ {command}", style="green", markup=False, soft_wrap=True)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
