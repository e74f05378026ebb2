"""A seller's node, in memory and for real, with what a test does to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

import bolt11
import pytest
from lndgrpc.compiled import lightning_pb2, router_pb2, router_pb2_grpc

from lightning import InvoiceBackend, Msat, PaymentHash, Preimage, SettleIndex, Settlement
from lightning.lnd import LndBackend
from lightning.memory import MemoryBackend
from regtest.lnd import LndNode
from tests.line import Line


class Seller(Protocol):
    """A node that sells, somebody who pays it, and the line from us to it."""

    backend: InvoiceBackend

    async def pay(self, invoice: str, amount: Msat | None = None) -> Preimage: ...

    async def pay_held(self, invoice: str) -> Preimage:
        """Pay a hold invoice: returns when it is settled, raises when the payment comes back."""

    async def cut(self) -> None:
        """Cut the line, so that we cannot reach the node; payers can."""

    async def restore(self) -> None: ...


class MemorySeller:
    def __init__(self, backend: MemoryBackend) -> None:
        self.backend: InvoiceBackend = backend
        self._node = backend

    async def pay(self, invoice: str, amount: Msat | None = None) -> Preimage:
        return self._node.pay(invoice, amount=amount)

    async def pay_held(self, invoice: str) -> Preimage:
        return await self._node.pay_held(invoice)

    async def cut(self) -> None:
        self._node.go_down()

    async def restore(self) -> None:
        self._node.come_back()


class LndSeller:
    def __init__(self, backend: LndBackend, payer: LndNode, line: Line) -> None:
        self.backend: InvoiceBackend = backend
        self._payer = payer
        self._line = line

    async def pay(self, invoice: str, amount: Msat | None = None) -> Preimage:
        if amount is None:
            return Preimage((await self._payer.pay(invoice)).preimage)
        return await self._pay_as_told(invoice, amount)

    async def pay_held(self, invoice: str) -> Preimage:
        return await self.pay(invoice)

    async def cut(self) -> None:
        await self._line.cut()

    async def restore(self) -> None:
        await self._line.restore()

    async def _pay_as_told(self, invoice: str, amount: Msat) -> Preimage:
        """Pay without showing LND the invoice, whose amount it would insist on."""
        terms = bolt11.decode(invoice)
        assert terms.payee
        assert terms.payment_secret
        request = router_pb2.SendPaymentRequest(
            dest=bytes.fromhex(terms.payee),
            payment_hash=bytes.fromhex(terms.payment_hash),
            payment_addr=bytes.fromhex(terms.payment_secret),
            amt_msat=amount,
            final_cltv_delta=terms.min_final_cltv_expiry,
            dest_features=[lightning_pb2.TLV_ONION_REQ, lightning_pb2.PAYMENT_ADDR_REQ],
            timeout_seconds=30,
            fee_limit_msat=1_000,
            no_inflight_updates=True,
        )
        await self._payer.until_channel_usable()
        router = router_pb2_grpc.RouterStub(self._payer._connection())
        payment = await router.SendPaymentV2(request, metadata=self._payer._admin()).read()
        assert payment.status == lightning_pb2.Payment.SUCCEEDED, payment.failure_reason
        return Preimage(bytes.fromhex(payment.payment_preimage))


class Follower:
    """Follows settlements in the background and keeps them."""

    def __init__(self, backend: InvoiceBackend, after: SettleIndex, known: PaymentHash | None = None) -> None:
        self.seen: list[Settlement] = []
        self._arrived = asyncio.Event()
        self._task = asyncio.create_task(self._follow(backend, after, known))

    async def until(self, *invoices: str) -> list[Settlement]:
        """Wait until these were seen; return everything that was."""
        async with asyncio.timeout(30):
            while not set(invoices) <= {settlement.bolt11 for settlement in self.seen}:
                if self._task.done():
                    self._task.result()
                self._arrived.clear()
                arrived = asyncio.ensure_future(self._arrived.wait())
                await asyncio.wait({arrived, self._task}, return_when=asyncio.FIRST_COMPLETED)
                arrived.cancel()
        return list(self.seen)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self, backend: InvoiceBackend, after: SettleIndex, known: PaymentHash | None) -> None:
        async for settlement in backend.settlements(after=after, known=known):
            self.seen.append(settlement)
            self._arrived.set()


@pytest.fixture
def memory_seller() -> MemorySeller:
    return MemorySeller(MemoryBackend())


@pytest.fixture
async def lnd_seller(merchant: LndNode, payer: LndNode) -> AsyncIterator[LndSeller]:
    line = Line(merchant.address)
    await line.restore()
    backend = LndBackend(line.near_end, merchant.tls_cert_path, merchant.macaroon_path)
    yield LndSeller(backend, payer, line)
    await backend.aclose()
    await line.cut()


@pytest.fixture
async def line(merchant: LndNode) -> AsyncIterator[Line]:
    """A line to the merchant's node that can be cut."""
    line = Line(merchant.address)
    await line.restore()
    yield line
    await line.cut()


@pytest.fixture(params=["memory", pytest.param("lnd", marks=pytest.mark.regtest)])
def seller(request: pytest.FixtureRequest) -> Seller:
    found: Seller = request.getfixturevalue(f"{request.param}_seller")
    return found


@pytest.fixture
async def follow() -> AsyncIterator[Callable[..., Follower]]:
    """Start followers that end with the test."""
    followers: list[Follower] = []

    def start(backend: InvoiceBackend, *, after: int, known: PaymentHash | None = None) -> Follower:
        followers.append(Follower(backend, SettleIndex(after), known))
        return followers[-1]

    yield start
    for follower in followers:
        await follower.stop()
