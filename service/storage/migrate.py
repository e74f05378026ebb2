"""Brings the tables up to date; the program does it at each start."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

FOLDER = Path(__file__).parent / "migrations"

LOCK = 0x5A75
"""Any number that nobody else locks in this database."""


def upgrade(connection: sa.Connection) -> None:
    """Run every migration that this database has not seen. Of services that start at once one does, the others wait."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()
