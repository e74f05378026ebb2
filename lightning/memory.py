"""The port in memory: a node with a key of its own, real invoices and no coins.

For tests, documentation and a demonstration without nodes. It keeps nothing across a restart and belongs
to one event loop.
"""

import asyncio
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from bolt11 import (
    Bolt11,
    Feature,
    Features,
    FeatureState,
    MilliSatoshi,
    Signature,
    Tag,
    TagChar,
    Tags,
    encode,
)

from lightning.errors import InvoiceNotFound, NodeUnavailable, PaymentFailed
from lightning.invoice import (
    Invoice,
    InvoiceState,
    Msat,
    NewInvoice,
    NodeInfo,
    PaymentHash,
    Preimage,
    SettleIndex,
    Settlement,
    check_terms,
)

_CURRENCY = "bcrt"  # BOLT 11's prefix for regtest: no wallet with real coins will pay it
_FINAL_CLTV_BLOCKS = 80  # what LND asks for by default
_FEATURES = Features.from_feature_list(
    {
        Feature.var_onion_optin: FeatureState.required,
        Feature.payment_secret: FeatureState.required,
        Feature.basic_mpp: FeatureState.supported,
    }
)

EVERY_BITCOIN = Msat(21_000_000 * 100_000_000 * 1000)


@dataclass
class _Record:
    """One invoice as the node keeps it."""

    bolt11: str
    preimage: Preimage
    amount: Msat
    expires_at: float  # Unix seconds
    settlement: Settlement | None = None


