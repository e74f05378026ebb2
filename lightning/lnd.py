"""The port on LND's gRPC, over the stubs that `lnd-grpc-client` ships.

Only its stubs: its client prints an error and returns None, which a seller would take for an answer.
"""

import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Self

import grpc
import grpc.aio
from lndgrpc.compiled import lightning_pb2 as ln
from lndgrpc.compiled.invoices_pb2_grpc import InvoicesStub
from lndgrpc.compiled.lightning_pb2_grpc import LightningStub

from lightning.errors import CredentialsInvalid
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
from lightning.lnd_errors import translated
from lightning.lnd_holds import HoldInvoices
from lightning.lnd_settlements import SettlementFollower

_CHANNEL_OPTIONS = (
    # A subscription can hang for days with nobody noticing (lnd#7727). LND ends connections that ping more
    # often than every 5 s, or while no call is open (lnd#4969). Without the ping's own timeout gRPC gives a
    # silent line a minute.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 0),
    ("grpc.http2.max_pings_without_data", 0),  # no limit: a subscription sends none
    # By default a node that came back is not tried again for up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.enable_http_proxy", 0),  # one that is set for the price feeds would not reach the node
    ("grpc.max_receive_message_length", 64 * 1024 * 1024),  # a page of invoices paid in many parts
)


class LndBackend:
    """An `InvoiceBackend` that asks an LND; made inside the event loop that uses it.

    The macaroon needs `info:read invoices:read invoices:write offchain:read` and should be allowed nothing else.

    Args:
        address: Host and port of LND's gRPC; the host must be one that its certificate names.
        tls_cert: LND's own certificate, PEM: no other is trusted.
        macaroon: As LND writes it, or the same in hex, as `lncli bakemacaroon` prints it.
        deadline_s: Longest wait for one answer.

    Raises:
        CredentialsInvalid: The certificate or macaroon is no such thing.
    """

    def __init__(self, address: str, tls_cert: bytes, macaroon: bytes, *, deadline_s: float = 10.0) -> None:
        self._metadata = metadata_of(macaroon)
        self._deadline_s = deadline_s
        self._channel = connect(address, tls_cert)
        self._stub = LightningStub(self._channel)
        self._follower = SettlementFollower(self._stub, metadata=self._metadata, deadline_s=deadline_s)
        self._holds = HoldInvoices(
            InvoicesStub(self._channel), self._stub, metadata=self._metadata, deadline_s=deadline_s
        )

    @classmethod
    def from_files(cls, address: str, tls_cert: Path, macaroon: Path) -> Self:
        """Read the credentials where LND keeps them.

        Raises:
            CredentialsInvalid: A file cannot be read, or holds something else.
        """
        return cls(address, _read(tls_cert, "TLS certificate"), _read(macaroon, "macaroon"))

    async def add_invoice(self, *, amount: Msat, memo: str, expiry_s: int) -> NewInvoice:
        """Make an invoice without route hints, which cost seconds on a large node (lnd#6898)."""
        check_terms(amount=amount, memo=memo, expiry_s=expiry_s)
        with translated():
            answer = await self._stub.AddInvoice(
                ln.Invoice(value_msat=amount, memo=memo, expiry=expiry_s, private=False),
                metadata=self._metadata,
                timeout=self._deadline_s,
            )
        return NewInvoice(bolt11=answer.payment_request, payment_hash=PaymentHash(answer.r_hash))

    async def add_hold_invoice(
        self, payment_hash: PaymentHash, *, amount: Msat, memo: str, expiry_s: int
    ) -> NewInvoice:
        """Make a hold invoice, without route hints too."""
        return await self._holds.add(payment_hash, amount=amount, memo=memo, expiry_s=expiry_s)

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

    def settlements(self, *, after: SettleIndex) -> AsyncIterator[Settlement]:
        """Follow settlements; each call follows by its own stream over the one connection."""
        return self._follower.follow(after)

    async def inbound_msat(self) -> Msat:
        """Ask LND for what the other ends of its channels hold, those that are offline too."""
        with translated():
            answer = await self._stub.ChannelBalance(
                ln.ChannelBalanceRequest(), metadata=self._metadata, timeout=self._deadline_s
            )
        return Msat(answer.remote_balance.msat)

    async def ping(self) -> NodeInfo:
        """Ask LND who it is."""
        with translated():
            answer = await self._stub.GetInfo(
                ln.GetInfoRequest(), metadata=self._metadata, timeout=self._deadline_s
            )
        return NodeInfo(
            alias=answer.alias,
            pubkey=answer.identity_pubkey,
            network=answer.chains[0].network,
            synced=answer.synced_to_chain,
            height=answer.block_height,
        )

    async def aclose(self) -> None:
        """Close the connection. End what follows settlements first."""
        await self._channel.close()


def connect(address: str, tls_cert: bytes) -> grpc.aio.Channel:
    """Open a connection that trusts this certificate alone.

    Raises:
        CredentialsInvalid: It is none.
    """
    _check_certificate(tls_cert)
    credentials = grpc.ssl_channel_credentials(root_certificates=tls_cert)
    return grpc.aio.secure_channel(address, credentials, options=_CHANNEL_OPTIONS)


def metadata_of(macaroon: bytes) -> tuple[tuple[str, str], ...]:
    """What goes with each call that a macaroon allows.

    Raises:
        CredentialsInvalid: It is none.
    """
    return (("macaroon", _macaroon_hex(macaroon)),)


def check_credentials(tls_cert: bytes, macaroon: bytes) -> None:
    """Tell a certificate and a macaroon from anything else, without connecting.

    Raises:
        CredentialsInvalid: One of them is no such thing.
    """
    _check_certificate(tls_cert)
    _macaroon_hex(macaroon)


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CredentialsInvalid(f"cannot read the {what} {path}: {error.strerror}") from error


def _check_certificate(pem: bytes) -> None:
    """Refuse what gRPC would take and then report as a node that cannot be reached."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem.decode("ascii"))
    except (UnicodeDecodeError, ValueError, ssl.SSLError) as error:
        raise CredentialsInvalid("the TLS certificate is not PEM; LND keeps it in tls.cert") from error


def _macaroon_hex(macaroon: bytes) -> str:
    """Give a macaroon as the hex that LND reads from a call's metadata."""
    text = macaroon.hex()
    if not text.startswith("02"):  # version 2 of the binary format, the only one that LND writes
        text = macaroon.decode("ascii", errors="replace").strip().lower()
        try:
            bytes.fromhex(text)
        except ValueError:
            text = ""
    if not text.startswith("0201"):
        raise CredentialsInvalid("the macaroon is none; LND keeps it in a file ending in .macaroon")
    return text
