"""Who keeps answers, so that a wish that comes again gets the one that it had."""

from datetime import datetime
from typing import Protocol

import msgspec

from service.studio.media import Paid


class KeptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, as its row says.

    Attributes:
        key_hash: SHA-256 of what its client calls the wish.
        fingerprint: SHA-256 of the wish.
        answer: As JSON says it.
        until: How long it is kept.
    """

    key_hash: bytes
    fingerprint: bytes
    answer: str
    until: datetime


class KeptAnswers(Protocol):
    """Keeps answers."""

    async def of_key(self, key_hash: bytes, now: datetime) -> KeptAnswer | None:
        """Find the answer of a key whose time is not over."""
        ...

    async def keep(self, answer: KeptAnswer, now: datetime, *, paid: Paid | None) -> None:
        """Keep an answer and end what was set aside for it, in one transaction.

        Raises:
            KeyTaken: There is one of this key.
            LeaseLost: What was set aside has ended before.
        """
        ...
