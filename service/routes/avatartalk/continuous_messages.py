"""What goes over `/ws/continuous` as JSON: an object with a `type` and its `data`."""

from typing import Annotated, Literal, TypedDict, TypeVar

import msgspec
from msgspec import Meta

from service.errors import InvalidRequest
from service.routes.http.shapes import AvatarName

LONGEST_TYPE = 60

State = Literal["silence", "dynamic_speech"]
"""Two of the states that clients know. The others are of clips that are made in advance, of which there are none."""

SILENCE: State = "silence"
SPEECH: State = "dynamic_speech"

T = TypeVar("T")


class ContinuousQuery(msgspec.Struct, frozen=True, kw_only=True):
    """How the session is to be, where `session_start` does not say so. What else may be in it is passed over."""

    avatar: AvatarName = ""
    expression: Annotated[str, Meta(description="How it looks; `neutral` where nobody says so.")] = ""
    language: Annotated[str, Meta(description="Of all texts; else each is taken for what it is.")] = ""


class SessionStart(msgspec.Struct, frozen=True, kw_only=True):
    """How the session is to be; what is missing is as the URL says. What else may be in it is passed over."""

    avatar_name: Annotated[str | None, Meta(description="Who speaks; GET /avatars lists them.")] = None
    expression: Annotated[str | None, Meta(description="How it looks, for all of the session.")] = None
    language: Annotated[str | None, Meta(description="Of all texts; else each is taken for what it is.")] = (
        None
    )
    target_buffer_ms: Annotated[
        float, Meta(description="How much is sent before it is due, within reason.")
    ] = 500


class SpokenText(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence or more; the expression and the mode that may come with it are passed over."""

    text: str = ""


class PassedOver(msgspec.Struct, frozen=True, kw_only=True):
    """Data that says nothing to us."""


ASKED: dict[str, type[msgspec.Struct]] = {
    "session_start": SessionStart,
    "text_input": SpokenText,
    "text_append": SpokenText,
    "text_stream_done": PassedOver,
    "turn_start": PassedOver,
    "buffer_status": PassedOver,
    "ping": PassedOver,
    "session_end": PassedOver,
}
"""What clients may ask for, by `type`, with its data."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Any message of a client's."""

    type: str
    data: msgspec.Raw = msgspec.Raw(b"{}")

    def start(self) -> SessionStart:
        """Read how a session is to be; raises InvalidRequest."""
        return _read(self.data, SessionStart)

    def text(self) -> str:
        """Read what is to be said; raises InvalidRequest."""
        return _read(self.data, SpokenText).text.strip()


_decoder = msgspec.json.Decoder(Asked)


def read(frame: str | bytes) -> Asked:
    """Read a message.

    Raises:
        InvalidRequest: It is none.
    """
    try:
        return _decoder.decode(frame)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidRequest('A message is JSON: {"type": ..., "data": {...}}.') from error


class Nothing(TypedDict):
    """No data."""


class SessionId(TypedDict):
    """Which session it is."""

    session_id: str


class Moment(TypedDict):
    """When it was, in seconds since 1970."""

    timestamp: float


class Said(TypedDict):
    """Why."""

    message: str


Change = TypedDict("Change", {"from": State, "to": State})
Change.__doc__ = "From which state to which."


class Told(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """A message to a client."""


class SessionReady(Told, frozen=True, kw_only=True, tag="session_ready"):
    """The film begins, in binary messages."""

    data: SessionId


class StateChange(Told, frozen=True, kw_only=True, tag="state_change"):
    """What is sent begins to speak, or has spoken."""

    data: Change


class ReadyToListen(Told, frozen=True, kw_only=True, tag="ready_to_listen"):
    """Nothing waits to be said."""

    data: Moment


class TextQueued(Told, frozen=True, kw_only=True, tag="text_queued"):
    """Answers `text_input`."""

    data: Nothing = {}


class TextAppended(Told, frozen=True, kw_only=True, tag="text_appended"):
    """Answers `text_append`."""

    data: Nothing = {}


class TextStreamCompleted(Told, frozen=True, kw_only=True, tag="text_stream_completed"):
    """Answers `text_stream_done`."""

    data: Nothing = {}


class TurnQueued(Told, frozen=True, kw_only=True, tag="turn_queued"):
    """Answers `turn_start`."""

    data: Nothing = {}


class Pong(Told, frozen=True, kw_only=True, tag="pong"):
    """Answers `ping`."""

    data: Nothing = {}


class Error(Told, frozen=True, kw_only=True, tag="error"):
    """What could not be said or read, and the session goes on; or why it closes."""

    data: Said


class BillingError(Told, frozen=True, kw_only=True, tag="billing_error"):
    """Comes before the close with 1008 "Insufficient credits"."""

    data: Said


def written(message: Told) -> str:
    """Write a message to a client."""
    return msgspec.json.encode(message).decode()


def _read(data: msgspec.Raw, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidRequest(f"The data of a message does not fit: {error}.") from error
