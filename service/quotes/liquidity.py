"""Refuses to quote what the node could not be paid: it would make the invoice all the same (lnd#9380)."""

from datetime import datetime, timedelta

import structlog

from lightning import InvoiceBackend, Msat, NodeFailed, NodeRefused
from service.errors import Unavailable
from service.runtime.clock import Clock

FRESHNESS = timedelta(seconds=3)
RETRY_S = 60
"""When a payment the other way, or the operator, may have made room."""

log = structlog.get_logger()


class Liquidity:
    """What can be received, asked for at most every few seconds."""

    def __init__(self, backend: InvoiceBackend, now: Clock) -> None:
        self._backend = backend
        self._now = now
        self._msat: Msat | None = None  # not known
        self._asked_at: datetime | None = None

    async def check(self, amount: Msat) -> None:
        """Refuse an amount that cannot be received now. A node that does not tell is sold through all the same.

        Raises:
            Unavailable: It cannot.
            NodeUnavailable: The node does not answer at all.
        """
        now = self._now()
        if self._asked_at is None or not timedelta(0) <= now - self._asked_at <= FRESHNESS:
            self._asked_at = now  # first, so that the quotes beside this one do not ask as well
            self._msat = await self._ask()
        if self._msat is not None and amount > self._msat:
            log.error("cannot_receive", amount_msat=amount, inbound_msat=self._msat)
            raise Unavailable(
                "The Lightning node cannot receive this payment now. Try again later, or with a shorter video.",
                retry_after_s=RETRY_S,
            )

    async def _ask(self) -> Msat | None:
        try:
            return await self._backend.inbound_msat()
        except (NodeRefused, NodeFailed) as error:  # such as a macaroon without offchain:read
            log.warning("inbound_unknown", error=repr(error))
            return None
