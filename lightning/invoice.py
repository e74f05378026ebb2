"""What an invoice is and what became of it: values and the rules of BOLT 11 that bind them, no I/O."""

from datetime import datetime
from enum import Enum
from typing import NewType

import msgspec

from lightning.errors import InvoiceTermsInvalid

Msat = NewType("Msat", int)
"""Thousandths of a satoshi, the unit that channels count in."""

PaymentHash = NewType("PaymentHash", bytes)
"""sha256 of the preimage, 32 bytes; names an invoice on its node."""

Preimage = NewType("Preimage", bytes)
"""The payer's receipt, 32 bytes. Every node that routed the payment knows it too: it proves no identity."""

SettleIndex = NewType("SettleIndex", int)
"""The node's running number of settlements: it starts at 1, grows, and may have gaps (lnd#7071).

It starts again where a node was restored from its seed. So it tells where to go on, and never which payment is ours."""

HASH_BYTES = 32

MAX_MEMO_BYTES = 639
"""A tagged field holds at most 1023 groups of 5 bits (BOLT 11, "Tagged Fields"): 639 whole bytes."""


class InvoiceState(Enum):
    """What the node says of one invoice."""

    OPEN = "open"  # can be paid
    ACCEPTED = "accepted"  # a hold invoice whose money is locked in, neither ours nor the payer's yet
    SETTLED = "settled"  # paid; final
    CANCELED = "canceled"  # expired or withdrawn: a payer is refused; final


class NewInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """An invoice just made: what the payer needs, and the name it has on the node."""

    bolt11: str
    payment_hash: PaymentHash


class Invoice(msgspec.Struct, frozen=True, kw_only=True):
    """The node's present word on one invoice."""

    payment_hash: PaymentHash
    bolt11: str
    amount: Msat
    state: InvoiceState
    amount_paid: Msat = Msat(0)  # may exceed `amount`; 0 until settled
    settle_index: SettleIndex | None = None
    settled_at: datetime | None = None  # UTC, whole seconds
    expiry_height: int | None = None  # while accepted: the block at which the payer may take the money back
    preimage: Preimage | None = None  # once settled: the payer's receipt


class Settlement(msgspec.Struct, frozen=True, kw_only=True):
    """One invoice of the node was paid; the node may have invoices that are none of ours."""

    payment_hash: PaymentHash
    bolt11: str  # empty where the payer needed no invoice (keysend)
    amount: Msat  # asked; 0 where the payer chose
    amount_paid: Msat  # at least `amount`
    settle_index: SettleIndex
    settled_at: datetime  # UTC, whole seconds
    memo: str = ""  # what the invoice said


class PaymentState(Enum):
    """What the node says of one payment that it was asked to make."""

    IN_FLIGHT = "in_flight"  # it may succeed yet
    SUCCEEDED = "succeeded"  # final
    FAILED = "failed"  # nothing left the node, and nothing will unless it is asked again


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """The node's present word on one payment of its own."""

    payment_hash: PaymentHash
    state: PaymentState
    amount: Msat = Msat(0)  # what the payee got; 0 until succeeded
    fee: Msat = Msat(0)  # what the way there cost beside it; 0 until succeeded
    preimage: Preimage | None = None  # the receipt, once succeeded
    failure: str | None = None  # why, once failed: for people
    retriable: bool = (
        False  # failed for want of a way, or since the node stopped over it: asked again, it may succeed
    )


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody else's invoice asks for, as it says itself."""

    payee: str  # 33 bytes, hex
    payment_hash: PaymentHash
    amount: Msat | None  # None: the payer names it
    network: str  # as in `NodeInfo`
    expires_at: datetime  # UTC


class NodeInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers, and whether it can be trusted to see payments."""

    alias: str
    pubkey: str  # 33 bytes, hex
    network: str  # mainnet, testnet, signet, regtest
    synced: bool  # has seen the chain's tip
    height: int  # blocks of the chain that it knows


def check_terms(*, amount: Msat, memo: str, expiry_s: int, description_hash: bytes | None = None) -> None:
    """Refuse terms that a node would bend in silence or reject without a usable reason.

    An amount of 0 lets the payer choose the price, and LND reads an expiry of 0 as its own default.

    Raises:
        InvoiceTermsInvalid: The amount or expiry is below 1, the memo does not fit, or a hash is none.
    """
    if amount < 1:
        raise InvoiceTermsInvalid(f"the amount must be at least 1 msat, not {amount}")
    if expiry_s < 1:
        raise InvoiceTermsInvalid(f"the expiry must be at least 1 s, not {expiry_s}")
    if len(memo.encode()) > MAX_MEMO_BYTES:
        raise InvoiceTermsInvalid(f"the memo must fit {MAX_MEMO_BYTES} bytes, not {len(memo.encode())}")
    if description_hash is not None and len(description_hash) != HASH_BYTES:
        raise InvoiceTermsInvalid(f"a hash has {HASH_BYTES} bytes, not {len(description_hash)}")
