"""Who may see an order: whoever has its invoice; of a private one, only who has its claim token too."""

import hmac

from service.errors import OrderNotFound
from service.orders.order import Order
from service.orders.port import Orders
from service.orders.tokens import digest


async def find(orders: Orders, invoice: str, claim: str | None) -> Order:
    """Find the order of exactly this invoice.

    Raises:
        OrderNotFound: The invoice is not ours, or the claim is not its order's: nobody learns which.
    """
    return admit(await orders.find(invoice), invoice, claim)


def admit(order: Order | None, invoice: str, claim: str | None) -> Order:
    """Let whoever may see an order have it; raises as `find` does."""
    if order is None or not _opens(order, claim):
        raise OrderNotFound(invoice)
    return order


def _opens(order: Order, claim: str | None) -> bool:
    if order.claim_hash is None:
        return True
    return claim is not None and hmac.compare_digest(digest(claim), order.claim_hash)
