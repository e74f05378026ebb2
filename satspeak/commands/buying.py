"""`satspeak buy`: a price, a payment, a film. Each step is kept, so that whatever ends it can be gone on with."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from satspeak import payers
from satspeak.client import Client, Payment, Quote, ServiceRefused
from satspeak.commands.canvas import with_stage
from satspeak.commands.common import (
    PATIENCE_S,
    STANDARD_OUTPUT,
    Told,
    is_said,
    kept_order,
    of_service,
    writable,
)
from satspeak.commands.exits import CommandFailed, Exit
from satspeak.commands.kept import Order, Orders
from satspeak.commands.looking import absolute, read_text, usd, wish_options

_LOOK_EVERY_S = 0.5
_WAIT_S = 30
_UNSURE_S = 10
"""In which a payment that was made would have come."""

_QR_BORDER = 2

_PAYER_SETTINGS = {
    "lnd_address": "SATSPEAK_PAYER_LND_ADDRESS",
    "lnd_cert": "SATSPEAK_PAYER_LND_TLS_CERT",
    "lnd_macaroon": "SATSPEAK_PAYER_LND_MACAROON",
}


@click.command(short_help="Buy a video: shows an invoice or pays it, and saves the MP4.")
@click.argument("text", required=False)
@click.option(
    "--audio",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A recording instead: WAV, 16 kHz, mono, 16 bit.",
)
@wish_options
@click.option("--private", is_flag=True, help="The invoice alone does not open the video.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("video.mp4"),
    show_default=True,
    help="Where the MP4 goes; - is the standard output.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.option("--pay", envvar="SATSPEAK_PAY", help=f"A wallet that pays: {payers.WALLETS}; or SATSPEAK_PAY.")
@click.option(
    "--max-sats", type=click.IntRange(min=1), help="Most to pay, fee included; no question is asked then."
)
@click.option(
    "--lnd-address",
    help="With --pay lnd: host and port of its gRPC, or https://… of its REST.  [default: 127.0.0.1:10009]",
)
@click.option("--lnd-cert", help="With --pay lnd: its tls.cert.  [default: ~/.lnd/tls.cert]")
@click.option("--lnd-macaroon", help="With --pay lnd: a macaroon that may pay.")
@click.option("--resume", is_flag=True, help="Continue the newest order, or the one that TEXT names.")
@partial(of_service, kept=lambda said: Orders().find(said["text"]) if said["resume"] else None)
async def buy(
    client: Client,
    told: Told,
    *,
    text: str | None,
    audio: Path | None,
    out: Path,
    force: bool,
    pay: str | None,
    max_sats: int | None,
    resume: bool,
    private: bool,
    **options: Any,
) -> None:
    """Buy a video that says TEXT, or what --audio says; `-` reads the text from the standard input.

    Without --pay it shows the invoice and waits until a wallet of yours has paid it. With --pay it pays by itself: up
    to --max-sats, which is compared with the invoice itself, or after you said yes.

    Ctrl-C leaves an order that `satspeak buy --resume` goes on with and `satspeak status` tells of.
    """
    environment = {
        **os.environ,
        **{
            _PAYER_SETTINGS[name]: value
            for name, value in options.items()
            if name in _PAYER_SETTINGS and value
        },
    }
    wish = with_stage(
        {name: value for name, value in options.items() if name not in _PAYER_SETTINGS and value is not None}
    )
    if pay is not None and max_sats is None and not _can_ask(told):
        raise click.UsageError("Say --max-sats: there is nobody to ask.")
    if resume:
        order = kept_order(text)
        if is_said("out") and (where := _where(out)) != order.out:
            writable(out, force=force)
            order.out = where
        told.event("resumed", order=order.name, invoice=order.quote.bolt11_invoice)
    else:
        if (text is None) == (audio is None):
            raise click.UsageError("Say a TEXT, or --audio.")
        writable(out, force=force)
        wish = {"avatar": "european_woman", "emotion": "happy"} | wish
        order = Order(
            url=str(client.base_url),
            quote=await _quote(client, text, audio, private=private, wish=wish),
            out=_where(out),
        )
    with _kept(order, told):
        await _finish(client, told, order, pay=pay, max_sats=max_sats, environment=environment)


def _where(out: Path) -> str:
    return "" if out == STANDARD_OUTPUT else absolute(out)


async def _quote(
    client: Client, text: str | None, audio: Path | None, *, private: bool, wish: dict[str, Any]
) -> Quote:
    if audio is not None:
        return await client.quote_audio(audio, private=private, **wish)
    assert text is not None
    return await client.quote_text(await asyncio.to_thread(read_text, text), private=private, **wish)


@contextlib.contextmanager
def _kept(order: Order, told: Told) -> Any:
    """Keep an order before anything is paid, and say how to go on with it however this ends."""
    orders = Orders()
    orders.keep(order)
    try:
        yield
    except BaseException as error:
        orders.keep(order)
        if isinstance(
            error, asyncio.CancelledError | payers.OutcomeUnknown | payers.NotPaid | payers.WalletUnusable
        ):
            told.say(f"\nThe order is kept: satspeak buy --resume {order.name}", fg="yellow")
        raise
    orders.keep(order)


async def _finish(
    client: Client,
    told: Told,
    order: Order,
    *,
    pay: str | None,
    max_sats: int | None,
    environment: dict[str, str],
) -> None:
    client.patience_s = PATIENCE_S  # a shop that was there comes back
    bought = order.quote
    payment = await client.payment(bought.bolt11_invoice, claim_token=bought.claim_token)
    if payment.status == "pending":
        _show(told, order)
        if pay is None:
            _show_invoice(told, bought)
            payment = await _until_paid(client, told, bought)
        else:
            payment = await _paid_by(client, told, order, pay, max_sats, environment)
    if payment.status != "paid":
        raise CommandFailed(Exit.NOT_PAID, f"The invoice is {payment.status}: nothing was bought.")
    told.event("paid", order=order.name, amount_sat=payment.amount_sat)
    told.say(f"Paid {payment.amount_sat} sat.", fg="green")
    await _save(client, told, order)


async def _paid_by(
    client: Client,
    told: Told,
    order: Order,
    pay: str,
    max_sats: int | None,
    environment: dict[str, str],
) -> Payment:
    """Pay within the bound; where the wallet is not sure, the shop is asked."""
    bought = order.quote
    question = f"Pay {bought.amount} sat, and a fee of at most {_usual_fee(bought)}?"
    if max_sats is None and not await _confirmed(question):
        raise CommandFailed(Exit.NOT_PAID, "Nothing was paid.")
    try:
        receipt = await client.pay(bought, lambda: payers.open_payer(pay, environment), max_sats=max_sats)
    except payers.OutcomeUnknown as error:
        told.say(f"{error} The shop is asked whether it came.", fg="yellow")
        payment = await client.payment(
            bought.bolt11_invoice, claim_token=bought.claim_token, wait_s=_UNSURE_S
        )
        if payment.status == "pending":
            raise
        return payment
    order.preimage = None if receipt.preimage is None else receipt.preimage.hex()
    return await _until_paid(client, told, bought)


async def _confirmed(question: str) -> bool:
    """Ask whoever sits at the terminal. Ctrl-C ends it as it ends any other wait, which `click.confirm` would not."""
    click.echo(f"{question} [Y/n] ", nl=False, err=True)
    loop, answered = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), answered.set)
    try:
        await answered.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline().strip().lower() in ("", "y", "yes")


def _usual_fee(bought: Quote) -> str:
    return f"{max(bought.amount // 100, 10)} sat"


async def _until_paid(client: Client, told: Told, bought: Quote) -> Payment:
    """Wait for the payment, as long as the invoice may be paid."""
    expires = datetime.fromisoformat(bought.expires_at)
    async with _status(told, lambda: f"Waiting for the payment, {_left(expires)} left"):
        while True:
            payment = await client.payment(
                bought.bolt11_invoice, claim_token=bought.claim_token, wait_s=_WAIT_S
            )
            if payment.status != "pending":
                return payment


async def _save(client: Client, told: Told, order: Order) -> None:
    """Stream the video to where it goes, under a bar of what is rendered."""
    bought = order.quote
    choice: dict[str, Any] = {**order.choice, "claim_token": bought.claim_token}
    try:
        async with _bar(client, told, bought) as received:
            if order.out:
                await client.download(bought.bolt11_invoice, Path(order.out), on_progress=received, **choice)
            else:
                written = 0
                async with contextlib.aclosing(client.video(bought.bolt11_invoice, **choice)) as chunks:
                    async for chunk in chunks:
                        sys.stdout.buffer.write(chunk)
                        received(written := written + len(chunk))
                sys.stdout.buffer.flush()
    except ServiceRefused as error:
        raise await _why(client, order, error) from error
    order.saved = True
    if order.out:
        size = Path(order.out).stat().st_size
        told.event("saved", order=order.name, file=order.out, bytes=size)
        told.say(f"Saved {size / 1e6:.1f} MB.", fg="green")
        if not told.as_json:
            click.echo(order.out)


async def _why(client: Client, order: Order, error: ServiceRefused) -> Exception:
    """Tell a video that was given up, whose money can be had, from one that is only late."""
    bought = order.quote
    payment = await client.payment(bought.bolt11_invoice, claim_token=bought.claim_token)
    if payment.refund is None:
        return error
    due = payment.refund
    return CommandFailed(
        Exit.VIDEO_FAILED,
        f"The video cannot be made: {error.detail} {due.amount_msat / 1000:g} sat are yours:"
        f" satspeak refund {order.name} --to INVOICE",
    )


def _can_ask(told: Told) -> bool:
    return told.watched and sys.stdin.isatty()


def _show(told: Told, order: Order) -> None:
    bought = order.quote
    told.event(
        "quoted",
        order=order.name,
        invoice=bought.bolt11_invoice,
        amount_sat=bought.amount,
        amount_usd=bought.amount_usd,
        duration=bought.duration,
        expires_at=bought.expires_at,
    )
    told.say(f"{bought.amount} sat ({usd(bought.amount_usd)}) for {bought.duration:g} s. Order {order.name}.")


def _show_invoice(told: Told, bought: Quote) -> None:
    if told.as_json:
        return
    if told.watched:
        import segno  # noqa: PLC0415 - drawn for people alone

        # Upper case lets the QR code use its alphanumeric mode, which is a third smaller.
        code = segno.make(bought.bolt11_invoice.upper(), error="l")
        if code.symbol_size(border=_QR_BORDER)[0] <= _columns():
            code.terminal(sys.stderr, compact=True, border=_QR_BORDER)
    told.say(f"Pay this with any Lightning wallet:\n{bought.bolt11_invoice}")


def _columns() -> int:
    with contextlib.suppress(OSError):
        return os.get_terminal_size(sys.stderr.fileno()).columns
    return 80


def _left(expires: datetime) -> str:
    seconds = max(int((expires - datetime.now(UTC)).total_seconds()), 0)
    return f"{seconds // 60}:{seconds % 60:02}"


@contextlib.asynccontextmanager
async def _status(told: Told, line: Any) -> AsyncIterator[None]:
    """Show a line that changes with time, to whoever looks."""
    if not told.watched:
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - a fifth of a second, which scripts need not wait

    with Console(stderr=True).status(line()) as shown:

        async def tick() -> None:
            while True:
                await asyncio.sleep(1)
                shown.update(line())

        ticking = asyncio.create_task(tick())
        try:
            yield
        finally:
            ticking.cancel()


@contextlib.asynccontextmanager
async def _bar(client: Client, told: Told, bought: Quote) -> AsyncIterator[Any]:
    """Show what is rendered and what has come; yields whom to tell how many bytes have."""
    if not told.watched:
        yield lambda _bytes: None
        return
    from rich.console import Console  # noqa: PLC0415 - see `_status`
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(24), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("Rendering", total=bought.duration)
        seconds = 0.0

        def received(size: int) -> None:
            shown.update(task, description=f"{seconds:.1f} of {bought.duration:g} s, {size / 1000:,.0f} kB")

        async def look() -> None:
            nonlocal seconds
            while True:
                payment = await client.payment(bought.bolt11_invoice, claim_token=bought.claim_token)
                seconds = payment.video.seconds
                shown.update(task, completed=seconds)
                await asyncio.sleep(_LOOK_EVERY_S)

        looking = asyncio.create_task(look())
        try:
            yield received
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
