"""Who keeps what stands in libraries, and who fetches files from elsewhere."""

from collections.abc import Collection
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from service.studio.intake import Arrived
from service.studio.media import Kind, Medium, NewMedium, Paid


class MediaStore(Protocol):
    """Keeps what is known of media. Each change is one transaction."""

    async def add(
        self, medium: NewMedium, *, most_bytes: int, most: int, paid: Paid | None = None
    ) -> Medium | None:
        """Keep a medium; None and no effect where the account would have more bytes than that in all.

        What it costs is settled in the same transaction: it is there and paid for, or neither.

        Raises:
            LeaseLost: What was set aside for it is given back already; nothing is kept.
        """
        ...

    async def may_keep(self, account_id: int) -> bool:
        """Whether an account may keep anything: the operator made it, or it has ever had video time."""
        ...

    async def stored_bytes(self, account_id: int) -> int:
        """Tell how many bytes an account keeps."""
        ...

    async def find(self, token: str) -> Medium | None:
        """Find a medium, also one whose time is over."""
        ...

    async def page(
        self, account_id: int, *, kind: Kind | None, before_id: int | None, now: datetime, limit: int
    ) -> list[Medium]:
        """Return what an account keeps, the newest first, below an id."""
        ...

    async def end(self, token: str, account_id: int, now: datetime) -> Medium | None:
        """End the time of a medium of an account now; None and no effect where it has none, or it was over."""
        ...

    async def forgotten(self, medium_id: int) -> None:
        """Note that its bytes are deleted."""
        ...


class Fetcher(Protocol):
    """Fetches files from hosts on the internet, and from nowhere else."""

    def fetch(
        self, url: str, wanted: Collection[Kind], *, client: str, field: str
    ) -> AbstractAsyncContextManager[Arrived]:
        """Fetch a file; it is there until the context is left.

        Args:
            url: Where it is.
            wanted: What it may be.
            client: Who has it fetched: each may have a few fetched at once.
            field: What named it, for a refusal.

        Raises:
            InvalidRequest: Nobody on the internet has it, or it is nothing that is wanted, too large or too slow.
            TooManyRequests: The client has too many fetched at once.
            Unavailable: All clients together have.
        """
        ...
