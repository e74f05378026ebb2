"""Pays within a bound: what is compared with it is the invoice itself, never what a shop says that it costs.

A bound covers the amount and the fee of the way there, where the wallet can bound its fees.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from lightning.errors import InvoiceUnreadable
from satspeak.payers.errors import BillRefused, OutcomeUnknown, TooExpensive
from satspeak.payers.port import Bill, OpenPayer, Payer, Receipt

LEAST_FEE_MSAT = 10_000
FEE_PER_MILLE = 10
"""A fee of a hundredth of the amount, and of ten satoshis at least, is what a way usually costs at most."""

LEAST_TIME_LEFT = timedelta(seconds=5)
"""An invoice that expires sooner may do so on the way."""


async def pay(
    payer: Payer, invoice: str, *, max_sats: int, agreed_sats: int | None = None, network: str | None = None
) -> Receipt:
    """Check an invoice and pay it.

    Args:
        payer: Who pays.
        invoice: BOLT 11, in whatever case, with or without `lightning:`.
        max_sats: Most that may leave the wallet, with the fee where it can bound that.
        agreed_sats: What the invoice must ask for exactly, if that was agreed.
        network: What it must be on, if anything: mainnet, testnet, signet or regtest.

    Raises:
        BillRefused: The invoice is not to be paid; nobody was asked.
        PaymentError: As `Payer.pay`.
    """
    bill = await check(invoice, max_sats=max_sats, agreed_sats=agreed_sats, network=network)
    return await payer.pay(bill)


async def pay_once(
    wallet: OpenPayer, invoice: str, *, max_sats: int, agreed_sats: int | None = None
) -> Receipt:
    """Open a wallet, pay with it as `pay` does, and let go of it."""
    payer = wallet()
    try:
        return await pay(payer, invoice, max_sats=max_sats, agreed_sats=agreed_sats)
    finally:
        await payer.aclose()


async def check(
    invoice: str, *, max_sats: int, agreed_sats: int | None = None, network: str | None = None
) -> Bill:
    """Read an invoice, and refuse what is not to be paid; the arguments as `pay` has them.

    Raises:
        TooExpensive: It asks for more than the bound.
        BillRefused: It cannot be read, names no amount, is over, or is another than was agreed.
    """
    from lightning.reading import read_invoice  # noqa: PLC0415 - who pays nothing has no need of its library

    plain = invoice.strip().lower().removeprefix("lightning:")
    try:
        asked = await asyncio.to_thread(read_invoice, plain)
    except InvoiceUnreadable as error:
        raise BillRefused("The invoice cannot be read.") from error
    if asked.amount is None:
        raise BillRefused("The invoice names no amount.")
    if agreed_sats is not None and asked.amount != agreed_sats * 1000:
        raise BillRefused(
            f"The invoice asks for {_sats(asked.amount)} sat, although the price is {agreed_sats} sat."
        )
    if asked.amount > max_sats * 1000:
        raise TooExpensive(f"The invoice asks for {_sats(asked.amount)} sat; the bound is {max_sats} sat.")
    if network is not None and asked.network != network:
        raise BillRefused(f"The invoice is for {asked.network}, not for {network}.")
    if asked.expires_at - datetime.now(UTC) < LEAST_TIME_LEFT:
        raise BillRefused("The invoice has expired.")
    usual = max(LEAST_FEE_MSAT, asked.amount * FEE_PER_MILLE // 1000)
    return Bill(
        invoice=plain,
        payment_hash=asked.payment_hash,
        amount_msat=asked.amount,
        fee_limit_msat=min(usual, max_sats * 1000 - asked.amount),
        expires_at=asked.expires_at,
    )


def proof(bill: Bill, preimage: str | None) -> bytes:
    """Read the preimage that a wallet shows, in hex.

    Raises:
        OutcomeUnknown: It does not belong to the invoice: whatever was paid, it is not shown that it was this.
    """
    try:
        shown = bytes.fromhex(preimage or "")
    except ValueError:
        shown = b""
    if sha256(shown).digest() != bill.payment_hash:
        raise OutcomeUnknown("The wallet says that it paid, but shows no proof of it.")
    return shown


def _sats(msat: int) -> str:
    return f"{msat / 1000:.3f}".rstrip("0").rstrip(".")
