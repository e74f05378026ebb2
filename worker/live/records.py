"""The messages of a live session, msgpack in binary WebSocket frames: a map whose `type` tells which one it is."""

from typing import Annotated, Literal

import msgspec

SAMPLE_RATE = 48_000
"""Of the sound of every session, in hertz: what WebRTC and RTMP take as it is. A frame has 1,920 samples of it."""

LATEST_FRAME = 25 * 3600 * 24 * 366
"""Some year."""

Outcome = Literal["shown", "interrupted", "refused", "failed"]


class Open(msgspec.Struct, frozen=True, kw_only=True, tag="open", forbid_unknown_fields=True):
    """Begins a session; must be the first message.

    Attributes:
        session: names it in logs.
        language, voice: of texts; what is left open is settled for each text.
        sample_rate: of the audio that comes, s16le mono.
        live: whether pictures go on while nothing is said. Else a pull waits for speech.
        pictures: whether there are any; else the film has sound alone.
        first_frame: where another worker has left off; all is counted and goes on from there.
    """

    session: str
    avatar: str
    emotion: str
    language: str | None = None
    voice: str | None = None
    sample_rate: int = 16_000
    live: bool = True
    pictures: bool = True
    first_frame: Annotated[int, msgspec.Meta(ge=0, le=LATEST_FRAME)] = 0


class Say(msgspec.Struct, frozen=True, kw_only=True, tag="say", forbid_unknown_fields=True):
    """A piece of text; pieces of one utterance have one id and follow each other until its `Done`."""

    id: str
    text: str


class Audio(msgspec.Struct, frozen=True, kw_only=True, tag="audio", forbid_unknown_fields=True):
    """A piece of speech, s16le mono; as with text."""

    id: str
    pcm: bytes


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done", forbid_unknown_fields=True):
    """The utterance is whole."""

    id: str


class Clear(msgspec.Struct, frozen=True, kw_only=True, tag="clear", forbid_unknown_fields=True):
    """Whatever is not yet shown of what was said so far shall not be; answered by `Cleared`."""


class Pull(msgspec.Struct, frozen=True, kw_only=True, tag="pull", forbid_unknown_fields=True):
    """Asks for so many segments more; nothing is made before it is asked for."""

    segments: int = 1


class Finish(msgspec.Struct, frozen=True, kw_only=True, tag="finish", forbid_unknown_fields=True):
    """Nothing more will be said: what was said is shown, then comes `End`."""


class Init(msgspec.Struct, frozen=True, kw_only=True, tag="init"):
    """The header of the MP4, `ftyp` and `moov`; width and height are 0 without pictures."""

    data: bytes
    sample_rate: int
    width: int
    height: int
    fps: int


class Spoken(msgspec.Struct, frozen=True, kw_only=True, tag="spoken"):
    """All of an utterance was spoken, though not yet shown: how long it is, at `SAMPLE_RATE`."""

    id: str
    samples: int
    language: str | None = None
    voice: str | None = None


class Segment(msgspec.Struct, frozen=True, kw_only=True, tag="segment"):
    """A few frames with their sound, as a whole movie fragment.

    Attributes:
        first_frame: counted from the start of the session, which is the clock of picture and sound.
        key: whether it begins with a key frame.
        utterance: which one it shows; None at rest.
    """

    first_frame: int
    frames: int
    first_sample: int
    key: bool
    utterance: str | None
    data: bytes


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """Nothing more of an utterance follows; comes once for each, whatever becomes of it, after its last segment.

    Attributes:
        samples: that were shown of it, at `SAMPLE_RATE`.
        detail: why it was refused or failed.
    """

    id: str
    outcome: Outcome
    samples: int
    detail: str | None = None


class Cleared(msgspec.Struct, frozen=True, kw_only=True, tag="cleared"):
    """Answers `Clear`: from this frame on nothing is begun that was said before."""

    first_frame: int


class Problem(msgspec.Struct, frozen=True, kw_only=True, tag="problem"):
    """Why the session ends here; the close follows. Statuses are those of HTTP."""

    status: int
    detail: str


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """All was shown; counts are of the whole session."""

    frames: int
    samples: int
    engine: dict[str, str]


Message = Open | Say | Audio | Done | Clear | Pull | Finish
Event = Init | Spoken | Segment | Finished | Cleared | Problem | End

_encoder = msgspec.msgpack.Encoder()
_messages = msgspec.msgpack.Decoder(Message)
_events = msgspec.msgpack.Decoder(Event)


def encode(record: Message | Event) -> bytes:
    """Return what goes into a frame."""
    return _encoder.encode(record)


def decode_message(data: bytes) -> Message:
    """Read what a client sent.

    Raises:
        msgspec.DecodeError: it is none of the messages.
    """
    try:
        message: Message = _messages.decode(data)
    except (UnicodeDecodeError, RecursionError) as exc:  # neither is a DecodeError of msgspec's
        raise msgspec.DecodeError(str(exc)) from exc
    return message


def decode_event(data: bytes) -> Event:
    """Read what a worker sent.

    Raises:
        msgspec.DecodeError: it is none of the events.
    """
    event: Event = _events.decode(data)
    return event
