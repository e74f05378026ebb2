"""The tables of batches, and of what surfaces note of a video."""

import sqlalchemy as sa

from service.storage.schema import metadata

video_requests = sa.Table(
    "video_requests",
    metadata,
    # What the surface that an order came by tells of it, beside what the order says.
    sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True),
    sa.Column("asked", sa.Text, nullable=False),  # JSON, in the words of that surface
)

batches = sa.Table(
    "batches",
    metadata,
    # Videos that were ordered together.
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    # Of the key that it can be asked for again by, and what was asked; null: none, or not any more.
    sa.Column("key_hash", sa.LargeBinary(32)),
    sa.Column("fingerprint", sa.LargeBinary(32)),
    sa.Column("key_until", sa.BigInteger),
    sa.Index(
        "batches_by_key",
        "key_hash",
        unique=True,
        sqlite_where=sa.text("key_hash IS NOT NULL"),
        postgresql_where=sa.text("key_hash IS NOT NULL"),
    ),
)

batch_parts = sa.Table(
    "batch_parts",
    metadata,
    sa.Column("batch_id", sa.ForeignKey("batches.id"), primary_key=True),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("order_id", sa.ForeignKey("orders.id")),  # null: it was refused, and has cost nothing
    sa.Column("refusal", sa.Text),  # why, in the words of the surface
    sa.CheckConstraint("(order_id IS NULL) = (refusal IS NOT NULL)", name="ordered_or_refused"),
)
