"""The tables. Moments are integer milliseconds since 1970, in UTC; money is whole satoshi and micro-dollars."""

import sqlalchemy as sa

metadata = sa.MetaData()

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite numbers the rows of an INTEGER PRIMARY KEY alone; its integers have 64 bits whatever they are called."""

orders = sa.Table(
    "orders",
    metadata,
    # What somebody asked for, at a price. How it is paid is in `payments`, what is made for it in `jobs`.
    sa.Column("id", Id, primary_key=True),
    sa.Column("text", sa.Text),  # null: the speech was uploaded
    sa.Column("upload", sa.Text),  # object name of the PCM; null: the speech is the text's
    sa.Column("duration_ms", sa.Integer, nullable=False),
    sa.Column("amount_sat", sa.BigInteger, nullable=False),
    sa.Column("usd_micros", sa.BigInteger, nullable=False),
    # What the quote binds; null leaves it to the delivery.
    sa.Column("avatar", sa.Text),
    sa.Column("emotion", sa.Text),
    sa.Column("language", sa.Text),
    sa.Column("voice", sa.Text),
    sa.Column("refund_hash", sa.LargeBinary(32), nullable=False),  # sha256 of the refund token
    sa.Column(
        "claim_hash", sa.LargeBinary(32)
    ),  # sha256 of the claim token; null: the invoice alone opens it
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("forgotten_at", sa.BigInteger),  # when the text was deleted, and its objects were marked for it
    # Of an order that an account pays: whose it is, and what it is called on the outside. Null: it has an invoice.
    sa.Column("account_id", sa.ForeignKey("accounts.id")),
    sa.Column("public_id", sa.Text),
    sa.Column("background", sa.Text),  # object name of what stands behind the person
    sa.Column("stage", sa.Text),  # JSON; null: the picture as it was filmed
    sa.Column("percent", sa.Integer),  # of the price of a plain video; null: 100
    sqlite_autoincrement=True,  # the number of an order that was deleted is nobody else's
)

sa.Index("orders_by_creation", orders.c.created_at)

of_account = orders.c.public_id.is_not(None)

sa.Index(
    "orders_by_public_id",
    orders.c.public_id,
    unique=True,
    sqlite_where=of_account,
    postgresql_where=of_account,
)

sa.Index(
    "orders_by_account",
    orders.c.account_id,
    orders.c.id,
    sqlite_where=of_account,
    postgresql_where=of_account,
)

with_upload = orders.c.upload.is_not(None)

with_input = orders.c.forgotten_at.is_(None)

sa.Index("orders_with_input", orders.c.id, sqlite_where=with_input, postgresql_where=with_input)

with_background = orders.c.background.is_not(None)
sa.Index(
    "orders_with_background",
    orders.c.background,
    sqlite_where=with_background,
    postgresql_where=with_background,
)
sa.Index("orders_with_upload", orders.c.upload, sqlite_where=with_upload, postgresql_where=with_upload)

payments = sa.Table(
    "payments",
    metadata,
    # How an order is paid, or a top-up, and whether it is.
    sa.Column("id", Id, primary_key=True),
    sa.Column("order_id", sa.ForeignKey("orders.id"), unique=True),  # null: it is in `top_ups`
    sa.Column("kind", sa.Text, nullable=False),
    # Lower case, as the node made it; null: an account pays, by a reservation with the order's public id.
    sa.Column("invoice", sa.Text, unique=True),
    sa.Column("payment_hash", sa.LargeBinary(32), unique=True),
    sa.Column("node", sa.Text),  # pubkey of the node that made the invoice; null: made before this was kept
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("paid_at", sa.BigInteger),
    sa.Column("paid_msat", sa.BigInteger),  # received, which may be more than was asked
    # A held payment is to go back: from here on nobody renders for it, and nobody takes it.
    sa.Column("giving_back", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.CheckConstraint(
        "(kind = 'balance') = (invoice IS NULL) AND (kind = 'balance') = (payment_hash IS NULL)",
        name="by_invoice",
    ),
    sa.Index("payments_by_status_and_expiry", "status", "expires_at"),
)

by_invoice = payments.c.invoice.is_not(None)
"""Whether a node has a say in a payment."""

was_paid = payments.c.paid_at.is_not(None)

# All that the sums of the books look at: they never go through what was not paid.
sa.Index(
    "payments_received",
    payments.c.status,
    payments.c.order_id,
    payments.c.paid_msat,
    payments.c.paid_at,
    sqlite_where=was_paid,
    postgresql_where=was_paid,
)

sa.Index("payments_by_receipt", payments.c.paid_at, sqlite_where=was_paid, postgresql_where=was_paid)

deletions = sa.Table(
    "deletions",
    metadata,
    # The orders whose objects are to be deleted.
    sa.Column("order_id", sa.ForeignKey("orders.id"), primary_key=True, autoincrement=False),
)

preimages = sa.Table(
    "preimages",
    metadata,
    # Of hold invoices, kept before the node is asked for one: without it nobody can take the payment.
    sa.Column("payment_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("preimage", sa.LargeBinary(32), nullable=False),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    # A request for a quote that may be sent again; forgotten when the quote expires.
    sa.Column("key_hash", sa.LargeBinary(32), primary_key=True),  # sha256 of the buyer's idempotency key
    sa.Column("fingerprint", sa.LargeBinary(32), nullable=False),  # sha256 of what was asked for
    sa.Column("salt", sa.LargeBinary(32), nullable=False),  # derives the quote's tokens, with the key itself
    sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Index("idempotency_keys_by_expiry", "expires_at"),
    sa.Index("idempotency_keys_by_order", "order_id"),
)

nodes = sa.Table(
    "nodes",
    metadata,
    # The last settlement of each that was dealt with: where to go on. By key, since another counts from 1 again.
    sa.Column("pubkey", sa.Text, primary_key=True),
    sa.Column("settle_index", sa.BigInteger, nullable=False),
    sa.Column("payment_hash", sa.LargeBinary(32)),  # whose index that is; null: written before this was kept
)

jobs = sa.Table(
    "jobs",
    metadata,
    # The work that fulfils an order: so far, one video.
    sa.Column("id", Id, primary_key=True),
    sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),  # how often a render was claimed
    sa.Column("edition", sa.Integer, nullable=False),  # how often all that was stored was lost
    sa.Column("owner", sa.Text),  # the replica that renders, or rendered last
    # While it is rendered: when another may take it over. Interrupted: when it is taken up by itself.
    sa.Column("lease_until", sa.BigInteger, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),  # attempts in a row that failed and stored nothing
    sa.Column("tried_at", sa.BigInteger),  # when the last of them was counted
    sa.Column(
        "queued_at", sa.BigInteger
    ),  # since when it waits for a worker that has room; null: it does not
    sa.Column("base_frames", sa.Integer, nullable=False),  # stored when this attempt began
    sa.Column("failure", sa.Text),  # why the last attempt ended without the video, for the buyer
    sa.Column("refused", sa.Boolean, nullable=False),  # it can never succeed as it was asked for
    # The choice: of the attempt while nothing is stored, then of the video.
    sa.Column("avatar", sa.Text, nullable=False),
    sa.Column("emotion", sa.Text, nullable=False),
    sa.Column("language", sa.Text),
    sa.Column("voice", sa.Text),
    sa.Column("init", sa.LargeBinary),  # the MP4's first bytes, before segment 0
    sa.Column("segments", sa.Integer, nullable=False),
    sa.Column("frames", sa.Integer, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),  # bytes stored, the init included
    # How much of that may be handed out: all but what may be the last segment, until the end is there.
    sa.Column("playable_frames", sa.Integer, nullable=False),
    sa.Column("playable_size", sa.BigInteger, nullable=False),
    sa.Column("object", sa.Text),  # the whole MP4; null while it is in pieces
    sa.Column("engine", sa.Text),  # JSON: what rendered it
    sa.Column("finished_at", sa.BigInteger),  # when it became whole
    sa.Column("delivered_at", sa.BigInteger),  # when its last bytes were first handed out
)

unfinished = jobs.c.object.is_(None) & (jobs.c.state != sa.literal_column("'deleted'"))
"""A job that somebody has to do something for; literally what the index is of, so that it is used."""

sa.Index("jobs_by_lease", jobs.c.lease_until, sqlite_where=unfinished, postgresql_where=unfinished)

queued = jobs.c.queued_at.is_not(None)

sa.Index("jobs_in_queue", jobs.c.queued_at, sqlite_where=queued, postgresql_where=queued)

segments = sa.Table(
    "segments",
    metadata,
    sa.Column("job_id", sa.ForeignKey("jobs.id"), primary_key=True, autoincrement=False),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("first_frame", sa.Integer, nullable=False),
    sa.Column("frames", sa.Integer, nullable=False),
    sa.Column("offset", sa.BigInteger, nullable=False),  # where it starts in the MP4
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
)

speech = sa.Table(
    "speech",
    metadata,
    sa.Column("job_id", sa.ForeignKey("jobs.id"), primary_key=True, autoincrement=False),
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("samples", sa.BigInteger, nullable=False),
    sa.Column("sample_rate", sa.Integer, nullable=False),
    sa.Column("spoken", sa.Integer, nullable=False),  # characters of the text that are spoken by its end
    sa.Column("object", sa.Text, nullable=False),  # gone once the video is one object
)

refunds = sa.Table(
    "refunds",
    metadata,
    # One row for each invoice that a buyer wanted their money back by. No hash comes twice: it names the payment.
    sa.Column("payment_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("order_id", sa.ForeignKey("orders.id"), nullable=False),
    sa.Column("invoice", sa.Text, nullable=False),  # the buyer's, lower case
    sa.Column("open_amount", sa.Boolean, nullable=False),  # the invoice leaves the amount to us
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("amount_msat", sa.BigInteger, nullable=False),
    sa.Column("fee_limit_msat", sa.BigInteger, nullable=False),
    sa.Column("fee_msat", sa.BigInteger),  # paid for the way, beside the amount
    sa.Column("preimage", sa.LargeBinary(32)),  # the proof that the buyer was paid
    sa.Column("failure", sa.Text),
    sa.Column("expires_at", sa.BigInteger, nullable=False),  # of the invoice
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column(
        "node", sa.Text
    ),  # pubkey of the node that was asked to pay; null: none was, or before this was kept
    sa.Column("asked_at", sa.BigInteger),  # when the node was last asked to begin; null: not yet
    sa.Column("ended_at", sa.BigInteger),
    sa.Index("refunds_by_order", "order_id"),
    # At most one for each order may be paid.
    sa.Index(
        "refunds_bound",
        "order_id",
        unique=True,
        sqlite_where=sa.text("state != 'failed'"),
        postgresql_where=sa.text("state != 'failed'"),
    ),
)

identity = sa.Table(
    "identity",
    metadata,
    # One row: the name of this database, which its object store is marked with.
    sa.Column("id", sa.Text, primary_key=True),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("prefix", sa.Text, nullable=False),  # enough of the key to tell which one it is
    sa.Column("hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("scopes", sa.Text, nullable=False),  # with spaces between
    sa.Column("account_id", sa.ForeignKey("accounts.id")),  # whose; null: the operator's
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("revoked_at", sa.BigInteger),
)

accounts = sa.Table(
    "accounts",
    metadata,
    # Who holds keys and prepaid video time, in milliseconds. What came in is free, reserved or used: the database
    # itself commits nothing else.
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.Text, unique=True),  # null: a wallet made it
    sa.Column("house", sa.Boolean, nullable=False),  # the operator's own
    sa.Column("granted_ms", sa.BigInteger, nullable=False),  # ever
    sa.Column("free_ms", sa.BigInteger, nullable=False),
    sa.Column("reserved_ms", sa.BigInteger, nullable=False),
    sa.Column("used_ms", sa.BigInteger, nullable=False),
    sa.Column("open", sa.Integer, nullable=False),  # reservations that are not ended
    sa.Column("most_open", sa.Integer),  # null: what is set for all
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("address", sa.Text),  # the name in its Lightning Address: random, and no secret
    sa.Index("accounts_by_address", "address", unique=True),
    sa.CheckConstraint(
        "free_ms >= 0 AND reserved_ms >= 0 AND used_ms >= 0 AND open >= 0", name="not_negative"
    ),
    sa.CheckConstraint("granted_ms = free_ms + reserved_ms + used_ms", name="nothing_lost"),
)

ledger = sa.Table(
    "ledger",
    metadata,
    # Every move of video time, which is never changed. What each was for comes once.
    sa.Column("id", Id, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("move", sa.Text, nullable=False),
    sa.Column("ref", sa.Text, nullable=False),
    sa.Column("ms", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.UniqueConstraint("move", "ref"),
    sa.CheckConstraint("ms > 0", name="moves_something"),
    sa.Index("ledger_by_account", "account_id", "id"),
)

settled = ledger.c.move == sa.literal_column("'settle'")
"""What was used; literally what the index is of, so that it is used."""

sa.Index(
    "ledger_used",
    ledger.c.account_id,
    ledger.c.at,
    ledger.c.ms,
    sqlite_where=settled,
    postgresql_where=settled,
)

reservations = sa.Table(
    "reservations",
    metadata,
    # Video time that is set aside for work that is not over; the row goes when it is.
    sa.Column("ref", sa.Text, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False),
    sa.Column("held_ms", sa.BigInteger, nullable=False),
    sa.Column("used_ms", sa.BigInteger, nullable=False),  # at the last count
    sa.Column("until", sa.BigInteger),  # when it is ended at that count; null: whoever asked for it ends it
    sa.Index("reservations_by_end", "until"),
)
