"""Payments that are held until the video is whole."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make room for their preimages, and mark their orders."""
    op.add_column("orders", sa.Column("hold", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "preimages",
        sa.Column("payment_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("preimage", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("payment_hash"),
    )
