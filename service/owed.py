"""`python -m service owed`: what buyers are due whose video failed, and what the operator has paid of it by hand."""

import asyncio
import hashlib
from datetime import UTC, datetime
from typing import Any

import click

from lightning import Msat, Payment, PaymentHash, PaymentState, Preimage
from service.assembly.stores import open_refunds
from service.errors import NotRefundable
from service.refunds import owing
from service.settings import Settings
from service.telling import json_option, told

PREIMAGE_BYTES = 32


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def owed(context: click.Context, *, as_json: bool) -> None:
    """List what is owed to buyers, the oldest first, and where all the money is.

    `owed`: the buyer has sent an invoice. Pay it, then note it with `owed paid`. `failed`: there is no invoice to pay;
    the buyer has not asked for the money yet, or has to send another one. `unasked`: nothing has failed; the video is
    paid for, and is made as soon as the buyer asks for it.
    """
    if context.invoked_subcommand is None:
        asyncio.run(_list(context.obj, as_json=as_json))


@owed.command()
@click.argument("order_id", metavar="ORDER", type=int)
@click.argument("preimage")
@click.option(
    "--fee-msat", type=click.IntRange(min=0), default=0, show_default=True, help="What the way cost."
)
@json_option
@click.pass_obj
def paid(settings: Settings, order_id: int, preimage: str, fee_msat: int, *, as_json: bool) -> None:
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
    if not told({"order_id": order_id, "refunded_msat": amount_msat}, as_json=as_json):
        click.echo(f"Order {order_id} is refunded: {amount_msat} msat.")


async def _list(settings: Settings, *, as_json: bool) -> None:
    async with open_refunds(settings) as refunds:
        owed = await owing.look(refunds)
    if told(_value(owed), as_json=as_json):
        return
    for due in owed.due:
        click.echo("\t".join(_line(due)))
    ledger = owed.ledger
    click.echo(
        f"msat received {ledger.received_msat}, refunded {ledger.refunded_msat}, fees {ledger.fees_msat},"
        f" kept {owed.kept_msat};"
        f" of that undelivered {ledger.undelivered_msat}, owed by invoice {ledger.owed_msat},"
        f" not asked for {owed.unasked_msat};"
        f" of what was received, {ledger.topped_up_msat} for video time in advance:"
        f" ms of it owed {ledger.prepaid_ms}, used {ledger.prepaid_used_ms}",
        err=True,
    )


def _value(owed: owing.Owed) -> dict[str, Any]:
    due = [
        {
            "order_id": each.order_id,
            "state": each.step,
            "amount_msat": each.amount_msat,
            "paid_at": each.paid_at,
            "invoice": None if each.refund is None else each.refund.invoice,
        }
        for each in owed.due
    ]
    return {"due": due, "kept_msat": owed.kept_msat, "unasked_msat": owed.unasked_msat, "ledger": owed.ledger}


def _line(due: owing.Due) -> tuple[str, ...]:
    return (
        str(due.order_id),
        due.step.value,
        str(due.amount_msat),
        f"{due.paid_at:%Y-%m-%d %H:%M}",
        "-" if due.refund is None else due.refund.invoice,
    )


async def _paid(settings: Settings, order_id: int, payment: Payment) -> Msat:
    async with open_refunds(settings) as refunds:
        refund = await refunds.end_by_hand(order_id, payment, datetime.now(UTC))
    return refund.amount_msat
