"""What is said in a live session and what comes of it: the messages of `WS /sessions` of a worker. Pure.

`docs/live.md` tells what each means. What a worker of a newer version says besides is passed over.
"""

from typing import Literal

import msgspec

FPS = 25
FRAME_MS = 1000 // FPS
SEGMENT_FRAMES = 4
"""The most that one segment has."""

SAMPLE_RATE = 48_000
"""Of the sound of every session, in hertz."""

FRAME_SAMPLES = SAMPLE_RATE // FPS

LEAD_FRAMES = 2
"""By which a mouth opens before its sound: they are an utterance's, and nothing of it is heard in them."""

Outcome = Literal["shown", "interrupted", "refused", "failed"]


class Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower):
    """A message or an event; its `type` is its name in lower case."""


class Open(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Begins a session; what is as always is left out, since a worker of an older version may not know it."""

    session: str
    avatar: str
    emotion: str
    language: str | None = None
    voice: str | None = None
    sample_rate: int = 16_000  # of plain samples that come, s16le mono
    live: bool = True  # whether pictures go on while nothing is said; else a pull waits for speech
    pictures: bool = True  # else the film has sound alone
    first_frame: int = 0  # that comes, where another worker has left off


class Say(Record, frozen=True, kw_only=True):
    """A piece of a text."""

    id: str
    text: str


class Audio(Record, frozen=True, kw_only=True):
    """A piece of a recording: plain samples, or a file that its first bytes tell."""

    id: str
    pcm: bytes


class Done(Record, frozen=True, kw_only=True):
    """The utterance is whole."""

    id: str


class Clear(Record, frozen=True, kw_only=True):
    """What was said and is not shown yet shall not be."""


class Pull(Record, frozen=True, kw_only=True):
    """Asks for so many segments more."""

    segments: int = 1


class Finish(Record, frozen=True, kw_only=True):
    """Nothing more will be said."""


class Init(Record, frozen=True, kw_only=True):
    """The header of an MP4; width and height are 0 without pictures."""

    data: bytes
    sample_rate: int = SAMPLE_RATE
    width: int = 512
    height: int = 512
    fps: int = FPS


class Segment(Record, frozen=True, kw_only=True):
    """A few frames with their sound, as a movie fragment."""

    first_frame: int  # since the session began, which is the clock of picture and sound
    frames: int
    first_sample: int
    key: bool  # it begins with a key frame
    utterance: str | None  # which one it shows; None at rest
    data: bytes


class Spoken(Record, frozen=True, kw_only=True):
    """All of an utterance was spoken, though not yet shown: how long it is."""

    id: str
    samples: int
    language: str | None = None
    voice: str | None = None

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.samples / SAMPLE_RATE


class Finished(Record, frozen=True, kw_only=True):
    """Nothing more of an utterance follows; once for each, after its last segment."""

    id: str
    outcome: Outcome
    samples: int  # that were shown of it
    detail: str | None = None  # why it was refused or failed


class Cleared(Record, frozen=True, kw_only=True):
    """From this frame on nothing is begun that was said before a `Clear`."""

    first_frame: int


class Problem(Record, frozen=True, kw_only=True):
    """Why a worker ends the session."""

    status: int
    detail: str


class End(Record, frozen=True, kw_only=True):
    """All was shown."""

    frames: int
    samples: int


Message = Open | Say | Audio | Done | Clear | Pull | Finish
Told = Init | Segment | Spoken | Finished | Cleared | End
"""What an output is told."""

Event = Told | Problem
