"""The table of the operator's desk, and indexes that lists of it go by."""

import sqlalchemy as sa

from service.storage.schema import jobs, metadata, payments

sessions = sa.Table(
    "desk_sessions",
    metadata,
    # Who has signed in; ended by its key, which is looked at each time.
    sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),  # sha256 of what the cookie holds
    sa.Column("key_id", sa.ForeignKey("keys.id"), nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("desk_sessions_by_key", "key_id"),
    sa.Index("desk_sessions_by_expiry", "expires_at"),
)

failed = jobs.c.state == sa.literal_column("'failed'")
"""A video that was given up; literally what the index is of, as below, so that it is used."""

making = jobs.c.state.in_([sa.literal_column("'rendering'"), sa.literal_column("'interrupted'")])
"""A video that somebody makes, or that waits for somebody."""

sa.Index("jobs_failed", jobs.c.order_id, sqlite_where=failed, postgresql_where=failed)

sa.Index("jobs_making", jobs.c.order_id, sqlite_where=making, postgresql_where=making)

sa.Index("payments_by_status", payments.c.status, payments.c.order_id)
