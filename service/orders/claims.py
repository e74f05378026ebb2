"""Who may see an order: whoever has its invoice; of a private one, only who has its claim token too."""

import hmac

from service.orders.order import Order
from service.orders.tokens import digest


def opens(claim: str | None, order: Order) -> bool:
    """Whether this claim token, or none, is enough to see an order."""
    if order.claim_hash is None:
        return True
    return claim is not None and hmac.compare_digest(digest(claim), order.claim_hash)
