"""A node whose credentials are renewed, or that is made anew from its seed, while we are connected to it."""

import contextlib
from functools import partial

import bolt11
import pytest
from lndgrpc.compiled import lightning_pb2

from lightning import LightningError, Msat, NodeRefused, PaymentHash, PaymentState
from lightning.bolt11_fields import hash_and_amount
from lightning.lnd import LndBackend
from lightning.lnd_payments import LndPayments
from regtest.network import Network
from regtest.process import until

pytestmark = pytest.mark.regtest

SELLER = (("invoices", "read"), ("invoices", "write"), ("offchain", "read"), ("info", "read"))
REFUNDER = (
    ("uri", "/routerrpc.Router/SendPaymentV2"),
    ("uri", "/routerrpc.Router/TrackPaymentV2"),
)


@pytest.fixture(scope="module")
async def own_network(tmp_path_factory):
    """One that nobody else needs: its nodes are not the same afterwards."""
    async with await Network.start(tmp_path_factory.mktemp("own")) as network:
        yield network


@pytest.fixture
async def open_backend(own_network):
    """Connect to its merchant by its files."""
    async with contextlib.AsyncExitStack() as closing:
        merchant = own_network.merchant

        def connect(**files):
            backend = LndBackend(
                merchant.address,
                **{"tls_cert": merchant.tls_cert_path, "macaroon": merchant.macaroon_path, **files},
            )
            closing.push_async_callback(backend.aclose)
            return backend

        yield connect


async def sell(backend):
    return await backend.add_invoice(amount=Msat(450_000), memo="a video", expiry_s=900)


async def answers(backend):
    with contextlib.suppress(LightningError):
        return await backend.node()


async def test_a_certificate_that_the_node_made_anew_is_taken(own_network, open_backend, follow):
    merchant, payer = own_network.merchant, own_network.payer
    backend = open_backend()
    refunds = LndPayments(
        merchant.address,
        merchant.tls_cert_path,
        merchant.refund_macaroon_path,
        reading=merchant.macaroon_path,
    )
    follower = follow(backend, after=0)
    first = await sell(backend)
    await payer.pay(first.bolt11)
    await follower.until(first.bolt11)
    pubkey = await refunds.node()
    before = merchant.tls_cert_path.read_bytes()

    await merchant.stop()
    for name in ("tls.cert", "tls.key"):
        (merchant.access.folder / name).unlink()
    await merchant.start()

    assert merchant.tls_cert_path.read_bytes() != before
    for connected in (backend, refunds):
        assert await until("the node", partial(answers, connected), timeout_s=10) == pubkey
    second = await sell(backend)
    await payer.pay(second.bolt11)
    await follower.until(second.bolt11)
    await refunds.until_able(Msat(1000))
    await refunds.aclose()


async def bake(node, root_key_id, rights=SELLER):
    permissions = [
        lightning_pb2.MacaroonPermission(entity=entity, action=action) for entity, action in rights
    ]
    baked = await node._lightning.BakeMacaroon(
        lightning_pb2.BakeMacaroonRequest(permissions=permissions, root_key_id=root_key_id),
        metadata=node._admin(),
    )
    return bytes.fromhex(baked.macaroon)


async def test_a_macaroon_that_was_replaced_is_taken(own_network, open_backend, tmp_path):
    merchant = own_network.merchant
    macaroon = tmp_path / "seller.macaroon"
    macaroon.write_bytes(await bake(merchant, 7))
    backend = open_backend(macaroon=macaroon)
    await sell(backend)

    await merchant._lightning.DeleteMacaroonID(
        lightning_pb2.DeleteMacaroonIDRequest(root_key_id=7), metadata=merchant._admin()
    )
    with pytest.raises(NodeRefused):
        await sell(backend)
    macaroon.write_bytes(b"half")  # as one that is just being written
    with pytest.raises(NodeRefused):
        await sell(backend)
    macaroon.write_bytes(await bake(merchant, 8))

    await sell(backend)


