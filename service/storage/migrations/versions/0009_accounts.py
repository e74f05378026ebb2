"""Accounts with prepaid video time, kept by a ledger. The keys that there are stay the operator's.

A payment may be of a top-up, and of no order then. SQLite cannot let a column be empty that could not be: there the
table is made anew.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

PAYMENT = (
    "id, order_id, kind, invoice, payment_hash, node, status, expires_at, paid_at, paid_msat, giving_back"
)

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "accounts",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("house", sa.Boolean(), nullable=False),
        sa.Column("granted_ms", sa.BigInteger(), nullable=False),
        sa.Column("free_ms", sa.BigInteger(), nullable=False),
        sa.Column("reserved_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("most_open", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sa.CheckConstraint(
            "free_ms >= 0 AND reserved_ms >= 0 AND used_ms >= 0 AND open >= 0", name="not_negative"
        ),
        sa.CheckConstraint("granted_ms = free_ms + reserved_ms + used_ms", name="nothing_lost"),
    )
    op.create_table(
        "ledger",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("move", "ref"),
        sa.CheckConstraint("ms > 0", name="moves_something"),
    )
    op.create_index("ledger_by_account", "ledger", ["account_id", "id"])
    used = sa.text("move = 'settle'")
    op.create_index(
        "ledger_used", "ledger", ["account_id", "at", "ms"], sqlite_where=used, postgresql_where=used
    )
    op.create_table(
        "reservations",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("held_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("ref"),
    )
    op.create_index("reservations_by_end", "reservations", ["until"])
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE keys ADD COLUMN account_id {kind} REFERENCES accounts (id)"
    )  # Alembic cannot in SQLite
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_payments()
    else:
        op.alter_column("payments", "order_id", nullable=True)
    op.create_table(
        "top_ups",
        sa.Column("payment_id", ID, autoincrement=False, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("ms", sa.BigInteger(), nullable=False),
        sa.Column("amount_sat", sa.BigInteger(), nullable=False),
        sa.Column("usd_micros", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"]),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("payment_id"),
    )
    op.create_index("top_ups_by_account", "top_ups", ["account_id"])


def _rebuild_payments() -> None:
    op.create_table(
        "payments_of_all",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("invoice", sa.Text(), nullable=False),
        sa.Column("payment_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.BigInteger(), nullable=True),
        sa.Column("paid_msat", sa.BigInteger(), nullable=True),
        sa.Column("giving_back", sa.Boolean(), server_default=sa.false(), nullable=False),
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
    op.create_index(
        "payments_received",
        "payments",
        ["status", "order_id", "paid_msat", "paid_at"],
        sqlite_where=sa.text("paid_at IS NOT NULL"),
    )
