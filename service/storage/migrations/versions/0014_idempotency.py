"""Keys of requests that may be sent again are called what the field calls them."""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Rename the table and its indexes; every row stays."""
    op.drop_index("repeats_by_expiry", "repeats")
    op.drop_index("repeats_by_order", "repeats")
    op.rename_table("repeats", "idempotency_keys")
    op.create_index("idempotency_keys_by_expiry", "idempotency_keys", ["expires_at"])
    op.create_index("idempotency_keys_by_order", "idempotency_keys", ["order_id"])
