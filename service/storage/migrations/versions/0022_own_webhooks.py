"""The receiver of one order of an account is told apart from the account's."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add a column; every row stays."""
    op.add_column("webhooks", sa.Column("own", sa.Boolean(), server_default=sa.false(), nullable=False))
