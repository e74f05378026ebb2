"""Pictures and films behind people."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Add the object's name; no video of before has one."""
    op.add_column("orders", sa.Column("background", sa.Text(), nullable=True))
    has_background = sa.text("background IS NOT NULL")
    op.create_index(
        "orders_with_background",
        "orders",
        ["background"],
        sqlite_where=has_background,
        postgresql_where=has_background,
    )
