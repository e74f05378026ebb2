"""Answers that wishes had, in SQL."""

from datetime import datetime

import sqlalchemy as sa

from service.errors import KeyTaken, LeaseLost
from service.runtime.clock import from_millis, to_millis
from service.storage.answer_schema import answers
from service.storage.database import Database
from service.storage.ledger import end
from service.studio.answer_port import KeptAnswer
from service.studio.media import Paid


class SqlAnswers:
    """Keeps answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_key(self, key_hash: bytes, now: datetime) -> KeptAnswer | None:
        """Find the answer of a key whose time is not over."""
        query = sa.select(answers).where(
            answers.c.key_hash == key_hash, answers.c.expires_at > to_millis(now)
        )
        row = await self._database.read(lambda connection: connection.execute(query).first())
        if row is None:
            return None
        return KeptAnswer(
            key_hash=row.key_hash,
            fingerprint=row.fingerprint,
            answer=row.answer,
            until=from_millis(row.expires_at),
        )

    async def keep(self, answer: KeptAnswer, now: datetime, *, paid: Paid | None) -> None:
        """Keep an answer and end what was set aside for it."""
        over = answers.delete().where(
            answers.c.key_hash == answer.key_hash, answers.c.expires_at <= to_millis(now)
        )
        row = {
            "key_hash": answer.key_hash,
            "fingerprint": answer.fingerprint,
            "answer": answer.answer,
            "expires_at": to_millis(answer.until),
        }

        def work(connection: sa.Connection) -> None:
            connection.execute(over)
            try:
                connection.execute(answers.insert(), row)
            except sa.exc.IntegrityError as error:
                raise KeyTaken from error
            if paid is not None and end(connection, paid.ref, paid.used_ms, now) is None:
                raise LeaseLost

        await self._database.write(work)
