"""Bounds what is stored of recordings that nobody has paid for: whoever asks for quotes fills no disk."""

from datetime import datetime

from service.errors import Unavailable
from service.quotes.port import UnpaidUploads
from service.quotes.room import Arrival, Room
from service.runtime.clients import LARGEST_SHARE
from service.runtime.section import NotNegativeInt, Section
from service.runtime.shares import Shares
from service.speech.wav import SAMPLE_BYTES, SAMPLE_RATE

MB = 1_000_000

FULL_RETRY_S = 60
"""When some of the recordings may be paid, or deleted."""


class UploadCap(Section, frozen=True, kw_only=True):
    """How much may be stored unpaid."""

    unpaid_uploads_mb: NotNegativeInt = 5000
    """Megabytes of recordings that may be stored unpaid; 0 is no limit."""

    incoming_uploads_mb: NotNegativeInt = 1000
    """Megabytes of recordings that may be on their way at once, by what their requests say of their size; 0 is no
    limit."""

    incoming_uploads_mb_per_client: NotNegativeInt = 50
    """The same of one client, and of its networks as with `quotes_per_minute_per_client`; never less than the longest
    video takes."""

    def incoming(self, largest_bytes: int) -> Shares:
        """Make what bounds those on their way.

        Args:
            largest_bytes: How large one may be: there is always room for one.
        """
        own, total = self.incoming_uploads_mb_per_client * MB, self.incoming_uploads_mb * MB
        return Shares(
            per_client=own and max(own, largest_bytes),
            total=total and max(total, LARGEST_SHARE * largest_bytes),
            what="uploads",
        )


class UploadRoom:
    """Room for recordings.

    Args:
        cap: Most that is stored unpaid.
    """

    def __init__(self, store: UnpaidUploads, cap: UploadCap) -> None:
        self._store = store
        self._room = Room(self._stored_bytes, cap.unpaid_uploads_mb * MB)

    async def reserve(self, size_bytes: int, now: datetime) -> Arrival:
        """Take room for a recording until its row says that it is there.

        Raises:
            Unavailable: There is none.
        """
        arrival = await self._room.reserve(size_bytes, now)
        if arrival is None:
            raise Unavailable(
                "Too many recordings wait for their payment. Try again soon, or send text.",
                retry_after_s=FULL_RETRY_S,
            )
        return arrival

    async def _stored_bytes(self, _now: datetime) -> int:
        return await self._store.unpaid_upload_ms() * SAMPLE_RATE * SAMPLE_BYTES // 1000
