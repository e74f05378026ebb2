"""gRPC's errors, and LND's words in them, as ours: the one place where the two meet."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import grpc.aio

from lightning.errors import LightningError, NodeFailed, NodeRefused, NodeUnavailable

_BY_CODE: dict[grpc.StatusCode, type[NodeUnavailable | NodeRefused | NodeFailed]] = {
    grpc.StatusCode.CANCELLED: NodeUnavailable,  # by the node: our own cancelling is asyncio's
    grpc.StatusCode.UNKNOWN: NodeFailed,
    grpc.StatusCode.INVALID_ARGUMENT: NodeFailed,
    grpc.StatusCode.DEADLINE_EXCEEDED: NodeUnavailable,
    grpc.StatusCode.NOT_FOUND: NodeFailed,
    grpc.StatusCode.ALREADY_EXISTS: NodeFailed,
    grpc.StatusCode.PERMISSION_DENIED: NodeRefused,
    grpc.StatusCode.RESOURCE_EXHAUSTED: NodeUnavailable,
    grpc.StatusCode.FAILED_PRECONDITION: NodeFailed,
    grpc.StatusCode.ABORTED: NodeFailed,
    grpc.StatusCode.OUT_OF_RANGE: NodeFailed,
    grpc.StatusCode.UNIMPLEMENTED: NodeFailed,
    grpc.StatusCode.INTERNAL: NodeUnavailable,  # a connection that broke within a message
    grpc.StatusCode.UNAVAILABLE: NodeUnavailable,
    grpc.StatusCode.DATA_LOSS: NodeFailed,
    grpc.StatusCode.UNAUTHENTICATED: NodeRefused,
}

# LND answers UNKNOWN with a sentence for nearly everything, and gRPC reports a certificate that it does not
# trust as UNAVAILABLE: these words are all there is to tell what to wait for from what to give up on.
_NOT_READY = (
    "waiting to start",
    "wallet not created",
    "locked",  # the wallet or, in it, the macaroon store: so it goes before the words below
    "process of starting",
    "not active yet",
    "shutting down",
)
_BAD_MACAROON = ("macaroon", "permission denied", "verification failed", "unmarshal v")
_NO_INVOICES = "no existing invoices"  # of a node that never made one, where another would say NOT_FOUND
_BAD_CERTIFICATE = ("certificate_verify_failed", "not in peer certificate", "hostname verification")


def translate(error: grpc.RpcError) -> LightningError:
    """Find the error of ours that says the same as gRPC's."""
    code: grpc.StatusCode = error.code()
    details: str = error.details() or code.name
    words = details.lower()
    if any(phrase in words for phrase in _BAD_CERTIFICATE):
        return NodeRefused(f"the node does not show the certificate that was given: {details}")
    if code is grpc.StatusCode.UNKNOWN and any(phrase in words for phrase in _NOT_READY):
        return NodeUnavailable(details)
    if code is grpc.StatusCode.UNKNOWN and any(phrase in words for phrase in _BAD_MACAROON):
        return NodeRefused(details)
    return _BY_CODE[code](details)


@contextmanager
def translated(*, not_found: LightningError | None = None) -> Iterator[None]:
    """Raise our errors for gRPC's within, with those as the cause.

    Args:
        not_found: What NOT_FOUND means for this call, if it means anything.
    """
    try:
        yield
    except grpc.RpcError as error:
        if not_found is not None and (
            error.code() is grpc.StatusCode.NOT_FOUND or _NO_INVOICES in (error.details() or "")
        ):
            raise not_found from error
        raise translate(error) from error
