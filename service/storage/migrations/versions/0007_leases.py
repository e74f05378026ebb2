"""Who holds the lease of a render, and how often it was taken up by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make them."""
    op.add_column("videos", sa.Column("owner", sa.Text(), nullable=True))
    op.add_column("videos", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    part = sa.text("object IS NULL AND state <> 'deleted'")
    op.create_index("videos_by_lease", "videos", ["lease_until"], sqlite_where=part, postgresql_where=part)
