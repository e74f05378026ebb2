"""`satspeak mcp`: what the command line says, and what the environment does."""

import asyncio
import logging
import os
import sys
from pathlib import Path

import click
import structlog

from satspeak.mcp.ledger import Budget, Ledger, LedgerUnusable
from satspeak.mcp.serving import Door, Purse, Unsafe, over_http, over_stdio
from satspeak.payers import WalletUnusable


def run(
    shop: str,
    *,
    wallet: str | None,
    max_sats: int | None,
    max_sats_per_day: int | None,
    ledger: Path,
    network: str | None,
    door: Door | None,
    forget: str | None,
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
        if forget is not None:
            Ledger(ledger.expanduser(), Budget(per_call=0, per_day=0)).unpaid(forget)
        elif door is None:
            asyncio.run(over_stdio(shop, purse, os.environ))
        else:
            asyncio.run(over_http(shop, purse, os.environ, door))
    except WalletUnusable as error:
        raise click.ClickException(error.reason) from error
    except (LedgerUnusable, Unsafe) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        sys.exit(130)


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
