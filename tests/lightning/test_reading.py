"""What is told of somebody else's invoice."""

from datetime import UTC, datetime

import pytest

from lightning import InvoiceUnreadable, Msat
from lightning.memory import MemoryBackend
from lightning.reading import LONGEST, read_invoice


@pytest.fixture
def node():
    return MemoryBackend(now=lambda: 1_800_000_000.0)


async def test_it_tells_what_is_asked_for_and_by_whom(node):
    made = await node.add_invoice(amount=Msat(1_234_567), memo="é", expiry_s=900)

    asked = read_invoice(made.bolt11.upper())

    assert (asked.amount, asked.payment_hash, asked.network) == (1_234_567, made.payment_hash, "regtest")
    assert asked.payee == (await node.ping()).pubkey
    assert asked.expires_at == datetime.fromtimestamp(1_800_000_900, UTC)


def test_an_amount_may_be_left_open(node):
    assert read_invoice(node.add_open_invoice().bolt11).amount is None


@pytest.mark.parametrize(
    "invoice",
    [
        "",
        "lnbc1",
        "x" * 100,
        "lnbcrt" + "1" * 5000,
        "é" * 20,
        "\x00",
        "lnbc1" + "q" * 200,
        "lno1" + "p" * 300,
    ],
)
def test_what_is_no_invoice_cannot_be_read(invoice):
    with pytest.raises(InvoiceUnreadable):
        read_invoice(invoice)


def test_every_changed_character_is_noticed(node):
    invoice = node.add_open_invoice().bolt11

    for n in range(0, len(invoice), 7):
        changed = invoice[:n] + ("q" if invoice[n] != "q" else "p") + invoice[n + 1 :]
        with pytest.raises(InvoiceUnreadable):
            read_invoice(changed)


def test_one_that_is_too_long_is_not_even_tried():
    with pytest.raises(InvoiceUnreadable, match=str(LONGEST)):
        read_invoice("lnbcrt1" + "q" * LONGEST)
