"""Where an account is told of its videos, and of a balance that runs low."""

import secrets
from collections.abc import Callable

from service.errors import InvalidRequest
from service.webhooks.addresses import check_url
from service.webhooks.port import AccountReceiver, Receivers
from service.webhooks.signing import secret_of

SECRET_BYTES = 32

MS = 1000

MOST_LOW_S = 100_000_000
"""Three years: nobody means more, and the database counts it."""


class AccountReceivers:
    """Names the receivers of accounts."""

    def __init__(
        self,
        receivers: Receivers,
        *,
        private: bool,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._receivers = receivers
        self._private = private
        self._random = random

    async def get(self, account_id: int) -> AccountReceiver | None:
        """Find the receiver of an account."""
        return await self._receivers.get(account_id)

    async def name(self, account_id: int, url: str, *, low_s: int | None) -> AccountReceiver:
        """Name who is told, of what waits too, and below how many seconds of video time the balance is low.

        The first time makes the secret; afterwards it stays.

        Raises:
            InvalidRequest: Nobody on the internet has this URL, or the threshold is none.
        """
        check_url(url, private=self._private)
        if low_s is not None and not 0 < low_s <= MOST_LOW_S:
            raise InvalidRequest(
                f"Field 'low_balance_seconds' must be from 1 to {MOST_LOW_S:,}.", field="low_balance_seconds"
            )
        return await self._receivers.put(
            account_id, url, low_ms=None if low_s is None else low_s * MS, secret=self._new()
        )

    async def rotate(self, account_id: int) -> AccountReceiver | None:
        """Make a new secret; messages are signed with both until the next one. None where there is no receiver."""
        return await self._receivers.rotate(account_id, self._new())

    async def remove(self, account_id: int) -> bool:
        """Have nobody told, not even what waits; whether there was a receiver."""
        return await self._receivers.remove(account_id)

    def _new(self) -> str:
        return secret_of(self._random(SECRET_BYTES))
