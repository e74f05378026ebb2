"""What clients of `/ws/infer` send, in every framing that they are known to use."""

from enum import Enum
from typing import Annotated

import msgspec
from msgspec import Meta

from service.errors import InvalidRequest

CLOSE = "!!!Close!!!"
"""What clients of the source API end with, as text or as bytes."""


class Sign(Enum):
    """What is no speech."""

    END = "end"  # nothing more will be said
    CLEAR = "clear"  # what was said and is not shown yet shall not be


class Message(msgspec.Struct, frozen=True):
    """A text, or a sign. What else may be in it is passed over."""

    text: Annotated[str | None, Meta(description="What is to be said, as an utterance of its own.")] = None
    type: Annotated[
        str | None,
        Meta(
            description="`end`: nothing more will be said. `clear`: what was said and is not shown yet shall not be."
            " Anything else is passed over.",
            examples=[sign.value for sign in Sign],
        ),
    ] = None


_decoder = msgspec.json.Decoder(Message)


def read_text(frame: str | bytes) -> str | Sign | None:
    """Read a frame where texts are to come: `{"text": ...}`, a sign, or plain words.

    Returns:
        What is to be said; None where that is nothing.

    Raises:
        InvalidRequest: It is no UTF-8.
    """
    try:
        words = frame.decode() if isinstance(frame, bytes) else frame
    except UnicodeDecodeError as error:
        raise InvalidRequest("A frame is no UTF-8 text.") from error
    if words.strip() == CLOSE:
        return Sign.END
    message = _message(words)
    if message is None:
        return words.strip() or None
    return (message.text or "").strip() or _sign(message)


def read_audio(frame: str | bytes) -> bytes | Sign | None:
    """Read a frame where recordings are to come: bytes, or a sign; other text says nothing."""
    if isinstance(frame, bytes):
        return Sign.END if frame == CLOSE.encode() else frame or None
    if frame.strip() == CLOSE:
        return Sign.END
    message = _message(frame)
    return None if message is None else _sign(message)


def _message(words: str) -> Message | None:
    """Read an object of JSON; None where it is none, and so plain words."""
    if not words.lstrip().startswith("{"):
        return None
    try:
        return _decoder.decode(words)
    except (msgspec.MsgspecError, RecursionError):
        return None


def _sign(message: Message) -> Sign | None:
    return next((sign for sign in Sign if sign.value == message.type), None)
