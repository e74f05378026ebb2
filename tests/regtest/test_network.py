"""The network by itself: it pays, restarts, minds its own ports and leaves nothing behind."""

import asyncio
import hashlib
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import grpc
import grpc.aio
import pytest
from lndgrpc.compiled import lightning_pb2, lightning_pb2_grpc

from regtest.errors import NetworkNotRunning, NetworkRunning, NodeError, PaymentFailed
from regtest.lnd import ChannelBalance, FailureReason, LndNode
from regtest.network import Network, read_state
from regtest.process import until

pytestmark = pytest.mark.regtest

CAPACITY_SAT, PUSHED_SAT = 16_000_000, 6_000_000
DEAREST_COMMITMENT_SAT = 50_000

STARTED_WITHIN_S = 60
ENDED_WITHIN_S = 30


class Seller:
    """A client of the merchant's node with just the macaroon that a seller is given."""

    def __init__(self, address: str, tls_cert_path: Path, macaroon_path: Path) -> None:
        credentials = grpc.ssl_channel_credentials(tls_cert_path.read_bytes())
        self._channel = grpc.aio.secure_channel(address, credentials)
        self._macaroon = (("macaroon", macaroon_path.read_bytes().hex()),)
        self._lightning = lightning_pb2_grpc.LightningStub(self._channel)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_error):
        await self._channel.close()

    async def invoice(self, amount_msat: int):
        return await self._lightning.AddInvoice(
            lightning_pb2.Invoice(value_msat=amount_msat), metadata=self._macaroon
        )

    async def withdraw(self):
        await self._lightning.NewAddress(lightning_pb2.NewAddressRequest(), metadata=self._macaroon)


def seller_of(network: Network) -> Seller:
    node = network.merchant
    return Seller(node.address, node.tls_cert_path, node.macaroon_path)


async def settled_balance(node: LndNode) -> ChannelBalance:
    async def settled() -> ChannelBalance | None:
        balance = await node.channel_balance()
        return balance if balance.pending_msat == 0 else None

    return await until("the end of what is pending", settled, timeout_s=10)


def listens(address: str) -> bool:
    host, port = address.rsplit(":", 1)
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


