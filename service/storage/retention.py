"""What buyers sent and bought, in SQL, once nobody needs it."""

from datetime import datetime

import sqlalchemy as sa

from service.orders.order import Status
from service.orders.video import VideoState
from service.payments.payment import Incoming, Payment
from service.retention.port import Kept
from service.runtime.clock import to_millis
from service.storage.account_schema import account_webhooks, top_ups
from service.storage.answer_schema import answers
from service.storage.batch_schema import batch_parts, batches, video_requests
from service.storage.database import Database
from service.storage.media_schema import media
from service.storage.order_schema import lnurls, outbox, root_keys, webhooks
from service.storage.outbox import WAITING
from service.storage.payments import may_be_of, to_incoming, to_payment
from service.storage.schema import (
    accounts,
    by_invoice,
    deletions,
    idempotency_keys,
    jobs,
    keys,
    ledger,
    orders,
    payments,
    preimages,
    refunds,
    reservations,
    segments,
    speech,
)
from service.storage.session_schema import call_links, live_sessions, recordings
from service.storage.studio_schema import studio_jobs

OVER = (Status.EXPIRED.value, Status.CANCELED.value)
UNPAID = (Status.PENDING.value, Status.HELD.value, *OVER)

GOES_ALONG = (keys, account_webhooks, media, call_links, batches)
"""What an account may have that nobody ever paid for. Bytes of its media go as those of any that no row names."""

HOLDS = (top_ups, ledger, reservations, orders, outbox, live_sessions, recordings, studio_jobs)
"""All else that refers to an account: one that has any of it stays."""


def _kept_since(before: datetime) -> sa.ColumnElement[bool]:
    """Whether a video is kept since before a moment: since it was whole or paid for, whichever is later."""
    whole = (jobs.c.state == VideoState.READY.value) & jobs.c.object.is_not(None)
    refunded = (payments.c.status == Status.REFUNDED.value) & (jobs.c.state != VideoState.DELETED.value)
    # Neither is its price owed, nor does anybody go on with it.
    lost = (jobs.c.state == VideoState.FAILED.value) & jobs.c.delivered_at.is_not(None)
    since = sa.case((jobs.c.finished_at > payments.c.paid_at, jobs.c.finished_at), else_=payments.c.paid_at)
    # Its receiver is told all first, for three days at most: a refund may be paid long after the order was.
    told = ~sa.exists().where(outbox.c.order_id == payments.c.order_id, outbox.c.state == WAITING)
    return (whole | refunded | lost) & (since <= to_millis(before)) & told


