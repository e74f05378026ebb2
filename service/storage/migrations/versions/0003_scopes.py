"""What an API key is good for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make it; the keys that are there keep what they could."""
    everything = sa.text("'payments:read metrics:read'")
    op.add_column("keys", sa.Column("scopes", sa.Text(), nullable=False, server_default=everything))
