"""Tells buyers how their top-up is: now, or once its payment is decided."""

import functools
from datetime import timedelta

from lightning import LightningError
from service.accounts.top_up import TopUp, TopUps
from service.errors import Draining
from service.orders.order import Status
from service.payments.settlements import Settlements
from service.runtime.bells import Bells, of_account
from service.runtime.clock import Clock
from service.runtime.stopping import Stopping
from service.runtime.waiting import Waiting
from service.runtime.waits import Waits


class WatchingTopUps:
    """Looks at top-ups, and waits for their payment."""

    def __init__(
        self,
        *,
        top_ups: TopUps,
        settlements: Settlements,
        bells: Bells,
        stopping: Stopping,
        now: Clock,
        waits: Waits,
    ) -> None:
        self._top_ups = top_ups
        self._settlements = settlements
        self._waiting = Waiting(bells, stopping, now)
        self._now = now
        self._longest_wait_s = waits.status_wait_s

    async def find(self, invoice: str) -> TopUp | None:
        """Find the top-up of exactly this invoice."""
        return await self._top_ups.find(invoice)

    async def decided(self, top_up: TopUp, wait_s: int) -> TopUp:
        """Wait until a top-up is paid, or can be paid no more; return it as it is then, or when the wait is over.

        It is over after so many seconds, or what the operator allows, or when the service is about to stop.
        """
        if top_up.status is not Status.PENDING:
            return top_up
        look = functools.partial(self._current, top_up)
        try:
            return await self._waiting.until(
                of_account(top_up.account_id),
                look,
                lambda seen: seen.status is not Status.PENDING,
                longest=timedelta(seconds=min(wait_s, self._longest_wait_s)),
                silence=self._silence,
            )
        except Draining:
            return await look()

    async def _current(self, top_up: TopUp) -> TopUp:
        """Look again; the node is asked a last time about one that ran out, which stays pending while it is silent."""
        found = await self._top_ups.find(top_up.invoice) or top_up
        if not found.payment.overdue(self._now()):
            return found
        try:
            await self._settlements.conclude(found.payment)
        except LightningError:
            return found
        return await self._top_ups.find(top_up.invoice) or top_up

    def _silence(self, top_up: TopUp, longest: timedelta) -> timedelta:
        """How long nothing can change in silence: nobody rings when a quote runs out."""
        left = top_up.payment.expires_at - self._now()
        return min(longest, left) if left > timedelta(0) else longest