async def test_a_refund_macaroon_that_was_replaced_pays_again(own_network, open_backend, tmp_path):
    merchant, payer = own_network.merchant, own_network.payer
    sold = await sell(open_backend())
    await payer.pay(sold.bolt11)  # what is refunded below
    macaroon = tmp_path / "refunds.macaroon"
    macaroon.write_bytes(await bake(merchant, 17, REFUNDER))
    refunds = LndPayments(merchant.address, merchant.tls_cert_path, macaroon, reading=merchant.macaroon_path)

    async def refund():
        wanted = lightning_pb2.Invoice(value_msat=10_000, expiry=600)
        asked = await payer._lightning.AddInvoice(wanted, metadata=payer._admin())
        paid = await refunds.pay(asked.payment_request, amount=None, fee_limit=Msat(1000), timeout_s=30)
        return paid, await refunds.track(paid.payment_hash)

    async with contextlib.aclosing(refunds):
        await refunds.until_able(Msat(10_000))
        paid, tracked = await refund()
        assert paid.state is tracked.state is PaymentState.SUCCEEDED

        await merchant._lightning.DeleteMacaroonID(
            lightning_pb2.DeleteMacaroonIDRequest(root_key_id=17), metadata=merchant._admin()
        )
        with pytest.raises(NodeRefused):
            await refund()
        with pytest.raises(NodeRefused):
            await refunds.track(paid.payment_hash)
        macaroon.write_bytes(await bake(merchant, 18, REFUNDER))

        paid, tracked = await refund()
        assert paid.state is tracked.state is PaymentState.SUCCEEDED


async def test_route_hints_tell_of_private_channels_where_they_are_set(own_network, open_backend):
    merchant, payer = own_network.merchant, own_network.payer
    silent, telling = open_backend(), open_backend(route_hints=True)
    await payer.open_channel(merchant, capacity_sat=1_000_000, push_sat=100_000, private=True)
    await own_network.chain.mine(6)

    async def tells() -> bool:
        return bool(bolt11.decode((await sell(telling)).bolt11).route_hints)

    await until("a private channel to be told of", tells, timeout_s=20)
    held = await telling.add_hold_invoice(PaymentHash(b"h" * 32), amount=Msat(1000), memo="", expiry_s=60)
    assert hash_and_amount(held.bolt11) == (b"h" * 32, 1000)
    assert bolt11.decode(held.bolt11).route_hints
    assert not bolt11.decode((await sell(silent)).bolt11).route_hints
    assert not await silent.has_only_private_channels()


async def test_a_node_that_was_restored_from_its_seed_is_followed_from_its_new_beginning(
    own_network, open_backend, follow
):
    merchant, payer = own_network.merchant, own_network.payer
    backend = open_backend()
    sold = [await sell(backend) for _ in range(3)]
    for made in sold:
        await payer.pay(made.bolt11)
    last = await backend.lookup(sold[-1].payment_hash)
    live = follow(backend, after=last.settle_index - 1)
    await live.until(sold[-1].bolt11)
    pubkey = await backend.node()

    # All that a seed brings back is the wallet; invoices and channels are in another file.
    await merchant.stop()
    for database in (merchant.access.folder / "data" / "graph" / "regtest").glob("channel.sqlite*"):
        database.unlink()
    await merchant.start()
    await payer.open_channel(merchant, capacity_sat=1_000_000, push_sat=100_000, private=True)
    await own_network.chain.mine(6)
    await merchant.until_channel_usable()
    assert await until("the node", partial(answers, backend), timeout_s=10) == pubkey
    assert await backend.has_only_private_channels()
    first = await sell(backend)
    await payer.pay(first.bolt11)
    await live.until(first.bolt11)

    late = follow(backend, after=last.settle_index, known=last.payment_hash)
    [told] = [each for each in await late.until(first.bolt11) if each.bolt11 == first.bolt11]
    assert told.settle_index < last.settle_index
