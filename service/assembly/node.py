"""Opens the connections to the Lightning node."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from lightning import CredentialsInvalid, InvoiceBackend, PaymentBackend
from lightning.lnd import LndBackend
from lightning.lnd_credentials import check_credentials
from lightning.lnd_payments import LndPayments
from service.errors import SettingsError
from service.settings import Lnd


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """Where LND is, and the files that open the connection to it, which may be renewed."""

    address: str
    tls_cert: Path
    macaroon: Path
    refund_macaroon: Path | None  # None: no refund is paid by us
    route_hints: bool


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """The Lightning node."""

    backend: InvoiceBackend
    payer: PaymentBackend | None  # None: refunds are owed


@contextlib.asynccontextmanager
async def open_node(node: Node | Access) -> AsyncIterator[Node]:
    """Open the connections to LND; a node that is there already is closed by whoever made it."""
    if isinstance(node, Node):
        yield node
        return
    async with contextlib.AsyncExitStack() as stack:
        backend = LndBackend(node.address, node.tls_cert, node.macaroon, route_hints=node.route_hints)
        stack.push_async_callback(backend.aclose)
        payer = None
        if node.refund_macaroon is not None:
            payer = LndPayments(node.address, node.tls_cert, node.refund_macaroon, reading=node.macaroon)
            stack.push_async_callback(payer.aclose)
        yield Node(backend=backend, payer=payer)


def check_access(lnd: Lnd) -> Access:
    """Find what opens the connection to LND.

    Raises:
        SettingsError: The settings do not say where it is, or a file is not what it should be.
    """
    if not lnd.lnd_address:
        raise SettingsError("SATSPEAK_LND_ADDRESS is not set: the host:port of LND's gRPC")
    tls_cert, pem = _read("SATSPEAK_LND_TLS_CERT", lnd.lnd_tls_cert)
    macaroon, secret = _read("SATSPEAK_LND_MACAROON", lnd.lnd_macaroon)
    refund_macaroon, refund_secret = None, b""
    if lnd.lnd_refund_macaroon is not None:
        refund_macaroon, refund_secret = _read("SATSPEAK_LND_REFUND_MACAROON", lnd.lnd_refund_macaroon)
        if not refund_secret:  # where a container gets /dev/null in its place
            refund_macaroon = None
    try:
        check_credentials(pem, secret)
        check_credentials(pem, refund_secret or secret)
    except CredentialsInvalid as error:
        raise SettingsError(f"SATSPEAK_LND_TLS_CERT or a macaroon: {error.reason}") from error
    return Access(
        address=lnd.lnd_address,
        tls_cert=tls_cert,
        macaroon=macaroon,
        refund_macaroon=refund_macaroon,
        route_hints=lnd.lnd_route_hints,
    )


def _read(variable: str, path: Path | None) -> tuple[Path, bytes]:
    if path is None:
        raise SettingsError(f"{variable} is not set: the path of a file")
    try:
        return path, path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{variable}: {error}") from error
