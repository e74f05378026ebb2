"""Sessions of the operator's desk, and indexes that lists of it go by."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table and the indexes."""
    op.create_table(
        "desk_sessions",
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("key_id", ID, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["keys.id"]),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("desk_sessions_by_key", "desk_sessions", ["key_id"])
    op.create_index("desk_sessions_by_expiry", "desk_sessions", ["expires_at"])
    for name, state in (("failed", "= 'failed'"), ("making", "IN ('rendering', 'interrupted')")):
        where = sa.text(f"state {state}")
        op.create_index(f"jobs_{name}", "jobs", ["order_id"], sqlite_where=where, postgresql_where=where)
    op.create_index("payments_by_status", "payments", ["status", "order_id"])
