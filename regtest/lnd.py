"""One LND: started, stopped, asked and told to pay."""

import contextlib
import enum
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import msgspec
from lndgrpc.compiled import (
    lightning_pb2,
    lightning_pb2_grpc,
    router_pb2,
    router_pb2_grpc,
    stateservice_pb2,
    stateservice_pb2_grpc,
)

from regtest.errors import NodeError, NotOurs, PaymentFailed
from regtest.process import Runnable, until

READY_TIMEOUT_S = 60.0
CHANNEL_TIMEOUT_S = 30.0

# What a seller of videos needs of its node, and nothing that could move money out.
_SELLER_PERMISSIONS = (("invoices", "read"), ("invoices", "write"), ("offchain", "read"), ("info", "read"))

# What a seller needs beside that to give money back: two calls, of all that may be done with channels.
_REFUND_PERMISSIONS = (
    ("uri", "/routerrpc.Router/SendPaymentV2"),
    ("uri", "/routerrpc.Router/TrackPaymentV2"),
)

# A proxy could not reach this machine's own loopback.
_CHANNEL_OPTIONS = [("grpc.enable_http_proxy", 0)]


class NodeAccess(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a node: all that another process needs."""

    name: str
    folder: Path  # with tls.cert, admin.macaroon, seller.macaroon and refunds.macaroon
    address: str  # host:port of gRPC
    peer_address: str  # host:port where other nodes reach it
    rest_address: str = ""  # host:port of REST; empty where it serves none


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment that succeeded."""

    preimage: bytes
    payment_hash: bytes
    amount_msat: int
    fee_msat: int


class ChannelBalance(msgspec.Struct, frozen=True, kw_only=True):
    """What a node can send and receive over its open channels."""

    local_msat: int
    remote_msat: int
    pending_msat: int  # on its way in or out: a payer has its preimage a moment before the money has moved


class NodeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What a node says about itself."""

    alias: str
    pubkey: str
    height: int
    synced: bool
    active_channels: int


class FailureReason(enum.StrEnum):
    """Why LND gave a payment up, named as in its `PaymentFailureReason`."""

    TIMEOUT = "timeout"
    NO_ROUTE = "no_route"
    ERROR = "error"
    INCORRECT_PAYMENT_DETAILS = "incorrect_payment_details"
    INSUFFICIENT_BALANCE = "insufficient_balance"
    CANCELED = "canceled"
    REFUSED = "refused"  # ours: not even tried, since the invoice is broken, expired or paid


class LndNode:
    """A node, reached over gRPC with its admin macaroon.

    It can be stopped, killed and started again by whoever runs the network, and keeps its ports and its data.
    """

    def __init__(self, access: NodeAccess, program: Runnable | None = None) -> None:
        self.access = access
        self._program = program
        self._channel: grpc.aio.Channel | None = None

    @property
    def name(self) -> str:
        """Its alias."""
        return self.access.name

    @property
    def address(self) -> str:
        """Where its gRPC listens, as host:port."""
        return self.access.address

    @property
    def rest_url(self) -> str:
        """Where its REST listens."""
        return f"https://{self.access.rest_address}"

    @property
    def tls_cert_path(self) -> Path:
        """The certificate to trust when connecting to it."""
        return self.access.folder / "tls.cert"

    @property
    def macaroon_path(self) -> Path:
        """A macaroon with just what a seller needs."""
        return self.access.folder / "seller.macaroon"

    @property
    def refund_macaroon_path(self) -> Path:
        """A macaroon that may pay, and ask what became of that."""
        return self.access.folder / "refunds.macaroon"

    @property
    def admin_macaroon_path(self) -> Path:
        """A macaroon that may do everything."""
        return self.access.folder / "admin.macaroon"

    async def start(self) -> None:
        """Start it, and return when it serves and is in step with the chain.

        Raises:
            ProgramExited: it ended instead; with the last lines of its log.
            NotReady: it takes too long.
        """
        await self._own_program.start()
        await self.until_ready()

    async def start_wallet(self) -> None:
        """Start it, and return when its wallet can be asked; whether it serves depends on the chain."""
        await self._own_program.start()
        await self._until_state(stateservice_pb2.RPC_ACTIVE)

    async def stop(self) -> None:
        """End it in good order, if it was started here, and close the connection to it."""
        await self._disconnect()
        if self._program is not None:
            await self._program.stop()

    async def kill(self) -> None:
        """End it as a crash would."""
        await self._disconnect()
        await self._own_program.kill()

    async def until_ready(self) -> None:
        """Wait until it serves and is in step with the chain."""
        # LND accepts calls for seconds before it can answer them; only its state service tells when it can.
        await self._until_state(stateservice_pb2.SERVER_ACTIVE)
        await until(f"{self.name} in step", self._in_step, timeout_s=READY_TIMEOUT_S, program=self._program)

    async def status(self) -> NodeStatus:
        """Ask it for its name, its height and its channels."""
        with self._translated():
            info = await self._lightning.GetInfo(lightning_pb2.GetInfoRequest(), metadata=self._admin())
        return NodeStatus(
            alias=info.alias,
            pubkey=info.identity_pubkey,
            height=info.block_height,
            synced=info.synced_to_chain,
            active_channels=info.num_active_channels,
        )

    async def channel_balance(self) -> ChannelBalance:
        """Ask it what it can send and receive."""
        with self._translated():
            balance = await self._lightning.ChannelBalance(
                lightning_pb2.ChannelBalanceRequest(), metadata=self._admin()
            )
        return ChannelBalance(
            local_msat=balance.local_balance.msat,
            remote_msat=balance.remote_balance.msat,
            pending_msat=balance.unsettled_local_balance.msat + balance.unsettled_remote_balance.msat,
        )

    async def pay(self, invoice: str, timeout_s: int = 60) -> Payment:
        """Pay a BOLT11 invoice and wait for the preimage; for a hold invoice that is until it is settled.

        Args:
            invoice: with or without `lightning:` before it.
            timeout_s: for how long LND goes on trying.

        Raises:
            PaymentFailed: with LND's reason.
            NodeError: the node cannot be reached.
        """
        await self.until_channel_usable()
        request = router_pb2.SendPaymentRequest(
            payment_request=invoice.strip().lower().removeprefix("lightning:"),
            timeout_seconds=timeout_s,
            fee_limit_msat=1_000_000,  # the direct channel costs nothing; this only must not be the obstacle
            no_inflight_updates=True,
        )
        router = router_pb2_grpc.RouterStub(self._connection())
        with self._translated(paying=True):
            async for update in router.SendPaymentV2(request, metadata=self._admin()):
                if update.status == lightning_pb2.Payment.SUCCEEDED:
                    return Payment(
                        preimage=bytes.fromhex(update.payment_preimage),
                        payment_hash=bytes.fromhex(update.payment_hash),
                        amount_msat=update.value_msat,
                        fee_msat=update.fee_msat,
                    )
                if update.status == lightning_pb2.Payment.FAILED:
                    name = lightning_pb2.PaymentFailureReason.Name(update.failure_reason)
                    raise PaymentFailed(self.name, FailureReason[name.removeprefix("FAILURE_REASON_")])
        raise PaymentFailed(self.name, FailureReason.ERROR, "the node ended its answer without a result")

    async def until_channel_usable(self) -> None:
        """Wait until it can send over a channel; its peer may just have been restarted."""
        await until(f"{self.name}: a usable channel", self._can_send, timeout_s=CHANNEL_TIMEOUT_S)

    async def new_address(self) -> str:
        """Make an on-chain address of its wallet."""
        request = lightning_pb2.NewAddressRequest(type=lightning_pb2.WITNESS_PUBKEY_HASH)
        with self._translated():
            return str((await self._lightning.NewAddress(request, metadata=self._admin())).address)

    async def confirmed_sat(self) -> int:
        """Ask it how many satoshi its wallet can spend on the chain."""
        with self._translated():
            balance = await self._lightning.WalletBalance(
                lightning_pb2.WalletBalanceRequest(), metadata=self._admin()
            )
        return int(balance.confirmed_balance)

    async def open_channel(
        self, peer: "LndNode", *, capacity_sat: int, push_sat: int, private: bool = False
    ) -> None:
        """Connect to a peer and publish a channel's funding transaction; mine it to make the channel usable.

        Args:
            peer: The node at the other end.
            capacity_sat: What the two have together.
            push_sat: What the peer gets of it.
            private: Nobody else is told of the channel.
        """
        pubkey = (await peer.status()).pubkey
        with self._translated():
            try:
                await self._lightning.ConnectPeer(
                    lightning_pb2.ConnectPeerRequest(
                        addr=lightning_pb2.LightningAddress(pubkey=pubkey, host=peer.access.peer_address)
                    ),
                    metadata=self._admin(),
                )
            except grpc.aio.AioRpcError as error:
                if "already connected" not in (error.details() or ""):
                    raise
            await self._lightning.OpenChannelSync(
                lightning_pb2.OpenChannelRequest(
                    node_pubkey=bytes.fromhex(pubkey),
                    local_funding_amount=capacity_sat,
                    push_sat=push_sat,
                    private=private,
                    sat_per_vbyte=5,
                ),
                metadata=self._admin(),
            )

    async def bake_seller_macaroons(self) -> None:
        """Write the macaroons of `macaroon_path` and `refund_macaroon_path`."""
        await self._bake(self.macaroon_path, _SELLER_PERMISSIONS)
        await self._bake(self.refund_macaroon_path, _REFUND_PERMISSIONS)

    async def _bake(self, path: Path, permissions: Sequence[tuple[str, str]]) -> None:
        request = lightning_pb2.BakeMacaroonRequest(
            permissions=[
                lightning_pb2.MacaroonPermission(entity=entity, action=action)
                for entity, action in permissions
            ]
        )
        with self._translated():
            baked = await self._lightning.BakeMacaroon(request, metadata=self._admin())
        _write_secret(path, bytes.fromhex(baked.macaroon))

    @property
    def _own_program(self) -> Runnable:
        if self._program is None:
            raise NotOurs(self.name)
        return self._program

    @property
    def _lightning(self) -> Any:
        return lightning_pb2_grpc.LightningStub(self._connection())

    def _connection(self) -> grpc.aio.Channel:
        if self._channel is None:
            credentials = grpc.ssl_channel_credentials(self.tls_cert_path.read_bytes())
            self._channel = grpc.aio.secure_channel(self.address, credentials, options=_CHANNEL_OPTIONS)
        return self._channel

    async def _disconnect(self) -> None:
        if self._channel is not None:
            await self._channel.close()
            self._channel = None

    def _admin(self) -> Sequence[tuple[str, str]]:
        return (("macaroon", self.admin_macaroon_path.read_bytes().hex()),)

    async def _until_state(self, wanted: int) -> None:
        async def reached() -> bool:
            if not self.tls_cert_path.exists():  # LND makes it at its first start
                return False
            service = stateservice_pb2_grpc.StateStub(self._connection())
            try:
                answer = await service.GetState(stateservice_pb2.GetStateRequest(), timeout=5)
            except grpc.aio.AioRpcError:
                await self._disconnect()  # connect anew next time: at once, and with the whole certificate
                return False
            # The states that come before follow one another as their numbers do; the last two do as well.
            return bool(wanted <= answer.state <= stateservice_pb2.SERVER_ACTIVE)

        state = stateservice_pb2.WalletState.Name(wanted)
        await until(f"{self.name}: {state}", reached, timeout_s=READY_TIMEOUT_S, program=self._program)

    async def _in_step(self) -> bool:
        return (await self.status()).synced

    async def _can_send(self) -> bool:
        # A channel is called active some milliseconds before a payment would find it, so ask for a route as well.
        with self._translated():
            open_channels = await self._lightning.ListChannels(
                lightning_pb2.ListChannelsRequest(active_only=True), metadata=self._admin()
            )
        for channel in open_channels.channels:
            route = lightning_pb2.QueryRoutesRequest(pub_key=channel.remote_pubkey, amt=1)
            with contextlib.suppress(grpc.aio.AioRpcError):
                await self._lightning.QueryRoutes(route, metadata=self._admin())
                return True
        return False

    @contextlib.contextmanager
    def _translated(self, *, paying: bool = False) -> Iterator[None]:
        """Turn gRPC's errors into ours."""
        try:
            yield
        except grpc.aio.AioRpcError as error:
            unreachable = error.code() is grpc.StatusCode.UNAVAILABLE
            if paying and not unreachable:
                raise PaymentFailed(self.name, FailureReason.REFUSED, error.details() or "") from error
            raise NodeError(self.name, f"{error.code().name}: {error.details()}") from error


def _write_secret(path: Path, secret: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(secret)


def lnd_arguments(lnd: Path, access: NodeAccess, chain_flags: Sequence[str]) -> list[str]:
    """Compose the command line of a node that lives in its folder and talks to nobody outside."""
    folder = access.folder
    return [
        str(lnd),
        f"--lnddir={folder}",
        f"--alias={access.name}",
        f"--rpclisten={access.address}",
        f"--listen={access.peer_address}",
        f"--adminmacaroonpath={folder / 'admin.macaroon'}",
        f"--readonlymacaroonpath={folder / 'readonly.macaroon'}",
        f"--invoicemacaroonpath={folder / 'invoice.macaroon'}",
        "--tlsdisableautofill",  # the certificate names this machine's loopback and nothing else of it
        f"--restlisten={access.rest_address}" if access.rest_address else "--norest",
        "--nobootstrap",
        "--noseedbackup",  # a wallet without a password: its coins are worthless
        "--bitcoin.regtest",
        "--bitcoin.defaultchanconfs=1",
        "--protocol.anchors",  # as any other build does by itself
        *chain_flags,
        "--db.backend=sqlite",
        # Both nodes announce where they listen, so that whichever restarts finds its peer at once: the one that
        # stayed would try again only 5 s later.
        f"--externalip={access.peer_address}",
        "--trickledelay=50",
        "--logging.file.disable",  # its output goes to our log
        "--debuglevel=info",
    ]
