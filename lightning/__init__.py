"""Lightning invoices and their settlement; knows no HTTP and no video."""

from lightning.backend import InvoiceBackend
from lightning.errors import (
    CredentialsInvalid,
    InvoiceNotFound,
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
from lightning.memory import MemoryBackend

__all__ = [
    "CredentialsInvalid",
    "Invoice",
    "InvoiceBackend",
    "InvoiceNotFound",
    "InvoiceState",
    "InvoiceTermsInvalid",
    "LightningError",
    "MemoryBackend",
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
