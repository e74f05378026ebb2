"""What the holder of an account's key does with it: buys video time, looks at the balance, has videos made."""

import contextlib
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from satspeak.client import Client, StreamBroken
from satspeak.commands.common import STANDARD_OUTPUT, Told, of_service, writable
from satspeak.commands.looking import read_text, usd


def _key_option(*, needed: bool) -> Callable[[Any], Any]:
    return click.option(
        "--api-key",
        envvar="SATSPEAK_API_KEY",
        required=needed,
        help="Of the account; or SATSPEAK_API_KEY, which is in no list of processes.",
    )


@click.command(short_help="Buy video time for an account, or for a new one.")
@click.argument("seconds", type=click.IntRange(min=1))
@_key_option(needed=False)
@of_service
async def top_up(client: Client, told: Told, *, seconds: int) -> None:
    """Print an invoice for so many SECONDS of video time; without a key also that of a new account."""
    quote = await client.top_up(seconds)
    if told.value(quote):
        return
    price = f"{quote.amount} sat ({usd(quote.amount_usd)})"
    click.echo(f"{price} until {quote.expires_at}: {quote.bolt11_invoice}")
    if quote.api_key is not None:
        click.echo(f"SATSPEAK_API_KEY={quote.api_key}")
        told.say("Keep the key: it is shown this once, and is worth nothing until the invoice is paid.")


@click.command(short_help="Tell the balance of an account.")
@_key_option(needed=True)
@of_service
async def account(client: Client, told: Told) -> None:
    """Print what an account has, and its newest moves."""
    found = await client.account()
    if told.value(found):
        return
    left = "no end" if found.unlimited else f"{found.free_ms / 1000:.3f} s"
    click.echo(f"free {left}, reserved {found.reserved_ms / 1000:.3f} s, used {found.used_ms / 1000:.3f} s")
    for move in found.ledger:
        click.echo(f"{move.at}  {move.move:8} {move.ms / 1000:10.3f} s  {move.ref}")


@click.command(short_help="Have a video made from an account.")
@click.argument("text")
@click.option("--avatar", default="european_woman", show_default=True)
@click.option("--emotion", default="happy", show_default=True)
@click.option("--language", default="en", show_default=True)
@click.option("--key", default=None, help="A UUID: sent again with it, it is the same video.")
@click.option("--delayed", is_flag=True, help="Only print its addresses: it is made when somebody opens one.")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the MP4 there while it is rendered; - is the standard output.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@_key_option(needed=True)
@of_service
async def inference(
    client: Client,
    told: Told,
    *,
    text: str,
    avatar: str,
    emotion: str,
    language: str,
    key: str | None,
    delayed: bool,
    out: Path | None,
    force: bool,
) -> None:
    """Have TEXT spoken (`-` reads it), and print where the video is."""
    if delayed and out is not None:
        raise click.UsageError("--delayed makes no video yet: leave out --out.")
    if out is not None:
        writable(out, force=force)
    key = key or str(uuid.uuid4())
    wish = {"avatar": avatar, "emotion": emotion, "language": language, "key": key}
    text = read_text(text)
    if out is None:
        made = await client.inference(text, delayed=delayed, **wish)
        if not told.value(made):
            click.echo(f"{made.status}, {made.credits_consumed} s used: {made.html_url}")
        return
    try:
        await _stream(client, told, text, out, wish)
    except StreamBroken:
        told.say(f"It is paid for once: the same command with --key {key} goes on with it.", fg="yellow")
        raise


async def _stream(client: Client, told: Told, text: str, out: Path, wish: dict[str, str]) -> None:
    """Write the MP4 as it comes; a file gets its name once it is whole."""
    with contextlib.ExitStack() as closing:
        part = out.with_name(f"{out.name}.part")
        file: Any = sys.stdout.buffer if out == STANDARD_OUTPUT else closing.enter_context(part.open("wb"))
        async with contextlib.aclosing(client.inference_stream(text, **wish)) as chunks:
            async for chunk in chunks:
                file.write(chunk)
        file.flush()
    if out == STANDARD_OUTPUT:
        return
    size = part.stat().st_size
    part.replace(out)
    told.event("saved", file=str(out.absolute()), bytes=size)
    told.say(f"Saved {size / 1e6:.1f} MB.", fg="green")
    if not told.as_json:
        click.echo(out)
