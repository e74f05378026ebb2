"""The tables of what an account buys in advance, and of who is told of it."""

import sqlalchemy as sa

from service.storage.schema import metadata

top_ups = sa.Table(
    "top_ups",
    metadata,
    # Video time that is sold without an order: what its payment adds to which account.
    sa.Column("payment_id", sa.ForeignKey("payments.id"), primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("ms", sa.BigInteger, nullable=False),
    sa.Column("amount_sat", sa.BigInteger, nullable=False),
    sa.Column("usd_micros", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    # Of one that is sold by L402: what finds its credential's root key, and the key.
    sa.Column("identifier_hash", sa.LargeBinary(32)),
    sa.Column("root_key", sa.LargeBinary(32)),
    # Of one whose request may be sent again: as in `idempotency_keys`, until its invoice expires.
    sa.Column("key_hash", sa.LargeBinary(32)),
    sa.Column("fingerprint", sa.LargeBinary(32)),
    sa.Column("salt", sa.LargeBinary(32)),
    sa.Index("top_ups_by_account", "account_id"),
    sa.Index(
        "top_ups_by_credential",
        "identifier_hash",
        unique=True,
        sqlite_where=sa.text("identifier_hash IS NOT NULL"),
        postgresql_where=sa.text("identifier_hash IS NOT NULL"),
    ),
    sa.Index(
        "top_ups_by_key",
        "key_hash",
        unique=True,
        sqlite_where=sa.text("key_hash IS NOT NULL"),
        postgresql_where=sa.text("key_hash IS NOT NULL"),
    ),
)

account_webhooks = sa.Table(
    "account_webhooks",
    metadata,
    # Who is told of the videos of an account, each of whose orders has a row in `webhooks` too, and of its balance.
    sa.Column("account_id", sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),  # or two with a space between, the newer first
    sa.Column("low_ms", sa.BigInteger),  # below it the balance is low; null: it never is
)
