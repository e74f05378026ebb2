"""Lightning invoices and their settlement; knows no HTTP and no video.

The adapters are imported from their own modules, `lightning.lnd` and `lightning.memory`, by whoever builds
them: a domain file that needs a name from here should not load gRPC with it.
"""

from lightning.backend import InvoiceBackend, PaymentBackend
from lightning.errors import (
    AnotherNode,
    CredentialsInvalid,
    InvoiceNotFound,
    InvoiceNotHeld,
    InvoiceTermsInvalid,
    InvoiceUnreadable,
    LightningError,
    MacaroonUnreadable,
    NodeFailed,
    NodeRefused,
    NodeUnavailable,
    PaymentFailed,
    PaymentNotFound,
)
from lightning.invoice import (
    Asked,
    Invoice,
    InvoiceState,
    Msat,
    NewInvoice,
    NodeInfo,
    Payment,
    PaymentHash,
    PaymentState,
    Preimage,
    SettleIndex,
    Settlement,
)

__all__ = [
    "AnotherNode",
    "Asked",
    "CredentialsInvalid",
    "Invoice",
    "InvoiceBackend",
    "InvoiceNotFound",
    "InvoiceNotHeld",
    "InvoiceState",
    "InvoiceTermsInvalid",
    "InvoiceUnreadable",
    "LightningError",
    "MacaroonUnreadable",
    "Msat",
    "NewInvoice",
    "NodeFailed",
    "NodeInfo",
    "NodeRefused",
    "NodeUnavailable",
    "Payment",
    "PaymentBackend",
    "PaymentFailed",
    "PaymentHash",
    "PaymentNotFound",
    "PaymentState",
    "Preimage",
    "SettleIndex",
    "Settlement",
]
