"""`python -m service webhooks`: what receivers were told in vain, and what of it is to be told again."""

import asyncio
from typing import Any

import click

from service.assembly.stores import open_outbox
from service.runtime.clock import utc_now
from service.settings import Settings
from service.telling import json_option, told
from service.webhooks.port import Letter


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def webhooks(context: click.Context, *, as_json: bool) -> None:
    """List what was given up, the oldest first: message, order or account, event, moment, tries, why, receiver."""
    if context.invoked_subcommand is not None:
        return
    dead = asyncio.run(_dead(context.obj))
    if told([_value(letter) for letter in dead], as_json=as_json):
        return
    for letter in dead:
        moment = f"{letter.happened_at:%Y-%m-%d %H:%M}"
        about = letter.order_id or f"account {letter.account_id}"
        fields = (letter.message_id, about, letter.event.value, moment, letter.tries)
        click.echo("\t".join([*map(str, fields), letter.failure or "-", letter.webhook.url]))


@webhooks.command()
@click.argument("message", required=False)
@click.option("--all", "everything", is_flag=True, help="All that were given up.")
@json_option
@click.pass_obj
def replay(settings: Settings, message: str | None, everything: bool, *, as_json: bool) -> None:
    """Have a MESSAGE that was given up sent again, by its old id."""
    if (message is None) != everything:
        raise click.UsageError("Name a message, or say --all.")
    if not (count := asyncio.run(_replay(settings, message))) and not everything:
        raise click.ClickException("No such message was given up.")
    if not told({"replayed": count}, as_json=as_json):
        click.echo(f"{count} to be sent again.")


def _value(letter: Letter) -> dict[str, Any]:
    """Tell of a message, but nothing of how it is signed."""
    return {
        "message_id": letter.message_id,
        "order_id": letter.order_id,
        "account_id": letter.account_id,
        "event": letter.event,
        "happened_at": letter.happened_at,
        "tries": letter.tries,
        "failure": letter.failure,
        "url": letter.webhook.url,
    }


async def _dead(settings: Settings) -> list[Letter]:
    async with open_outbox(settings) as outbox:
        return await outbox.dead()


async def _replay(settings: Settings, message: str | None) -> int:
    async with open_outbox(settings) as outbox:
        return await outbox.replay(message, utc_now())
