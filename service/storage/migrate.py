"""Brings the tables up to date; the program does it at each start."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

FOLDER = Path(__file__).parent / "migrations"

SEEN = sa.table("alembic_version", sa.column("version_num", sa.Text))
"""Where Alembic keeps what a database has seen."""

LOCK = 0x5A75
"""Any number that nobody else locks in this database."""


def upgrade(connection: sa.Connection, *, to: str = "head") -> None:
    """Run every migration that this database has not seen, all or none.

    Of services that start at once one does, the others wait. Where there is nothing to do, as at most starts, Alembic
    is not even imported, which takes longer than a look.
    """
    alone = _alone_in_sqlite if connection.dialect.name == "sqlite" else _alone_in_postgres
    with alone(connection):
        if to == "head" and version(connection) == newest():
            return
        from alembic import command  # noqa: PLC0415 - see above
        from alembic.config import Config  # noqa: PLC0415 - see above

        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, to)


def newest() -> str:
    """Name the migration that this version ends with."""
    return max(file.name for file in (FOLDER / "versions").glob("[0-9]*.py")).partition("_")[0]


def version(connection: sa.Connection) -> str | None:
    """Name the migration that a database ends with; None where it has seen none."""
    if not sa.inspect(connection).has_table(SEEN.name):
        return None
    found: str | None = connection.scalar(sa.select(SEEN.c.version_num))
    return found


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
