"""Root keys of the credentials that L402 orders are sold by, and the LNURLs that lead to invoices."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "root_keys",
        sa.Column("identifier_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("identifier_hash"),
    )
    op.create_index("root_keys_by_order", "root_keys", ["order_id"])
    op.create_table(
        "lnurls",
        sa.Column("id_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    op.create_index("lnurls_by_order", "lnurls", ["order_id"])
