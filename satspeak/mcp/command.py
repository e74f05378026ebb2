"""`satspeak mcp`: what the command line says, and what the environment does."""

import asyncio
import contextlib
import logging
import os
import sys
from pathlib import Path

import click
import msgspec
import structlog

from satspeak.client import Client
from satspeak.mcp.clearing import Clearing, Found
from satspeak.mcp.ledger import Budget, Ledger, LedgerUnusable, Purchase, State
from satspeak.mcp.serving import Door, Purse, Unsafe, over_http, over_stdio
from satspeak.payers import WalletUnusable, open_payer

NOTHING = Budget(per_call=0, per_day=0)
"""Who only looks spends nothing."""


def run(
    shop: str,
    *,
    wallet: str | None,
    max_sats: int | None,
    max_sats_per_day: int | None,
    ledger: Path,
    network: str | None,
    door: Door | None,
) -> None:
    """Serve until the client has gone, or the program is interrupted.

    Raises:
        click.ClickException: It cannot be served so.
    """
    _log_to_stderr()
    purse = None
    if wallet:
        if max_sats is None or max_sats_per_day is None:
            raise click.UsageError("A wallet wants a budget: --max-sats and --max-sats-per-day.")
        budget = Budget(per_call=max_sats, per_day=max_sats_per_day)
        purse = Purse(wallet=wallet, budget=budget, ledger=ledger.expanduser(), network=network)
    try:
        if door is None:
            asyncio.run(over_stdio(shop, purse, os.environ))
        else:
            asyncio.run(over_http(shop, purse, os.environ, door))
    except WalletUnusable as error:
        raise click.ClickException(error.reason) from error
    except (LedgerUnusable, Unsafe) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        sys.exit(130)


def settle(
    shop: str, *, wallet: str | None, ledger: Path, clear: bool, forget: str | None
) -> list[tuple[Purchase, Found | None]]:
    """List what was bought, and find out what became of what is booked.

    Args:
        shop: Where it was bought.
        wallet: What paid.
        ledger: The file.
        clear: Look up all that are booked.
        forget: Look up this one, which somebody saw in the wallet not to have been paid.

    Raises:
        click.ClickException: The file or the wallet cannot be used, or there is no such purchase.
    """
    try:
        return asyncio.run(_settle(shop, wallet, Ledger(ledger.expanduser(), NOTHING), clear, forget))
    except WalletUnusable as error:
        raise click.ClickException(error.reason) from error
    except LedgerUnusable as error:
        raise click.ClickException(str(error)) from error


def tell(settled: list[tuple[Purchase, Found | None]]) -> None:
    """Print what `settle` found as JSON, for programs."""
    purchases = [
        {
            "id": purchase.id,
            "state": purchase.state,
            "sats": purchase.sats,
            "finding": None if found is None else found.finding,
            "why": None if found is None else found.why,
        }
        for purchase, found in settled
    ]
    click.echo(msgspec.json.encode(purchases))


async def _settle(
    shop: str, wallet: str | None, ledger: Ledger, clear: bool, forget: str | None
) -> list[tuple[Purchase, Found | None]]:
    if forget is not None and ledger.find(forget) is None:
        raise click.ClickException("There is no such purchase.")
    told: list[tuple[Purchase, Found | None]] = []
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(Client(shop.rstrip("/")))
        payer = None
        if wallet:
            payer = open_payer(wallet, os.environ)
            stack.push_async_callback(payer.aclose)
        clearing = Clearing(client, payer, ledger)
        for purchase in await asyncio.to_thread(ledger.purchases):
            found = None
            if purchase.id == forget or (clear and purchase.state is State.BOOKED):
                found = await clearing.clear(purchase, seen_unpaid=purchase.id == forget)
            now = await asyncio.to_thread(ledger.find, purchase.id)
            told.append((now or purchase, found))
    return told


def _log_to_stderr() -> None:
    """Log each payment, a line each; standard output is the protocol's."""
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
