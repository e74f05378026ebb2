"""How far the video of an order is. Pure: no clock, no I/O."""

from datetime import datetime
from enum import Enum

import msgspec

from service.errors import ChoiceFixed
from service.orders.choice import Choice

FPS = 25
"""Frames a second of every video."""


class VideoState(Enum):
    """How far the video is. It never changes the payment's status."""

    NONE = "none"  # nobody has asked for it
    RENDERING = "rendering"  # a worker is at it
    INTERRUPTED = (
        "interrupted"  # an attempt failed, or waits for room: it goes on by itself, or when asked again
    )
    FAILED = "failed"  # given up: its buyer may have the money back, or ask again
    READY = "ready"  # whole
    DELETED = "deleted"  # it was whole, and was kept for as long as the operator keeps videos


class Video(msgspec.Struct, frozen=True, kw_only=True):
    """The video of an order, as far as it is stored."""

    id: int  # of the job that makes it, by which its objects are named
    order_id: int
    state: VideoState
    attempt: int  # grows with each claim
    edition: int  # grows when all that was stored is lost: bytes of two editions never mix
    tries: int  # attempts in a row that failed and stored nothing; see `service.jobs.attempts`
    tried_at: datetime | None  # when the last of them was counted
    queued_at: datetime | None  # since when it waits for a worker that has room
    lease_until: datetime  # when another may take it over; of an interrupted one, when it goes on by itself
    failure: str | None  # why the last attempt ended early
    refused: bool  # it can never succeed as it was asked for
    base_frames: int  # stored before this attempt
    choice: Choice
    init: bytes | None
    segments: int
    frames: int
    size: int
    playable_frames: int  # of those stored, what may be handed out: not what may be the last segment,
    playable_size: int  # until the end is there
    object: str | None  # the whole MP4
    finished_at: datetime | None  # when it became whole, be it that it was lost since
    delivered_at: datetime | None  # when its last bytes were first handed out

    @property
    def seconds(self) -> float:
        """Length of what can be played."""
        return self.playable_frames / FPS

    @property
    def fixed(self) -> bool:
        """Whether its choice is: some of it is stored, or was."""
        return self.segments > 0 or self.finished_at is not None

    def state_at(self, now: datetime) -> VideoState:
        """Tell the state; a render whose lease ran out is interrupted, whatever its row says."""
        return VideoState.INTERRUPTED if self.abandoned_at(now) else self.state

    def abandoned_at(self, now: datetime) -> bool:
        """Whether who rendered it has died or was stopped: not the order's fault, so whoever needs it goes on."""
        return self.state is VideoState.RENDERING and now >= self.lease_until

    def shows_at(self, now: datetime) -> bool:
        """Whether its last attempt shows that it can: it made a segment and goes on, or made the video whole."""
        if self.state_at(now) is VideoState.RENDERING:
            return self.frames > self.base_frames
        return self.state is VideoState.READY

    def admits(self, choice: Choice, now: datetime) -> None:
        """Allow a request for the same video; while nothing is stored nor being rendered, for any.

        Raises:
            ChoiceFixed: It asks for another.
        """
        if not self.fixed and self.state_at(now) is not VideoState.RENDERING:
            return
        if contradiction := self.choice.contradiction(choice):
            name, ours, value = contradiction
            raise ChoiceFixed(
                f"This video is made with {name} '{ours}' already, not '{value}'."
                f" Ask for it with the same choice, or ask for a new quote."
            )
