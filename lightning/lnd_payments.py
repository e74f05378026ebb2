"""The port of payments on LND's router, over the stubs that `lnd-grpc-client` ships.

LND knows each payment by its hash, and refuses a second one of a hash while the first may succeed or has: that is
what makes asking again safe.
"""

from typing import Any

import grpc.aio
import msgspec
from lndgrpc.compiled import lightning_pb2 as ln
from lndgrpc.compiled import router_pb2 as router
from lndgrpc.compiled.lightning_pb2_grpc import LightningStub
from lndgrpc.compiled.router_pb2_grpc import RouterStub

from lightning.errors import NodeFailed, NodeUnavailable, PaymentNotFound
from lightning.invoice import Msat, Payment, PaymentHash, PaymentState, Preimage
from lightning.lnd_channels import Channels
from lightning.lnd_connection import Connection
from lightning.lnd_credentials import Secret
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


# All that is no word of the payee. LND goes on with a payment after it was restarted, but begins no further attempt,
# and says then that there was no way.
_RETRIABLE = (
    ln.FAILURE_REASON_TIMEOUT,
    ln.FAILURE_REASON_NO_ROUTE,
    ln.FAILURE_REASON_ERROR,
    ln.FAILURE_REASON_INSUFFICIENT_BALANCE,
)


class LndPayments:
    """A `PaymentBackend` that asks an LND; made inside the event loop that uses it.

    The macaroon needs no more than `uri:/routerrpc.Router/SendPaymentV2 uri:/routerrpc.Router/TrackPaymentV2`, and the
    other one `info:read offchain:read`, which the seller's has.

    Args:
        address: Host and port of LND's gRPC; the host must be one that its certificate names.
        tls_cert: LND's own certificate, PEM: no other is trusted. A file may be renewed, and so the macaroons.
        macaroon: As LND writes it, or the same in hex.
        reading: The other macaroon, which looks at the node and its channels.
        deadline_s: Longest wait for an answer that needs no other node.

    Raises:
        CredentialsInvalid: The certificate or a macaroon cannot be read, or is no such thing.
    """

    def __init__(
        self, address: str, tls_cert: Secret, macaroon: Secret, *, reading: Secret, deadline_s: float = 10.0
    ) -> None:
        self._deadline_s = deadline_s
        self._connection = Connection(address, tls_cert, reading, deadline_s=deadline_s)
        self._stub = self._connection.stub(RouterStub, macaroon)
        self._channels = Channels(self._connection.stub(LightningStub, reading), deadline_s=deadline_s)

    async def until_able(self, amount: Msat) -> None:
        """Wait for the chain and for channels, as after LND was started."""
        await self._channels.until_able(amount)

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
        call = self._stub.SendPaymentV2(request, timeout=timeout_s + _SLACK_S)
        try:
            with translated():
                return _decode(payment_hash, await call.read())
        except NodeFailed as error:  # it was not begun now: it was before, or it cannot be
            return await self._begun_before(payment_hash, error)

    async def track(self, payment_hash: PaymentHash) -> Payment:
        """Ask LND for the payment's state, which it sends first of all; tell what it waits for in vain as FAILED."""
        call = self._stub.TrackPaymentV2(
            router.TrackPaymentRequest(payment_hash=payment_hash),
            timeout=self._deadline_s,
        )
        with translated(not_found=PaymentNotFound(payment_hash)):
            found = await call.read()
        call.cancel()
        payment = _decode(payment_hash, found)
        if payment.state is PaymentState.IN_FLIGHT and await self._channels.have_lost(payment_hash, found):
            lost = "our node lost it as it died"
            return msgspec.structs.replace(payment, state=PaymentState.FAILED, failure=lost)
        return payment

    async def node(self) -> str:
        """Tell whose answers these are, asked once for each time that the line is up."""
        return await self._connection.node()

    async def aclose(self) -> None:
        """Close the connection."""
        await self._connection.aclose()

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
    if state is PaymentState.IN_FLIGHT:
        return Payment(payment_hash=payment_hash, state=state)
    return Payment(
        payment_hash=payment_hash,
        state=state,
        failure=_FAILURES.get(payment.failure_reason, "for a reason that only a newer LND knows"),
        retriable=payment.failure_reason in _RETRIABLE,
    )
