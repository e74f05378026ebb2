"""Accounts in real databases, with two services on each."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from anyio.from_thread import start_blocking_portal

from service.storage.accounts import SqlAccounts
from service.storage.postgres import PostgresDatabase
from service.storage.sqlite import SqliteDatabase


@pytest.fixture(params=["sqlite", "postgres"])
def opened(tmp_path, request):
    """Open the accounts as one more service does."""
    url = request.getfixturevalue("database_url") if request.param == "postgres" else None

    @contextlib.asynccontextmanager
    async def start() -> AsyncIterator[SqlAccounts]:
        database = PostgresDatabase.open(url) if url else SqliteDatabase.open(tmp_path / "db.sqlite3")
        async with database as rows:
            yield SqlAccounts(rows)

    return start


@pytest.fixture
async def replicas(opened):
    async with opened() as one, opened() as other:
        yield one, other


@pytest.fixture(scope="module")
def portal():
    """An event loop for rules of a state machine, which are functions."""
    with start_blocking_portal() as portal:
        yield portal
