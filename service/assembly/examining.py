"""Opens what `satspeak doctor` looks at, each by itself: what cannot be opened hides nothing else."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
from obstore.exceptions import BaseError

from lightning import MacaroonUnreadable
from lightning.lnd_macaroon import rights
from service.assembly.node import check_access, open_node
from service.assembly.stores import open_objects
from service.doctor import node as looks_at_node
from service.doctor import shop as looks_at_shop
from service.doctor.finding import Finding, failed, warning
from service.errors import SettingsError
from service.pricing.rates import FeedRates, open_rates
from service.settings import Settings
from service.storage.migrate import newest


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at all of it, one after another."""
    async with httpx.AsyncClient(timeout=looks_at_shop.PROBE_S) as client:
        priced, minute_sat = await _rates(settings, client)
        async for finding in _node(settings, minute_sat):
            yield finding
        yield priced
        yield await _database(settings)
        yield await _objects(settings)
        urls = settings.rendering.workers
        found, answered = await looks_at_shop.workers(client, urls)
        for finding in found:
            yield finding
        yield looks_at_shop.disk(settings.program.data_dir)
        yield looks_at_shop.clock(answered)


async def _rates(settings: Settings, client: httpx.AsyncClient) -> tuple[Finding, int | None]:
    source = open_rates(settings.rates, client)
    try:
        return await looks_at_shop.rates(source, usd_micros_per_second=settings.quotes.usd_micros_per_second)
    finally:
        if isinstance(source, FeedRates):
            await source.aclose()


async def _node(settings: Settings, minute_sat: int | None) -> AsyncIterator[Finding]:
    try:
        access = check_access(settings.lnd)
    except SettingsError as error:
        yield failed("node", str(error), "Set what opens your LND: .env.example names the three settings.")
        return
    yield _macaroon(access.macaroon)
    yield _refund_macaroon(access.refund_macaroon)
    async with open_node(access) as node:
        answers = await looks_at_node.node(node.backend)
        yield answers
        if answers.level != "failed":
            for finding in await looks_at_node.liquidity(
                node.backend, minute_sat=minute_sat, route_hints=access.route_hints
            ):
                yield finding


def _macaroon(file: Path) -> Finding:
    try:
        return looks_at_node.macaroon(rights(file.read_bytes()))
    except (MacaroonUnreadable, OSError) as error:
        return warning("macaroon", f"What it may do cannot be read: {error}", looks_at_node.BAKE)


def _refund_macaroon(file: Path | None) -> Finding:
    try:
        return looks_at_node.refund_macaroon(None if file is None else rights(file.read_bytes()))
    except (MacaroonUnreadable, OSError) as error:
        return warning(
            "refund macaroon", f"What it may do cannot be read: {error}", looks_at_node.BAKE_REFUNDING
        )


async def _database(settings: Settings) -> Finding:
    url, file = settings.stores.database_url, settings.program.data_dir / "satspeak.sqlite3"
    try:
        if not url:
            return looks_at_shop.database(str(file), _sqlite_version(file), newest())
        parts = urlsplit(url)
        where = f"PostgreSQL at {parts.hostname}{parts.path}"
        return looks_at_shop.database(where, await _postgres_version(url), newest())
    except (OSError, sqlite3.Error, asyncpg.PostgresError, TimeoutError) as error:
        return failed(
            "database",
            f"It cannot be read: {error}",
            "Look at SATSPEAK_DATABASE_URL or SATSPEAK_DATA_DIR, and whether the server runs.",
        )


def _sqlite_version(file: Path) -> str | None:
    if not file.exists():
        return None
    with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        tables = connection.execute("select 1 from sqlite_master where name = 'alembic_version'").fetchall()
        rows = connection.execute("select version_num from alembic_version").fetchall() if tables else []
    return str(rows[0][0]) if rows else None


async def _postgres_version(url: str) -> str | None:
    connection = await asyncpg.connect(url, timeout=looks_at_shop.PROBE_S)
    try:
        if await connection.fetchval("select to_regclass('alembic_version')") is None:
            return None
        version = await connection.fetchval("select version_num from alembic_version")
        return None if version is None else str(version)
    finally:
        await connection.close()


async def _objects(settings: Settings) -> Finding:
    where = settings.stores.objects_url or str(settings.program.data_dir / "objects")
    try:
        store = open_objects(settings)
    except (OSError, ValueError, BaseError) as error:
        return looks_at_shop.no_objects(where, error)
    return await looks_at_shop.objects(store, where)
