"""Pays from an LND of one's own, over gRPC."""

import asyncio
import contextlib

from lightning.errors import (
    CredentialsInvalid,
    LightningError,
    NodeFailed,
    NodeRefused,
    NodeUnavailable,
    PaymentNotFound,
)
from lightning.invoice import Msat, Payment, PaymentHash, PaymentState
from lightning.lnd_credentials import Secret
from lightning.lnd_payments import LndPayments
from satspeak.payers.errors import NotAsked, NotPaid, OutcomeUnknown, UnderWay, WalletUnusable
from satspeak.payers.port import Bill, Receipt

PATIENCE_S = 60
"""For how long LND looks for ways."""

CHANNELS_S = 30
"""For how long channels that are down are waited for, as after LND was started."""


class LndPayer:
    """A `Payer` that asks an LND; made inside the event loop that uses it.

    Args:
        address: Host and port of its gRPC.
        tls_cert: Its own certificate, PEM, or the file.
        macaroon: As LND writes it, or the file. It needs
            `uri:/routerrpc.Router/SendPaymentV2 uri:/routerrpc.Router/TrackPaymentV2 info:read offchain:read`.

    Raises:
        WalletUnusable: The certificate or the macaroon is none.
    """

    name = "LND"
    bounds_fees = True

    def __init__(self, address: str, tls_cert: Secret, macaroon: Secret) -> None:
        try:
            self._payments = LndPayments(address, tls_cert, macaroon, reading=macaroon)
        except CredentialsInvalid as error:
            raise WalletUnusable(f"LND: {error}") from error

    async def pay(self, bill: Bill) -> Receipt:
        """Have LND pay; a payment that LND knows already is not made again."""
        await self._ready(Msat(bill.amount_msat))
        try:
            paid = await self._payments.pay(
                bill.invoice, amount=None, fee_limit=Msat(bill.fee_limit_msat), timeout_s=PATIENCE_S
            )
        except NodeRefused as error:
            raise WalletUnusable(f"LND lets nobody pay with this macaroon: {error}") from error
        except LightningError as error:
            paid = await self._outcome(bill, error)
        return _receipt(paid)

    async def outcome(self, bill: Bill) -> Receipt:
        """Ask LND what became of a payment."""
        try:
            found = await self._payments.track(PaymentHash(bill.payment_hash))
        except PaymentNotFound as error:
            raise NotAsked("LND knows of no such payment.") from error
        except NodeRefused as error:
            raise WalletUnusable(f"LND lets us not in: {error}") from error
        except LightningError as error:
            raise WalletUnusable(f"LND does not tell: {error}") from error
        return _receipt(found)

    async def aclose(self) -> None:
        """Close the connection."""
        await self._payments.aclose()

    async def _ready(self, amount: Msat) -> None:
        """Wait for channels that are not up yet; what cannot be told stops no payment."""
        try:
            with contextlib.suppress(TimeoutError, NodeFailed):
                async with asyncio.timeout(CHANNELS_S):
                    await self._payments.until_able(amount)
        except NodeRefused as error:
            raise WalletUnusable(f"LND lets us not in: {error}") from error
        except NodeUnavailable as error:
            raise WalletUnusable(f"LND does not answer: {error}") from error

    async def _outcome(self, bill: Bill, error: LightningError) -> Payment:
        """Ask what became of a payment whose end was not told."""
        try:
            return await self._payments.track(PaymentHash(bill.payment_hash))
        except PaymentNotFound as never:
            raise NotPaid(f"LND did not pay: {error}") from never
        except LightningError as silent:
            raise OutcomeUnknown(f"LND was asked to pay, and does not answer any more: {error}") from silent


def _receipt(payment: Payment) -> Receipt:
    if payment.state is PaymentState.SUCCEEDED:
        return Receipt(preimage=payment.preimage, amount_msat=payment.amount, fee_msat=payment.fee)
    if payment.state is PaymentState.FAILED:
        raise NotPaid(f"LND did not pay: {payment.failure}.")
    raise UnderWay("LND has the payment on its way.")
