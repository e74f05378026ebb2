"""Who keeps recordings of calls, and links to both."""

from datetime import datetime
from typing import Protocol

import msgspec

FOLDER = "avatar-recordings"
"""Of the objects of recordings."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded of a call."""

    id: str
    account_id: int
    call: int  # its number
    size: int
    ms: int
    expires_at: datetime

    @property
    def object(self) -> str:
        """Where its bytes are."""
        return f"{FOLDER}/{self.account_id}/{self.id}.mp4"


class RecordingRows(Protocol):
    """Knows of recordings, each before it is stored: what a crash leaves behind is forgotten as well."""

    async def begin(self, recording: Recording, now: datetime) -> None:
        """Note a recording that is about to be stored; nobody finds it yet."""
        ...

    async def store(self, recording_id: str) -> None:
        """Note that it is stored."""
        ...

    async def latest(self, account_id: int, call: int) -> Recording | None:
        """Return the last stored recording of a call."""
        ...

    async def get(self, recording_id: str) -> Recording | None:
        """Return a stored recording."""
        ...

    async def name(self, recording_id: str, title: str) -> None:
        """Note what its owner calls it."""
        ...

    async def expired(self, now: datetime, *, limit: int) -> list[Recording]:
        """Return those whose time is over, stored or not."""
        ...

    async def forget(self, recording_id: str) -> None:
        """Forget one."""
        ...


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What a token in a link is good for.

    Attributes:
        account_id: Whose calls.
        key: The hash of the key by which it was asked for; None: by a JSON Web Token.
        recording: The only thing that it opens; None: calls.
        until: When it is good for nothing any more.
    """

    account_id: int
    key: bytes | None
    recording: str | None
    until: datetime


class Links(Protocol):
    """Keeps the hashes of tokens in links."""

    async def add(self, token: bytes, link: Link) -> None:
        """Keep one."""
        ...

    async def get(self, token: bytes) -> Link | None:
        """Return what a token is good for."""
        ...

    async def expire(self, now: datetime) -> None:
        """Forget those whose time is over."""
        ...
