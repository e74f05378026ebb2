"""What can go wrong between us and a Lightning node.

LightningError
├── InvoiceNotFound        the node has no invoice with this hash
├── InvoiceTermsInvalid    no node could make the invoice that was asked for
├── InvoiceUnreadable      somebody else's invoice is none
├── MacaroonUnreadable     an L402 macaroon is none
├── InvoiceNotHeld         no payment is held that could be taken or given back
├── PaymentFailed          the payment did not happen
├── PaymentNotFound        the node was never asked to pay this hash
├── CredentialsInvalid     the certificate or macaroon is no such thing
├── AnotherNode            who answers is not the node that has to
├── NodeUnavailable        no answer, or not yet: worth asking again
├── NodeRefused            the node and we do not trust each other: an operator must act
└── NodeFailed             the node answered with an error of its own
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lightning.invoice import InvoiceState


class LightningError(Exception):
    """Anything this package raises on purpose."""


class InvoiceNotFound(LightningError):
    """The node has no invoice with this payment hash."""

    def __init__(self, payment_hash: bytes) -> None:
        super().__init__(f"no invoice has the payment hash {payment_hash.hex()}")
        self.payment_hash = payment_hash


class PaymentNotFound(LightningError):
    """The node was never asked to make a payment of this hash."""

    def __init__(self, payment_hash: bytes) -> None:
        super().__init__(f"no payment has the hash {payment_hash.hex()}")
        self.payment_hash = payment_hash


class InvoiceNotHeld(LightningError):
    """The invoice is in a state in which it cannot be settled, or not be cancelled."""

    def __init__(self, payment_hash: bytes, state: "InvoiceState") -> None:
        super().__init__(f"the invoice {payment_hash.hex()} is {state.value}")
        self.payment_hash = payment_hash
        self.state = state


class _Reasoned(LightningError):
    """An error whose one fact is the reason, in words for the operator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvoiceTermsInvalid(_Reasoned):
    """No node could make an invoice on these terms."""


class InvoiceUnreadable(_Reasoned):
    """What should be an invoice is none, or one that cannot be paid."""


class MacaroonUnreadable(_Reasoned):
    """What should be an L402 macaroon is none."""


class PaymentFailed(_Reasoned):
    """The invoice was not paid by this attempt."""


class CredentialsInvalid(_Reasoned):
    """A TLS certificate or macaroon cannot be read, or is no such thing."""


class AnotherNode(LightningError):
    """Another node is at the other end: what it knows nothing of may have happened all the same."""

    def __init__(self, *, wanted: str, here: str) -> None:
        super().__init__(f"only the node {wanted} can tell, and this is {here}")
        self.wanted = wanted
        self.here = here


class NodeUnavailable(_Reasoned):
    """The node did not answer, or is not ready to."""


class NodeRefused(_Reasoned):
    """The node does not accept our macaroon, or does not show the certificate that we pinned."""


class NodeFailed(_Reasoned):
    """The node answered with an error that says neither that it is away nor that we may not ask."""
