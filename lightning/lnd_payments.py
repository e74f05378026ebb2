"""The port of payments on LND's router, over the stubs that `lnd-grpc-client` ships.

LND knows each payment by its hash, and refuses a second one of a hash while the first may succeed or has: that is
what makes asking again safe.
"""

from typing import Any

import grpc
import grpc.aio
from lndgrpc.compiled import lightning_pb2 as ln
from lndgrpc.compiled import router_pb2 as router
from lndgrpc.compiled.router_pb2_grpc import RouterStub

from lightning.errors import NodeFailed, NodeUnavailable, PaymentNotFound
from lightning.invoice import Msat, Payment, PaymentHash, PaymentState, Preimage
from lightning.lnd import CHANNEL_OPTIONS, check_credentials, macaroon_hex
from lightning.lnd_errors import translated
from lightning.reading import read_invoice

_SLACK_S = 10.0  # the node gives up by itself; this bounds one that does not

_STATES = {
    # UNKNOWN is what LND called a payment in flight before 0.18, and INITIATED (4) one that no channel carries yet.
    ln.Payment.UNKNOWN: PaymentState.IN_FLIGHT,
    ln.Payment.IN_FLIGHT: PaymentState.IN_FLIGHT,
    4: PaymentState.IN_FLIGHT,
    ln.Payment.SUCCEEDED: PaymentState.SUCCEEDED,
    ln.Payment.FAILED: PaymentState.FAILED,
}

_FAILURES = {
    number: name.removeprefix("FAILURE_REASON_").replace("_", " ").lower()
    for name, number in ln.PaymentFailureReason.items()
}


class LndPayments:
    """A `PaymentBackend` that asks an LND; made inside the event loop that uses it.

    The macaroon needs no more than `uri:/routerrpc.Router/SendPaymentV2 uri:/routerrpc.Router/TrackPaymentV2`.

    Args:
        address: Host and port of LND's gRPC; the host must be one that its certificate names.
        tls_cert: LND's own certificate, PEM: no other is trusted.
        macaroon: As LND writes it, or the same in hex.
        deadline_s: Longest wait for an answer that needs no other node.

    Raises:
        CredentialsInvalid: The certificate or macaroon is no such thing.
    """

    def __init__(self, address: str, tls_cert: bytes, macaroon: bytes, *, deadline_s: float = 10.0) -> None:
        check_credentials(tls_cert, macaroon)
        self._metadata = (("macaroon", macaroon_hex(macaroon)),)
        self._deadline_s = deadline_s
        credentials = grpc.ssl_channel_credentials(root_certificates=tls_cert)
        self._channel = grpc.aio.secure_channel(address, credentials, options=CHANNEL_OPTIONS)
        self._stub = RouterStub(self._channel)

    async def pay(self, bolt11: str, *, amount: Msat | None, fee_limit: Msat, timeout_s: int) -> Payment:
        """Have LND pay; it goes on when nobody listens any more."""
        payment_hash = read_invoice(bolt11).payment_hash
        request = router.SendPaymentRequest(
            payment_request=bolt11,
            amt_msat=amount or 0,
            fee_limit_msat=fee_limit,
            timeout_seconds=timeout_s,
            no_inflight_updates=True,
        )
        call = self._stub.SendPaymentV2(request, metadata=self._metadata, timeout=timeout_s + _SLACK_S)
        try:
            with translated():
                return _decode(payment_hash, await call.read())
        except NodeFailed as error:  # it was not begun now: it was before, or it cannot be
            return await self._begun_before(payment_hash, error)

    async def track(self, payment_hash: PaymentHash) -> Payment:
        """Ask LND for the payment's state, which it sends first of all."""
        call = self._stub.TrackPaymentV2(
            router.TrackPaymentRequest(payment_hash=payment_hash),
            metadata=self._metadata,
            timeout=self._deadline_s,
        )
        with translated(not_found=PaymentNotFound(payment_hash)):
            payment = _decode(payment_hash, await call.read())
        call.cancel()
        return payment

    async def aclose(self) -> None:
        """Close the connection."""
        await self._channel.close()

    async def _begun_before(self, payment_hash: PaymentHash, error: NodeFailed) -> Payment:
        try:
            return await self.track(payment_hash)
        except PaymentNotFound:
            return Payment(payment_hash=payment_hash, state=PaymentState.FAILED, failure=error.reason)


def _decode(payment_hash: PaymentHash, payment: Any) -> Payment:
    if payment is grpc.aio.EOF:
        raise NodeUnavailable("the node ended the stream")  # as LND does when it stops
    state = _STATES.get(payment.status)
    if state is None:  # a newer LND: no guess where money is
        raise NodeUnavailable(f"the node knows a state of payments that we do not: {payment.status}")
    if state is PaymentState.SUCCEEDED:
        return Payment(
            payment_hash=payment_hash,
            state=state,
            amount=Msat(payment.value_msat),
            fee=Msat(payment.fee_msat),
            preimage=Preimage(bytes.fromhex(payment.payment_preimage)),
        )
    failure = None
    if state is PaymentState.FAILED:
        failure = _FAILURES.get(payment.failure_reason, "for a reason that only a newer LND knows")
    return Payment(payment_hash=payment_hash, state=state, failure=failure)
