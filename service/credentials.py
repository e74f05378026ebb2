"""`python -m service l402`: ends the credentials that L402 orders and top-ups were sold by."""

import asyncio

import click

from service.assembly.stores import open_orders
from service.settings import Settings
from service.telling import json_option, told


@click.group()
def l402() -> None:
    """Manage the credentials of L402 orders and top-ups."""


@l402.command()
@click.argument("invoice")
@json_option
@click.pass_obj
def revoke(settings: Settings, invoice: str, *, as_json: bool) -> None:
    """End the credential of the order or top-up with this INVOICE: whoever shows it is challenged anew."""
    if not asyncio.run(_revoke(settings, invoice.strip().lower())):
        raise click.ClickException("No L402 order or top-up with a credential has this invoice.")
    told({"revoked": True}, as_json=as_json)


async def _revoke(settings: Settings, invoice: str) -> bool:
    async with open_orders(settings) as kept:
        order = await kept.orders.find(invoice)
        if order is None:
            return await kept.top_ups.revoke(invoice)
        return await kept.root_keys.revoke(order.id)
