"""The port on LND's gRPC, over the stubs that `lnd-grpc-client` ships.

Only its stubs: its client prints an error and returns None, which a seller would take for an answer.
"""

from collections.abc import AsyncGenerator

from lndgrpc.compiled import lightning_pb2 as ln
from lndgrpc.compiled.invoices_pb2_grpc import InvoicesStub
from lndgrpc.compiled.lightning_pb2_grpc import LightningStub

from lightning.invoice import (
    Invoice,
    Msat,
    NewInvoice,
    NodeInfo,
    PaymentHash,
    Preimage,
    SettleIndex,
    Settlement,
    check_terms,
)
from lightning.lnd_connection import Connection
from lightning.lnd_credentials import Secret
from lightning.lnd_errors import translated
from lightning.lnd_holds import HoldInvoices
from lightning.lnd_settlements import SettlementFollower


class LndBackend:
    """An `InvoiceBackend` that asks an LND; made inside the event loop that uses it.

    The macaroon needs `info:read invoices:read invoices:write offchain:read` and should be allowed nothing else.

    Args:
        address: Host and port of LND's gRPC; the host must be one that its certificate names.
        tls_cert: LND's own certificate, PEM: no other is trusted. A file may be renewed.
        macaroon: As LND writes it, or the same in hex, as `lncli bakemacaroon` prints it. A file may be renewed.
        route_hints: Invoices tell of channels that are not announced, without which a node that has no others cannot be
            paid. It costs seconds on a large node (lnd#6898), and tells everybody of these channels.
        deadline_s: Longest wait for one answer.

    Raises:
        CredentialsInvalid: The certificate or macaroon cannot be read, or is no such thing.
    """

    def __init__(
        self,
        address: str,
        tls_cert: Secret,
        macaroon: Secret,
        *,
        route_hints: bool = False,
        deadline_s: float = 10.0,
    ) -> None:
        self._route_hints = route_hints
        self._deadline_s = deadline_s
        self._connection = Connection(address, tls_cert, macaroon, deadline_s=deadline_s)
        self._stub = self._connection.stub(LightningStub, macaroon)
        self._follower = SettlementFollower(self._stub, deadline_s=deadline_s)
        self._holds = HoldInvoices(
            self._connection.stub(InvoicesStub, macaroon),
            self._stub,
            route_hints=route_hints,
            deadline_s=deadline_s,
        )

    async def add_invoice(
        self, *, amount: Msat, memo: str, expiry_s: int, description_hash: bytes | None = None
    ) -> NewInvoice:
        """Make an invoice."""
        check_terms(amount=amount, memo=memo, expiry_s=expiry_s, description_hash=description_hash)
        with translated():
            answer = await self._stub.AddInvoice(
                ln.Invoice(
                    value_msat=amount,
                    memo=memo,
                    description_hash=description_hash,
                    expiry=expiry_s,
                    private=self._route_hints,
                ),
                timeout=self._deadline_s,
            )
        return NewInvoice(bolt11=answer.payment_request, payment_hash=PaymentHash(answer.r_hash))

    async def add_hold_invoice(
        self,
        payment_hash: PaymentHash,
        *,
        amount: Msat,
        memo: str,
        expiry_s: int,
        description_hash: bytes | None = None,
    ) -> NewInvoice:
        """Make a hold invoice."""
        return await self._holds.add(
            payment_hash, amount=amount, memo=memo, expiry_s=expiry_s, description_hash=description_hash
        )

    def follow(self, payment_hash: PaymentHash) -> AsyncGenerator[Invoice]:
        """Follow one invoice by a stream of its own over the one connection."""
        return self._holds.follow(payment_hash)

    async def settle(self, preimage: Preimage) -> None:
        """Have LND take a held payment."""
        await self._holds.settle(preimage)

    async def cancel(self, payment_hash: PaymentHash) -> None:
        """Have LND give a held payment back."""
        await self._holds.cancel(payment_hash)

    async def lookup(self, payment_hash: PaymentHash) -> Invoice:
        """Ask LND for the invoice's state."""
        return await self._holds.lookup(payment_hash)

    def settlements(
        self, *, after: SettleIndex, known: PaymentHash | None = None
    ) -> AsyncGenerator[Settlement]:
        """Follow settlements; each call follows by its own stream over the one connection."""
        return self._follower.follow(after, known)

    async def inbound_msat(self) -> Msat:
        """Ask LND for what the other ends of its channels hold, those that are offline too."""
        return Msat((await self._balance()).remote_balance.msat)

    async def outbound_msat(self) -> Msat:
        """Ask LND for what is its own in its channels, those that are offline too."""
        return Msat((await self._balance()).local_balance.msat)

    async def ping(self) -> NodeInfo:
        """Ask LND who it is."""
        with translated():
            answer = await self._stub.GetInfo(ln.GetInfoRequest(), timeout=self._deadline_s)
        return NodeInfo(
            alias=answer.alias,
            pubkey=answer.identity_pubkey,
            network=answer.chains[0].network,
            synced=answer.synced_to_chain,
            height=answer.block_height,
        )

    async def node(self) -> str:
        """Tell whose answers these are, asked once for each time that the line is up."""
        return await self._connection.node()

    async def has_only_private_channels(self) -> bool:
        """Ask LND for its channels."""
        with translated():
            answer = await self._stub.ListChannels(ln.ListChannelsRequest(), timeout=self._deadline_s)
        return bool(answer.channels) and all(channel.private for channel in answer.channels)

    async def _balance(self) -> ln.ChannelBalanceResponse:
        with translated():
            return await self._stub.ChannelBalance(ln.ChannelBalanceRequest(), timeout=self._deadline_s)

    async def aclose(self) -> None:
        """Close the connection. End what follows settlements first."""
        await self._connection.aclose()
