"""`python -m service keys` and `accounts`: who holds API keys, and video time that was bought or given in advance."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click

from service.accounts.account import Account, Entry
from service.accounts.port import HOLDERS, OPERATORS, ApiKey, Scope
from service.accounts.top_up import TopUp
from service.assembly.stores import Holders, open_accounts
from service.errors import InvalidRequest, KeyNotAllowed, NameTaken
from service.settings import Settings
from service.telling import json_option, told
from service.webhooks.port import AccountReceiver

T = TypeVar("T")

SHOWN = 20
"""Moves of an account that are shown."""

MS = 1000


def _with(settings: Settings, work: Callable[[Holders], Awaitable[T]]) -> T:
    async def run() -> T:
        async with open_accounts(settings) as holders:
            return await work(holders)

    return asyncio.run(run())


async def _find(holders: Holders, account: str) -> Account:
    """Find an account by its number or its name."""
    found = await holders.accounts.named(account)
    if found is None and account.isdecimal():
        found = await holders.accounts.get(int(account))
    if found is None:
        raise click.ClickException(f"There is no account {account}. `accounts list` shows them.")
    return found


@click.group()
def keys() -> None:
    """Manage API keys: the operator's, for payments, metrics and the desk, and those of accounts."""


@keys.command()
@click.argument("name")
@click.option(
    "--account", help="Number or name of the account whose it is; the operator's where it is left out."
)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it is good for; may be given twice. Left out: everything that such a key can be good for, but the desk.",
)
@json_option
@click.pass_obj
def create(
    settings: Settings, name: str, account: str | None, scopes: tuple[str, ...], *, as_json: bool
) -> None:
    """Make a key and show it, this once."""

    async def run(holders: Holders) -> str:
        holder = None if account is None else (await _find(holders, account)).id
        return await holders.keys.create(name, [Scope(scope) for scope in scopes], account_id=holder)

    try:
        key = _with(settings, run)
    except KeyNotAllowed as error:
        allowed = sorted(scope.value for scope in (OPERATORS if account is None else HOLDERS))
        raise click.ClickException(
            f"Such a key is never good for {error.scope}, only for {', '.join(allowed)}."
        ) from error
    if not told({"name": name, "key": key}, as_json=as_json):
        click.echo(key)
        click.echo("Keep it: it is not shown again.", err=True)


@keys.command("list")
@json_option
@click.pass_obj
def list_keys(settings: Settings, *, as_json: bool) -> None:
    """List the keys."""
    found = _with(settings, lambda holders: holders.keys.list())
    if told([_key(key) for key in found], as_json=as_json):
        return
    for key in found:
        revoked = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "valid"
        scopes = ",".join(sorted(scope.value for scope in key.scopes))
        whose = "operator" if key.account_id is None else f"account {key.account_id}"
        click.echo(
            f"{key.id}\t{key.prefix}...\t{key.created_at:%Y-%m-%d}\t{revoked}\t{scopes}\t{whose}\t{key.name}"
        )


@keys.command()
@click.argument("key_id", metavar="ID", type=int)
@json_option
@click.pass_obj
def revoke(settings: Settings, key_id: int, *, as_json: bool) -> None:
    """Make a key useless from now on."""
    if not _with(settings, lambda holders: holders.keys.revoke(key_id)):
        raise click.ClickException(f"There is no valid key {key_id}. `keys list` shows them.")
    if not told({"id": key_id, "revoked": True}, as_json=as_json):
        click.echo(f"Key {key_id} is revoked.")


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "prefix": key.prefix,
        "name": key.name,
        "account_id": key.account_id,
        "scopes": sorted(scope.value for scope in key.scopes),
        "created_at": key.created_at,
        "revoked_at": key.revoked_at,
    }


@click.group()
def accounts() -> None:
    """Manage accounts: who holds keys, and video time that was bought or given in advance."""


@accounts.command("create")
@click.argument("name")
@click.option("--jobs", type=click.IntRange(min=0), help="Most videos and live sessions of it at once.")
@json_option
@click.pass_obj
def create_account(settings: Settings, name: str, jobs: int | None, *, as_json: bool) -> None:
    """Make an account without video time, and tell its number."""
    if not name.strip() or name.isdecimal():  # a number is how an account is told otherwise
        raise click.ClickException("A name has more than digits.")

    async def run(holders: Holders) -> int:
        return await holders.video_time.create(name, most_open=jobs)

    try:
        number = _with(settings, run)
    except NameTaken as error:
        raise click.ClickException(f"There is an account {error.name} already.") from error
    if not told({"id": number, "name": name}, as_json=as_json):
        click.echo(number)


@accounts.command("list")
@json_option
@click.pass_obj
def list_accounts(settings: Settings, *, as_json: bool) -> None:
    """List the accounts, with the seconds that are free, reserved and used."""
    found = _with(settings, lambda holders: holders.accounts.all())
    if told(found, as_json=as_json):
        return
    for account in found:
        click.echo(
            f"{account.id}\t{account.name or '-'}\tfree {_seconds(account.free_ms)}"
            f"\treserved {_seconds(account.reserved_ms)}\tused {_seconds(account.used_ms)}"
        )


@accounts.command()
@click.argument("account")
@click.argument("seconds", type=click.IntRange(min=1))
@click.option("--ref", help="What it is for: the same is given once, however often the command is run.")
@json_option
@click.pass_obj
def grant(settings: Settings, account: str, seconds: int, ref: str | None, *, as_json: bool) -> None:
    """Give an ACCOUNT video time."""

    async def run(holders: Holders) -> tuple[bool, Account]:
        found = await _find(holders, account)
        given = await holders.video_time.grant(found, seconds * MS, ref=ref)
        return given, await _find(holders, account)

    given, now = _with(settings, run)
    if not given:
        raise click.ClickException(f"That was given before. Free are {_seconds(now.free_ms)} s.")
    if not told(now, as_json=as_json):
        click.echo(f"Account {now.id} has {_seconds(now.free_ms)} s free.")


