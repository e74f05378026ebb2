"""Refunds of orders whose video failed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BOUND = sa.text("state != 'failed'")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "refunds",
        sa.Column("payment_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invoice", sa.Text(), nullable=False),
        sa.Column("open_amount", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_msat", sa.BigInteger(), nullable=False),
        sa.Column("fee_limit_msat", sa.BigInteger(), nullable=False),
        sa.Column("fee_msat", sa.BigInteger(), nullable=True),
        sa.Column("preimage", sa.LargeBinary(length=32), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("payment_hash"),
    )
    op.create_index(
        "refunds_bound", "refunds", ["order_id"], unique=True, sqlite_where=BOUND, postgresql_where=BOUND
    )
