"""What every node that pays promises; each test runs on all of them."""

import asyncio
import contextlib
import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Protocol

import pytest
from lndgrpc.compiled import invoices_pb2, invoices_pb2_grpc, lightning_pb2

from lightning import (
    Msat,
    NodeRefused,
    NodeUnavailable,
    Payment,
    PaymentBackend,
    PaymentHash,
    PaymentNotFound,
    PaymentState,
)
from lightning.lnd import LndBackend
from lightning.lnd_payments import LndPayments
from lightning.memory import EVERY_BITCOIN, MemoryBackend
from lightning.memory_payments import MemoryPayments
from lightning.reading import read_invoice
from regtest.lnd import LndNode

AMOUNT = Msat(1_234_567)
REST: Any = {"fee_limit": Msat(1000), "timeout_s": 30}


class Buyer(Protocol):
    """Somebody who is paid, and the line from us to the node that pays."""

    backend: PaymentBackend

    async def ask(self, amount: Msat | None, *, expiry_s: int = 900) -> str: ...

    async def ask_and_hold(self) -> str:
        """Make an invoice whose payment stays in flight."""

    async def let_go(self) -> None:
        """Let it arrive."""

    async def too_much(self) -> str:
        """Make an invoice over more than can be sent."""

    async def received(self) -> int: ...

    async def cut(self) -> None: ...

    async def restart(self) -> None:
        """Start the node that pays anew: it is up before its channels are."""


class MemoryBuyer:
    def __init__(self) -> None:
        self._node = MemoryBackend()
        self._payments = MemoryPayments(self._node)
        self.backend: PaymentBackend = self._payments

    async def ask(self, amount: Msat | None, *, expiry_s: int = 900) -> str:
        if amount is None:
            return self._node.add_open_invoice().bolt11
        return (await self._node.add_invoice(amount=amount, memo="", expiry_s=expiry_s)).bolt11

    async def ask_and_hold(self) -> str:
        self._payments.holding = True
        return await self.ask(AMOUNT)

    async def let_go(self) -> None:
        self._payments.let_go()

    async def too_much(self) -> str:
        self._node.inbound = AMOUNT
        return await self.ask(Msat(AMOUNT + 1))

    async def received(self) -> int:
        return sum(settlement.amount_paid for settlement in self._node._books.settled)

    async def cut(self) -> None:
        self._payments.go_down()

    async def restart(self) -> None:
        self._payments.lose_channels()
        asyncio.get_running_loop().call_later(0.05, self._payments.regain_channels)


class LndBuyer:
    """The merchant pays the payer, for once."""

    def __init__(self, backend: LndPayments, merchant: LndNode, node: LndNode, line) -> None:
        self.backend: PaymentBackend = backend
        self._merchant = merchant
        self._node = node
        self._line = line
        self._held = b""

    async def ask(self, amount: Msat | None, *, expiry_s: int = 900) -> str:
        invoice = lightning_pb2.Invoice(value_msat=amount or 0, expiry=expiry_s)
        answer = await self._node._lightning.AddInvoice(invoice, metadata=self._node._admin())
        return str(answer.payment_request)

    async def ask_and_hold(self) -> str:
        self._held = secrets.token_bytes(32)
        request = invoices_pb2.AddHoldInvoiceRequest(hash=sha256(self._held).digest(), value_msat=AMOUNT)
        answer = await self._invoices.AddHoldInvoice(request, metadata=self._node._admin())
        return str(answer.payment_request)

    async def let_go(self) -> None:
        held = lightning_pb2.PaymentHash(r_hash=sha256(self._held).digest())
        async with asyncio.timeout(20):
            while True:
                found = await self._node._lightning.LookupInvoice(held, metadata=self._node._admin())
                if found.state == lightning_pb2.Invoice.ACCEPTED:
                    break
                await asyncio.sleep(0.02)
        await self._invoices.SettleInvoice(
            invoices_pb2.SettleInvoiceMsg(preimage=self._held), metadata=self._node._admin()
        )

    async def too_much(self) -> str:
        return await self.ask(Msat(100_000_000_000))

    async def received(self) -> int:
        return (await self._node.channel_balance()).local_msat

    async def cut(self) -> None:
        await self._line.cut()

    async def restart(self) -> None:
        await self._merchant.kill()
        await self._merchant.start()

    @property
    def _invoices(self):
        return invoices_pb2_grpc.InvoicesStub(self._node._connection())


