"""Every error of gRPC becomes one of ours."""

import grpc
import grpc.aio
import pytest

from lightning import InvoiceNotFound, NodeFailed, NodeRefused, NodeUnavailable, PaymentHash
from lightning.lnd_errors import translate, translated


def rpc_error(code, details=""):
    nothing = grpc.aio.Metadata()
    return grpc.aio.AioRpcError(code, nothing, nothing, details=details)


@pytest.mark.parametrize("code", set(grpc.StatusCode) - {grpc.StatusCode.OK})
def test_every_status_has_an_error_of_ours(code):
    error = translate(rpc_error(code))

    assert isinstance(error, NodeUnavailable | NodeRefused | NodeFailed)
    assert error.reason == code.name


@pytest.mark.parametrize(
    "details",
    [
        "waiting to start, RPC services not available",
        "wallet not created, create one to enable full RPC access",
        "wallet locked, unlock it to enable full RPC access",
        "the RPC server is in the process of starting up, but not yet ready to accept calls",
        "server is still in the process of starting",
        "chain backend is still syncing, server not active yet",
        "cannot get macaroon: macaroon store is locked",
    ],
)
def test_a_node_that_is_starting_is_unavailable_with_its_own_words(details):
    error = translate(rpc_error(grpc.StatusCode.UNKNOWN, details))

    assert isinstance(error, NodeUnavailable)
    assert error.reason == details


@pytest.mark.parametrize(
    "details",
    [
        "expected 1 macaroon, got 0",
        "permission denied",
        "verification failed: signature mismatch after caveat verification",
        "unmarshal v2: section extends past end of buffer",
        "cannot get macaroon: root key with id 7 doesn't exist",
    ],
)
def test_a_macaroon_that_is_not_accepted_is_a_refusal(details):
    assert isinstance(translate(rpc_error(grpc.StatusCode.UNKNOWN, details)), NodeRefused)


def test_a_certificate_that_is_not_the_given_one_is_a_refusal():
    details = "failed to connect: Ssl handshake failed: CERTIFICATE_VERIFY_FAILED: self signed certificate"

    assert isinstance(translate(rpc_error(grpc.StatusCode.UNAVAILABLE, details)), NodeRefused)


def test_any_other_sentence_is_a_failure_of_the_node():
    assert isinstance(translate(rpc_error(grpc.StatusCode.UNKNOWN, "disk full")), NodeFailed)


def test_the_cause_is_kept():
    cause = rpc_error(grpc.StatusCode.UNAVAILABLE, "gone")

    with pytest.raises(NodeUnavailable) as caught, translated():
        raise cause

    assert caught.value.__cause__ is cause


def test_not_found_means_what_the_call_says():
    meaning = InvoiceNotFound(PaymentHash(b"\1" * 32))

    with pytest.raises(InvoiceNotFound), translated(not_found=meaning):
        raise rpc_error(grpc.StatusCode.NOT_FOUND)
    with pytest.raises(NodeFailed), translated():
        raise rpc_error(grpc.StatusCode.NOT_FOUND)
