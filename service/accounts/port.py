"""Who keeps API keys, accounts and their ledger."""

from collections.abc import Collection
from datetime import datetime
from enum import Enum
from typing import Protocol

import msgspec

from service.accounts.account import Account, Entry, Reservation, Usage


class Scope(Enum):
    """What a key is good for."""

    PAYMENTS = "payments:read"
    METRICS = "metrics:read"
    DESK = "desk:use"
    VIDEO = "video:make"
    ACCOUNT = "account:read"
    ACCOUNT_WRITE = "account:write"
    MEDIA = "media:write"


OPERATORS = frozenset({Scope.PAYMENTS, Scope.METRICS, Scope.DESK})
"""What a key of the operator may be good for: all sales, and not one account's."""

NAMED_ONLY = frozenset({Scope.DESK})
"""What a key is good for only where that was said: a program's key is to open no desk by an omission."""

HOLDERS = frozenset({Scope.VIDEO, Scope.ACCOUNT, Scope.ACCOUNT_WRITE, Scope.MEDIA})
"""What a key of an account may be good for: its own video time, and nobody else's."""


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key, without its secret."""

    id: int
    name: str
    prefix: str
    scopes: frozenset[Scope]
    account_id: int | None  # whose; None: the operator's
    created_at: datetime
    revoked_at: datetime | None


class Bearer(msgspec.Struct, frozen=True, kw_only=True):
    """Who shows a valid key."""

    account_id: int | None  # None: the operator
    key_id: int
    scopes: frozenset[Scope]


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who shows a valid key of an account."""

    account_id: int
    key_id: int


class ApiKeys(Protocol):
    """Keeps the hashes of API keys."""

    async def add(
        self,
        *,
        name: str,
        prefix: str,
        digest: bytes,
        scopes: Collection[Scope],
        account_id: int | None,
        created_at: datetime,
    ) -> None:
        """Keep a new key."""
        ...

    async def all(self) -> list[ApiKey]:
        """Return all keys, revoked ones too, the oldest first."""
        ...

    async def revoke(self, key_id: int, now: datetime) -> bool:
        """Revoke a key; False where there is none to revoke."""
        ...

    async def bearer(self, digest: bytes) -> Bearer | None:
        """Tell who has the key with this hash; None where there is none, or it is revoked."""
        ...


class Accounts(Protocol):
    """Keeps accounts and their ledger.

    Each move is one transaction, which no other can come between: on any number of replicas no balance is ever below
    zero, and free, reserved and used are always what was granted.
    """

    async def create(self, name: str, *, most_open: int | None, now: datetime) -> int:
        """Keep a new account and return its number.

        Raises:
            NameTaken: There is one of this name.
        """
        ...

    async def ensure_house(self, now: datetime) -> None:
        """Make the operator's own account where it is missing."""
        ...

    async def get(self, account_id: int) -> Account | None:
        """Find an account by its number."""
        ...

    async def named(self, name: str) -> Account | None:
        """Find an account by its name."""
        ...

    async def addressed(self, address: str) -> Account | None:
        """Find an account by the name in its Lightning Address."""
        ...

    async def all(self) -> list[Account]:
        """Return all accounts, the oldest first."""
        ...

    async def limit(self, account_id: int, most_open: int | None) -> bool:
        """Say how many reservations of an account may be open; False where there is no such account."""
        ...

    async def grant(self, account_id: int, ms: int, *, ref: str, now: datetime) -> bool:
        """Give video time, once by its reference; whether this did it."""
        ...

    async def reserve(
        self,
        account_id: int,
        ms: int,
        *,
        ref: str,
        until: datetime | None,
        now: datetime,
        most_open: int,
        unlimited: bool = False,
    ) -> bool:
        """Set video time aside, once by its reference; whether this did it.

        Args:
            account_id: Whose.
            ms: How much; above 0.
            ref: What it is for.
            until: When it is ended at its last count, unless it is renewed; None: whoever asked for it ends it.
            now: The time.
            most_open: How many of one account may be open, unless it has a limit of its own.
            unlimited: What is missing is granted, once, with it.

        Raises:
            InsufficientCredits: So much is not free.
            TooManyRequests: Too many of the account are open.
            InvalidApiKey: The account has just gone.
        """
        ...

    async def renew(self, ref: str, *, used_ms: int, until: datetime) -> bool:
        """Note how much was used so far, which never falls nor passes what is held; False where it is ended."""
        ...

    async def reserved(self, ref: str, now: datetime) -> bool:
        """Whether something is set aside under a reference, by a lease that is not over."""
        ...

    async def settle(self, ref: str, used_ms: int, now: datetime) -> int | None:
        """End a reservation: so much of it is used, at most what is held, and the rest is free again.

        Returns:
            The milliseconds that were used; None where it was ended before, or never made.
        """
        ...

    async def expire(self, now: datetime, *, limit: int) -> list[Reservation]:
        """End reservations that nobody renewed, at their last count; those that this ended."""
        ...

    async def statement(
        self, account_id: int, *, before_id: int | None, limit: int
    ) -> tuple[Account, list[Entry]] | None:
        """Return an account and its newest moves, the newest first, below an id; None where there is no such account.

        Must be of one moment: a balance is what its moves make it.
        """
        ...

    async def usage(self, account_id: int, *, since: datetime) -> list[Usage]:
        """Return what was used on each day since a moment, the oldest first; days without use are left out."""
        ...
