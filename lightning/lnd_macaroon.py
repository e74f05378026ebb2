"""What an LND macaroon lets its holder do, read from the macaroon itself: no node is asked.

LND writes its rights into the identifier, as `MacaroonId` of its protocol behind a byte for the version (lnd
`macaroons/`, go-macaroon-bakery `bakery/codec.go`). They are not secret, and whoever changes them breaks the signature.
"""

from base64 import b64encode

from google.protobuf.message import DecodeError
from lndgrpc.compiled import lightning_pb2 as ln

from lightning.errors import MacaroonUnreadable
from lightning.l402 import Macaroon

_VERSION = b"\x03"


def rights(macaroon: bytes) -> frozenset[str]:
    """Return what it may do, each as `entity:action`, as `lncli bakemacaroon` takes them; caveats may narrow it.

    Args:
        macaroon: As LND writes it, or the same in hex.

    Raises:
        MacaroonUnreadable: It is none of LND's.
    """
    data = macaroon
    if not data.startswith(b"\x02"):
        try:
            data = bytes.fromhex(macaroon.decode("ascii").strip())
        except ValueError as error:
            raise MacaroonUnreadable("it is neither LND's format nor hex") from error
    identifier = Macaroon.decode(b64encode(data).decode()).identifier
    if not identifier.startswith(_VERSION):
        raise MacaroonUnreadable("its identifier is not LND's")
    try:
        named = ln.MacaroonId.FromString(identifier[1:])
    except DecodeError as error:
        raise MacaroonUnreadable("its identifier is not LND's") from error
    return frozenset(f"{right.entity}:{action}" for right in named.ops for action in right.actions)
