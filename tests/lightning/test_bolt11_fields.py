"""The quick reader says of an invoice what the library says."""

import itertools
import random
import secrets

import bolt11
import pytest
from bolt11 import Bolt11, MilliSatoshi, Tag, TagChar, Tags

from lightning import InvoiceUnreadable, Msat
from lightning.bolt11_fields import hash_and_amount
from lightning.memory import MemoryBackend

CURRENCIES = ("bc", "tb", "tbs", "bcrt")
AMOUNTS = (None, 1, 9, 10, 999, 1_000, 1_001, 100_000, 450_000, 99_999_999, 10**8, 10**11, 5 * 10**11)


def make(currency: str, amount: int | None, shuffle: random.Random) -> tuple[str, bytes]:
    """An invoice with its fields in any order, and with what a node may put beside them."""
    payment_hash = shuffle.randbytes(32)
    fields = [
        Tag(TagChar.payment_hash, payment_hash.hex()),
        Tag(TagChar.payment_secret, shuffle.randbytes(32).hex()),
        Tag(TagChar.description, "Talking-head video, 12.3 s " + "1" * shuffle.randrange(40)),
        Tag(TagChar.expire_time, shuffle.randrange(1, 10**6)),
        Tag(TagChar.min_final_cltv_expiry, 80),
    ]
    shuffle.shuffle(fields)
    amount_msat = None if amount is None else MilliSatoshi(amount)
    unsigned = Bolt11(currency, date=shuffle.randrange(2**31), tags=Tags(fields), amount_msat=amount_msat)
    return bolt11.encode(unsigned, secrets.token_hex(32)), payment_hash


@pytest.mark.parametrize("currency", CURRENCIES)
def test_hash_and_amount_are_those_that_the_library_reads(currency):
    shuffle = random.Random(currency)

    for amount in itertools.chain(AMOUNTS, (shuffle.randrange(1, 10**12) for _ in range(30))):
        invoice, payment_hash = make(currency, amount, shuffle)
        asked = bolt11.decode(invoice)

        assert hash_and_amount(invoice) == (payment_hash, amount)
        assert asked.payment_hash == payment_hash.hex()
        assert asked.amount_msat == amount


def test_an_invoice_of_simnet_which_the_library_cannot_read_is_read():
    shuffle = random.Random("sb")

    for amount in AMOUNTS:
        invoice, payment_hash = make("sb", amount, shuffle)

        assert hash_and_amount(invoice) == (payment_hash, amount)


async def test_what_a_node_in_memory_makes_is_read():
    node = MemoryBackend()
    made = await node.add_invoice(amount=Msat(450_000), memo="a video", expiry_s=900)

    assert hash_and_amount(made.bolt11) == (made.payment_hash, 450_000)
    assert hash_and_amount(node.add_open_invoice().bolt11)[1] is None


@pytest.mark.parametrize(
    "invoice",
    ["", "1", "lnbc1", "lnbc1p", "lnxx10u1" + "q" * 200, "lnbc10u1" + "q" * 200, "lnbc10u1" + "b" * 200],
)
def test_what_has_no_such_fields_is_refused(invoice):
    with pytest.raises(InvoiceUnreadable):
        hash_and_amount(invoice)


def test_a_fraction_of_a_millisatoshi_is_refused():
    invoice, _ = make("bc", 1, random.Random(1))

    with pytest.raises(InvoiceUnreadable):
        hash_and_amount(invoice.replace("lnbc10p1", "lnbc11p1"))


def test_no_cut_or_changed_invoice_is_read_past_its_end():
    invoice, _ = make("bcrt", 450_000, random.Random(2))

    for length in range(len(invoice)):
        try:
            hash_and_amount(invoice[:length])
        except InvoiceUnreadable:
            continue
