"""What a LiveKit token says. Nobody here has the key to judge it: the server does."""

import base64
import binascii
import math

import msgspec

from live.errors import BadToken

ON_BEHALF = "lk.publish_on_behalf"


class Token(msgspec.Struct, frozen=True):
    """The claims that matter.

    Attributes:
        sub: the identity of whoever joins by it.
        exp: when its time is over, in seconds since 1970.
        attributes: of the participant.
    """

    sub: str
    exp: float = math.inf
    attributes: dict[str, str] = {}

    @property
    def agent(self) -> str | None:
        """The identity of the agent that its bearer speaks for."""
        return self.attributes.get(ON_BEHALF)


def read(token: str) -> Token:
    """Read a token's claims.

    Raises:
        BadToken: It is none.
    """
    try:
        _head, claims, _signature = token.split(".")
        decoded = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
        return msgspec.json.decode(decoded, type=Token)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as exc:
        raise BadToken("a token is no JSON Web Token of LiveKit's") from exc
