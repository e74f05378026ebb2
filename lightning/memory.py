"""The port in memory: a node with a key of its own, real invoices and no coins.

For tests, documentation and a demonstration without nodes. It keeps nothing across a restart and belongs
to one event loop.
"""

import asyncio
import contextlib
import hmac
import secrets
import time
from collections.abc import AsyncGenerator, Callable
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

from lightning.errors import InvoiceNotFound, InvoiceNotHeld, NodeUnavailable, PaymentFailed
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
_HOLD_EXPIRY_BLOCKS = 18  # so long before a held payment could be taken back LND cancels it by itself
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

    payment_hash: PaymentHash
    bolt11: str
    preimage: Preimage | None  # None: a hold invoice that is not settled
    amount: Msat
    memo: str
    expires_at: float  # Unix seconds
    held_until: int | None = None  # block; None: no payment is held, or was
    canceled: bool = False
    settlement: Settlement | None = None

    def state(self, now: float) -> InvoiceState:
        """Tell the state; one that expired unpaid is CANCELED, as LND does it."""
        if self.settlement is not None:
            return InvoiceState.SETTLED
        if self.canceled or (self.held_until is None and now >= self.expires_at):
            return InvoiceState.CANCELED
        return InvoiceState.OPEN if self.held_until is None else InvoiceState.ACCEPTED


class _Books:
    """What a node keeps."""

    def __init__(self, key: bytes, life: int = 0) -> None:
        self.key = key
        self.life = life  # a node that was restored makes other preimages
        self.records: dict[PaymentHash, _Record] = {}
        self.hashes: dict[str, PaymentHash] = {}  # by invoice
        self.settled: list[Settlement] = []  # in the order of settle_index
        self.pubkey = Signature.from_private_key("ln", key.hex(), b"pubkey").recover_public_key()

    def continues(self, last: SettleIndex, known: PaymentHash | None) -> bool:
        """Whether a settlement that was told is of this history."""
        if last == 0 or (known is None and last <= len(self.settled)):
            return True
        return last <= len(self.settled) and self.settled[last - 1].payment_hash == known


