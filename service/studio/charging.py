"""Has accounts pay for work that is no video: set aside before it, used when it is done, given back when it is not."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

from service.accounts.port import Accounts
from service.accounts.prepaid import VideoTime
from service.errors import InvalidApiKey

LEASE = timedelta(minutes=10)
"""Longer than any such work takes; of a service that died in it all is given back then."""

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
        account = await self._accounts.get(account_id)
        if account is None:
            raise InvalidApiKey
        ref = f"{what} {self._new_id()}"
        await self._video_time.reserve(account, seconds * MS, ref=ref, lease=LEASE)
        try:
            yield
        except BaseException:
            await asyncio.shield(self._video_time.release(ref))
            raise
        await asyncio.shield(self._video_time.settle(ref, seconds * MS))
