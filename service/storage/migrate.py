"""Brings the tables up to date; the program does it at each start."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

FOLDER = Path(__file__).parent / "migrations"

LOCK = 0x5A75
"""Any number that nobody else locks in this database."""


def upgrade(connection: sa.Connection, *, to: str = "head") -> None:
    """Run every migration that this database has not seen, all or none.

    Of services that start at once one does, the others wait.
    """
    alone = _alone_in_sqlite if connection.dialect.name == "sqlite" else _alone_in_postgres
    with alone(connection):
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def newest() -> str:
    """Name the migration that this version ends with."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return str(ScriptDirectory.from_config(config).get_current_head())


@contextlib.contextmanager
def _alone_in_postgres(connection: sa.Connection) -> Iterator[None]:
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    yield
    connection.commit()


@contextlib.contextmanager
def _alone_in_sqlite(connection: sa.Connection) -> Iterator[None]:
    """Hold the file. A table that others refer to can be made anew only while nobody checks that."""
    file = connection.connection.driver_connection
    assert file is not None
    file.execute("PRAGMA foreign_keys=OFF")  # nothing inside a transaction
    with connection.begin():
        if not file.in_transaction:
            file.execute("BEGIN IMMEDIATE")
        yield
        assert not file.execute("PRAGMA foreign_key_check").fetchall(), (
            "rows refer to rows that are not there"
        )
    file.execute("PRAGMA foreign_keys=ON")
