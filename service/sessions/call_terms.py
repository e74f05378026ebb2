"""What calls may take: live sessions that one viewer sees by WebRTC."""

from urllib.parse import urlsplit

import msgspec

from service.runtime.section import Positive, PositiveInt, Section


class IceServer(msgspec.Struct, frozen=True):
    """A STUN or TURN server."""

    url: str
    username: str = ""
    credential: str = ""

    def record(self) -> dict[str, str]:
        """Say it as `live/records.py` has it."""
        return msgspec.structs.asdict(self)


class CallTerms(Section, frozen=True, kw_only=True):
    """What calls may take."""

    ice_servers: str = ""
    """STUN and TURN servers that help a viewer and this service to find each other, apart by spaces:
    `stun:stun.example.org:3478 turn:turn.example.org:3478?transport=udp`."""

    turn_username: str = ""
    """The name by which the TURN servers are used."""

    turn_credential: str = ""
    """The password of that name."""

    call_avatar: str = ""
    """Who is seen by viewers who name nobody; else the first of `GET /avatars`."""

    call_open: bool = False
    """Whether viewers who show no key may call, at the cost of the account `house`: for a network of your own."""

    call_token_s: PositiveInt = 3600
    """Seconds for which a link to a call, or to a recording, is good."""

    recording_s: Positive = 1800
    """The most seconds that one recording of a call has."""

    recordings_days: PositiveInt = 7
    """Days for which recordings of calls are kept."""

    def __post_init__(self) -> None:
        """Refuse what is no server."""
        for url in self.ice_servers.split():
            if urlsplit(url).scheme not in ("stun", "turn", "turns"):
                raise ValueError("SATSPEAK_ICE_SERVERS must be stun:, turn: or turns: URLs")

    def servers(self) -> list[IceServer]:
        """Return the servers, with what opens them."""
        return [
            IceServer(url)
            if url.startswith("stun:")
            else IceServer(url, self.turn_username, self.turn_credential)
            for url in self.ice_servers.split()
        ]
