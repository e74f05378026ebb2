"""Where live sessions may be shown: addresses of the internet, by the schemes that stand here, and no others."""

from urllib.parse import urlsplit

import msgspec

from service.errors import InvalidRequest
from service.runtime.internet import Names, NotPublic, may_be_public
from service.runtime.section import Positive, Section

LONGEST_URL = 2_000

PORTS = {"rtmp": 1935, "rtmps": 443, "ws": 80, "wss": 443}
"""By scheme, where a URL names none."""

RTMP, LIVEKIT = ("rtmp", "rtmps"), ("ws", "wss")


class PlaceTerms(Section, frozen=True, kw_only=True):
    """Where live sessions may be shown."""

    live_private: bool = False
    """Whether LiveKit rooms and RTMP servers may be at private addresses: for trying it out, and where all who hold
    keys are trusted with the service's own network."""

    live_alone_s: Positive = 300
    """Seconds that a LiveKit room may be without anybody to see a face there, or without its agent."""

    livekit_url: str = ""
    """`wss://host` of the LiveKit server of clients that name none."""

    def __post_init__(self) -> None:
        """Refuse what is no server."""
        if self.livekit_url and urlsplit(self.livekit_url).scheme not in LIVEKIT:
            raise ValueError("SATSPEAK_LIVEKIT_URL must start with wss:// or ws://")


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A LiveKit room.

    Attributes:
        url: Of its server.
        token: By which the avatar joins.
        listener_token: By which its ears join, where an agent speaks by it.
        agent: The agent's identity, where it is known.
        addresses: By which its server was judged, and is gone to; none: wherever its name leads.
    """

    url: str
    token: str
    listener_token: str | None = None
    agent: str | None = None
    addresses: tuple[str, ...] = ()


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """A place at an RTMP server; the path of its URL is the stream key. The addresses are as of a room."""

    url: str
    addresses: tuple[str, ...] = ()


Place = Room | Push


class Places:
    """Judges where sessions are to be shown; no answer has any of a URL but its host.

    Args:
        names: Resolves hosts.
        terms: What the operator allows.
    """

    def __init__(self, names: Names, terms: PlaceTerms) -> None:
        self._names = names
        self._terms = terms

    async def check(self, place: Place) -> Place:
        """Return a place that may be shown at, its URL and addresses as they are to be opened.

        Raises:
            InvalidRequest: It is none, or is not on the internet.
        """
        match place:
            case Room():
                url = place.url or self._terms.livekit_url
                if not url:
                    raise InvalidRequest("Field 'livekit_url' is missing.", field="livekit_url")
                if url == self._terms.livekit_url:  # which the operator has chosen
                    return msgspec.structs.replace(place, url=url, addresses=())
                addresses = await self._judge(url, "livekit_url", LIVEKIT)
                return msgspec.structs.replace(place, url=url, addresses=addresses)
            case Push():
                addresses = await self._judge(place.url, "rtmp_url", RTMP)
                return msgspec.structs.replace(place, addresses=addresses)

    async def _judge(self, url: str, field: str, schemes: tuple[str, ...]) -> tuple[str, ...]:
        """Return the addresses by which a URL was judged; none where any would do."""
        named = " or ".join(f"{scheme}://" for scheme in reversed(schemes))
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
            host.encode("idna")
        except ValueError:
            parts, host, port = urlsplit(""), "", 0
        sane = len(url) <= LONGEST_URL and url.isascii() and url.isprintable() and " " not in url
        if not sane or not host or not port or parts.scheme not in schemes:
            raise InvalidRequest(f"Field '{field}' must be a {named} URL.", field=field)
        if self._terms.live_private:
            return ()
        try:
            if may_be_public(host):
                return tuple(await self._names.resolve(host, port))
        except NotPublic:
            pass
        raise InvalidRequest(f"Field '{field}' must name a host on the internet.", field=field)