@accounts.command()
@click.argument("account")
@click.argument("jobs", type=click.IntRange(min=0), required=False)
@json_option
@click.pass_obj
def limit(settings: Settings, account: str, jobs: int | None, *, as_json: bool) -> None:
    """Say how many JOBS, videos and live sessions, an ACCOUNT may have at once; what is set for all if left out."""

    async def run(holders: Holders) -> Account:
        await holders.accounts.limit((await _find(holders, account)).id, jobs)
        return await _find(holders, account)

    told(_with(settings, run), as_json=as_json)


@accounts.command()
@click.argument("account")
@json_option
@click.pass_obj
def show(settings: Settings, account: str, *, as_json: bool) -> None:
    """Show the balance of an ACCOUNT and its latest moves."""

    async def run(holders: Holders) -> tuple[Account, int, bool, list[Entry]]:
        named = await _find(holders, account)
        statement = await holders.accounts.statement(named.id, before_id=None, limit=SHOWN)
        found, entries = statement or (named, [])
        video_time = holders.video_time
        return found, video_time.most_open(found), video_time.unlimited(found), entries

    found, most_open, unlimited, entries = _with(settings, run)
    whole = {"account": found, "most_open": most_open, "unlimited": unlimited, "ledger": entries}
    if told(whole, as_json=as_json):
        return
    free = "without end" if unlimited else f"{_seconds(found.free_ms)} s"
    click.echo(f"account {found.id} {found.name or '-'}, since {found.created_at:%Y-%m-%d}")
    click.echo(
        f"free {free}, reserved {_seconds(found.reserved_ms)} s, used {_seconds(found.used_ms)} s"
        f" of {_seconds(found.granted_ms)} s; {found.open} of at most {most_open} jobs open"
    )
    for entry in entries:
        click.echo(f"{entry.at:%Y-%m-%d %H:%M}\t{entry.move.value}\t{_seconds(entry.ms)} s\t{entry.ref}")


@accounts.command()
@click.argument("account")
@click.argument("url", required=False)
@click.option("--low", "low_s", type=click.IntRange(min=1), help="Seconds below which the balance is low.")
@click.option(
    "--rotate", is_flag=True, help="Make a new secret; messages are signed with both until the next one."
)
@click.option("--remove", is_flag=True, help="Tell nobody any more, not even what waits.")
@json_option
@click.pass_obj
def webhook(
    settings: Settings,
    account: str,
    url: str | None,
    low_s: int | None,
    *,
    rotate: bool,
    remove: bool,
    as_json: bool,
) -> None:
    """Say to which URL what becomes of an ACCOUNT's videos and of its balance is told, or show it."""
    if sum((url is not None, rotate, remove)) > 1 or (low_s is not None and url is None):
        raise click.UsageError("Name a URL, with --low if you like, or say --rotate, or --remove.")

    async def run(holders: Holders) -> tuple[AccountReceiver | None, bool]:
        found = await _find(holders, account)
        before = await holders.receivers.get(found.id)
        if url is not None:
            return await holders.receivers.name(found.id, url, low_s=low_s), before is None
        if rotate:
            return await holders.receivers.rotate(found.id), True
        if remove:
            await holders.receivers.remove(found.id)
            return None, False
        return before, False

    try:
        receiver, made = _with(settings, run)
    except InvalidRequest as error:
        raise click.ClickException(error.detail) from error
    if told(_receiver(receiver, made=made), as_json=as_json):
        return
    if receiver is None:
        click.echo("Nobody is told.", err=True)
        return
    low = "never" if receiver.low_ms is None else f"below {_seconds(receiver.low_ms)} s"
    click.echo(f"{receiver.url}\tlow {low}")
    if made:
        click.echo(receiver.secret.split()[0])
        click.echo("Keep the secret: it is not shown again.", err=True)


def _receiver(receiver: AccountReceiver | None, *, made: bool) -> dict[str, Any]:
    """Tell who is told, and the secret if it is new; the URL is null where nobody is."""
    if receiver is None:
        return {"url": None, "low_ms": None}
    secret = {"secret": receiver.secret.split()[0]} if made else {}
    return {"url": receiver.url, "low_ms": receiver.low_ms, **secret}


@accounts.command("top-ups")
@json_option
@click.pass_obj
def top_ups(settings: Settings, *, as_json: bool) -> None:
    """List the top-ups that were paid: moment, account, seconds, price in satoshi, msat received and invoice."""
    found = _with(settings, lambda holders: holders.top_ups.paid())
    if told([_top_up(sold) for sold in found], as_json=as_json):
        return
    for sold in found:
        click.echo(
            f"{sold.paid_at:%Y-%m-%d %H:%M}\t{sold.account_id}\t{_seconds(sold.ms)}\t{sold.price.amount_sat}"
            f"\t{sold.paid_msat}\t{sold.invoice}"
        )


def _top_up(sold: TopUp) -> dict[str, Any]:
    return {
        "paid_at": sold.paid_at,
        "account_id": sold.account_id,
        "ms": sold.ms,
        "amount_sat": sold.price.amount_sat,
        "paid_msat": sold.paid_msat,
        "invoice": sold.invoice,
    }


def _seconds(ms: int) -> str:
    return f"{ms / MS:.3f}".rstrip("0").rstrip(".")
