"""What only the node in memory does: pay, wait for nothing, and be the same again from the same key."""

from hashlib import sha256

import bolt11
import pytest

from lightning import InvoiceBackend, InvoiceState, Msat, PaymentFailed
from lightning.memory import MemoryBackend


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def node(clock):
    return MemoryBackend(key=b"\x42" * 32, now=clock)


async def sell(node, amount=450_000):
    return await node.add_invoice(amount=Msat(amount), memo="a video", expiry_s=900)


def test_it_is_an_invoice_backend():
    backend: InvoiceBackend = MemoryBackend()  # for mypy

    assert backend


async def test_the_receipt_of_a_payment_is_the_hashs_preimage(node):
    sold = await sell(node)

    preimage = node.pay(sold.bolt11)

    assert sha256(preimage).digest() == sold.payment_hash


async def test_an_invoice_in_capitals_as_in_a_qr_code_can_be_paid(node):
    sold = await sell(node)

    node.pay(sold.bolt11.upper())

    assert (await node.lookup(sold.payment_hash)).state is InvoiceState.SETTLED


async def test_an_invoice_is_paid_once(node):
    sold = await sell(node)
    node.pay(sold.bolt11)

    with pytest.raises(PaymentFailed, match="already paid"):
        node.pay(sold.bolt11)


async def test_an_expired_invoice_cannot_be_paid(node, clock):
    sold = await sell(node)
    clock.now += 900

    with pytest.raises(PaymentFailed, match="expired"):
        node.pay(sold.bolt11)
    assert (await node.lookup(sold.payment_hash)).state is InvoiceState.CANCELED


async def test_an_invoice_paid_in_its_last_second_stays_settled(node, clock):
    sold = await sell(node)
    clock.now += 899
    node.pay(sold.bolt11)
    clock.now += 900

    assert (await node.lookup(sold.payment_hash)).state is InvoiceState.SETTLED


async def test_an_invoice_is_not_paid_below_its_amount(node):
    sold = await sell(node)

    with pytest.raises(PaymentFailed, match="asks for 450000 msat"):
        node.pay(sold.bolt11, amount=Msat(449_999))


async def test_an_invoice_of_another_node_cannot_be_paid(node):
    foreign = await sell(MemoryBackend())

    with pytest.raises(PaymentFailed, match="no such invoice"):
        node.pay(foreign.bolt11)


async def test_the_same_key_and_time_make_the_same_invoices(clock):
    first, second = (MemoryBackend(key=b"\x42" * 32, now=clock) for _ in range(2))

    assert await sell(first) == await sell(second)


async def test_nodes_without_a_given_key_are_strangers():
    assert (await MemoryBackend().ping()).pubkey != (await MemoryBackend().ping()).pubkey


async def test_its_invoices_pass_a_strict_reader(node):
    sold = await sell(node)

    terms = bolt11.decode(sold.bolt11, strict=True)

    assert terms.payment_secret
    assert terms.date == 1_800_000_000
