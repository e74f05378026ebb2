"""What the holder of an account's key does with it: buys video time, looks at the balance, has videos made."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from satspeak.client import Client, InsufficientCredits, SatspeakError, ServiceRefused


def _of_account(*, needed: bool) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., None]]:
    """Give a command a client of the service, with the key of an account, and tell what is refused."""

    def decorate(work: Callable[..., Awaitable[None]]) -> Callable[..., None]:
        @click.option("--url", default="http://127.0.0.1:8010", show_default=True, help="The service.")
        @click.option(
            "--api-key",
            envvar="SATSPEAK_API_KEY",
            required=needed,
            help="Of the account; or SATSPEAK_API_KEY.",
        )
        @functools.wraps(work)
        def run(*, url: str, api_key: str | None, **arguments: Any) -> None:
            async def ask() -> None:
                async with Client(url, api_key=api_key) as client:
                    await work(client, **arguments)

            try:
                asyncio.run(ask())
            except InsufficientCredits as error:
                buy = f"satspeak top-up {error.missing_s}"
                raise click.ClickException(f"{error.missing_s} s are missing: {buy} buys them.") from error
            except ServiceRefused as error:
                raise click.ClickException(error.detail) from error
            except SatspeakError as error:
                raise click.ClickException(str(error)) from error

        return run

    return decorate


@click.command(short_help="Buy video time for an account, or for a new one.")
@click.argument("seconds", type=click.IntRange(min=1))
@_of_account(needed=False)
async def top_up(client: Client, *, seconds: int) -> None:
    """Print an invoice for so many SECONDS of video time; without a key also that of a new account."""
    quote = await client.top_up(seconds)
    click.echo(f"{quote.amount} sat until {quote.expires_at}: {quote.bolt11_invoice}")
    if quote.api_key is not None:
        click.echo(f"SATSPEAK_API_KEY={quote.api_key}")


@click.command(short_help="Tell the balance of an account.")
@_of_account(needed=True)
async def account(client: Client) -> None:
    """Print what an account has, and its newest moves."""
    found = await client.account()
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
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the MP4 there while it is rendered."
)
@_of_account(needed=True)
async def inference(
    client: Client,
    *,
    text: str,
    avatar: str,
    emotion: str,
    language: str,
    key: str | None,
    delayed: bool,
    out: Path | None,
) -> None:
    """Have TEXT spoken, and print where the video is."""
    if out is None or delayed:
        made = await client.inference(
            text, avatar=avatar, emotion=emotion, language=language, delayed=delayed, key=key
        )
        click.echo(f"{made.status}, {made.credits_consumed} s used: {made.html_url}")
        return
    with out.open("wb") as file:
        async for chunk in client.inference_stream(
            text, avatar=avatar, emotion=emotion, language=language, key=key
        ):
            file.write(chunk)
    click.echo(f"{out}: {out.stat().st_size:,} bytes")
