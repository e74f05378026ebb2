"""Which node made an invoice, and when a video was finished."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make them. Null is what orders of before do not know: their node, and the end of their render."""
    op.add_column("orders", sa.Column("node", sa.Text(), nullable=True))
    op.add_column("videos", sa.Column("finished_at", sa.BigInteger(), nullable=True))
