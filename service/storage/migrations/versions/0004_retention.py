"""What is forgotten once nobody needs it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make them."""
    op.add_column("orders", sa.Column("forgotten_at", sa.BigInteger(), nullable=True))
    op.create_index("orders_with_input", "orders", ["status", "forgotten_at", "expires_at"])
    has_upload = sa.text("upload IS NOT NULL")
    op.create_index(
        "orders_with_upload", "orders", ["status"], sqlite_where=has_upload, postgresql_where=has_upload
    )
    op.create_table(
        "deletions",
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("order_id"),
    )
