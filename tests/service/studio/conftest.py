"""Accounts and the studio's jobs in real databases, with two services on each."""

import contextlib
from collections.abc import AsyncIterator

import pytest

from service.storage.accounts import SqlAccounts
from service.storage.postgres import PostgresDatabase
from service.storage.sqlite import SqliteDatabase
from service.storage.studio_jobs import SqlStudioJobs

PACK = b"the tar of an avatar"


@pytest.fixture(params=["sqlite", "postgres"])
def opened(tmp_path, request):
    """Open accounts and jobs as one more service does."""
    url = request.getfixturevalue("database_url") if request.param == "postgres" else None

    @contextlib.asynccontextmanager
    async def start() -> AsyncIterator[tuple[SqlAccounts, SqlStudioJobs]]:
        database = PostgresDatabase.open(url) if url else SqliteDatabase.open(tmp_path / "db.sqlite3")
        async with database as rows:
            yield SqlAccounts(rows), SqlStudioJobs(rows)

    return start


@pytest.fixture
async def replicas(opened):
    async with opened() as one, opened() as other:
        yield one, other
