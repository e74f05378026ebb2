"""Which recordings belong to an order or a voice, and which media to a library, in SQL."""

from collections.abc import Collection

import sqlalchemy as sa

from service.catalogue.own import VOICES
from service.storage.database import Database
from service.storage.media_schema import media
from service.storage.schema import identity, orders
from service.storage.studio_schema import studio_jobs
from service.studio.job import State


class SqlUploads:
    """Knows which recordings belong to an order or a voice, and which media to a library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def database(self) -> str:
        """Return the name of this database."""
        query = sa.select(identity.c.id)
        return str(await self._database.read(lambda connection: connection.scalars(query).one()))

    async def named(self, names: Collection[str]) -> set[str]:
        """Return those of these names that a row has."""
        query = sa.union_all(
            sa.select(orders.c.upload).where(orders.c.upload.in_(names)),
            sa.select(orders.c.background).where(orders.c.background.in_(names)),
            sa.select(media.c.object).where(media.c.object.in_(names)),
            sa.select(VOICES + studio_jobs.c.public_id).where(
                studio_jobs.c.public_id.in_([name.removeprefix(VOICES) for name in names]),
                studio_jobs.c.state != State.FAILED.value,
            ),
        )
        return set(await self._database.read(lambda connection: connection.execute(query).scalars().all()))
