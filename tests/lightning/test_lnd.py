"""What only a real LND can do to us: restart, refuse and be misconfigured."""

import asyncio
import contextlib
import socket
from functools import partial
from pathlib import Path

import grpc.aio
import pytest
from lndgrpc.compiled import lightning_pb2 as ln
from lndgrpc.compiled.lightning_pb2_grpc import LightningStub

from lightning import (
    CredentialsInvalid,
    InvoiceBackend,
    LightningError,
    Msat,
    NodeRefused,
    NodeUnavailable,
    SettleIndex,
)
from lightning.lnd import LndBackend
from lightning.lnd_settlements import since
from regtest.process import until
from tests.line import Line


@pytest.fixture
def certificate():
    return (Path(__file__).parent / "nobody.pem").read_bytes()


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


async def answers(backend):
    try:
        return (await backend.ping()).alias == "merchant"
    except NodeUnavailable:
        return False


@pytest.fixture
async def connect(merchant):
    """Make backends for the merchant that are closed with the test."""
    backends = []

    def make(**credentials):
        given = {
            "tls_cert": merchant.tls_cert_path.read_bytes(),
            "macaroon": merchant.macaroon_path.read_bytes(),
        }
        backends.append(LndBackend(merchant.address, **(given | credentials)))
        return backends[-1]

    yield make
    for backend in backends:
        await backend.aclose()


async def sell(backend):
    return await backend.add_invoice(amount=Msat(450_000), memo="a video", expiry_s=900)


@pytest.mark.regtest
async def test_a_node_that_is_far_away_is_reached(merchant):
    line = Line(merchant.address, delay_s=0.15)  # as over Tor
    await line.restore()
    backend = LndBackend(line.near_end, merchant.tls_cert_path, merchant.macaroon_path)

    assert (await backend.ping()).alias == "merchant"

    await backend.aclose()
    await line.cut()


@pytest.mark.regtest
async def test_who_follows_settlements_is_told_of_no_new_invoices(connect, merchant, payer):
    seller = connect()
    sold = [await sell(seller) for _ in range(3)]
    macaroon = (("macaroon", merchant.macaroon_path.read_bytes().hex()),)
    certificate = grpc.ssl_channel_credentials(merchant.tls_cert_path.read_bytes())
    async with grpc.aio.secure_channel(merchant.address, certificate) as channel:
        stub = LightningStub(channel)
        for invoice in sold[:2]:
            await payer.pay(invoice.bolt11)
        first = await stub.LookupInvoice(ln.PaymentHash(r_hash=sold[0].payment_hash), metadata=macaroon)
        settlements = stub.SubscribeInvoices(since(SettleIndex(first.settle_index)), metadata=macaroon)
        replayed = await settlements.read()

        await sell(seller)
        await payer.pay(sold[2].bolt11)

        told = [replayed.r_hash, (await settlements.read()).r_hash]
    assert told == [invoice.payment_hash for invoice in sold[1:]]


@pytest.mark.regtest
async def test_a_restart_of_the_node_costs_no_settlement(connect, merchant, payer, follow):
    backend: InvoiceBackend = connect()
    sold = [await sell(backend) for _ in range(3)]
    await payer.pay(sold[0].bolt11)
    last = (await backend.lookup(sold[0].payment_hash)).settle_index
    assert last
    early, late = follow(backend, after=last - 1), follow(connect(), after=0)
    await early.until(sold[0].bolt11)
    await late.until(sold[0].bolt11)

    await merchant.stop()
    with pytest.raises(NodeUnavailable):
        await backend.ping()
    await merchant.start()
    await payer.pay(sold[1].bolt11)
    await merchant.kill()
    await merchant.start()
    await payer.pay(sold[2].bolt11)

    for follower in (early, late):
        seen = [settlement.bolt11 for settlement in await follower.until(sold[2].bolt11)]
        assert seen[-3:] == [new.bolt11 for new in sold]
        assert len(set(seen)) == len(seen)


@pytest.mark.regtest
async def test_a_node_that_starts_is_unavailable_until_it_answers(connect, merchant):
    backend = connect()
    await merchant.stop()
    starting = asyncio.create_task(merchant.start())

    errors = []
    while not starting.done():
        try:
            await backend.ping()
        except LightningError as error:
            errors.append(error)
        await asyncio.sleep(0)

    await starting
    assert errors
    assert {type(error) for error in errors} == {NodeUnavailable}
    await until("the line to be tried again", partial(answers, backend), timeout_s=10)


