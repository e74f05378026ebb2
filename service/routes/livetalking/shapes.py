"""What LiveTalking's API takes and answers: `{code, msg, data}`, `code` 0 where it went well, else -1 (and 200)."""

from typing import Annotated, Any

import msgspec
from litestar import Request
from msgspec import UNSET, Meta, UnsetType

from service.orders.choice import Choice

OK, FAILED = 0, -1

NO_STORE = {"Cache-Control": "no-store"}

Session = Annotated[
    int | str, Meta(description="The `sessionid` of the answer to an offer, as a number or as text.")
]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A viewer's offer. Fields that are not known are passed over."""

    sdp: Annotated[str, Meta(description="Of `RTCPeerConnection.createOffer()`, with a video m-line.")]
    type: Annotated[str, Meta(description="`offer`.")] = "offer"
    avatar: Annotated[str | None, Meta(description="Who is seen; GET /avatars lists them.")] = None
    emotion: Annotated[str | None, Meta(description="How they look.")] = None
    language: Annotated[str | None, Meta(description="Of what is said; else of each text.")] = None
    voice: Annotated[str | None, Meta(description="Whose voice; GET /voices lists them.")] = None

    @property
    def choice(self) -> Choice:
        """Who is to be seen and heard."""
        return Choice(
            avatar=self.avatar or None,
            emotion=self.emotion or None,
            language=self.language or None,
            voice=self.voice or None,
        )


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an offer, with all candidates in it; where it cannot be answered, `code` and `msg` alone."""

    sdp: str | UnsetType = UNSET
    type: str | UnsetType = UNSET
    sessionid: Annotated[int | UnsetType, Meta(description="Below 2^53.")] = UNSET
    code: int = OK
    msg: str = "ok"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Something to say."""

    sessionid: Session
    text: str
    type: Annotated[str, Meta(description="`echo`: as it stands; `chat`: to be answered.")] = "echo"
    interrupt: Annotated[bool, Meta(description="In place of what is being said, not after it.")] = False


class OfSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session."""

    sessionid: Session


class RecordingWish(msgspec.Struct, frozen=True, kw_only=True):
    """Whether to record."""

    sessionid: Session
    type: Annotated[str, Meta(description="`start_record` or `end_record`.")]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request."""

    code: int = OK
    msg: str = "ok"
    data: Annotated[bool | UnsetType, Meta(description="Where something was asked.")] = UNSET


def shown(request: Request[Any, Any, Any]) -> str | None:
    """Return the token of a link that a request has in its query: a page that was only given the link has no key."""
    return request.query_params.get("token") or None
