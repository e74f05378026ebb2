"""What stands in a library: pictures, films, speech and videos, each under a link that nobody guesses. Pure."""

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import msgspec


class Kind(Enum):
    """What a medium is for."""

    PICTURE = "picture"  # of a face, or behind one
    SPEECH = "speech"  # somebody says something
    FILM = "film"  # that somebody else made
    VIDEO = "video"  # that was made here


UPLOADED = (Kind.PICTURE, Kind.SPEECH, Kind.FILM)
"""What may come from outside."""


class Format(msgspec.Struct, frozen=True):
    """What bytes are, by themselves and not by what somebody says of them."""

    kind: Kind
    mime: str
    extension: str


PNG = Format(Kind.PICTURE, "image/png", "png")
JPEG = Format(Kind.PICTURE, "image/jpeg", "jpg")
WEBP = Format(Kind.PICTURE, "image/webp", "webp")
WAV = Format(Kind.SPEECH, "audio/wav", "wav")
MP3 = Format(Kind.SPEECH, "audio/mpeg", "mp3")
OGG = Format(Kind.SPEECH, "audio/ogg", "ogg")
M4A = Format(Kind.SPEECH, "audio/mp4", "m4a")
WEBM_SPEECH = Format(Kind.SPEECH, "audio/webm", "webm")
MP4 = Format(Kind.FILM, "video/mp4", "mp4")
MOV = Format(Kind.FILM, "video/quicktime", "mov")
WEBM = Format(Kind.FILM, "video/webm", "webm")
VIDEO = Format(Kind.VIDEO, "video/mp4", "mp4")

FORMATS = (PNG, JPEG, WEBP, WAV, MP3, OGG, M4A, WEBM_SPEECH, MP4, MOV, WEBM, VIDEO)

EXTENSIONS: Mapping[str, str] = {each.mime: each.extension for each in FORMATS}

NAMES: Mapping[Kind, str] = {
    Kind.PICTURE: "a picture (PNG, JPEG, WebP)",
    Kind.SPEECH: "speech (WAV, MP3, Ogg, M4A, WebM)",
    Kind.FILM: "a film (MP4, MOV, WebM)",
}
"""What each kind may be, for people."""


class Paid(msgspec.Struct, frozen=True, kw_only=True):
    """What a medium that was made here costs: so much of what was set aside under a reference."""

    ref: str
    used_ms: int


class NewMedium(msgspec.Struct, frozen=True, kw_only=True):
    """A medium on its way to its row; its bytes are stored.

    Attributes:
        token: What its link names it by: 128 random bits, since whoever has the link has the medium.
        digest: SHA-256 of its bytes.
        object: What its bytes are stored as; never the token, which logs would tell.
        recipe: What it was drawn or spoken from, where it was made here.
        expires_at: None: it is kept for ever.
    """

    token: str
    account_id: int
    kind: Kind
    mime: str
    size: int
    digest: bytes
    object: str
    name: str | None
    recipe: dict[str, Any] | None
    created_at: datetime
    expires_at: datetime | None


class Medium(msgspec.Struct, frozen=True, kw_only=True):
    """A medium of an account's library, as `NewMedium` says.

    Attributes:
        id: Which one it is, in the order in which they came.
        object: None: its bytes are deleted.
    """

    id: int
    token: str
    account_id: int
    kind: Kind
    mime: str
    size: int
    digest: bytes
    object: str | None
    name: str | None
    recipe: dict[str, Any] | None
    created_at: datetime
    expires_at: datetime | None

    @property
    def file_name(self) -> str:
        """What its link ends with: clients go by the extension."""
        return f"{self.token}.{EXTENSIONS[self.mime]}"

    def over(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.object is None or (self.expires_at is not None and self.expires_at <= now)
