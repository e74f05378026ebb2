"""What goes over `/ws/continuous` as JSON: an object with a `type` and its `data`."""

from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from service.errors import InvalidRequest

LONGEST_TYPE = 60

T = TypeVar("T")


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


def told(kind: str, **data: Any) -> str:
    """Write a message to a client."""
    return msgspec.json.encode({"type": kind, "data": data}).decode()


def _read(data: msgspec.Raw, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidRequest(f"The data of a message does not fit: {error}.") from error
