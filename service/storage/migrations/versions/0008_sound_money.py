"""Orders, payments and jobs apart.

An order was one row with its invoice and its status, and its video another with the order's number. Now a payment tells
how an order is paid, and a job what is made for it: either can be of another kind, or more than one, later.

Tables are made anew and filled from the old: SQLite drops no column that is unique. A job takes the number of its
order, which its stored objects are named by.
"""

import time

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

WISH = (
    "id, text, upload, duration_ms, amount_sat, usd_micros, avatar, emotion, language, voice, refund_hash,"
    " claim_hash, created_at, forgotten_at"
)
PAYMENT = "invoice, payment_hash, status, expires_at, paid_at, paid_msat"
RENDER = (
    "order_id, state, attempt, owner, lease_until, tries, base_frames, failure, refused, avatar, emotion, language,"
    ' voice, init, segments, frames, size, "object", engine'
)
PIECE = 'n, first_frame, frames, "offset", size, "object"'
SPEECH = 'n, samples, sample_rate, spoken, "object"'

MOST_TRIES = 40
"""After which the version before left a video alone."""


def upgrade() -> None:
    """Make the tables and move every row."""
    _split_payments()
    _make_jobs()
    _add_indexes()
    op.add_column("refunds", sa.Column("node", sa.Text(), nullable=True))
    op.add_column("nodes", sa.Column("payment_hash", sa.LargeBinary(length=32), nullable=True))


