"""Orders of accounts, which are paid from what the account has: they have an id of their own, and no invoice.

SQLite cannot let a column be empty that could not be: there the table of payments is made anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

PAYMENT = (
    "id, order_id, kind, invoice, payment_hash, node, status, expires_at, paid_at, paid_msat, giving_back"
)

BY_INVOICE = "(kind = 'balance') = (invoice IS NULL) AND (kind = 'balance') = (payment_hash IS NULL)"


def upgrade() -> None:
    """Add the columns."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    kind = "INTEGER" if sqlite else "BIGINT"
    # Alembic cannot in SQLite.
    op.execute(f"ALTER TABLE orders ADD COLUMN account_id {kind} REFERENCES accounts (id)")
    op.add_column("orders", sa.Column("public_id", sa.Text(), nullable=True))
    of_account = sa.text("public_id IS NOT NULL")
    op.create_index(
        "orders_by_public_id",
        "orders",
        ["public_id"],
        unique=True,
        sqlite_where=of_account,
        postgresql_where=of_account,
    )
    op.create_index(
        "orders_by_account",
        "orders",
        ["account_id", "id"],
        sqlite_where=of_account,
        postgresql_where=of_account,
    )
    if sqlite:
        _rebuild_payments()
    else:
        op.alter_column("payments", "invoice", nullable=True)
        op.alter_column("payments", "payment_hash", nullable=True)
        op.create_check_constraint("by_invoice", "payments", BY_INVOICE)


def _rebuild_payments() -> None:
    op.create_table(
        "payments_of_all",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("invoice", sa.Text(), nullable=True),
        sa.Column("payment_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.BigInteger(), nullable=True),
        sa.Column("paid_msat", sa.BigInteger(), nullable=True),
        sa.Column("giving_back", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint(BY_INVOICE, name="by_invoice"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("order_id"),
        sa.UniqueConstraint("invoice"),
        sa.UniqueConstraint("payment_hash"),
    )
    op.execute(f"INSERT INTO payments_of_all ({PAYMENT}) SELECT {PAYMENT} FROM payments ORDER BY id")
    op.drop_table("payments")
    op.rename_table("payments_of_all", "payments")
    op.create_index("payments_by_status_and_expiry", "payments", ["status", "expires_at"])
    paid = sa.text("paid_at IS NOT NULL")
    op.create_index(
        "payments_received", "payments", ["status", "order_id", "paid_msat", "paid_at"], sqlite_where=paid
    )
    op.create_index("payments_by_receipt", "payments", ["paid_at"], sqlite_where=paid)
