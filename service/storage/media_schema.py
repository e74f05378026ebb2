"""The table of what stands in libraries."""

import sqlalchemy as sa

from service.storage.schema import Id, metadata

media = sa.Table(
    "media",
    metadata,
    # The row stays for a while after its object, so that its link says that it is gone.
    sa.Column("id", Id, primary_key=True),
    sa.Column("token", sa.Text, nullable=False, unique=True),  # what its link names it by
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("mime", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.LargeBinary(32), nullable=False),  # sha256
    sa.Column("object", sa.Text),  # null: it is deleted
    sa.Column("name", sa.Text),  # what its owner calls it
    sa.Column("recipe", sa.Text),  # JSON: what it was made from, here
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger),  # null: never
    sa.Index("media_by_account", "account_id", "id"),
    sa.Index("media_by_end", "expires_at"),
    sqlite_autoincrement=True,
)

kept = media.c.object.is_not(None)

sa.Index("media_by_object", media.c.object, unique=True, sqlite_where=kept, postgresql_where=kept)
