"""`python -m service owed`: what buyers are due whose video failed, and what the operator has paid of it by hand."""

import asyncio
import hashlib
from datetime import UTC, datetime

import click

from lightning import Msat, Payment, PaymentHash, PaymentState, Preimage
from service.assembly.stores import open_refunds
from service.errors import NotRefundable
from service.refunds.refund import Debt
from service.settings import Settings

PREIMAGE_BYTES = 32


@click.group(invoke_without_command=True)
@click.pass_context
def owed(context: click.Context) -> None:
    """List the orders that failed and are not refunded, the oldest first, and where all the money is.

    One that is `owed` has an invoice of its buyer: pay it, then tell so with `owed paid`. One that is `failed` has
    none: its buyer has not asked for the money yet, or is to send another invoice.
    """
    if context.invoked_subcommand is None:
        asyncio.run(_list(context.obj))


@owed.command()
@click.argument("order_id", metavar="ORDER", type=int)
@click.argument("preimage")
@click.option(
    "--fee-msat", type=click.IntRange(min=0), default=0, show_default=True, help="What the way cost."
)
@click.pass_obj
def paid(settings: Settings, order_id: int, preimage: str, fee_msat: int) -> None:
    """Note that the buyer's invoice of an ORDER was paid by hand, as its PREIMAGE proves."""
    try:
        proof = bytes.fromhex(preimage)
    except ValueError:
        proof = b""
    if len(proof) != PREIMAGE_BYTES:
        raise click.ClickException("A preimage is 64 hex digits: your wallet shows it with the payment.")
    payment = Payment(
        payment_hash=PaymentHash(hashlib.sha256(proof).digest()),
        state=PaymentState.SUCCEEDED,
        fee=Msat(fee_msat),
        preimage=Preimage(proof),
    )
    try:
        amount_msat = asyncio.run(_paid(settings, order_id, payment))
    except NotRefundable as error:
        raise click.ClickException(error.detail) from error
    click.echo(f"Order {order_id} is refunded: {amount_msat} msat.")


async def _list(settings: Settings) -> None:
    async with open_refunds(settings) as refunds:
        for debt in await refunds.debts():
            click.echo("\t".join(_line(debt)))
        ledger = await refunds.ledger()
    kept = ledger.received_msat - ledger.refunded_msat - ledger.fees_msat
    click.echo(
        f"msat received {ledger.received_msat}, refunded {ledger.refunded_msat}, fees {ledger.fees_msat}, kept {kept};"
        f" of that undelivered {ledger.undelivered_msat}, owed by invoice {ledger.owed_msat};"
        f" of what was received, {ledger.topped_up_msat} for video time in advance:"
        f" ms of it owed {ledger.prepaid_ms}, used {ledger.prepaid_used_ms}",
        err=True,
    )


def _line(debt: Debt) -> tuple[str, ...]:
    refund = debt.refund
    return (
        str(debt.order_id),
        "failed" if refund is None else refund.state.value,
        str(debt.paid_msat if refund is None else refund.amount_msat),
        f"{debt.paid_at:%Y-%m-%d %H:%M}",
        "-" if refund is None else refund.invoice,
    )


async def _paid(settings: Settings, order_id: int, payment: Payment) -> Msat:
    async with open_refunds(settings) as refunds:
        refund = await refunds.end_by_hand(order_id, payment, datetime.now(UTC))
    return refund.amount_msat
