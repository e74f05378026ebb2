"""Video time that is sold in advance: a payment without an order. Pure."""

from datetime import datetime
from typing import Protocol

import msgspec

from service.orders.order import Status
from service.orders.root_key import RootKey
from service.orders.tokens import IdempotencyKey
from service.payments.payment import Incoming, NewPayment
from service.pricing.price import Price


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """The first key of an account that is made with its first top-up."""

    name: str
    prefix: str
    digest: bytes


class NewTopUp(msgspec.Struct, frozen=True, kw_only=True):
    """A top-up on its way to its buyer."""

    account_id: int | None  # None: an account is made for it, and `key`
    key: NewKey | None
    ms: int
    price: Price
    payment: NewPayment
    created_at: datetime
    root_key: RootKey | None = None  # of the credential that it is sold by
    idempotency: IdempotencyKey | None = None


class TopUp(msgspec.Struct, frozen=True, kw_only=True):
    """Video time that is sold, and whether it is paid. Moments in UTC."""

    account_id: int
    ms: int
    price: Price
    payment: Incoming
    created_at: datetime
    root_key: bytes | None = None
    idempotency: IdempotencyKey | None = None

    @property
    def id(self) -> int:
        """Its number: it has its payment's, and later ones have higher ones."""
        return self.payment.id

    @property
    def invoice(self) -> str:
        """What is to be paid."""
        return self.payment.invoice

    @property
    def status(self) -> Status:
        """Whether it is paid."""
        return self.payment.status

    @property
    def paid_at(self) -> datetime | None:
        """When it was."""
        return self.payment.paid_at

    @property
    def paid_msat(self) -> int:
        """What was received, which may be more than was asked."""
        return self.payment.paid_msat


class TopUps(Protocol):
    """Keeps top-ups. What their payment does is `Payments.settle`."""

    async def add(self, top_up: NewTopUp) -> int:
        """Keep one, with the account and the key that are made for it, all or nothing; whose it is.

        Raises:
            InvalidApiKey: There is no such account any more.
            KeyTaken: It was to be made once, and another replica has made it.
        """
        ...

    async def find(self, invoice: str) -> TopUp | None:
        """Find the top-up of exactly this invoice."""
        ...

    async def of_idempotency_key(self, key_hash: bytes, now: datetime) -> TopUp | None:
        """Find the top-up that was asked for with this key, while its quote is good."""
        ...

    async def of_credential(self, identifier_hash: bytes) -> TopUp | None:
        """Find one by the sha256 of the identifier of its credential's macaroon, with the root key."""
        ...

    async def of_account(self, account_id: int, *, before_id: int | None, limit: int) -> list[TopUp]:
        """Return those of an account, the newest first, below an id."""
        ...

    async def paid(self) -> list[TopUp]:
        """Return all that were paid, the oldest first."""
        ...
