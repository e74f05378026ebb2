"""Live sessions know the key by which they were begun, and of one name an account has one at most."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

UNNAME = """
UPDATE live_sessions SET stream = NULL WHERE EXISTS (
    SELECT 1 FROM live_sessions AS newer
    WHERE newer.account_id = live_sessions.account_id AND newer.stream = live_sessions.stream
    AND (newer.created_at, newer.id) > (live_sessions.created_at, live_sessions.id)
)
"""
"""Where two of one name had begun at once, the newer keeps it; the other goes on without one."""


def upgrade() -> None:
    """Add the column, and an index of what is unique; the one that is there stays for services of before."""
    op.add_column("live_sessions", sa.Column("key_id", ID, nullable=True))
    op.execute(UNNAME)
    op.create_index("live_sessions_by_name", "live_sessions", ["account_id", "stream"], unique=True)
