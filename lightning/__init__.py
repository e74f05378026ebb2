"""Lightning invoices and their settlement; knows no HTTP and no video.

The adapters are imported from their own modules, `lightning.lnd` and `lightning.memory`, by whoever builds
them: a domain file that needs a name from here should not load gRPC with it.
"""

from lightning.backend import InvoiceBackend
from lightning.errors import (
    CredentialsInvalid,
    InvoiceNotFound,
    InvoiceNotHeld,
    InvoiceTermsInvalid,
    LightningError,
    NodeFailed,
    NodeRefused,
    NodeUnavailable,
    PaymentFailed,
)
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
)

__all__ = [
    "CredentialsInvalid",
    "Invoice",
    "InvoiceBackend",
    "InvoiceNotFound",
    "InvoiceNotHeld",
    "InvoiceState",
    "InvoiceTermsInvalid",
    "LightningError",
    "Msat",
    "NewInvoice",
    "NodeFailed",
    "NodeInfo",
    "NodeRefused",
    "NodeUnavailable",
    "PaymentFailed",
    "PaymentHash",
    "Preimage",
    "SettleIndex",
    "Settlement",
]
