"""The table of the studio's jobs."""

import sqlalchemy as sa

from service.storage.schema import Id, metadata

studio_jobs = sa.Table(
    "studio_jobs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("public_id", sa.Text, nullable=False, unique=True),  # also the name of its reservation
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False),  # JSON
    sa.Column("held_ms", sa.BigInteger, nullable=False),  # reserved until it is over; 0: it costs nothing
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("progress", sa.Integer, nullable=False),  # per cent
    sa.Column("attempt", sa.Integer, nullable=False),  # how often it was taken up
    sa.Column("tries", sa.Integer, nullable=False),  # attempts that failed
    sa.Column("owner", sa.Text),  # the replica that is at it, or was last
    sa.Column("until", sa.BigInteger, nullable=False),  # of a lease; of one that is pending: when it is due
    sa.Column("result", sa.Text),  # JSON
    sa.Column("failure", sa.Text),
    sa.Column("key", sa.Text),  # what its client calls it; null: nothing, or it failed and is asked for anew
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("updated_at", sa.BigInteger, nullable=False),
    sa.CheckConstraint("held_ms >= 0", name="not_negative"),
    sa.UniqueConstraint("account_id", "key"),
    sa.Index("studio_jobs_by_account", "account_id", "kind", "id"),
    sqlite_autoincrement=True,
)

open_jobs = studio_jobs.c.state.in_((sa.literal_column("'pending'"), sa.literal_column("'processing'")))
"""What is not over; literally what the index is of, so that it is used."""

sa.Index("studio_jobs_open", studio_jobs.c.until, sqlite_where=open_jobs, postgresql_where=open_jobs)
