"""Wallets that pay invoices, within a bound: LND (gRPC or REST), phoenixd, a command, Nostr Wallet Connect.

    payer = open_payer("lnd", os.environ)
    receipt = await pay(payer, quote.bolt11_invoice, max_sats=500, agreed_sats=quote.amount)
    await payer.aclose()

A wallet of your own is a class with the methods of `Payer`. What reads invoices and what speaks to the nodes comes with
`pip install 'satspeak[wallet]'`, and is imported when it is used.
"""

from satspeak.payers.errors import (
    BillRefused,
    NotAsked,
    NotPaid,
    OutcomeUnknown,
    PaymentError,
    TooExpensive,
    UnderWay,
    WalletUnusable,
)
from satspeak.payers.opening import WALLETS, open_payer
from satspeak.payers.paying import check, pay, pay_once
from satspeak.payers.port import Bill, OpenPayer, Payer, Receipt, Wallet

__all__ = [
    "WALLETS",
    "Bill",
    "BillRefused",
    "NotAsked",
    "NotPaid",
    "OpenPayer",
    "OutcomeUnknown",
    "Payer",
    "PaymentError",
    "Receipt",
    "TooExpensive",
    "UnderWay",
    "Wallet",
    "WalletUnusable",
    "check",
    "open_payer",
    "pay",
    "pay_once",
]
