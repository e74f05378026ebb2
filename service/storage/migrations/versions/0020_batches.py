"""Batches of videos, and what surfaces note of a video."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

KEYED = sa.text("key_hash IS NOT NULL")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "video_requests",
        sa.Column("order_id", ID, autoincrement=False, nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("order_id"),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(32), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(32), nullable=True),
        sa.Column("key_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "batches_by_key", "batches", ["key_hash"], unique=True, sqlite_where=KEYED, postgresql_where=KEYED
    )
    op.create_table(
        "batch_parts",
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_id", ID, nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.CheckConstraint("(order_id IS NULL) = (refusal IS NOT NULL)", name="ordered_or_refused"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"]),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("batch_id", "n"),
    )
