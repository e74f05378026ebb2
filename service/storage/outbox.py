"""What receivers are told, in SQL: written by whoever changes what it tells of, in the same transaction."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from service.orders.webhook import Event, Webhook
from service.runtime.clock import from_millis, to_millis
from service.storage.account_schema import account_webhooks
from service.storage.database import Database
from service.storage.order_schema import outbox, webhooks
from service.storage.schema import orders, payments
from service.webhooks.port import Letter

WAITING, DEAD = "waiting", "dead"

NEW = 1000
"""How many letters are looked through for the newest that are due."""

COLUMNS = ("order_id", "message_id", "event", "state", "tries", "next_at", "happened_at")

_earlier = outbox.alias()  # made once: an alias finds its columns when it is used first


def tell(connection: sa.Connection, order_id: int, event: Event, now: datetime) -> None:
    """Have the receiver of an order told of an event; nothing where it has none."""
    moment = to_millis(now)
    values = (f"msg_{secrets.token_hex(16)}", event.value, WAITING, 0, moment, moment)
    letter = sa.select(webhooks.c.order_id, *map(sa.literal, values)).where(webhooks.c.order_id == order_id)
    # The lock: who removes the receiver comes before, or after, and then removes this letter too.
    letter = letter.with_for_update(read=True)
    connection.execute(outbox.insert().from_select(COLUMNS, letter))


def tell_account(connection: sa.Connection, account_id: int, event: Event, now: datetime) -> None:
    """Have an account, which has a receiver, told of an event of its own."""
    moment = to_millis(now)
    letter = {
        "account_id": account_id,
        "message_id": f"msg_{secrets.token_hex(16)}",
        "event": event.value,
        "state": WAITING,
        "tries": 0,
        "next_at": moment,
        "happened_at": moment,
    }
    connection.execute(outbox.insert().values(letter))


class SqlOutbox:
    """Keeps letters."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(
        self,
        now: datetime,
        *,
        but: Collection[int],
        full: Collection[str] = (),
        limit: int,
        newest: bool = False,
    ) -> list[Letter]:
        """Return letters to be sent now: the first that waits of each order; none of these, none to these origins."""
        first = ~sa.exists().where(
            (_earlier.c.order_id == outbox.c.order_id) | (_earlier.c.account_id == outbox.c.account_id),
            _earlier.c.state == WAITING,
            _earlier.c.id < outbox.c.id,
        )
        # One that nobody is to be told of would end the sending of all.
        somebody = _URL.element.is_not(None)
        ready = (outbox.c.state == WAITING) & (outbox.c.next_at <= to_millis(now)) & somebody
        query = _LETTERS.where(ready, first, outbox.c.id.not_in(but), *(~_at(origin) for origin in full))
        if newest:
            last = sa.select(sa.func.max(outbox.c.id)).scalar_subquery()
            return await self._many(
                query.where(outbox.c.id > last - NEW).order_by(outbox.c.id.desc()).limit(limit)
            )
        return await self._many(query.order_by(outbox.c.next_at).limit(limit))

    async def sent(self, letter: Letter) -> None:
        """Forget one that its receiver has."""
        gone = outbox.delete().where(outbox.c.id == letter.id)
        await self._database.write(lambda connection: connection.execute(gone))

    async def put_off(self, letter: Letter, until: datetime, failure: str) -> None:
        """Note a try that failed, and when the next is."""
        await self._change(
            outbox.c.id == letter.id, tries=letter.tries + 1, next_at=to_millis(until), failure=failure
        )

    async def delay(self, letters: Collection[Letter], until: datetime) -> None:
        """Leave some for later that were not tried."""
        await self._change(outbox.c.id.in_([letter.id for letter in letters]), next_at=to_millis(until))

    async def give_up(self, letter: Letter, failure: str, *, all_of_order: bool) -> None:
        """Set one aside, or all of its order that wait."""
        which = outbox.c.id == letter.id
        if all_of_order:
            about = outbox.c.order_id if letter.account_id is None else outbox.c.account_id
            which = about == (letter.order_id if letter.account_id is None else letter.account_id)
        await self._change(which & (outbox.c.state == WAITING), state=DEAD, failure=failure)

    async def dead(self) -> list[Letter]:
        """Return those that were given up, the oldest first."""
        return await self._many(_LETTERS.where(outbox.c.state == DEAD).order_by(outbox.c.id))

    async def replay(self, message_id: str | None, now: datetime) -> int:
        """Send one that was given up once more, or all of them; how many. From now on it has three days again."""
        which = outbox.c.state == DEAD
        if message_id is not None:
            which &= outbox.c.message_id == message_id
        moment = to_millis(now)
        return await self._change(which, state=WAITING, tries=0, next_at=moment, first_at=moment)

    async def _change(self, which: sa.ColumnElement[bool], **values: Any) -> int:
        change = outbox.update().where(which).values(**values)
        return await self._database.write(lambda connection: connection.execute(change).rowcount)

    async def _many(self, query: sa.Select[Any]) -> list[Letter]:
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_letter(row) for row in rows]


_ACCOUNTS = sa.case((webhooks.c.own, account_webhooks.c.secret), else_=None).label("accounts")
"""What signs messages of one order of an account beside its own secret: receivers know one or the other."""

_URL = sa.func.coalesce(webhooks.c.url, account_webhooks.c.url).label("url")
_SECRET = sa.func.coalesce(webhooks.c.secret, account_webhooks.c.secret).label("secret")

_LETTERS = (
    sa.select(outbox, _URL, _SECRET, _ACCOUNTS, payments.c.invoice, orders.c.public_id)
    .outerjoin(orders, orders.c.id == outbox.c.order_id)
    .outerjoin(webhooks, webhooks.c.order_id == outbox.c.order_id)
    .outerjoin(payments, payments.c.order_id == outbox.c.order_id)
    .outerjoin(
        account_webhooks,
        account_webhooks.c.account_id == sa.func.coalesce(outbox.c.account_id, orders.c.account_id),
    )
)


def _at(origin: str) -> sa.ColumnElement[bool]:
    """Whether a receiver's URL begins with an origin, and goes on with what ends one."""
    url = _URL.element
    begins = sa.func.lower(sa.func.substr(url, 1, len(origin))) == origin
    return begins & sa.func.substr(url, len(origin) + 1, 1).in_(("", "/", "?", "#"))


def _letter(row: Mapping[Any, Any]) -> Letter:
    return Letter(
        id=row[outbox.c.id],
        message_id=row[outbox.c.message_id],
        order_id=row[outbox.c.order_id],
        account_id=row[outbox.c.account_id],
        invoice=row[payments.c.invoice],
        public_id=row[orders.c.public_id],
        event=Event(row[outbox.c.event]),
        webhook=Webhook(url=row["url"], secret=" ".join(filter(None, (row["secret"], row["accounts"])))),
        happened_at=from_millis(row[outbox.c.happened_at]),
        tried_since=from_millis(row[outbox.c.first_at] or row[outbox.c.happened_at]),
        tries=row[outbox.c.tries],
        failure=row[outbox.c.failure],
    )
