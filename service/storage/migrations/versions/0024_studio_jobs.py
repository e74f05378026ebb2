"""Jobs of the studio: what an account has made besides videos."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

OPEN = sa.text("state IN ('pending', 'processing')")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "studio_jobs",
        sa.Column("id", ID, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False, unique=True),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("held_ms", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("held_ms >= 0", name="not_negative"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "key"),
        sqlite_autoincrement=True,
    )
    op.create_index("studio_jobs_by_account", "studio_jobs", ["account_id", "kind", "id"])
    op.create_index("studio_jobs_open", "studio_jobs", ["until"], sqlite_where=OPEN, postgresql_where=OPEN)
