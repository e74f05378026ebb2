"""A name of this database, which its object store is marked with, and indexes for the operator's list of payments."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make them."""
    identity = op.create_table(
        "identity",
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.bulk_insert(identity, [{"id": secrets.token_hex(16)}])
    op.create_index("orders_by_creation", "orders", ["created_at"])
    paid = sa.text("paid_at IS NOT NULL")
    op.create_index("payments_by_receipt", "payments", ["paid_at"], sqlite_where=paid, postgresql_where=paid)
