"""What can go wrong when a wallet is asked to pay.

PaymentError
├── WalletUnusable    what opens the wallet is missing or wrong; nothing was paid
├── BillRefused       the invoice is not one that we pay; the wallet was not asked
│   └── TooExpensive  it asks for more than the bound
├── NotPaid           the wallet says that nothing left it, and that nothing will
└── OutcomeUnknown    it may have been paid, or may yet be: do not pay for the same thing again
    ├── NotAsked      this wallet knows of no such payment: another may, or it was deleted there
    └── UnderWay      it is being paid
"""


class PaymentError(Exception):
    """Anything that this package raises on purpose.

    Attributes:
        reason: Why, for people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WalletUnusable(PaymentError):
    """The wallet cannot be asked: a file, a password or a library is missing, or it does not let us in."""


class BillRefused(PaymentError):
    """The invoice cannot be read, has no amount, has expired, or is not for what was agreed."""


class TooExpensive(BillRefused):
    """The invoice asks for more than may be spent."""


class NotPaid(PaymentError):
    """The payment failed for good: the money is still there, and the same invoice may be tried again."""


class OutcomeUnknown(PaymentError):
    """Nobody can tell yet whether the payment happens. The order's own state tells, as soon as it is known."""


class NotAsked(OutcomeUnknown):
    """The wallet knows of no payment of the invoice. It may be another wallet than was asked, or have forgotten it."""


class UnderWay(OutcomeUnknown):
    """The wallet is paying: it may take until the invoice is long over."""
