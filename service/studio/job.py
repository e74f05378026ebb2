"""Work of the studio for an account, which takes longer than a request: what it is, and how far. Pure.

    pending → processing → completed | failed

A job that is processing belongs to one replica for as long as its lease. What was begun and lost is begun anew from
its request, so that a job ends once, whoever dies.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import msgspec

MOST_TRIES = 3
"""Attempts that may fail, not counting workers that are busy or away."""

REST = timedelta(seconds=5)
"""Before a job that found no worker, or whose attempt failed, is taken up again."""

LONGEST_QUEUE = timedelta(hours=2)
"""How long no worker may have room before a job is given up."""


UNAVAILABLE = "unavailable"
"""The stage of a job that failed since nobody here does such work."""


class Kind(Enum):
    """What is made."""

    PORTRAIT = "portrait"  # a picture of somebody who does not exist, of a prompt
    AVATAR = "avatar"  # who can speak, of a picture or a film
    VOICE = "voice"  # one of ours that is turned to be like somebody's


class State(Enum):
    """How far a job is."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def final(self) -> bool:
        """Whether it will never be otherwise."""
        return self in (State.COMPLETED, State.FAILED)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job, as its row says.

    Attributes:
        id: Its number, which wakes those who wait for it.
        public_id: What it is called on the outside, and by its reservation: 24 hexadecimal digits.
        account_id: Who pays.
        request: What is asked for, as JSON says it.
        held_ms: Video time that is set aside, and used once it is completed; 0 costs nothing.
        stage: What is done now, in a word.
        progress: Per cent.
        attempt: How often it was taken up.
        tries: How many of these failed.
        result: What was made, as JSON says it; None until it is completed.
        failure: Why it failed, or why the last attempt did.
    """

    id: int
    public_id: str
    account_id: int
    kind: Kind
    request: dict[str, Any]
    held_ms: int
    state: State
    stage: str
    progress: int
    attempt: int
    tries: int
    owner: str | None
    result: dict[str, Any] | None
    failure: str | None
    created_at: datetime
    updated_at: datetime


class NewJob(msgspec.Struct, frozen=True, kw_only=True):
    """A job on its way to the row.

    Attributes:
        key: What its client calls it, so that it is one job however often it is asked for; None: each time another.
        most: Jobs of its kind that the account may have which have not failed; None: any number.
    """

    public_id: str
    account_id: int
    kind: Kind
    request: dict[str, Any]
    held_ms: int
    key: str | None
    created_at: datetime
    most: int | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a failed attempt makes of its job: FAILED, or PENDING until it is taken up again."""

    state: State
    stage: str
    tries: int
    until: datetime
    failure: str


def judge(
    job: Job,
    failure: str,
    now: datetime,
    *,
    refused: bool = False,
    waited: bool = False,
    unavailable: bool = False,
) -> Outcome:
    """Decide what becomes of a job whose attempt ended without a result.

    Args:
        job: As it was taken up.
        failure: Why, for who asked for it.
        now: The time.
        refused: No attempt can succeed.
        waited: No worker had room: nothing was tried.
        unavailable: Nobody here does such work.
    """
    tries = job.tries + (not waited)
    late = waited and now - job.created_at >= LONGEST_QUEUE
    given_up = refused or unavailable or tries >= MOST_TRIES or late
    stage = "failed" if given_up else "waiting"
    return Outcome(
        state=State.FAILED if given_up else State.PENDING,
        stage=UNAVAILABLE if unavailable else stage,
        tries=tries,
        until=now + REST,
        failure=failure,
    )
