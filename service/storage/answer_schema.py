"""The table of answers that wishes had, for those that are sent again."""

import sqlalchemy as sa

from service.storage.schema import metadata

answers = sa.Table(
    "answers",
    metadata,
    sa.Column("key_hash", sa.LargeBinary(32), primary_key=True),  # sha256 of the account and of its key
    sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),  # sha256 of the wish
    sa.Column("answer", sa.Text, nullable=False),  # JSON
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("answers_by_expiry", "expires_at"),
)