def _split_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("invoice", sa.Text(), nullable=False),
        sa.Column("payment_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.BigInteger(), nullable=True),
        sa.Column("paid_msat", sa.BigInteger(), nullable=True),
        sa.Column("giving_back", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("order_id"),
        sa.UniqueConstraint("invoice"),
        sa.UniqueConstraint("payment_hash"),
    )
    op.execute(
        f"INSERT INTO payments (order_id, kind, {PAYMENT})"
        f" SELECT id, CASE WHEN hold THEN 'hold' ELSE 'lightning' END, {PAYMENT} FROM orders ORDER BY id"
    )
    op.create_index("payments_by_status_and_expiry", "payments", ["status", "expires_at"])
    op.drop_index("orders_by_status_and_expiry", "orders")
    op.drop_index("orders_with_input", "orders")
    op.drop_index("orders_with_upload", "orders")
    if op.get_bind().dialect.name == "sqlite":
        _rebuild_orders()
    else:
        for column in ("invoice", "payment_hash", "status", "expires_at", "paid_at", "paid_msat", "hold"):
            op.drop_column("orders", column)
    has_upload = sa.text("upload IS NOT NULL")
    op.create_index(
        "orders_with_upload", "orders", ["upload"], sqlite_where=has_upload, postgresql_where=has_upload
    )


def _rebuild_orders() -> None:
    op.create_table(
        "orders_apart",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("upload", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("amount_sat", sa.BigInteger(), nullable=False),
        sa.Column("usd_micros", sa.BigInteger(), nullable=False),
        sa.Column("avatar", sa.Text(), nullable=True),
        sa.Column("emotion", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("voice", sa.Text(), nullable=True),
        sa.Column("refund_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("claim_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("forgotten_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.execute(f"INSERT INTO orders_apart ({WISH}) SELECT {WISH} FROM orders ORDER BY id")
    op.drop_table("orders")
    op.rename_table("orders_apart", "orders")


def _make_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", ID, nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("queued_at", sa.BigInteger(), nullable=True),
        sa.Column("base_frames", sa.Integer(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("avatar", sa.Text(), nullable=False),
        sa.Column("emotion", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("voice", sa.Text(), nullable=True),
        sa.Column("init", sa.LargeBinary(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("playable_frames", sa.Integer(), nullable=False),
        sa.Column("playable_size", sa.BigInteger(), nullable=False),
        sa.Column("object", sa.Text(), nullable=True),
        sa.Column("engine", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("order_id"),
    )
    op.execute(
        f"INSERT INTO jobs (id, kind, edition, playable_frames, playable_size, {RENDER})"
        f" SELECT order_id, 'video', 0, frames, size, {RENDER} FROM videos ORDER BY order_id"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "SELECT setval(pg_get_serial_sequence('jobs', 'id'), (SELECT max(id) + 1 FROM jobs), false)"
        )
    for table, columns, definitions in (
        (
            "segments",
            PIECE,
            (
                sa.Column("first_frame", sa.Integer(), nullable=False),
                sa.Column("frames", sa.Integer(), nullable=False),
                sa.Column("offset", sa.BigInteger(), nullable=False),
                sa.Column("size", sa.BigInteger(), nullable=False),
            ),
        ),
        (
            "speech",
            SPEECH,
            (
                sa.Column("samples", sa.BigInteger(), nullable=False),
                sa.Column("sample_rate", sa.Integer(), nullable=False),
                sa.Column("spoken", sa.Integer(), nullable=False),
            ),
        ),
    ):
        op.create_table(
            f"{table}_of_jobs",
            sa.Column("job_id", ID, autoincrement=False, nullable=False),
            sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
            *definitions,
            sa.Column("object", sa.Text(), nullable=False),
            sa.ForeignKeyConstraint(["job_id"], ["jobs.id"]),
            sa.PrimaryKeyConstraint("job_id", "n"),
        )
        op.execute(
            f"INSERT INTO {table}_of_jobs (job_id, {columns}) SELECT order_id, {columns} FROM {table}"
            " ORDER BY order_id, n"
        )
        op.drop_table(table)
        op.rename_table(f"{table}_of_jobs", table)
    _tell_states_apart()
    op.drop_index("videos_by_lease", "videos")
    op.drop_table("videos")
    part = sa.text("object IS NULL AND state <> 'deleted'")
    op.create_index("jobs_by_lease", "jobs", ["lease_until"], sqlite_where=part, postgresql_where=part)
    waits = sa.text("queued_at IS NOT NULL")
    op.create_index("jobs_in_queue", "jobs", ["queued_at"], sqlite_where=waits, postgresql_where=waits)


def _tell_states_apart() -> None:
    """Say of each job what the version before did not."""
    # An interrupted video was given up where no attempt can help, or its money went back or is about to.
    op.execute(
        "UPDATE jobs SET state = 'failed' WHERE state IN ('rendering', 'interrupted') AND (refused"
        f" OR (state = 'interrupted' AND tries >= {MOST_TRIES})"
        " OR order_id IN (SELECT order_id FROM refunds WHERE state <> 'failed')"
        " OR order_id IN (SELECT order_id FROM payments WHERE status IN ('canceled', 'refunded')))"
    )
    # What may be the last segment is withheld until the end is there.
    last = "SELECT max({}) FROM segments WHERE segments.job_id = jobs.id"
    op.execute(
        f"UPDATE jobs SET playable_frames = ({last.format('first_frame')}),"
        f""" playable_size = ({last.format('"offset"')})"""
        " WHERE state IN ('rendering', 'interrupted', 'failed') AND segments > 0"
    )
    # When a video became whole is not known. It is kept for its time from now on, so that none is deleted early.
    op.execute(f"UPDATE jobs SET finished_at = {round(time.time() * 1000)} WHERE state = 'ready'")


def _add_indexes() -> None:
    kept = sa.text("forgotten_at IS NULL")
    op.create_index("orders_with_input", "orders", ["id"], sqlite_where=kept, postgresql_where=kept)
    paid = sa.text("paid_at IS NOT NULL")
    op.create_index(
        "payments_received",
        "payments",
        ["status", "order_id", "paid_msat", "paid_at"],
        sqlite_where=paid,
        postgresql_where=paid,
    )
    # Rows that refer to an order are looked for when it is deleted.
    op.create_index("repeats_by_order", "repeats", ["order_id"])
    op.create_index("refunds_by_order", "refunds", ["order_id"])
