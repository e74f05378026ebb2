"""Who keeps what is known of videos, and their bytes."""

from collections.abc import AsyncIterator, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from service.jobs.attempts import Failure, Verdict
from service.orders.choice import Choice
from service.orders.video import Video
from service.rendering.port import Init

UPLOADS = "uploads/"
"""How the names of recordings begin."""

MEDIA = "media/"
"""How the names of what stands in libraries begin."""


class Objects(Protocol):
    """Keeps bytes under names: uploaded speech, and videos whole or in pieces."""

    async def put(self, name: str, data: bytes | Iterator[bytes] | AsyncIterator[bytes]) -> None:
        """Store an object; nobody sees a part of it."""
        ...

    def read(self, name: str, start: int, end: int | None) -> AsyncIterator[bytes]:
        """Stream from `start` to before `end`, or to the last byte; FileNotFoundError where there is no object."""
        ...

    async def size(self, name: str) -> int:
        """Tell how many bytes an object has; FileNotFoundError where there is none."""
        ...

    async def delete(self, name: str) -> None:
        """Forget an object, or all below a folder, whose name ends with `/`; of no effect where there is none."""
        ...

    async def link(self, name: str, lasts: timedelta) -> str | None:
        """Return a URL at which anybody gets an object for so long; None where the store answers nobody but us."""
        ...

    def list(self, folder: str) -> AsyncIterator[list[str]]:
        """List the names of all objects below a folder, some hundreds at a time."""
        ...


class SpeechPart(msgspec.Struct, frozen=True, kw_only=True):
    """Stored speech."""

    samples: int
    sample_rate: int
    spoken: int
    object: str


class SegmentPart(msgspec.Struct, frozen=True, kw_only=True):
    """A stored segment: `size` bytes of the MP4 from `offset`."""

    first_frame: int
    frames: int
    offset: int
    size: int
    object: str


class Playable(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what is stored may be handed out: never all of it before the end is stored."""

    frames: int
    size: int


class Videos(Protocol):
    """Keeps what is known of videos.

    Every change by a render names its attempt and is refused with `LeaseLost` once another has taken over: two
    renders of one order can never mix.
    """

    async def get(self, order_id: int) -> Video | None:
        """Find the video of an order."""
        ...

    async def claim(
        self,
        order_id: int,
        choice: Choice,
        *,
        owner: str,
        now: datetime,
        until: datetime,
        again: bool = False,
        rivals: Collection[str] | None = None,
    ) -> Video | None:
        """Begin the next attempt, unless the video is whole, leased or nobody pays for it; a bound refund pays nothing.

        Must be atomic: of requests at the same time, on whatever replica, one gets the video, the others None.
        While no segment is stored the choice becomes this attempt's, and its speech is forgotten. While orders that
        were paid for earlier wait for a worker with room, this one waits behind them; money that is only held waits
        behind all that was paid.

        Args:
            order_id: Whose video.
            choice: What to show.
            owner: The replica that renders.
            now: The time.
            until: When others may take over.
            again: No buyer asks: it is taken up by itself, which is not done once it was given up.
            rivals: The avatars whose renders may wait for the same workers; None for all.
        """
        ...

    async def renew(self, video: Video, *, until: datetime) -> None:
        """Renew the lease."""
        ...

    async def add_init(self, video: Video, init: Init) -> None:
        """Keep the start of the MP4 and what the worker chose."""
        ...

    async def add_speech(
        self, video: Video, part: SpeechPart, *, playable: Playable, until: datetime
    ) -> None:
        """Keep speech, say what can be played now, and renew the lease."""
        ...

    async def add_segment(
        self, video: Video, part: SegmentPart, *, playable: Playable, until: datetime
    ) -> None:
        """Keep the next segment, say what can be played now, and renew the lease."""
        ...

    async def finish(self, video: Video, engine: dict[str, Any], now: datetime) -> None:
        """Call the video whole: all of it can be played."""
        ...

    async def interrupt(self, video: Video, failure: Failure, now: datetime) -> Verdict | None:
        """End the attempt, as `service.jobs.attempts` judges it; None and no effect once another has taken over."""
        ...

    async def lose(self, video: Video, now: datetime) -> bool:
        """Begin anew with a video of which something that was stored is gone; whether this did it.

        Who renders it or makes one object of it has lost it. Whoever is first goes on. Of no effect where its pieces
        are one object now: then that is where they are.
        """
        ...

    async def deliver(self, video: Video, now: datetime) -> bool:
        """Note that the last bytes of a video that was whole are about to be handed out; whether they may be.

        Must be atomic: what was lost since, and given up before anybody had all of it, is paid back, and so is not
        handed out any more.
        """
        ...

    async def release(self, owner: str, now: datetime) -> list[int]:
        """Give back the leases of a replica that stops or has stopped: whoever comes first goes on. Whose they were."""
        ...

    async def stalled(self, now: datetime, *, limit: int) -> list[Video]:
        """Return the videos that are to be taken up by themselves, in the order in which they were paid for."""
        ...

    async def speech(self, job_id: int) -> list[SpeechPart]:
        """Return the stored speech in its order."""
        ...

    async def segments(self, job_id: int, *, after: int) -> list[SegmentPart]:
        """Return the stored segments that have bytes from this offset on, in their order."""
        ...

    async def claim_pieces(self, *, owner: str, now: datetime, until: datetime) -> Video | None:
        """Lease a whole video that is still in pieces, of which nobody is making one object."""
        ...

    async def join(self, job_id: int, name: str) -> None:
        """Point to the one object that has the whole MP4, and forget the pieces, both or neither.

        Raises:
            LeaseLost: Another did it.
        """
        ...