class SqlRetention:
    """Knows which orders still keep what nobody needs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def unpaid(self, *, before: datetime, node: str, limit: int) -> list[Payment]:
        """Return payments that expired before a moment and whose order has its text or upload, the oldest first."""
        over = sa.exists().where(
            payments.c.order_id == orders.c.id,
            payments.c.status.in_(OVER),
            payments.c.expires_at <= to_millis(before),
            by_invoice,
            may_be_of(node),
        )
        # From the few orders that have an input, and not from the many payments that are over.
        due = sa.select(orders.c.id).where(orders.c.forgotten_at.is_(None), over)
        query = sa.select(payments).where(payments.c.order_id.in_(due.order_by(orders.c.id).limit(limit)))
        rows = await self._database.scan(lambda connection: connection.execute(query).mappings().all())
        return [to_payment(row) for row in rows]

    async def delete_unpaid(self, *, before: datetime, limit: int) -> int:
        """Delete orders that expired and were forgotten before a moment, with all that refers to them; how many."""
        order_id = payments.c.order_id
        never_paid = (payments.c.status == Status.EXPIRED.value) & payments.c.paid_at.is_(None)
        due = (
            sa.select(payments.c.id)
            .join(orders)
            .where(
                never_paid,
                payments.c.expires_at <= to_millis(before),
                orders.c.forgotten_at <= to_millis(before),
                *(~sa.exists().where(table.c.order_id == order_id) for table in (jobs, refunds, deletions)),
                ~sa.exists().where(outbox.c.order_id == order_id, outbox.c.state == WAITING),
            )
            .order_by(payments.c.expires_at)
            .limit(limit)
        )
        # The condition again: on PostgreSQL a payment may come between both, and then this waits for it.
        gone = payments.delete().where(payments.c.id.in_(due), never_paid)

        def work(connection: sa.Connection) -> int:
            rows = connection.execute(gone.returning(order_id, payments.c.payment_hash)).all()
            ids, hashes = [row.order_id for row in rows], [row.payment_hash for row in rows]
            connection.execute(preimages.delete().where(preimages.c.payment_hash.in_(hashes)))
            connection.execute(idempotency_keys.delete().where(idempotency_keys.c.order_id.in_(ids)))
            for table in (root_keys, lnurls, outbox, webhooks, video_requests):
                connection.execute(table.delete().where(table.c.order_id.in_(ids)))
            connection.execute(orders.delete().where(orders.c.id.in_(ids)))
            return len(rows)

        return await self._database.write(work)

    async def unpaid_top_ups(self, *, before: datetime, node: str, limit: int) -> list[Incoming]:
        """Return the payments of top-ups that expired before a moment, the oldest first."""
        query = (
            sa.select(payments)
            .where(
                payments.c.status == Status.EXPIRED.value,
                payments.c.expires_at <= to_millis(before),
                payments.c.order_id.is_(None),
                may_be_of(node),
            )
            .order_by(payments.c.expires_at)
            .limit(limit)
        )
        rows = await self._database.scan(lambda connection: connection.execute(query).mappings().all())
        return [to_incoming(row) for row in rows]

    async def delete_top_up(self, payment_id: int) -> bool:
        """Delete a top-up that nobody paid, with the account and keys that were made for it and have nothing else."""
        expired = (payments.c.id == payment_id) & (payments.c.status == Status.EXPIRED.value)

        def work(connection: sa.Connection) -> bool:
            # The lock: a payment that comes late is first, and leaves nothing to delete, or finds nothing.
            lock = sa.select(payments.c.id).where(expired).with_for_update()
            if connection.execute(lock).first() is None:
                return False
            gone = top_ups.delete().where(top_ups.c.payment_id == payment_id).returning(top_ups.c.account_id)
            account_id = connection.execute(gone).scalar_one()
            connection.execute(payments.delete().where(expired))
            # And of another top-up at the same time: it locks the account that it refers to.
            account = sa.select(accounts.c.name).where(accounts.c.id == account_id).with_for_update()
            named = connection.execute(account).scalar_one() is not None
            if not named and not any(
                connection.execute(sa.select(table.c.account_id).where(_is_of(table, account_id))).first()
                for table in HOLDS
            ):
                of_batch = sa.select(batches.c.id).where(batches.c.account_id == account_id)
                connection.execute(batch_parts.delete().where(batch_parts.c.batch_id.in_(of_batch)))
                for table in GOES_ALONG:
                    connection.execute(table.delete().where(table.c.account_id == account_id))
                connection.execute(accounts.delete().where(accounts.c.id == account_id))
            return True

        return await self._database.write(work)

    async def forget_delayed(self, now: datetime, *, limit: int) -> int:
        """End delayed orders that nobody opened in time, and forget their text; how many."""
        late = (
            payments.c.status == Status.PENDING.value,
            payments.c.expires_at <= to_millis(now),
            ~by_invoice,
        )
        due = sa.select(payments.c.id).where(*late).order_by(payments.c.expires_at).limit(limit)
        ended = (
            payments.update()
            .where(payments.c.id.in_(due), *late)
            .values(status=Status.EXPIRED.value)
            .returning(payments.c.order_id)
        )

        def work(connection: sa.Connection) -> int:
            order_ids = list(connection.execute(ended).scalars())
            for order_id in order_ids:
                _forget(connection, orders.c.forgotten_at.is_(None), order_id, now)
            return len(order_ids)

        return await self._database.write(work)

    async def forget_answers(self, now: datetime, *, limit: int) -> int:
        """Delete answers that are kept no longer; how many."""
        over = answers.c.expires_at <= to_millis(now)
        due = sa.select(answers.c.key_hash).where(over).order_by(answers.c.expires_at).limit(limit)
        # The condition again: on PostgreSQL the key may have a new answer between both.
        gone = answers.delete().where(answers.c.key_hash.in_(due), over)
        return await self._database.write(lambda connection: connection.execute(gone).rowcount)

    async def delivered(self, *, before: datetime, limit: int) -> list[int]:
        """Return orders whose video was whole and paid for before a moment, or refunded, the oldest first."""
        query = (
            sa.select(payments.c.order_id)
            .join(jobs, jobs.c.order_id == payments.c.order_id)
            .where(_kept_since(before))
            .order_by(payments.c.paid_at)
            .limit(limit)
        )
        return await self._database.scan(lambda connection: list(connection.execute(query).scalars()))

    async def forget_input(self, order_id: int, now: datetime) -> bool:
        """Forget the text and mark the upload, unless the order was paid; whether it was so."""
        over = sa.exists().where(payments.c.order_id == orders.c.id, payments.c.status.in_(OVER))
        return await self._database.write(lambda connection: _forget(connection, over, order_id, now))

    async def forget_video(self, order_id: int, now: datetime, *, before: datetime) -> bool:
        """Forget all of a video and of its order but what the books need, and mark its objects, if it is due."""
        due = sa.exists().where(payments.c.order_id == jobs.c.order_id, _kept_since(before))
        deleted = (
            jobs.update()
            .where(jobs.c.order_id == order_id, due)
            .values(state=VideoState.DELETED.value, init=None, object=None)
            .returning(jobs.c.id)
        )

        def work(connection: sa.Connection) -> bool:
            job_ids = list(connection.execute(deleted).scalars())
            if not job_ids:
                return False
            for pieces in (segments, speech):
                connection.execute(pieces.delete().where(pieces.c.job_id.in_(job_ids)))
            for table in (outbox, webhooks):  # what is to be told was told, or given up
                connection.execute(table.delete().where(table.c.order_id == order_id))
            return _forget(connection, orders.c.forgotten_at.is_(None), order_id, now)

        return await self._database.write(work)

    async def marked(self, *, limit: int) -> list[Kept]:
        """Return orders whose objects are to be deleted, and what these are."""
        query = (
            sa.select(orders.c.id, orders.c.upload, jobs.c.id.label("job_id"))
            .join(deletions, deletions.c.order_id == orders.c.id)
            .join(jobs, jobs.c.order_id == orders.c.id, isouter=True)
            .limit(limit)
        )
        rows = await self._database.scan(lambda connection: connection.execute(query).all())
        return [Kept(order_id=row.id, upload=row.upload, job_id=row.job_id) for row in rows]

    async def forgotten(self, order_id: int) -> None:
        """Note that the objects of an order are deleted."""

        def work(connection: sa.Connection) -> None:
            connection.execute(orders.update().where(orders.c.id == order_id).values(upload=None))
            connection.execute(deletions.delete().where(deletions.c.order_id == order_id))

        await self._database.write(work)

    async def unpaid_upload_ms(self) -> int:
        """Return how many milliseconds of speech are stored that nobody has paid for."""
        query = (
            sa.select(sa.func.coalesce(sa.func.sum(orders.c.duration_ms), 0))
            .join(payments)
            .where(orders.c.upload.is_not(None), payments.c.status.in_(UNPAID))
        )
        return int(await self._database.read(lambda connection: connection.execute(query).scalar_one()))


def _is_of(table: sa.Table, account_id: int) -> sa.ColumnElement[bool]:
    of_account = table.c.account_id == account_id
    # Literally what the index of accounts' orders is of, so that it is used.
    return of_account & orders.c.public_id.is_not(None) if table is orders else of_account


def _forget(
    connection: sa.Connection, condition: sa.ColumnElement[bool], order_id: int, now: datetime
) -> bool:
    changed = connection.execute(
        orders.update()
        .where(orders.c.id == order_id, orders.c.forgotten_at.is_(None), condition)
        .values(text=None, background=None, forgotten_at=to_millis(now))
    )
    if changed.rowcount == 0:
        return False
    for table in (root_keys, lnurls):  # from here on nothing can be had by either
        connection.execute(table.delete().where(table.c.order_id == order_id))
    connection.execute(deletions.insert().values(order_id=order_id))
    return True