class MemoryBackend:
    """An `InvoiceBackend` whose payer is a method call.

    Args:
        key: The node's private key, 32 bytes, from which preimages and secrets follow; random if not given.
        now: Unix time in seconds.

    Attributes:
        inbound: What payers can still send to the node.
    """

    def __init__(
        self,
        *,
        key: bytes | None = None,
        now: Callable[[], float] = time.time,
        inbound: Msat = EVERY_BITCOIN,
    ) -> None:
        self._key = key or secrets.token_bytes(32)
        self._now = now
        self._records: dict[PaymentHash, _Record] = {}
        self._hashes: dict[str, PaymentHash] = {}  # by invoice
        self._settled: list[Settlement] = []  # in the order of settle_index
        self.inbound = inbound
        self._down = False
        self._changed = asyncio.Event()  # replaced by each change, so that one change wakes every follower

    async def add_invoice(self, *, amount: Msat, memo: str, expiry_s: int) -> NewInvoice:
        """Make a signed BOLT 11 invoice for regtest."""
        self._require_up()
        check_terms(amount=amount, memo=memo, expiry_s=expiry_s)
        return self._make(amount, memo, expiry_s)

    def add_open_invoice(self, *, expiry_s: int = 3600) -> NewInvoice:
        """Make an invoice whose payer names the amount, as buyers do who want to be refunded."""
        return self._make(None, "", expiry_s)

    def _make(self, amount: Msat | None, memo: str, expiry_s: int) -> NewInvoice:
        number = len(self._records)
        preimage = Preimage(self._derive("preimage", number))
        payment_hash = PaymentHash(sha256(preimage).digest())
        created_at = self._now()
        tags = Tags(
            [
                Tag(TagChar.payment_hash, payment_hash.hex()),
                Tag(TagChar.payment_secret, self._derive("payment secret", number).hex()),
                Tag(TagChar.description, memo),
                Tag(TagChar.expire_time, expiry_s),
                Tag(TagChar.min_final_cltv_expiry, _FINAL_CLTV_BLOCKS),
                Tag(TagChar.features, _FEATURES),
            ]
        )
        unsigned = Bolt11(
            _CURRENCY,
            date=int(created_at),
            tags=tags,
            amount_msat=None if amount is None else MilliSatoshi(amount),
        )
        bolt11 = encode(unsigned, self._key.hex())
        self._records[payment_hash] = _Record(
            bolt11=bolt11, preimage=preimage, amount=amount or Msat(0), expires_at=created_at + expiry_s
        )
        self._hashes[bolt11] = payment_hash
        return NewInvoice(bolt11=bolt11, payment_hash=payment_hash)

    async def lookup(self, payment_hash: PaymentHash) -> Invoice:
        """Say what became of an invoice; one that expired unpaid is CANCELED, as LND does it."""
        self._require_up()
        record = self._records.get(payment_hash)
        if record is None:
            raise InvoiceNotFound(payment_hash)
        settlement = record.settlement
        if settlement is None:
            expired = self._now() >= record.expires_at
            state = InvoiceState.CANCELED if expired else InvoiceState.OPEN
            return Invoice(payment_hash=payment_hash, bolt11=record.bolt11, amount=record.amount, state=state)
        return Invoice(
            payment_hash=payment_hash,
            bolt11=record.bolt11,
            amount=record.amount,
            state=InvoiceState.SETTLED,
            amount_paid=settlement.amount_paid,
            settle_index=settlement.settle_index,
            settled_at=settlement.settled_at,
        )

    async def settlements(self, *, after: SettleIndex) -> AsyncIterator[Settlement]:
        """Follow settlements; silent while the node is down, then goes on where it stopped."""
        last = after
        while True:
            changed = self._changed  # before looking: a change from here on sets this very event
            while not self._down and last < len(self._settled):
                settlement = self._settled[last]
                yield settlement
                last = settlement.settle_index
            await changed.wait()

    async def inbound_msat(self) -> Msat:
        """Say what the node can receive: every payment makes it less."""
        self._require_up()
        return self.inbound

    async def ping(self) -> NodeInfo:
        """Say who this node is."""
        self._require_up()
        pubkey = Signature.from_private_key("ln", self._key.hex(), b"pubkey").recover_public_key()
        return NodeInfo(alias="memory", pubkey=pubkey, network="regtest", synced=True)

    async def aclose(self) -> None:
        """Go down for good."""
        self.go_down()

    def pay(self, bolt11: str, *, amount: Msat | None = None) -> Preimage:
        """Pay an invoice as another node would, also while the line between us and this node is down.

        Args:
            bolt11: An invoice of this node.
            amount: What to pay; the amount asked if not given.

        Returns:
            The receipt.

        Raises:
            PaymentFailed: The invoice is unknown, paid or expired, or `amount` is below what it asks.
        """
        payment_hash = self._hashes.get(bolt11.lower())
        if payment_hash is None:
            raise PaymentFailed("this node made no such invoice")
        record = self._records[payment_hash]
        if record.settlement is not None:
            raise PaymentFailed("the invoice is already paid")
        if self._now() >= record.expires_at:
            raise PaymentFailed("the invoice has expired")
        paid = record.amount if amount is None else amount
        if paid > self.inbound:
            raise PaymentFailed(f"the node cannot receive {paid} msat")
        if paid < record.amount:
            raise PaymentFailed(f"the invoice asks for {record.amount} msat, not {paid}")
        record.settlement = Settlement(
            payment_hash=payment_hash,
            bolt11=record.bolt11,
            amount=record.amount,
            amount_paid=paid,
            settle_index=SettleIndex(len(self._settled) + 1),
            settled_at=datetime.fromtimestamp(int(self._now()), UTC),
        )
        self.inbound = Msat(self.inbound - paid)
        self._settled.append(record.settlement)
        self._tell_followers()
        return record.preimage

    def go_down(self) -> None:
        """Cut the line: calls raise `NodeUnavailable` and settlements wait; payers still reach the node."""
        self._down = True

    def come_back(self) -> None:
        """Restore the line; followers receive what they missed."""
        self._down = False
        self._tell_followers()

    def _tell_followers(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _require_up(self) -> None:
        if self._down:
            raise NodeUnavailable("the node is down")

    def _derive(self, purpose: str, number: int) -> bytes:
        return hmac.digest(self._key, f"{purpose} {number}".encode(), "sha256")
