"""The table of live sessions."""

import sqlalchemy as sa

from service.storage.schema import Id, metadata

live_sessions = sa.Table(
    "live_sessions",
    metadata,
    # Those that are not over; the row goes when one is. Its reservation has the same name.
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("key_id", Id),  # by which it was begun; no reference, since a key is never deleted
    sa.Column("owner", sa.Text, nullable=False),  # the replica that shows it
    sa.Column("output", sa.Text, nullable=False),
    sa.Column("stream", sa.Text),  # what its client calls it
    sa.Column("slices", sa.Integer, nullable=False),  # of video time that it has taken
    sa.Column("settled_ms", sa.BigInteger, nullable=False),  # of what it has shown
    sa.Column("stop", sa.Text),  # why somebody wants it to end
    sa.Column("until", sa.BigInteger, nullable=False),  # when anybody may end it
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.CheckConstraint("settled_ms >= 0", name="not_negative"),
    sa.Index("live_sessions_by_end", "until"),
    sa.Index("live_sessions_by_account", "account_id", "stream"),
    # Of one name an account has one session at most, whoever else begins one at the same time.
    sa.Index("live_sessions_by_name", "account_id", "stream", unique=True),
)

recordings = sa.Table(
    "recordings",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("call", sa.BigInteger, nullable=False),  # the number of the session that it is of
    sa.Column("title", sa.Text),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("ms", sa.BigInteger, nullable=False),
    sa.Column("stored", sa.Boolean, nullable=False),  # its object is there
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("recordings_by_call", "account_id", "call"),
    sa.Index("recordings_by_end", "expires_at"),
)

call_links = sa.Table(
    "call_links",
    metadata,
    sa.Column("hash", sa.LargeBinary, primary_key=True),  # of the token in the link
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("key_hash", sa.LargeBinary),  # of the key by which it was asked for
    sa.Column("recording", sa.Text),  # the only thing that it opens
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Index("call_links_by_end", "until"),
)
