"""Has accounts pay for work that is no video: set aside before it, used when it is done, given back when it is not."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from service.accounts.account import Account
from service.accounts.port import Accounts
from service.accounts.prepaid import VideoTime
from service.errors import InvalidApiKey, Unavailable

LEASE = timedelta(seconds=30)
"""Renewed while somebody works: what was set aside comes back so long after whoever worked has died."""

RENEWALS = 3
"""In the time of a lease: one may be lost."""

MS = 1000


class Charging:
    """Charges accounts."""

    def __init__(
        self, accounts: Accounts, video_time: VideoTime, *, new_id: Callable[[], uuid.UUID] = uuid.uuid4
    ) -> None:
        self._accounts = accounts
        self._video_time = video_time
        self._new_id = new_id

    @contextlib.asynccontextmanager
    async def charged(self, account_id: int, seconds: int, *, what: str) -> AsyncIterator[None]:
        """Do work for so many seconds of an account's video time; work that raises costs nothing.

        Args:
            account_id: Who pays.
            seconds: 0 is free.
            what: Names it in the ledger.

        Raises:
            InsufficientCredits: The account has not so much.
            TooManyRequests: Too many of its jobs are open.
            InvalidApiKey: The account has just gone.
        """
        if not seconds:
            yield
            return
        async with self.held(account_id, seconds * MS, ref=f"{what} {self._new_id()}") as paid_by:
            yield
            await asyncio.shield(self._video_time.settle(paid_by, seconds * MS))

    @contextlib.asynccontextmanager
    async def held(self, account_id: int, ms: int, *, ref: str) -> AsyncIterator[str]:
        """Set video time aside for one attempt at work whose result settles it, in the transaction that keeps it.

        What was not settled within is given back. Yields by what it is known: each attempt has a number of its own.

        Args:
            account_id: Who pays.
            ms: Above 0.
            ref: The same for each attempt at this work.

        Raises:
            Unavailable: Another replica is at it.

        And as `charged` does.
        """
        account = await self._accounts.get(account_id)
        if account is None:
            raise InvalidApiKey
        paid_by = await self._reserve(account, ms, ref)
        try:
            async with self._renewed(paid_by):
                yield paid_by
        finally:
            await asyncio.shield(self._video_time.release(paid_by))  # of no effect where it was settled

    async def _reserve(self, account: Account, ms: int, ref: str) -> str:
        attempt = 0
        while True:
            paid_by = f"{ref}-{attempt}"
            if await self._video_time.reserve(account, ms, ref=paid_by, lease=LEASE):
                return paid_by
            if await self._video_time.reserved(paid_by):
                raise Unavailable("This is being made already. Ask again in a moment.")
            attempt += 1

    @contextlib.asynccontextmanager
    async def _renewed(self, paid_by: str) -> AsyncIterator[None]:
        """Renew the lease of what is set aside."""

        async def renew() -> None:
            while True:
                await asyncio.sleep(LEASE.total_seconds() / RENEWALS)
                with contextlib.suppress(Unavailable):  # the next may work, and else the lease is lost
                    await self._video_time.renew(paid_by, used_ms=0, lease=LEASE)

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
