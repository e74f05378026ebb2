"""What our credentials promise, in caveats, which anyone can add to and nobody can take away. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

from lightning import PaymentHash
from lightning.l402 import Credential, Identifier, Macaroon, credentials

ORDER, WISH, VALID_UNTIL = "satspeak_order", "satspeak_wish", "satspeak_valid_until"
"""The conditions of our caveats: the payment hash in hex, `service.l402.wishes`, and Unix seconds."""

MOST_CREDENTIALS = 4
"""How many of one request are looked at: each may cost a look into the database."""


def shown(headers: Iterable[str]) -> Iterator[Credential]:
    """Read the credentials that are looked at of a request."""
    return islice(credentials(headers), MOST_CREDENTIALS)


def mint(
    root_key: bytes, payment_hash: PaymentHash, nonce: bytes, *, wish: str, valid_until: datetime
) -> str:
    """Sign the first half of a credential: the macaroon, as it is sent."""
    caveats = (
        f"{ORDER}={payment_hash.hex()}",
        f"{WISH}={wish}",
        f"{VALID_UNTIL}={round(valid_until.timestamp())}",
    )
    return Macaroon.mint(root_key, Identifier(payment_hash, nonce).pack(), caveats).encode()


def holds(credential: Credential, root_key: bytes, wish: str, now: datetime) -> bool:
    """Whether it is ours and all of our conditions hold; those of others, which clients add, say nothing to us."""
    macaroon = credential.macaroon
    return (
        macaroon.is_signed_with(root_key)
        and all(order == credential.identifier.payment_hash.hex() for order in macaroon.values(ORDER))
        and all(named == wish for named in macaroon.values(WISH))
        and all(_is_ahead(moment, now) for moment in macaroon.values(VALID_UNTIL))
    )


def _is_ahead(moment: str, now: datetime) -> bool:
    return moment.isascii() and moment.isdecimal() and now.timestamp() < int(moment[:20])