class MemoryBackend:
    """An `InvoiceBackend` whose payer is a method call.

    Args:
        key: The node's private key, 32 bytes, from which preimages and secrets follow; random if not given.
        now: Unix time in seconds.

    Attributes:
        inbound: What payers can still send to the node.
        height: Blocks of its chain.
        private: Nobody else knows of any of its channels.
    """

    def __init__(
        self,
        *,
        key: bytes | None = None,
        now: Callable[[], float] = time.time,
        inbound: Msat = EVERY_BITCOIN,
    ) -> None:
        self._now = now
        self._books = _Books(key or secrets.token_bytes(32))
        self._others: dict[bytes, _Books] = {}  # of nodes that were here before, by key
        self.inbound = inbound
        self.height = 500
        self.private = False
        self._down = False
        self._changed = asyncio.Event()  # replaced by each change, so that one change wakes every follower

    async def add_invoice(
        self, *, amount: Msat, memo: str, expiry_s: int, description_hash: bytes | None = None
    ) -> NewInvoice:
        """Make a signed BOLT 11 invoice for regtest."""
        preimage = Preimage(self._derive("preimage", len(self._books.records)))
        payment_hash = PaymentHash(sha256(preimage).digest())
        return self._add(
            payment_hash,
            preimage,
            amount=amount,
            memo=memo,
            expiry_s=expiry_s,
            description_hash=description_hash,
        )

    async def add_hold_invoice(
        self,
        payment_hash: PaymentHash,
        *,
        amount: Msat,
        memo: str,
        expiry_s: int,
        description_hash: bytes | None = None,
    ) -> NewInvoice:
        """Make a signed BOLT 11 invoice whose payment is held."""
        return self._add(
            payment_hash,
            None,
            amount=amount,
            memo=memo,
            expiry_s=expiry_s,
            description_hash=description_hash,
        )

    def _add(
        self,
        payment_hash: PaymentHash,
        preimage: Preimage | None,
        *,
        amount: Msat,
        memo: str,
        expiry_s: int,
        description_hash: bytes | None,
    ) -> NewInvoice:
        self._require_up()
        check_terms(amount=amount, memo=memo, expiry_s=expiry_s, description_hash=description_hash)
        return self._make(payment_hash, preimage, amount, memo, expiry_s, description_hash)

    def add_open_invoice(self, *, expiry_s: int = 3600) -> NewInvoice:
        """Make an invoice whose payer names the amount, as buyers do who want to be refunded."""
        preimage = Preimage(self._derive("preimage", len(self._books.records)))
        return self._make(PaymentHash(sha256(preimage).digest()), preimage, None, "", expiry_s)

    def _make(
        self,
        payment_hash: PaymentHash,
        preimage: Preimage | None,
        amount: Msat | None,
        memo: str,
        expiry_s: int,
        description_hash: bytes | None = None,
    ) -> NewInvoice:
        created_at = self._now()
        tags = Tags(
            [
                Tag(TagChar.payment_hash, payment_hash.hex()),
                Tag(TagChar.payment_secret, self._derive("payment secret", len(self._books.records)).hex()),
                Tag(TagChar.description, memo)
                if description_hash is None
                else Tag(TagChar.description_hash, description_hash.hex()),
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
        bolt11 = encode(unsigned, self._books.key.hex())
        self._books.records[payment_hash] = _Record(
            payment_hash=payment_hash,
            bolt11=bolt11,
            preimage=preimage,
            amount=amount or Msat(0),
            memo=memo,
            expires_at=created_at + expiry_s,
        )
        self._books.hashes[bolt11] = payment_hash
        return NewInvoice(bolt11=bolt11, payment_hash=payment_hash)

    async def follow(self, payment_hash: PaymentHash) -> AsyncGenerator[Invoice]:
        """Follow one invoice; silent while the node is down."""
        told: InvoiceState | None = None
        while told not in (InvoiceState.SETTLED, InvoiceState.CANCELED):
            changed = self._changed  # before looking, as below
            if not self._down and (invoice := await self.lookup(payment_hash)).state is not told:
                yield invoice
                told = invoice.state
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._expires_in(payment_hash)):
                    await changed.wait()

    async def settle(self, preimage: Preimage) -> None:
        """Take a held payment."""
        payment_hash = PaymentHash(sha256(preimage).digest())
        record = self._record(payment_hash)
        match record.state(self._now()):
            case InvoiceState.ACCEPTED:
                record.preimage = preimage
                self._settle(record, record.amount)
            case InvoiceState.OPEN | InvoiceState.CANCELED as state:
                raise InvoiceNotHeld(payment_hash, state)

    async def cancel(self, payment_hash: PaymentHash) -> None:
        """Give a held payment back."""
        record = self._record(payment_hash)
        if record.settlement is not None:
            raise InvoiceNotHeld(payment_hash, InvoiceState.SETTLED)
        self._cancel(record)

    async def lookup(self, payment_hash: PaymentHash) -> Invoice:
        """Say what became of an invoice."""
        record = self._record(payment_hash)
        state = record.state(self._now())
        settlement = record.settlement
        return Invoice(
            payment_hash=payment_hash,
            bolt11=record.bolt11,
            amount=record.amount,
            state=state,
            amount_paid=Msat(0) if settlement is None else settlement.amount_paid,
            settle_index=None if settlement is None else settlement.settle_index,
            settled_at=None if settlement is None else settlement.settled_at,
            expiry_height=record.held_until if state is InvoiceState.ACCEPTED else None,
            preimage=record.preimage if settlement is not None else None,
        )

    async def settlements(
        self, *, after: SettleIndex, known: PaymentHash | None = None
    ) -> AsyncGenerator[Settlement]:
        """Follow settlements; silent while the node is down, then goes on where it stopped."""
        last = after
        while True:
            changed = self._changed  # before looking: a change from here on sets this very event
            if not self._down and not self._books.continues(last, known):
                last, known = SettleIndex(0), None
            while not self._down and last < len(self._books.settled):
                settlement = self._books.settled[last]
                yield settlement
                last, known = settlement.settle_index, settlement.payment_hash
            await changed.wait()

    async def inbound_msat(self) -> Msat:
        """Say what the node can receive: every payment makes it less."""
        self._require_up()
        return self.inbound

    async def outbound_msat(self) -> Msat:
        """Say what the node has: every payment makes it more."""
        self._require_up()
        return Msat(sum(settlement.amount_paid for settlement in self._books.settled))

    async def node(self) -> str:
        """Say who this node is."""
        self._require_up()
        return self._books.pubkey

    async def has_only_private_channels(self) -> bool:
        """Say what the test wants it to."""
        self._require_up()
        return self.private

    async def ping(self) -> NodeInfo:
        """Say who this node is."""
        self._require_up()
        return NodeInfo(
            alias="memory", pubkey=self._books.pubkey, network="regtest", synced=True, height=self.height
        )

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
        record, paid = self._accept(bolt11, amount)
        if record.preimage is None:
            raise PaymentFailed("the invoice holds its payment: `pay_held` waits for what becomes of it")
        self.inbound = Msat(self.inbound - paid)
        self._settle(record, paid)
        return record.preimage

    async def pay_held(self, bolt11: str) -> Preimage:
        """Pay a hold invoice as another node would, and wait until the payment is taken or comes back.

        Returns:
            The receipt.

        Raises:
            PaymentFailed: As `pay` does, or the payment came back.
        """
        record, paid = self._accept(bolt11, None)
        self.inbound = Msat(self.inbound - paid)
        record.held_until = self.height + _FINAL_CLTV_BLOCKS
        self._tell_followers()
        while (state := record.state(self._now())) is InvoiceState.ACCEPTED:
            await self._changed.wait()
        if state is InvoiceState.CANCELED or record.preimage is None:
            raise PaymentFailed("the payment came back")
        return record.preimage

    def mine(self, blocks: int) -> None:
        """Let the chain grow, which gives back what is held for too long."""
        self.height += blocks
        for record in self._books.records.values():
            if record.held_until is not None and self.height + _HOLD_EXPIRY_BLOCKS >= record.held_until:
                self._cancel(record)

    def go_down(self) -> None:
        """Cut the line: calls raise `NodeUnavailable` and settlements wait; payers still reach the node."""
        self._down = True

    def come_back(self) -> None:
        """Restore the line; followers receive what they missed."""
        self._down = False
        self._tell_followers()

    def restore_from_seed(self) -> None:
        """Be the same node without its database: it knows no invoice, and counts its settlements from 1 again."""
        self._books = _Books(self._books.key, self._books.life + 1)
        self._tell_followers()

    def become(self, key: bytes) -> bytes:
        """Let another node take this one's place, at the same address; or one that was here before, as it was.

        Args:
            key: Of the other node.

        Returns:
            The key of the one that goes.
        """
        gone = self._books
        self._others[gone.key] = gone
        self._books = self._others.pop(key) if key in self._others else _Books(key)
        self._tell_followers()
        return gone.key

    def _accept(self, bolt11: str, amount: Msat | None) -> tuple[_Record, Msat]:
        """Check whether an invoice can be paid; what is kept of it, and what is paid."""
        payment_hash = self._books.hashes.get(bolt11.lower())
        if payment_hash is None:
            raise PaymentFailed("this node made no such invoice")
        record = self._books.records[payment_hash]
        match record.state(self._now()):
            case InvoiceState.SETTLED | InvoiceState.ACCEPTED:
                raise PaymentFailed("the invoice is already paid")
            case InvoiceState.CANCELED:
                raise PaymentFailed("the invoice has expired or was cancelled")
        paid = record.amount if amount is None else amount
        if paid > self.inbound:
            raise PaymentFailed(f"the node cannot receive {paid} msat")
        if paid < record.amount:
            raise PaymentFailed(f"the invoice asks for {record.amount} msat, not {paid}")
        return record, paid

    def _settle(self, record: _Record, paid: Msat) -> None:
        record.settlement = Settlement(
            payment_hash=record.payment_hash,
            bolt11=record.bolt11,
            amount=record.amount,
            amount_paid=paid,
            settle_index=SettleIndex(len(self._books.settled) + 1),
            settled_at=datetime.fromtimestamp(int(self._now()), UTC),
            memo=record.memo,
        )
        self._books.settled.append(record.settlement)
        self._tell_followers()

    def _cancel(self, record: _Record) -> None:
        if record.settlement is not None or record.canceled:
            return
        if record.held_until is not None:
            self.inbound = Msat(self.inbound + record.amount)
        record.canceled = True
        self._tell_followers()

    def _record(self, payment_hash: PaymentHash) -> _Record:
        self._require_up()
        record = self._books.records.get(payment_hash)
        if record is None:
            raise InvoiceNotFound(payment_hash)
        return record

    def _expires_in(self, payment_hash: PaymentHash) -> float | None:
        """Seconds until the invoice expires in silence; None where that cannot happen or has."""
        record = self._books.records.get(payment_hash)
        if record is None or record.state(self._now()) is not InvoiceState.OPEN:
            return None
        return max(record.expires_at - self._now(), 0.0)

    def _tell_followers(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _require_up(self) -> None:
        if self._down:
            raise NodeUnavailable("the node is down")

    def _derive(self, purpose: str, number: int) -> bytes:
        return hmac.digest(self._books.key, f"{self._books.life} {purpose} {number}".encode(), "sha256")
