"""From an invoice and a claim token to the order that was sold: here, and nowhere behind."""

from typing import Any, Protocol

from litestar import Request

from service.delivery.port import Sold
from service.errors import OrderNotFound
from service.orders import claims
from service.routes.http.claims import claim_of


class Finder(Protocol):
    """Whatever finds what was sold."""

    async def find(self, invoice: str) -> Sold | None:
        """Find the order of exactly this invoice."""
        ...


async def resolve(
    request: Request[Any, Any, Any], finder: Finder, invoice: str, claim_token: str | None
) -> Sold:
    """Find what was sold by exactly this invoice.

    Args:
        request: May carry the claim token in a header.
        finder: Who looks.
        invoice: As the client sent it.
        claim_token: What the client named so.

    Raises:
        OrderNotFound: The invoice is not ours, or the claim is not its order's: nobody learns which.
    """
    sold = await finder.find(canonical(invoice))
    if sold is None or not claims.opens(claim_of(request, claim_token), sold.order):
        raise OrderNotFound(canonical(invoice))
    return sold


def canonical(invoice: str) -> str:
    """Return an invoice as we stored it: wallets add a scheme, QR codes are in capitals."""
    return invoice.strip().lower().removeprefix("lightning:")
