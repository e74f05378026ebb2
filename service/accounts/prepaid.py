"""Video time that was bought in advance: set aside before work begins, settled when it is over.

Whoever works for an account reserves first. So what many ask for at once is never more than there is, and what was
set aside for work that failed, was refused or died comes back.
"""

import asyncio
import secrets
from datetime import datetime, timedelta

import structlog

from service.accounts.account import Account
from service.accounts.port import Accounts
from service.runtime.clock import Clock
from service.runtime.section import PositiveInt, Section

PAGE = 200
"""Reservations that one look ends; a look goes on until none is due."""

log = structlog.get_logger()


class AccountTerms(Section, frozen=True, kw_only=True):
    """What accounts may do."""

    house_account: bool = False
    """Whether there is an account `house` whose video time has no end, for who sells nothing:
    `satspeak keys create NAME --account house` makes a key of it. Turned off again, it has what it has."""

    house_keyless: bool = False
    """Whether who shows no key at `/api/v1` is that account: for a machine of your own, since everybody who reaches the
    service then makes videos for nothing."""

    account_jobs: PositiveInt = 8
    """Videos and live sessions that one account may have at once, unless it has a limit of its own."""

    def __post_init__(self) -> None:
        """Refuse an account that there is not."""
        if self.house_keyless and not self.house_account:
            raise ValueError("SATSPEAK_HOUSE_KEYLESS needs SATSPEAK_HOUSE_ACCOUNT")


class VideoTime:
    """Reserves, renews and settles video time."""

    def __init__(self, accounts: Accounts, *, terms: AccountTerms, now: Clock) -> None:
        self._accounts = accounts
        self._terms = terms
        self._now = now

    async def create(self, name: str, *, most_open: int | None = None) -> int:
        """Make an account without video time, and tell its number.

        Raises:
            NameTaken: There is one of this name.
        """
        return await self._accounts.create(name, most_open=most_open, now=self._now())

    def unlimited(self, account: Account) -> bool:
        """Whether an account has no end."""
        return account.house and self._terms.house_account

    def most_open(self, account: Account) -> int:
        """How many jobs of an account may be open at once."""
        return self._terms.account_jobs if account.most_open is None else account.most_open

    async def reserve(self, account: Account, ms: int, *, ref: str, lease: timedelta | None = None) -> bool:
        """Set video time aside, once by its reference; whether this did it.

        Args:
            account: Whose.
            ms: Milliseconds; above 0.
            ref: What it is for.
            lease: How long it is kept unless it is renewed; then it ends at its last count. None: until it is settled.

        Raises:
            InsufficientCredits: So much is not free.
            TooManyRequests: The account has too many jobs open.
        """
        now = self._now()
        return await self._accounts.reserve(
            account.id,
            ms,
            ref=ref,
            until=None if lease is None else now + lease,
            now=now,
            most_open=self._terms.account_jobs,
            unlimited=self.unlimited(account),
        )

    async def reserved(self, ref: str) -> bool:
        """Whether something is set aside under a reference by a lease that is not over: somebody is at it."""
        return await self._accounts.reserved(ref, self._now())

    async def renew(self, ref: str, *, used_ms: int, lease: timedelta) -> bool:
        """Note how much was used so far and keep the rest for longer; False where it is ended."""
        return await self._accounts.renew(ref, used_ms=used_ms, until=self._now() + lease)

    async def settle(self, ref: str, used_ms: int) -> int | None:
        """End a reservation of which so much was used; what was, or None where it was ended before."""
        return await self._accounts.settle(ref, used_ms, self._now())

    async def release(self, ref: str) -> bool:
        """Give a reservation back whole: its work failed or was refused; whether this did it."""
        return await self.settle(ref, 0) is not None

    async def grant(self, account: Account, ms: int, *, ref: str | None = None) -> bool:
        """Give an account video time, once by its reference; whether this did it."""
        return await self._accounts.grant(account.id, ms, ref=ref or secrets.token_hex(8), now=self._now())

    async def sweep(self, every_s: float) -> None:
        """End what nobody renews, for ever."""
        while True:
            await self.look(self._now())
            await asyncio.sleep(every_s)

    async def look(self, now: datetime) -> None:
        """End what nobody has renewed: whoever worked for it has died."""
        while ended := await self._accounts.expire(now, limit=PAGE):
            for reservation in ended:
                log.warning(
                    "reservation_expired", account=reservation.account_id, used_ms=reservation.used_ms
                )
