"""Stages of videos, and what their canvases cost."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the columns; no video of before has a stage."""
    op.add_column("orders", sa.Column("stage", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("percent", sa.Integer(), nullable=True))
