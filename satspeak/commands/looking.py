"""What can be asked without paying: a price, what there is to choose, what became of an order, its money back."""

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from satspeak.client import Client, Payment, Refund
from satspeak.commands.canvas import Canvas, Colour, with_stage
from satspeak.commands.common import Told, kept_order, of_service
from satspeak.commands.exits import CommandFailed, Exit
from satspeak.commands.kept import Orders

_REFUND_S = 60


def wish_options(command: Any) -> Any:
    """Add what a wish may say beside its text."""
    options: list[Callable[[Any], Any]] = [  # the last first: each stands before what was there
        click.option("--speed", type=click.FloatRange(0.8, 1.25), help="Of the voice; 1 is its own."),
        click.option("--captions", is_flag=True, default=None, help="Write what is said into the picture."),
        click.option("--background", type=Colour(), help="A colour behind the person, such as #1f3b57."),
        click.option("--canvas", type=Canvas(), help="720p, 1080p, 4k (-portrait, -square), or 1280x720."),
        click.option("--voice", default=None, help="Whose voice: `satspeak voices` lists them."),
        click.option("--language", default=None, help="Language code; found by the text if not given."),
        click.option("--emotion", default=None, help="neutral, happy or serious."),
        click.option("--avatar", default=None, help="Who speaks: `satspeak avatars` lists them."),
    ]
    for option in options:
        command = option(command)
    return command


def read_text(text: str) -> str:
    """Return a text, read from the standard input where it is `-`."""
    return sys.stdin.read().strip() if text == "-" else text


@click.command(short_help="Tell what a text would cost.")
@click.argument("text")
@wish_options
@of_service
async def quote(client: Client, told: Told, *, text: str, **wish: Any) -> None:
    """Tell the price of a video that says TEXT (`-` reads it), without an invoice."""
    estimate = await client.estimate(
        read_text(text), **with_stage({name: value for name, value in wish.items() if value is not None})
    )
    if not told.value(estimate):
        language = "" if estimate.language is None else f", {estimate.language}"
        click.echo(
            f"{estimate.amount} sat ({usd(estimate.amount_usd)}) for {estimate.duration:g} s{language}"
        )


@click.command(short_help="Tell what became of an order.")
@click.argument("invoice", required=False)
@click.option("--watch", is_flag=True, help="Go on telling until nothing changes any more.")
@partial(of_service, kept=lambda said: Orders().find(said["invoice"]))
async def status(client: Client, told: Told, *, invoice: str | None, watch: bool) -> None:
    """Tell the state of an order: by its INVOICE, by the name that `buy` showed, or of the newest."""
    kept = Orders().find(invoice)
    if kept is None and (invoice is None or not invoice.lower().removeprefix("lightning:").startswith("ln")):
        kept_order(invoice)  # says what is wrong
    asked = kept.quote.bolt11_invoice if kept is not None else str(invoice)
    token = kept.quote.claim_token if kept is not None else None
    if not watch:
        _tell(told, await client.payment(asked, claim_token=token))
        return
    async for payment in client.follow(asked, claim_token=token):
        _tell(told, payment)


@click.command(short_help="Get your money back for a video that failed.")
@click.argument("invoice", required=False)
@click.option("--to", "mine", default=None, help="An invoice of yours, for what is offered or for no amount.")
@click.option(
    "--preimage", default=None, help="The proof of your payment, if `buy` did not pay: 64 hex digits."
)
@partial(of_service, kept=lambda said: Orders().find(said["invoice"]))
async def refund(
    client: Client, told: Told, *, invoice: str | None, mine: str | None, preimage: str | None
) -> None:
    """Tell what is due for an order that `buy` made; with --to, have it paid there."""
    order = kept_order(invoice)
    bought = order.quote
    payment = await client.payment(bought.bolt11_invoice, claim_token=bought.claim_token)
    if payment.refund is None:
        raise CommandFailed(Exit.REFUSED, f"Nothing is due: the order is {state(payment)}.")
    due = payment.refund
    if mine is None:
        if not told.value(due):
            click.echo(f"{due.amount_msat / 1000:g} sat: {due.state}.")
            told.say(f"Make an invoice for at most that, and: satspeak refund {order.name} --to INVOICE")
        return
    proof = preimage or order.preimage
    if proof is None:
        raise CommandFailed(
            Exit.USAGE, "Say --preimage: your wallet shows it with the payment, 64 hex digits."
        )
    back = await client.refund(bought, preimage=proof, invoice=mine)
    if back.status == "paying":
        back = await _until_back(client, order, proof, mine)
    if not told.value(back):
        click.echo(f"{back.amount_msat / 1000:g} sat: {back.status}.")


async def _until_back(client: Client, order: Any, proof: str, mine: str) -> Refund:
    """Ask again while the money is on its way."""
    async with asyncio.timeout(_REFUND_S):
        while True:
            await asyncio.sleep(1)  # there is nothing to wait on
            back = await client.refund(order.quote, preimage=proof, invoice=mine)
            if back.status != "paying":
                return back


@click.command(
    short_help="List who can speak, and in which languages.",
    context_settings={"help_option_names": ["-h", "--help"]},  # no group stands above it
)
@of_service
async def list_avatars(client: Client, told: Told) -> None:
    """List what `--avatar`, `--emotion` and `--language` take.

    `satspeak avatars add`, `list` and `remove` manage the faces of a worker on this machine; `satspeak avatars add
    --help` says how.
    """
    catalogue = await client.avatars()
    if told.value(catalogue):
        return
    wide = max((len(avatar.name) for avatar in catalogue.avatars), default=0)
    for avatar in catalogue.avatars:
        only = "" if avatar.emotions is None else f"  ({', '.join(avatar.emotions)})"
        click.echo(f"{avatar.name:{wide}}  {avatar.label}{only}")
    click.echo(f"\nEmotions: {', '.join(catalogue.emotions)}")
    click.echo(
        click.wrap_text(
            "Languages: " + ", ".join(f"{each.code} {each.name}" for each in catalogue.languages),
            width=78,
            subsequent_indent="  ",
        )
    )


@click.command(short_help="List the voices.")
@click.option("--language", default=None, help="Only those of a language.")
@of_service
async def voices(client: Client, told: Told, *, language: str | None) -> None:
    """List what `--voice` takes."""
    found = [voice for voice in await client.voices() if language in (None, voice.language)]
    if told.value(found):
        return
    wide = max((len(voice.name) for voice in found), default=0)
    for voice in found:
        rest = ", ".join(each for each in (voice.gender, voice.engine, voice.accent) if each)
        click.echo(f"{voice.name:{wide}}  {voice.language}  {rest}")


def usd(amount: float) -> str:
    """Write dollars, small amounts to a hundredth of a cent."""
    return f"${amount:.4f}" if amount < 1 else f"${amount:.2f}"


def state(payment: Payment) -> str:
    """Say in words how far an order is."""
    if payment.status != "paid":
        return payment.status
    video = payment.video
    if video.state == "none":
        return "paid, and nobody has asked for its video yet"
    return f"paid, its video {video.state} ({video.seconds:g} s)"


def _tell(told: Told, payment: Payment) -> None:
    if told.value(payment):
        return
    refund = payment.refund
    due = "" if refund is None else f"; {refund.amount_msat / 1000:g} sat back: {refund.state}"
    click.echo(f"{payment.amount_sat} sat, {state(payment)}{due}")


def absolute(file: Path | None) -> str:
    """Name a file so that it is the same from any folder."""
    return "" if file is None else str(file.absolute())