@pytest.fixture
async def memory_buyer():
    return MemoryBuyer()


@pytest.fixture
async def lnd_buyer(merchant: LndNode, payer: LndNode, line):
    await merchant.until_channel_usable()
    backend = LndPayments(
        line.near_end,
        merchant.tls_cert_path.read_bytes(),
        merchant.refund_macaroon_path.read_bytes(),
        reading=merchant.macaroon_path.read_bytes(),
    )
    yield LndBuyer(backend, merchant, payer, line)
    await backend.aclose()


@pytest.fixture(params=["memory", pytest.param("lnd", marks=pytest.mark.regtest)])
def buyer(request: pytest.FixtureRequest) -> Buyer:
    found: Buyer = request.getfixturevalue(f"{request.param}_buyer")
    return found


async def until_received(buyer: Buyer, amount: int) -> None:
    """Wait until the buyer has so much: a payer has its receipt a moment before the money has moved."""
    async with asyncio.timeout(20):
        while await buyer.received() != amount:  # noqa: ASYNC110 - a balance tells nobody when it changes
            await asyncio.sleep(0.02)


async def until_state(buyer: Buyer, payment_hash: PaymentHash, state: PaymentState) -> Payment:
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(PaymentNotFound):
                if (payment := await buyer.backend.track(payment_hash)).state is state:
                    return payment
            await asyncio.sleep(0.02)


def hash_of(invoice: str) -> PaymentHash:
    return read_invoice(invoice).payment_hash


async def test_an_invoice_is_paid_with_what_it_asks_for(buyer):
    before = await buyer.received()
    invoice = await buyer.ask(AMOUNT)

    payment = await buyer.backend.pay(invoice, amount=None, **REST)

    assert (payment.state, payment.amount, payment.fee) == (PaymentState.SUCCEEDED, AMOUNT, 0)
    assert sha256(payment.preimage or b"").digest() == payment.payment_hash == hash_of(invoice)
    assert payment == await buyer.backend.track(payment.payment_hash)
    await until_received(buyer, before + AMOUNT)


async def test_an_invoice_that_leaves_the_amount_open_is_paid_with_what_we_name(buyer):
    before = await buyer.received()

    payment = await buyer.backend.pay(await buyer.ask(None), amount=AMOUNT, **REST)

    assert (payment.state, payment.amount) == (PaymentState.SUCCEEDED, AMOUNT)
    await until_received(buyer, before + AMOUNT)


async def test_an_invoice_is_paid_once_however_often_it_is_asked_for(buyer):
    before = await buyer.received()
    invoice = await buyer.ask(AMOUNT)

    first = await buyer.backend.pay(invoice, amount=None, **REST)
    second = await buyer.backend.pay(invoice, amount=None, **REST)

    assert first == second
    await until_received(buyer, before + AMOUNT)


async def test_two_who_ask_at_once_get_one_payment(buyer):
    before = await buyer.received()
    invoice = await buyer.ask(AMOUNT)

    payments = await asyncio.gather(*(buyer.backend.pay(invoice, amount=None, **REST) for _ in range(2)))

    assert PaymentState.SUCCEEDED in {payment.state for payment in payments}
    assert PaymentState.FAILED not in {payment.state for payment in payments}
    await until_state(buyer, hash_of(invoice), PaymentState.SUCCEEDED)
    await until_received(buyer, before + AMOUNT)


