"""The tables of what leads to an order and what is told of it: credentials, LNURLs and receivers."""

import sqlalchemy as sa

from service.storage.schema import Id, metadata

root_keys = sa.Table(
    "root_keys",
    metadata,
    # Of the credentials that L402 orders are sold by; without its row a credential opens nothing any more.
    sa.Column("identifier_hash", sa.LargeBinary(32), primary_key=True),  # sha256 of its macaroon's identifier
    sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False),
    sa.Column("key", sa.LargeBinary(32), nullable=False),
    sa.Index("root_keys_by_order", "order_id"),
)

lnurls = sa.Table(
    "lnurls",
    metadata,
    # What leads wallets to the invoices of quotes.
    sa.Column("id_hash", sa.LargeBinary(32), primary_key=True),  # sha256 of what its addresses name it by
    sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False),
    sa.Column("metadata", sa.Text, nullable=False),  # to the byte: its hash is in the invoice
    sa.Index("lnurls_by_order", "order_id"),
)

webhooks = sa.Table(
    "webhooks",
    metadata,
    # Who is told what becomes of an order.
    sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True, autoincrement=False),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("secret", sa.Text, nullable=False),  # each message is signed with it
    # Whether an order of an account was asked for with it: then it stays when the account's changes, and its messages
    # are signed with the account's secret too.
    sa.Column("own", sa.Boolean, nullable=False, server_default=sa.false()),
)

outbox = sa.Table(
    "outbox",
    metadata,
    # What receivers are still to be told; a row goes once its receiver has it.
    sa.Column("id", Id, primary_key=True),
    sa.Column("order_id", sa.ForeignKey("orders.id")),  # null: it is about an account
    sa.Column("account_id", sa.ForeignKey("accounts.id")),  # null: it is about an order
    sa.Column("message_id", sa.Text, nullable=False, unique=True),  # stays over all tries
    sa.Column("event", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # waiting, or dead: given up
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("next_at", sa.BigInteger, nullable=False),
    sa.Column("happened_at", sa.BigInteger, nullable=False),
    sa.Column("first_at", sa.BigInteger),  # when the operator had it sent again; null: never
    sa.Column("failure", sa.Text),  # of the last try
    sa.Index("outbox_by_order", "order_id", "id"),
    sa.Index("outbox_by_turn", "state", "next_at"),
    sa.Index(
        "outbox_by_account",
        "account_id",
        "id",
        sqlite_where=sa.text("account_id IS NOT NULL"),
        postgresql_where=sa.text("account_id IS NOT NULL"),
    ),
    sqlite_autoincrement=True,  # later events have higher numbers, whatever was deleted
)
