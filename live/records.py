"""What goes in and out of a live output's process: msgpack maps behind 4 bytes of length, told apart by their `type`.

What a worker says of its session is named as the worker names it, so whoever feeds a process may pass on what it got.
"""

from typing import Literal

import msgspec

LONGEST = 4 * 2**20
"""Bytes of a record; a segment has some ten thousand."""

LENGTH_BYTES = 4

SPEECH_RATE = 16_000
"""Of the speech that comes from a room, in hertz."""

Reason = Literal["left", "removed", "replaced", "alone", "expired", "failed"]
"""Why a process ends: it was told to; whoever has the room threw it out or closed it; somebody came with the same
token; nobody was there for long; a token's time is over; anything else."""


class Room(msgspec.Struct, frozen=True, kw_only=True, tag="room"):
    """First of all, for LiveKit.

    Attributes:
        url: of the server, `ws:` or `wss:`.
        addresses: of its host, to none but which it goes; none: to whatever its name leads to.
        token: by which the avatar joins.
        listener_token: by which its ears join, where an agent speaks by it.
        agent: identity of the agent; without one the avatar's token names it, or it is the first one that is there.
        alone_s: how long the room may be without anybody to see it, or without its agent.
    """

    url: str
    token: str
    addresses: tuple[str, ...] = ()
    listener_token: str | None = None
    agent: str | None = None
    alone_s: float = 300.0


class Push(msgspec.Struct, frozen=True, kw_only=True, tag="push"):
    """First of all, for RTMP.

    Attributes:
        url: `rtmp:` or `rtmps:`, with the stream key.
        addresses: as of a room.
        patience_s: how long the server may take nothing, before the process dies of SIGALRM.
    """

    url: str
    addresses: tuple[str, ...] = ()
    patience_s: float = 10.0


class IceServer(msgspec.Struct, frozen=True, kw_only=True):
    """A STUN or TURN server."""

    url: str
    username: str = ""
    credential: str = ""


class Peer(msgspec.Struct, frozen=True, kw_only=True, tag="peer"):
    """First of all, for one viewer by WebRTC.

    Attributes:
        sdp: the viewer's offer.
        ice: servers that help to find a way to them.
        reach_s: how long finding it may take.
        lost_s: how long nothing may come from the viewer, whose player reports on what arrives each second or so.
    """

    sdp: str
    ice: list[IceServer] = []
    reach_s: float = 20.0
    lost_s: float = 10.0


class Init(msgspec.Struct, frozen=True, kw_only=True, tag="init"):
    """The header of a session's MP4; one more begins another session, which goes on where the one before is."""

    data: bytes


class Segment(msgspec.Struct, frozen=True, kw_only=True, tag="segment"):
    """A few frames with their sound, as a whole movie fragment.

    Attributes:
        first_frame: counted from the start of the session.
        utterance: which one it shows; None at rest.
    """

    first_frame: int
    frames: int
    utterance: str | None
    data: bytes


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """Nothing more of an utterance follows.

    Attributes:
        outcome: `shown` if it was shown whole.
        samples: that were shown of it, at 48 kHz.
    """

    id: str
    outcome: str
    samples: int


class Cleared(msgspec.Struct, frozen=True, kw_only=True, tag="cleared"):
    """From this frame on nothing is begun that was said before a `Clear`."""

    first_frame: int


class Silence(msgspec.Struct, frozen=True, kw_only=True, tag="silence"):
    """Nothing is to be heard before something new is said; each is followed by one `Cleared`."""


class Record(msgspec.Struct, frozen=True, kw_only=True, tag="record"):
    """Write what is shown from now on to a file, until `Stop`, or for so long; then it is whole."""

    path: str
    longest_s: float


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """Record no more; answered by `Recorded` where something was recorded and that was not told."""


class Leave(msgspec.Struct, frozen=True, kw_only=True, tag="leave"):
    """Show what is there, and go."""


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """It is shown now; for RTMP that the server took the first of it."""


class Pull(msgspec.Struct, frozen=True, kw_only=True, tag="pull"):
    """Asks for so many segments more."""

    segments: int


class Audio(msgspec.Struct, frozen=True, kw_only=True, tag="audio"):
    """A piece of an utterance that was heard in the room, s16le mono at `SPEECH_RATE`."""

    id: str
    pcm: bytes


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """An utterance was heard whole."""

    id: str


class Clear(msgspec.Struct, frozen=True, kw_only=True, tag="clear"):
    """Nothing shall be shown any more of what was heard so far; answered by `Cleared`."""


class Shown(msgspec.Struct, frozen=True, kw_only=True, tag="shown"):
    """The last of an utterance was shown, or all of it that ever will be.

    Attributes:
        position_s: seconds of it that were shown.
        interrupted: whether that is not all.
    """

    id: str
    position_s: float
    interrupted: bool


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag="answer"):
    """What the viewer's offer is answered with: all candidates are in it."""

    sdp: str


class Began(msgspec.Struct, frozen=True, kw_only=True, tag="began"):
    """The first of an utterance is shown."""

    id: str


class Recorded(msgspec.Struct, frozen=True, kw_only=True, tag="recorded"):
    """A recording is whole; without frames there is no file."""

    frames: int


class Gone(msgspec.Struct, frozen=True, kw_only=True, tag="gone"):
    """Last of all."""

    reason: Reason
    detail: str = ""


Message = Room | Push | Peer | Init | Segment | Finished | Cleared | Silence | Record | Stop | Leave
Event = Ready | Pull | Audio | Done | Clear | Shown | Answer | Began | Recorded | Gone

_encoder = msgspec.msgpack.Encoder()
_messages = msgspec.msgpack.Decoder(Message)
_events = msgspec.msgpack.Decoder(Event)


def encode(record: Message | Event) -> bytes:
    """Return a record with its length before it."""
    data = _encoder.encode(record)
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def decode_message(data: bytes) -> Message:
    """Read what a process is told, without its length; raises `msgspec.DecodeError` if it is no message."""
    message: Message = _messages.decode(data)
    return message


def decode_event(data: bytes) -> Event:
    """Read what a process tells, without its length; raises `msgspec.DecodeError` if it is no event."""
    event: Event = _events.decode(data)
    return event