@pytest.mark.regtest
@pytest.mark.parametrize("macaroon", [bytes.fromhex("0201036c6e64"), b"0201036c6e6402"])
async def test_a_broken_macaroon_is_refused(connect, macaroon):
    backend = connect(macaroon=macaroon)

    with pytest.raises(NodeRefused):
        await backend.ping()
    with pytest.raises(NodeRefused):
        await sell(backend)
    with pytest.raises(NodeRefused):
        await anext(backend.settlements(after=1))
    with pytest.raises(NodeRefused):
        await anext(backend.settlements(after=0))


@pytest.mark.regtest
async def test_a_macaroon_of_another_node_is_refused(connect, payer):
    backend = connect(macaroon=payer.macaroon_path.read_bytes())

    with pytest.raises(NodeRefused):
        await backend.ping()


@pytest.mark.regtest
async def test_a_macaroon_without_the_permission_is_refused(connect, merchant):
    backend = connect(macaroon=(merchant.access.folder / "readonly.macaroon").read_bytes())

    assert (await backend.ping()).network == "regtest"
    with pytest.raises(NodeRefused, match="permission denied"):
        await sell(backend)


@pytest.mark.regtest
async def test_a_macaroon_in_hex_is_as_good(connect, merchant):
    backend = connect(macaroon=merchant.macaroon_path.read_bytes().hex().upper().encode() + b"\n")

    assert (await backend.ping()).alias == "merchant"


@pytest.mark.regtest
async def test_another_certificate_is_refused(connect, payer):
    backend = connect(tls_cert=payer.tls_cert_path.read_bytes())

    with pytest.raises(NodeRefused, match="does not show the certificate"):
        await backend.ping()
    with pytest.raises(NodeRefused):
        await anext(backend.settlements(after=0))


@pytest.mark.regtest
async def test_the_credentials_are_read_where_the_node_keeps_them(merchant):
    backend = LndBackend(merchant.address, merchant.tls_cert_path, merchant.macaroon_path)

    assert (await backend.ping()).alias == "merchant"
    await backend.aclose()


async def test_a_missing_file_is_named(tmp_path, certificate):
    with pytest.raises(CredentialsInvalid, match=r"cannot read the TLS certificate .*tls.cert: No such file"):
        LndBackend("localhost:1", tmp_path / "tls.cert", tmp_path / "seller.macaroon")

    (tmp_path / "tls.cert").write_bytes(certificate)
    with pytest.raises(CredentialsInvalid, match=r"cannot read the macaroon .*seller.macaroon"):
        LndBackend("localhost:1", tmp_path / "tls.cert", tmp_path / "seller.macaroon")


@pytest.mark.parametrize("pem", [b"", b"\xff\x00", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
async def test_what_is_no_certificate_is_told_at_once(pem):
    with pytest.raises(CredentialsInvalid, match="not PEM"):
        LndBackend("localhost:1", pem, b"\x02\x01")


@pytest.mark.parametrize("macaroon", [b"", b"\x01\x02", b"nonsense", b"0202", b"\x02\x03"])
async def test_what_is_no_macaroon_is_told_at_once(certificate, macaroon):
    with pytest.raises(CredentialsInvalid, match="macaroon"):
        LndBackend("localhost:1", certificate, macaroon)


async def test_nobody_listening_is_a_node_unavailable(certificate, free_port):
    backend = LndBackend(f"localhost:{free_port}", certificate, b"\x02\x01")

    with pytest.raises(NodeUnavailable):
        await backend.ping()

    await backend.aclose()


@pytest.mark.regtest
async def test_a_channel_that_was_replaced_is_closed_once_no_call_is_on_it(merchant, payer, line, tmp_path):
    certificate = tmp_path / "tls.cert"
    certificate.write_bytes(merchant.tls_cert_path.read_bytes())
    backend = LndBackend(line.near_end, certificate, merchant.macaroon_path)
    first, second, third = [await sell(backend) for _ in range(3)]
    await payer.pay(first.bolt11)
    last = (await backend.lookup(first.payment_hash)).settle_index
    assert last is not None

    async def connected(times):
        return line.connections == times

    async with contextlib.aclosing(backend.settlements(after=last)) as settlements:
        await payer.pay(second.bolt11)
        assert (await anext(settlements)).bolt11 == second.bolt11

        for _ in range(3):
            certificate.write_bytes(certificate.read_bytes() + b"\n")  # another file, of the same certificate
            await backend.ping()

        await until("the stream's connection and the last", partial(connected, 2), timeout_s=30)
        await payer.pay(third.bolt11)
        assert (await anext(settlements)).bolt11 == third.bolt11
    await until("the last connection alone", partial(connected, 1), timeout_s=30)
    await backend.aclose()
    await until("no connection", partial(connected, 0), timeout_s=30)
