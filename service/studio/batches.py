"""Takes several videos of an account at once: all are set aside before the first is made, and each fails alone."""

import asyncio
import contextlib
import hashlib
import uuid
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from weakref import WeakValueDictionary

from service.delivery.prepaid import PrepaidDelivery
from service.errors import BatchNotFound, KeyReused, KeyTaken
from service.orders.batch import Batch, BatchStore, NewBatch
from service.orders.order import Order
from service.orders.prepaid import NewPrepaid
from service.quotes.idempotency import parse_key
from service.quotes.prepaid import PrepaidOrdering
from service.quotes.prepaid_terms import KEY_KEPT
from service.runtime.clock import Clock, from_millis, to_millis


class Batches:
    """Takes batches. A class since requests with one key at the same time wait for the first."""

    def __init__(
        self,
        *,
        ordering: PrepaidOrdering,
        delivery: PrepaidDelivery,
        store: BatchStore,
        now: Clock,
        new_id: Callable[[], uuid.UUID] = uuid.uuid4,
    ) -> None:
        self._ordering = ordering
        self._delivery = delivery
        self._store = store
        self._now = now
        self._new_id = new_id
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def order(
        self,
        parts: Callable[[], Awaitable[Sequence[NewPrepaid | str]]],
        *,
        account_id: int,
        asked: bytes,
        key: str | None,
    ) -> Batch:
        """Take a batch, and set the time of all its videos aside, or of none.

        Args:
            parts: Checks the videos: each an order, or why it is refused. Not asked where the key is known.
            account_id: Who pays.
            asked: What is asked for, in whatever form is the same each time.
            key: What the client calls this wish; None: it is another each time.

        Raises:
            InvalidRequest: The key is no UUID.
            KeyReused: The key was used to ask for something else.
            InsufficientCredits: The account has not so much; nothing is kept.
            TooManyRequests: Too many of its jobs are open.
        """
        if key is None:
            return await self._new(await parts(), account_id, key_hash=None, fingerprint=None)
        key_hash = hashlib.sha256(f"batch {account_id} {parse_key(key)}".encode()).digest()
        fingerprint = hashlib.sha256(asked).digest()
        async with self._locks.setdefault(key_hash, asyncio.Lock()):
            while True:
                if found := await self._store.of_key(key_hash, self._now()):
                    if found.fingerprint != fingerprint:
                        raise KeyReused
                    return found
                with contextlib.suppress(KeyTaken):  # its batch is the one
                    return await self._new(
                        await parts(), account_id, key_hash=key_hash, fingerprint=fingerprint
                    )

    async def find(self, batch_id: str, account_id: int) -> Batch:
        """Find a batch of an account.

        Raises:
            BatchNotFound: It has none of this name.
        """
        found = await self._store.find(batch_id)
        if found is None or found.account_id != account_id:
            raise BatchNotFound(batch_id)
        return found

    async def made_within(self, batch: Batch, longest: timedelta) -> None:
        """Have all be made and wait until each is whole or given up, but not longer."""
        orders = [part for part in batch.parts if isinstance(part, Order)]
        await asyncio.gather(*(self._delivery.over_within(order, longest) for order in orders))

    async def _new(
        self,
        parts: Sequence[NewPrepaid | str],
        account_id: int,
        *,
        key_hash: bytes | None,
        fingerprint: bytes | None,
    ) -> Batch:
        now = from_millis(to_millis(self._now()))
        new = NewBatch(
            id=str(self._new_id()),
            account_id=account_id,
            created_at=now,
            parts=tuple(parts),
            key_hash=key_hash,
            fingerprint=fingerprint,
            key_until=now + KEY_KEPT,
        )
        await self._store.add(new, await self._ordering.holding(account_id))
        return await self.find(new.id, account_id)