async def test_a_payment_that_cannot_arrive_has_failed(buyer):
    before = await buyer.received()
    invoice = await buyer.too_much()

    payment = await buyer.backend.pay(invoice, amount=None, **REST)

    assert (payment.state, payment.preimage) == (PaymentState.FAILED, None)
    assert payment.failure
    assert payment == await buyer.backend.track(payment.payment_hash)
    assert before == await buyer.received()


async def test_an_invoice_that_has_expired_has_failed(buyer):
    invoice = await buyer.ask(AMOUNT, expiry_s=1)
    expires_at = read_invoice(invoice).expires_at
    async with asyncio.timeout(10):
        while datetime.now(UTC) < expires_at + timedelta(seconds=1):  # noqa: ASYNC110 - time itself
            await asyncio.sleep(0.05)

    payment = await buyer.backend.pay(invoice, amount=None, **REST)

    assert payment.state is PaymentState.FAILED
    assert "expired" in payment.failure


async def test_a_payment_that_nobody_asked_for_is_not_found(buyer):
    with pytest.raises(PaymentNotFound):
        await buyer.backend.track(hash_of(await buyer.ask(AMOUNT)))


async def test_a_payment_goes_on_when_nobody_waits_for_it(buyer):
    before = await buyer.received()
    invoice = await buyer.ask_and_hold()
    paying = asyncio.create_task(buyer.backend.pay(invoice, amount=None, **REST))
    await until_state(buyer, hash_of(invoice), PaymentState.IN_FLIGHT)

    paying.cancel()
    again = await buyer.backend.pay(invoice, amount=None, **REST)
    assert again.state is PaymentState.IN_FLIGHT
    await buyer.let_go()

    payment = await until_state(buyer, hash_of(invoice), PaymentState.SUCCEEDED)
    assert sha256(payment.preimage or b"").digest() == payment.payment_hash
    await until_received(buyer, before + AMOUNT)


async def test_a_node_that_cannot_be_reached_says_nothing(buyer):
    invoice = await buyer.ask(AMOUNT)
    await buyer.cut()

    with pytest.raises(NodeUnavailable):
        await buyer.backend.pay(invoice, amount=None, **REST)
    with pytest.raises(NodeUnavailable):
        await buyer.backend.track(hash_of(invoice))


async def test_a_node_that_was_just_started_pays_once_it_is_able(buyer):
    await buyer.restart()

    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(NodeUnavailable):  # our line to it is the old one
                await buyer.backend.until_able(AMOUNT)
                break
            await asyncio.sleep(0.05)

    paid = await buyer.backend.pay(await buyer.ask(AMOUNT), amount=None, **REST)
    assert paid.state is PaymentState.SUCCEEDED


async def test_nobody_waits_for_what_all_channels_together_cannot_send(buyer):
    async with asyncio.timeout(5):
        await buyer.backend.until_able(EVERY_BITCOIN)


@pytest.mark.regtest
async def test_the_macaroon_that_pays_may_do_nothing_else(merchant):
    backend = LndBackend(
        merchant.address, merchant.tls_cert_path.read_bytes(), merchant.refund_macaroon_path.read_bytes()
    )

    with pytest.raises(NodeRefused):
        await backend.ping()
    with pytest.raises(NodeRefused):
        await backend.add_invoice(amount=AMOUNT, memo="", expiry_s=60)

    await backend.aclose()


@pytest.mark.regtest
async def test_the_macaroon_that_sells_may_not_pay(merchant, payer, lnd_buyer):
    macaroon = merchant.macaroon_path.read_bytes()
    backend = LndPayments(merchant.address, merchant.tls_cert_path.read_bytes(), macaroon, reading=macaroon)

    with pytest.raises(NodeRefused):
        await backend.pay(await lnd_buyer.ask(AMOUNT), amount=None, **REST)

    await backend.aclose()
