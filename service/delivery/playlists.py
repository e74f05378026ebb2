"""Playlists of HTTP Live Streaming (RFC 8216) over the MP4 as it is stored: nothing is cut or encoded for them.

A segment of a playlist is a stretch of the MP4, of one or more stored segments, each of which begins with a key frame.
What was told of a growing video stays as it is: players keep what they have read.
"""

from collections.abc import Iterator, Sequence

from service.delivery.delivery import Delivery
from service.errors import VideoInterrupted, VideoNotStarted
from service.jobs.port import Videos
from service.orders.order import Order
from service.orders.video import FPS, Video, VideoState
from service.rendering.container import SEGMENT_FRAMES, Piece, indexed

TARGET_S = 2
"""Longest segment: each is a request, and too many of them are refused."""

_FULL_FRAMES = TARGET_S * FPS - SEGMENT_FRAMES + 1
"""With so many another stored segment might be too much."""


class Playlists:
    """Writes the playlists of videos, whole or still being rendered."""

    def __init__(self, videos: Videos, delivery: Delivery) -> None:
        self._videos = videos
        self._delivery = delivery

    async def of(self, order: Order, video: str) -> str:
        """Return the playlist of an order's video.

        Args:
            order: Whose video.
            video: The address of the MP4, as it is to stand in the playlist.

        Raises:
            ServiceError: There is no video, as `Delivery.video` says.
            VideoInterrupted: It was given up.
        """
        found = await self._delivery.video(order)
        if found.state is VideoState.FAILED:
            raise VideoInterrupted
        whole = found.state is VideoState.READY
        pieces = await self._whole(found) if whole else await self._growing(found)
        if not pieces:
            raise VideoNotStarted
        return playlist(pieces, start_bytes=len(found.init or b""), whole=whole, video=video)

    async def _growing(self, video: Video) -> list[Piece]:
        """Return what may be played of a growing video."""
        parts = await self._videos.segments(video.id, after=0)
        return [
            Piece(part.frames, part.offset, part.size)
            for part in parts
            if part.offset + part.size <= video.playable_size
        ]

    async def _whole(self, video: Video) -> list[Piece]:
        """Return all of a whole video: by its rows, or by its index once it is one object."""
        parts = await self._videos.segments(video.id, after=0)
        if parts and parts[-1].offset + parts[-1].size == video.size:
            return [Piece(part.frames, part.offset, part.size) for part in parts]
        if pieces := indexed(await self._delivery.whole_start(video)):
            return pieces
        start = len(video.init or b"")  # older ones have no index: they are one long segment
        return [Piece(video.frames, start, video.size - start)]


def playlist(pieces: Sequence[Piece], *, start_bytes: int, whole: bool, video: str) -> str:
    """Write a playlist (RFC 8216, section 4.3).

    Args:
        pieces: What can be played, in its order; at least one.
        start_bytes: Of the MP4 before its first segment.
        whole: Whether that is all; else there will be more.
        video: The address of the MP4.
    """
    segments = list(_joined(pieces, whole=whole))
    longest_s = max(TARGET_S, *(-(-segment.frames // FPS) for segment in segments))
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{longest_s}",
        f"#EXT-X-PLAYLIST-TYPE:{'VOD' if whole else 'EVENT'}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-START:TIME-OFFSET=0,PRECISE=YES",  # else players begin near the end of what grows
        f'#EXT-X-MAP:URI="{video}",BYTERANGE="{start_bytes}@0"',
    ]
    for segment in segments:
        lines += [
            f"#EXTINF:{segment.frames / FPS:.2f},",
            f"#EXT-X-BYTERANGE:{segment.size}@{segment.offset}",
            video,
        ]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if whole else []), ""])


def _joined(pieces: Sequence[Piece], *, whole: bool) -> Iterator[Piece]:
    """Join neighbours, the first ones less, so that a player has something to begin with soon.

    Where one ends depends on nothing that comes after it, so more of the same video begins with the same segments.
    """
    joined: Piece | None = None
    enough = 1
    for piece in pieces:
        if joined is None:
            joined = piece
        else:
            joined = Piece(joined.frames + piece.frames, joined.offset, joined.size + piece.size)
        if joined.frames >= enough:
            yield joined
            joined, enough = None, min(enough + SEGMENT_FRAMES, _FULL_FRAMES)
    if joined is not None and whole:
        yield joined
