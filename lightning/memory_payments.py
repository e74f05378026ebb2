"""The port of payments in memory: pays what other nodes in memory ask for, with coins that nobody counts."""

import asyncio

from lightning.errors import NodeUnavailable, PaymentFailed, PaymentNotFound
from lightning.invoice import Asked, Msat, Payment, PaymentHash, PaymentState
from lightning.memory import MemoryBackend
from lightning.reading import read_invoice


class MemoryPayments:
    """A `PaymentBackend` whose payees are nodes in memory. As a real node's, its payments outlive who asked for them.

    Args:
        payees: Who can be paid.

    Attributes:
        fee: What each payment costs; where that is more than its limit, there is no way to the payee.
        holding: Payments are in flight until `let_go`.
        begun: The invoices that it began to pay, in order.
        able: Its channels are up; without them it has no balance.
    """

    def __init__(self, *payees: MemoryBackend) -> None:
        self.fee = Msat(0)
        self.holding = False
        self.begun: list[str] = []
        self.able = True
        self._payees = payees
        self._here = "02" * 33
        self._payments: dict[PaymentHash, Payment] = {}
        self._others: dict[str, dict[PaymentHash, Payment]] = {}  # of nodes that were here before
        self._flying: set[asyncio.Task[Payment]] = set()
        self._let_go = asyncio.Event()
        self._regained = asyncio.Event()
        self._lost: set[PaymentHash] = set()
        self._down = False

    async def until_able(self, amount: Msat) -> None:  # noqa: ARG002 - its channels have whatever is asked
        """Wait for the channels."""
        self._require_up()
        while not self.able:
            await self._regained.wait()
            self._require_up()

    async def pay(self, bolt11: str, *, amount: Msat | None, fee_limit: Msat, timeout_s: int) -> Payment:
        """Pay what one of the payees asks for."""
        self._require_up()
        asked = read_invoice(bolt11)
        known = self._payments.get(asked.payment_hash)
        if known is not None and known.state is not PaymentState.FAILED:
            return known
        self._lost.discard(asked.payment_hash)
        self.begun.append(bolt11)
        self._payments[asked.payment_hash] = Payment(
            payment_hash=asked.payment_hash, state=PaymentState.IN_FLIGHT
        )
        task = asyncio.create_task(self._fly(bolt11, asked, amount, fee_limit))
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)
        try:
            ended = await asyncio.wait_for(asyncio.shield(task), timeout_s)
        except TimeoutError:
            raise NodeUnavailable("the payment takes too long") from None
        self._require_up()
        if asked.payment_hash in self._lost:
            raise NodeUnavailable("the node died")
        return ended

    async def track(self, payment_hash: PaymentHash) -> Payment:
        """Say what became of a payment."""
        self._require_up()
        if payment_hash not in self._payments:
            raise PaymentNotFound(payment_hash)
        return self._payments[payment_hash]

    async def node(self) -> str:
        """Say who this node is."""
        self._require_up()
        return self._here

    async def aclose(self) -> None:
        """Go down for good."""
        self.go_down()

    def become(self, pubkey: str) -> str:
        """Let another node take this one's place, or one that was here before; return the key of the one that goes."""
        gone = self._here
        self._others[gone] = self._payments
        self._here, self._payments = pubkey, self._others.pop(pubkey, {})
        return gone

    def let_go(self) -> None:
        """Let the payments that are in flight end, and later ones end by themselves."""
        self.holding = False
        self._let_go.set()
        self._let_go = asyncio.Event()

    def lose_channels(self) -> None:
        """Be as a node that was just started: up, with no channel to pay over."""
        self.able = False

    def regain_channels(self) -> None:
        """Have all channels again."""
        self.able = True
        self._regained.set()
        self._regained = asyncio.Event()

    def die(self) -> None:
        """Never send what is in flight, as a node that was started again after it died."""
        flying = [each for each in self._payments.values() if each.state is PaymentState.IN_FLIGHT]
        self._lost |= {payment.payment_hash for payment in flying}
        self._let_go.set()
        self._let_go = asyncio.Event()

    def go_down(self) -> None:
        """Cut the line: calls raise `NodeUnavailable`; a payment that is in flight still ends."""
        self._down = True

    def come_back(self) -> None:
        """Restore the line."""
        self._down = False

    async def _fly(self, bolt11: str, asked: Asked, amount: Msat | None, fee_limit: Msat) -> Payment:
        payment_hash = asked.payment_hash
        while self.holding and payment_hash not in self._lost:
            await self._let_go.wait()
        if payment_hash in self._lost:
            ended = _failed(payment_hash, "no route", retriable=True)
        else:
            ended = self._arrive(bolt11, asked, amount, fee_limit)
        self._payments[payment_hash] = ended
        return ended

    def _arrive(self, bolt11: str, asked: Asked, amount: Msat | None, fee_limit: Msat) -> Payment:
        ended = _failed(
            asked.payment_hash, "no route" if self.able else "insufficient balance", retriable=True
        )
        for payee in self._payees if self.able and self.fee <= fee_limit else ():
            try:
                preimage = payee.pay(bolt11, amount=amount)
            except PaymentFailed as error:
                ended = _failed(asked.payment_hash, error.reason, retriable=False)
            else:
                return Payment(
                    payment_hash=asked.payment_hash,
                    state=PaymentState.SUCCEEDED,
                    amount=amount or asked.amount or Msat(0),
                    fee=self.fee,
                    preimage=preimage,
                )
        return ended

    def _require_up(self) -> None:
        if self._down:
            raise NodeUnavailable("the node is down")


def _failed(payment_hash: PaymentHash, failure: str, *, retriable: bool) -> Payment:
    return Payment(payment_hash=payment_hash, state=PaymentState.FAILED, failure=failure, retriable=retriable)
