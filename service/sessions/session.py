"""What a live session is. Pure.

It belongs to an account, and to the service that holds its lease. Its video time is one reservation, which grows by a
slice whenever half of one is left, and is settled as it is shown; whoever ends the session releases the rest.
"""

from datetime import datetime
from enum import Enum

import msgspec

from service.orders.choice import Choice


class Ending(Enum):
    """Why a session is over, by what it means to its client."""

    DONE = "done"  # all that was said is shown
    LEFT = "left"  # the client has gone, or takes nothing
    IDLE = "idle"  # nothing was said for long
    SPENT = "spent"  # the account has no more video time
    STOPPED = "stopped"  # somebody with a key of the account ended it
    REPLACED = "replaced"  # the account began another of the same name
    REVOKED = "revoked"  # the key by which it was begun is good for nothing any more
    ALONE = "alone"  # nobody was there to see it for long
    EXPIRED = "expired"  # the token by which it is in a room
    PLACE_LOST = "place_lost"  # the room or server takes no more
    LOST = "lost"  # its lease ran out, so that nothing is set aside for it
    RESTARTING = "restarting"  # this service is about to stop


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """How a session is to be."""

    choice: Choice  # avatar and emotion are named
    audio: bool = False  # recordings are to come, and no texts
    pictures: bool = True  # else it is heard alone
    output: str = "file"  # where it goes: for the record
    stream: str | None = (
        None  # what the client calls it: a second one of an account takes the place of the first
    )


class NewSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session on its way into the database."""

    id: str
    account_id: int
    key_id: int | None = None  # by which it was begun; it ends with the key
    owner: str  # the replica that holds its lease
    output: str
    stream: str | None
    until: datetime
    created_at: datetime


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner may go on with."""

    allowed_ms: int  # of video, since the session began
    more: bool  # False: the account has no more than that
    stop: Ending | None = None  # somebody wants it to end


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A session that nobody held any more."""

    id: str
    account_id: int
    shown_ms: int  # at the last count
