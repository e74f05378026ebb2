"""The library: what accounts upload, have fetched or have made."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

ALL_BEFORE = "account:read account:write video:make"
ALL_NOW = "account:read account:write media:write video:make"


def upgrade() -> None:
    """Make the table; every row stays."""
    op.create_table(
        "media",
        sa.Column("id", ID, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("object", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("recipe", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("token"),
        sqlite_autoincrement=True,
    )
    op.create_index("media_by_account", "media", ["account_id", "id"])
    op.create_index("media_by_end", "media", ["expires_at"])
    kept = sa.text("object IS NOT NULL")
    op.create_index(
        "media_by_object", "media", ["object"], unique=True, sqlite_where=kept, postgresql_where=kept
    )
    # Who may do all may do what is new.
    op.execute(f"UPDATE keys SET scopes = '{ALL_NOW}' WHERE scopes = '{ALL_BEFORE}'")
