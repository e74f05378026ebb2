"""Reads what a BOLT 11 invoice of our own node says of hash and amount, in some microseconds.

It checks neither signature nor checksum, which takes milliseconds: it is for an invoice that our node has just made,
and tells whether that is what we asked for. What a stranger sends goes through `lightning.reading`.
"""

import re

from lightning.errors import InvoiceUnreadable
from lightning.invoice import Msat, PaymentHash

_TO_BASE_32 = str.maketrans("qpzry9x8gf2tvdw0s3jn54khce6mua7l", "0123456789abcdefghijklmnopqrstuv")
"""From the digits of bech32 to those that Python counts with."""

# Of mainnet, testnet, signet, regtest and simnet: all that LND can be on.
_HEAD = re.compile(r"ln(?:bcrt|bc|tbs|tb|sb)(?:([1-9][0-9]*)([munp]?))?")
_PICO_BITCOIN = {"": 10**12, "m": 10**9, "u": 10**6, "n": 10**3, "p": 1}
_PICO_PER_MSAT = 10

_TIMESTAMP = 7
_TYPE_AND_LENGTH = 3
_TAIL = 104 + 6
"""Groups of 5 bits: the signature and the checksum."""

_HASH_TYPE, _HASH_LENGTH, _HASH_PADDING_BITS = 1, 52, 4


def hash_and_amount(invoice: str) -> tuple[PaymentHash, Msat | None]:
    """Read the payment hash, and the amount; None where the payer names it.

    Args:
        invoice: In lower case.

    Raises:
        InvoiceUnreadable: It has no such fields.
    """
    head, _, data = invoice.rpartition("1")
    found = _HEAD.fullmatch(head)
    if found is None:
        raise InvoiceUnreadable("it does not begin as a BOLT 11 invoice does")
    try:
        return _payment_hash(data.translate(_TO_BASE_32)), _amount(found[1], found[2])
    except ValueError as error:
        raise InvoiceUnreadable("it is not in bech32") from error


def _amount(number: str | None, multiplier: str) -> Msat | None:
    if number is None:
        return None
    msat, rest = divmod(int(number) * _PICO_BITCOIN[multiplier], _PICO_PER_MSAT)
    if rest:
        raise InvoiceUnreadable("its amount is a fraction of a millisatoshi")
    return Msat(msat)


def _payment_hash(data: str) -> PaymentHash:
    """Find the first field of that type and that length: readers skip one of another length (BOLT 11)."""
    at, end = _TIMESTAMP, len(data) - _TAIL
    while at + _TYPE_AND_LENGTH <= end:
        kind, length = int(data[at], 32), int(data[at + 1 : at + 3], 32)
        at += _TYPE_AND_LENGTH
        if (kind, length) == (_HASH_TYPE, _HASH_LENGTH) and at + length <= end:
            bits = int(data[at : at + length], 32) >> _HASH_PADDING_BITS
            return PaymentHash(bits.to_bytes(32, "big"))
        at += length
    raise InvoiceUnreadable("it has no payment hash")
