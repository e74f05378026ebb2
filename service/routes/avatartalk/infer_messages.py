"""What goes over `/ws/infer` as JSON, and how its URL asks for a session. Durations and moments are in seconds.

`frames.py` reads what clients send, in whatever framing.
"""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from service.routes.http.shapes import AvatarName
from service.sessions.records import SAMPLE_RATE, Cleared, End, Finished, Init, Outcome, Spoken, Told

MIME = 'video/mp4; codecs="avc1.42E01F, mp4a.40.2"'
SOUND_MIME = 'audio/mp4; codecs="mp4a.40.2"'
"""What MediaSource is told."""

FILE, AUDIO, LIVEKIT, RTMP = "file", "audio", "livekit", "rtmp"

OUTPUTS = {FILE: FILE, "video": FILE, AUDIO: AUDIO, LIVEKIT: LIVEKIT, RTMP: RTMP}
"""By `output_type`; `video` is a name for `file` in the same document."""

INPUTS = ("text", "audio")

NEEDED = ("output_type", "input_type", "avatar")
"""Parameters that have to be there."""

LONGEST_STREAM_ID = 200

Number = Annotated[str, Meta(description="Which utterance of the session it is: they count from 1.")]
Picture = Annotated[int | UnsetType, Meta(description="Of the pictures, where there are any.")]
Reason = Annotated[str | UnsetType, Meta(description="Why, where there is a reason.")]


class InferQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How a session is to be. Parameters that are not known are passed over."""

    output_type: Annotated[
        str,
        Meta(
            description="Where it is shown: `file`, which `video` is a name for, comes back over the WebSocket, and"
            " `audio` is its sound alone.",
            extra_json_schema={"enum": list(OUTPUTS)},
        ),
    ] = ""
    input_type: Annotated[
        str, Meta(description="What the client sends.", extra_json_schema={"enum": list(INPUTS)})
    ] = ""
    avatar: AvatarName = ""
    emotion: Annotated[str, Meta(description="How it looks; `neutral` where nobody says so.")] = ""
    language: Annotated[str, Meta(description="Of all texts; else each is taken for what it is.")] = ""
    stream_id: Annotated[
        str,
        Meta(
            description="A name: a second connection of the account with it takes the place of the first.",
            extra_json_schema={"maxLength": LONGEST_STREAM_ID},
        ),
    ] = ""
    meeting_token: Annotated[str, Meta(description="Token by which it joins a LiveKit room.")] = ""
    livekit_url: Annotated[str, Meta(description="LiveKit server; else the one of this service.")] = ""
    rtmp_url: Annotated[str, Meta(description="Where the pictures go by RTMP.")] = ""


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="ready"):
    """The film begins, in binary messages."""

    mime: Annotated[str, Meta(description="What MediaSource takes.", examples=[MIME, SOUND_MIME])]
    width: Picture = UNSET
    height: Picture = UNSET
    fps: Picture = UNSET
    sample_rate: int


class SpokenWhole(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="spoken"):
    """All of an utterance was spoken, though not yet shown."""

    utterance: Number
    audio_duration: Annotated[float, Meta(description="How long it is.")]


class Over(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an utterance, once for each."""

    status: Outcome
    utterance: Number
    shown_duration: Annotated[float, Meta(description="How much of it was shown.")]
    message: Reason = UNSET


class Dropped(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="cleared"):
    """Answers a `clear`: nothing is begun any more that was said before it."""


class Whole(msgspec.Struct, frozen=True, kw_only=True, tag_field="status", tag="end"):
    """The film is whole; the close follows."""

    video_duration: float


Status = Ready | SpokenWhole | Over | Dropped | Whole
"""What a client is told whose film comes back to it."""


class Duration(msgspec.Struct, frozen=True, kw_only=True):
    """Once for each utterance that is shown elsewhere: how long it is, 0 where nothing of it is spoken."""

    audio_duration: float
    status: Annotated[
        Outcome | UnsetType,
        Meta(description="What became of it, where nothing of it is spoken."),
    ] = UNSET
    message: Reason = UNSET


def status_of(told: Told) -> Status | None:
    """Say what there is to tell; nothing of a segment."""
    match told:
        case Init():
            return _ready(told)
        case Spoken():
            return SpokenWhole(utterance=told.id, audio_duration=round(told.seconds, 3))
        case Finished():
            return Over(
                status=told.outcome,
                utterance=told.id,
                shown_duration=_seconds(told.samples),
                message=reason(told),
            )
        case Cleared():
            return Dropped()
        case End():
            return Whole(video_duration=_seconds(told.samples))
    return None


def _ready(told: Init) -> Ready:
    if not told.width:
        return Ready(mime=SOUND_MIME, sample_rate=told.sample_rate)
    return Ready(mime=MIME, width=told.width, height=told.height, fps=told.fps, sample_rate=told.sample_rate)


def reason(told: Finished) -> str | UnsetType:
    """Say why an utterance came to nothing."""
    return UNSET if told.detail is None else told.detail


def written(message: Status | Duration) -> str:
    """Write a message."""
    return msgspec.json.encode(message).decode()


def _seconds(samples: int) -> float:
    return round(samples / SAMPLE_RATE, 3)
