"""Accounts have receivers and addresses of their own; top-ups can be asked for again, and paid by L402."""

import secrets
from base64 import b32encode

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

LETTER = "id, order_id, message_id, event, state, tries, next_at, happened_at, first_at, failure"

ALL_BEFORE, ALL_NOW = "account:read video:make", "account:read account:write video:make"


def upgrade() -> None:
    """Add tables and columns; every row stays."""
    op.create_table(
        "account_webhooks",
        sa.Column("account_id", ID, autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("low_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("account_id"),
    )
    for column in ("identifier_hash", "root_key", "key_hash", "fingerprint", "salt"):
        op.add_column("top_ups", sa.Column(column, sa.LargeBinary(length=32), nullable=True))
    for column, name in (("identifier_hash", "top_ups_by_credential"), ("key_hash", "top_ups_by_key")):
        there = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "top_ups", [column], unique=True, sqlite_where=there, postgresql_where=there)
    _name_accounts()
    _open_outbox()
    # Who may do all may do what is new.
    op.execute(f"UPDATE keys SET scopes = '{ALL_NOW}' WHERE scopes = '{ALL_BEFORE}'")


def _name_accounts() -> None:
    op.add_column("accounts", sa.Column("address", sa.Text(), nullable=True))
    connection = op.get_bind()
    accounts = sa.table("accounts", sa.column("id"), sa.column("address"))
    for account_id in connection.execute(sa.select(accounts.c.id)).scalars().all():
        name = b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()
        connection.execute(accounts.update().where(accounts.c.id == account_id).values(address=name))
    op.create_index("accounts_by_address", "accounts", ["address"], unique=True)


def _open_outbox() -> None:
    """Let a letter be about an account, and no order."""
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("outbox", "order_id", nullable=True)
        op.add_column("outbox", sa.Column("account_id", sa.BigInteger(), nullable=True))
        op.create_foreign_key("outbox_account_id_fkey", "outbox", "accounts", ["account_id"], ["id"])
    else:
        op.create_table(
            "outbox_of_all",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("order_id", sa.Integer(), nullable=True),
            sa.Column("account_id", sa.Integer(), nullable=True),
            sa.Column("message_id", sa.Text(), nullable=False),
            sa.Column("event", sa.Text(), nullable=False),
            sa.Column("state", sa.Text(), nullable=False),
            sa.Column("tries", sa.Integer(), nullable=False),
            sa.Column("next_at", sa.BigInteger(), nullable=False),
            sa.Column("happened_at", sa.BigInteger(), nullable=False),
            sa.Column("first_at", sa.BigInteger(), nullable=True),
            sa.Column("failure", sa.Text(), nullable=True),
            sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
            sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
            sa.PrimaryKeyConstraint("id"),
            sa.UniqueConstraint("message_id"),
            sqlite_autoincrement=True,
        )
        op.execute(f"INSERT INTO outbox_of_all ({LETTER}) SELECT {LETTER} FROM outbox ORDER BY id")
        # Numbers go on where they were, also past letters that are gone.
        op.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT 'outbox_of_all', seq FROM sqlite_sequence"
            " WHERE name = 'outbox' AND NOT EXISTS"
            " (SELECT 1 FROM sqlite_sequence WHERE name = 'outbox_of_all')"
        )
        op.execute(
            "UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'outbox')"
            " WHERE name = 'outbox_of_all' AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'outbox')"
        )
        op.drop_table("outbox")
        op.rename_table("outbox_of_all", "outbox")
        op.create_index("outbox_by_order", "outbox", ["order_id", "id"])
        op.create_index("outbox_by_turn", "outbox", ["state", "next_at"])
    about = sa.text("account_id IS NOT NULL")
    op.create_index(
        "outbox_by_account", "outbox", ["account_id", "id"], sqlite_where=about, postgresql_where=about
    )
