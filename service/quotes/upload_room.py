"""Bounds what is stored of recordings that nobody has paid for: whoever asks for quotes fills no disk."""

import contextlib
from collections.abc import AsyncIterator

from service.errors import Unavailable
from service.quotes.port import UnpaidUploads
from service.runtime.section import NotNegativeInt, Section
from service.speech.wav import SAMPLE_BYTES, SAMPLE_RATE

FULL_RETRY_S = 60
"""When some of the recordings may be paid, or deleted."""


class UploadCap(Section, frozen=True, kw_only=True):
    """How much may be stored unpaid."""

    unpaid_uploads_mb: NotNegativeInt = 5000
    """Megabytes of recordings that may be stored unpaid; 0 is no limit."""


class UploadRoom:
    """Room for recordings. A class since those on their way are in no row yet.

    Args:
        cap: Most that is stored unpaid.
    """

    def __init__(self, store: UnpaidUploads, cap: UploadCap) -> None:
        self._store = store
        self._cap_bytes = cap.unpaid_uploads_mb * 1_000_000
        self._arriving_bytes = 0

    @contextlib.asynccontextmanager
    async def hold(self, size_bytes: int) -> AsyncIterator[None]:
        """Keep room for a recording until its row says that it is there.

        Raises:
            Unavailable: There is none.
        """
        self._arriving_bytes += size_bytes
        try:
            if self._cap_bytes:
                await self._check()
            yield
        finally:
            self._arriving_bytes -= size_bytes

    async def _check(self) -> None:
        stored_bytes = await self._store.unpaid_upload_ms() * SAMPLE_RATE * SAMPLE_BYTES // 1000
        if stored_bytes + self._arriving_bytes > self._cap_bytes:
            raise Unavailable(
                "Too many recordings wait for their payment. Try again soon, or send text.",
                retry_after_s=FULL_RETRY_S,
            )