def wait_for(fact, *, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not fact():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def regtest(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "regtest", *arguments, "--folder", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=STARTED_WITHIN_S, check=False)


async def test_the_payer_pays_and_gets_the_preimage(network, merchant, payer):
    before = await settled_balance(merchant)
    async with seller_of(network) as seller:
        invoice = await seller.invoice(45_000)

    payment = await payer.pay(invoice.payment_request)

    assert hashlib.sha256(payment.preimage).digest() == payment.payment_hash == invoice.r_hash
    assert (payment.amount_msat, payment.fee_msat) == (45_000, 0)
    after = await settled_balance(merchant)
    assert before.local_msat + 45_000 == after.local_msat


async def test_an_invoice_as_a_wallet_shows_it_can_be_paid(network, payer):
    async with seller_of(network) as seller:
        invoice = await seller.invoice(1_000)

    payment = await payer.pay("lightning:" + invoice.payment_request.upper())

    assert invoice.r_hash == payment.payment_hash


async def test_an_invoice_paid_twice_is_refused(network, payer):
    async with seller_of(network) as seller:
        invoice = await seller.invoice(1_000)
    await payer.pay(invoice.payment_request)

    with pytest.raises(PaymentFailed) as refused:
        await payer.pay(invoice.payment_request)

    assert refused.value.reason == FailureReason.REFUSED


async def test_more_than_the_channel_holds_fails_with_the_nodes_reason(network, payer):
    async with seller_of(network) as seller:
        invoice = await seller.invoice(20_000_000_000)

    with pytest.raises(PaymentFailed) as failed:
        await payer.pay(invoice.payment_request)

    assert failed.value.reason == FailureReason.INSUFFICIENT_BALANCE


async def test_the_sellers_macaroon_cannot_touch_the_wallet(network):
    async with seller_of(network) as seller:
        with pytest.raises(grpc.aio.AioRpcError, match="permission denied"):
            await seller.withdraw()


async def test_mined_blocks_reach_the_nodes(network, merchant):
    before = await network.chain.height()

    await network.chain.mine(3)

    assert before + 3 == await network.chain.height()
    await merchant.until_ready()
    assert before + 3 == (await merchant.status()).height


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_node_that_restarts_keeps_its_channel_and_can_be_paid_again(network, merchant, payer, end):
    pubkey = (await merchant.status()).pubkey
    balance = await settled_balance(merchant)

    await (merchant.stop() if end == "stop" else merchant.kill())
    assert not listens(merchant.address)
    with pytest.raises(NodeError):
        await merchant.status()
    await merchant.start()

    assert pubkey == (await merchant.status()).pubkey
    assert balance == await merchant.channel_balance()
    async with seller_of(network) as seller:
        invoice = await seller.invoice(2_000)
    assert invoice.r_hash == (await payer.pay(invoice.payment_request)).payment_hash


async def test_two_networks_side_by_side_do_not_collide(network, tmp_path):
    async with await Network.start(tmp_path) as other, seller_of(network) as here, seller_of(other) as there:
        addresses = [node.access for side in (network, other) for node in (side.merchant, side.payer)]
        assert len({port for node in addresses for port in (node.address, node.peer_address)}) == 8

        first, second = await here.invoice(1_000), await there.invoice(1_000)
        payments = await asyncio.gather(
            network.payer.pay(first.payment_request), other.payer.pay(second.payment_request)
        )

        assert [first.r_hash, second.r_hash] == [payment.payment_hash for payment in payments]


async def test_a_folder_holds_one_network(network):
    with pytest.raises(NetworkRunning):
        await Network.start(network.folder)


def test_everything_ends_with_a_parent_that_is_killed(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "regtest", "up", "--folder", str(tmp_path)], stdout=subprocess.DEVNULL
    ) as parent:

        def is_ready() -> bool:
            assert parent.poll() is None, "it ended by itself"
            try:
                return read_state(tmp_path).pid == parent.pid
            except NetworkNotRunning:
                return False

        wait_for(is_ready, within_s=STARTED_WITHIN_S)
        state = read_state(tmp_path)
        chain = state.chain.url.removeprefix("https://").removeprefix("http://")
        addresses = [chain, *(a for n in (state.merchant, state.payer) for a in (n.address, n.peer_address))]
        assert all(listens(address) for address in addresses)

        parent.kill()

    wait_for(lambda: not any(listens(address) for address in addresses), within_s=ENDED_WITHIN_S)
    with pytest.raises(NetworkNotRunning):
        read_state(tmp_path)


async def test_the_command_line_runs_a_network_from_up_to_down(tmp_path):
    started = regtest("up", "--detach", folder=tmp_path)
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        assert "ready after" in started.stdout

        settings = dict(line.split("=", 1) for line in regtest("env", folder=tmp_path).stdout.splitlines())
        assert {
            "SATSPEAK_LND_ADDRESS", "SATSPEAK_LND_TLS_CERT", "SATSPEAK_LND_MACAROON", "SATSPEAK_LND_REFUND_MACAROON"
        } == set(settings)  # fmt: skip
        address, certificate, macaroon, _ = settings.values()
        async with Seller(address, Path(certificate), Path(macaroon)) as seller:
            invoice = await seller.invoice(7_000)

        paid = regtest("pay", invoice.payment_request, folder=tmp_path)
        assert paid.returncode == 0, paid.stderr
        words = dict(line.split(maxsplit=1) for line in paid.stdout.splitlines())
        assert invoice.r_hash == hashlib.sha256(bytes.fromhex(words["preimage"])).digest()
        assert (words["amount"], words["fee"]) == ("7000 msat", "0 msat")

        again = regtest("pay", invoice.payment_request, folder=tmp_path)
        assert (again.returncode, "already paid" in again.stderr) == (1, True)

        height = int(regtest("mine", "2", folder=tmp_path).stdout.removeprefix("height "))
        status = regtest("status", folder=tmp_path).stdout.splitlines()
        assert status[0].endswith(f"height {height}")
        assert status[1].startswith("merchant")
        sent, received = (int(number) for number in re.findall(r"can (?:send|receive) (\d+) sat", status[1]))
        assert sent == PUSHED_SAT + 7
        # The rest is the payer's, less the fee of the commitment, which each chain estimates differently.
        assert 0 < CAPACITY_SAT - sent - received < DEAREST_COMMITMENT_SAT
    finally:
        ended = regtest("down", folder=tmp_path)

    assert ended.returncode == 0, ended.stderr
    assert not listens(address)
    assert regtest("status", folder=tmp_path).returncode == 1
