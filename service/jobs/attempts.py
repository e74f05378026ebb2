"""What becomes of a render whose attempt has failed: it rests and goes on, waits for room, or is given up. Pure.

Only who is given up can have the money back, so nothing is given up for a reason that is ours alone or passes: a
restart and a lease that ran out are no failed attempts, and a worker without room is one that has not been asked yet.
"""

from datetime import datetime, timedelta

import msgspec

from service.orders.video import Video, VideoState

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=2), timedelta(minutes=15)
"""Before a render that failed is taken up by itself."""

MOST_TRIES = 40
"""Attempts that may fail in a row without storing a frame; with their pauses they take about a night."""

LONGEST_QUEUE = timedelta(hours=24)
"""How long every worker may be busy, each time that it is asked, before an order is given up."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why an attempt ended.

    Attributes:
        reason: For the buyer.
        refused: No attempt can ever succeed.
        busy: No worker had room.
        rest: How long to leave the workers alone at least.
    """

    reason: str
    refused: bool = False
    busy: bool = False
    rest: timedelta = timedelta(0)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a failed attempt makes of its video.

    Attributes:
        state: INTERRUPTED or FAILED.
        until: When an interrupted one is taken up by itself.
    """

    state: VideoState
    tries: int
    tried_at: datetime | None
    queued_at: datetime | None
    until: datetime


def pause(tries: int) -> timedelta:
    """How long a render rests that failed so often in a row before this time."""
    return min(FIRST_PAUSE * (1 << min(tries, 20)), LONGEST_PAUSE)


def judge(video: Video, failure: Failure, now: datetime) -> Verdict:
    """Decide. What was stored by this attempt counts as a new beginning.

    A try is counted once in each pause, whoever asks in between: so who asks often does not use them up, and does not
    put the next one off.
    """
    got_further = video.frames > video.base_frames
    tries, tried_at = (0, None) if got_further else (video.tries, video.tried_at)
    queued_at = None
    if failure.busy:
        queued_at = video.queued_at or now
        given_up = now - queued_at >= LONGEST_QUEUE
        until = now + max(failure.rest, FIRST_PAUSE)
    else:
        if tried_at is None or abs(now - tried_at) >= pause(tries - 1):  # or the clock was set back since
            tries, tried_at = tries + 1, now
        given_up = failure.refused or tries >= MOST_TRIES
        until = max(tried_at + pause(tries - 1), now + failure.rest)
    return Verdict(
        state=VideoState.FAILED if given_up else VideoState.INTERRUPTED,
        tries=tries,
        tried_at=tried_at,
        queued_at=None if given_up else queued_at,
        until=min(until, now + LONGEST_PAUSE),
    )
