"""The rare orders of events that lose a settlement, played by a gRPC server that does what LND does."""

import asyncio
import time
from itertools import count

import grpc
import grpc.aio
import pytest
from lndgrpc.compiled import lightning_pb2 as ln
from lndgrpc.compiled import lightning_pb2_grpc as ln_grpc

from lightning import NodeRefused, PaymentHash, SettleIndex
from lightning.lnd_settlements import SettlementFollower


class Node(ln_grpc.LightningServicer):  # type: ignore[misc]  # generated without types
    """LND's two calls about settled invoices; a list shows one invoice a page."""

    def __init__(self):
        self.life = 0
        self.invoices = []
        self.listeners = []
        self.asked_after = []
        self.hears = True  # whether a subscription is told of live settlements
        self.faults = []  # (status, words) of the next subscriptions
        self.before_page = lambda offset: None
        self.subscribed = asyncio.Event()
        self.may_list = asyncio.Event()
        self.may_list.set()
        self.replay_order = lambda invoice: invoice.settle_index

    def sell(self):
        number = len(self.invoices) + 1
        payment_hash = bytes([self.life, *[number] * 31])
        self.invoices.append(ln.Invoice(add_index=number, r_hash=payment_hash, state=ln.Invoice.OPEN))
        return self.invoices[-1]

    def settle(self, invoice, index):
        invoice.state = ln.Invoice.SETTLED
        invoice.settle_index = index
        for listener in self.listeners if self.hears else ():
            listener.put_nowait(invoice)

    async def ListInvoices(self, request, context):  # noqa: N802 -- gRPC's name
        await self.may_list.wait()
        self.before_page(request.index_offset)
        page = self.invoices[request.index_offset : request.index_offset + 1]
        return ln.ListInvoiceResponse(invoices=page, last_index_offset=request.index_offset + len(page))

    async def SubscribeInvoices(self, request, context):  # noqa: N802 -- gRPC's name
        self.asked_after.append(request.settle_index)
        if self.faults:
            await context.abort(*self.faults.pop(0))
        live: asyncio.Queue[ln.Invoice | None] = asyncio.Queue()
        self.listeners.append(live)
        self.subscribed.set()
        if request.settle_index:
            past = [invoice for invoice in self.invoices if invoice.settle_index > request.settle_index]
            for invoice in sorted(past, key=self.replay_order):
                yield invoice
        while (event := await live.get()) is not None:
            yield event

    async def LookupInvoice(self, request, context):  # noqa: N802 -- gRPC's name
        for invoice in self.invoices:
            if invoice.r_hash == request.r_hash:
                return invoice
        return await context.abort(grpc.StatusCode.NOT_FOUND, "unable to locate invoice")

    def restore_from_seed(self):
        """Know nothing any more, and count from 1 again."""
        self.life += 1
        self.invoices.clear()

    def hang_up(self):
        """End every subscription as LND does when it stops: without an error."""
        for listener in self.listeners:
            listener.put_nowait(None)
        self.listeners.clear()


@pytest.fixture
def node():
    return Node()


@pytest.fixture
async def follower(node):
    server = grpc.aio.server()
    ln_grpc.add_LightningServicer_to_server(node, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield SettlementFollower(ln_grpc.LightningStub(channel), deadline_s=5)
    await server.stop(grace=None)


async def told(settlements, how_many):
    async with asyncio.timeout(20):
        return [(await anext(settlements)).settle_index for _ in range(how_many)]


async def test_a_first_payment_that_the_subscription_missed_is_found_in_the_list(node, follower):
    node.hears = False
    invoice = node.sell()
    settlements = follower.follow(SettleIndex(0))
    first = asyncio.ensure_future(told(settlements, 1))
    read_to_the_end = asyncio.Event()
    node.before_page = lambda offset: read_to_the_end.set() if offset == 1 else None
    await read_to_the_end.wait()  # while the invoice was open

    node.settle(invoice, 1)

    assert await first == [1]
    await settlements.aclose()


async def test_the_first_payment_ever_is_told_before_the_list_is_read(node, follower):
    node.may_list.clear()
    settlements = follower.follow(SettleIndex(0))
    first = asyncio.ensure_future(told(settlements, 1))
    await node.subscribed.wait()

    node.settle(node.sell(), 1)

    assert await first == [1]
    await settlements.aclose()


async def test_an_invoice_that_settles_behind_the_reader_of_the_list_is_told(node, follower):
    early, late = node.sell(), node.sell()

    def settle_both_once_the_first_was_read(offset):
        if offset == 1:
            node.settle(early, 1)
            node.settle(late, 2)
            node.before_page = lambda _offset: None

    node.before_page = settle_both_once_the_first_was_read
    settlements = follower.follow(SettleIndex(0))

    assert await told(settlements, 2) == [1, 2]
    await settlements.aclose()


async def test_a_history_that_does_not_begin_at_one_is_told_from_its_beginning(node, follower):
    for index in (7, 4, 5):
        node.settle(node.sell(), index)
    settlements = follower.follow(SettleIndex(0))

    assert await told(settlements, 3) == [4, 5, 7]
    await settlements.aclose()


async def test_a_replay_by_age_of_the_invoice_is_told_by_index(node, follower):
    node.replay_order = lambda invoice: invoice.add_index
    for index in (1, 4, 3, 2, 6, 5):
        node.settle(node.sell(), index)
    settlements = follower.follow(SettleIndex(1))

    assert await told(settlements, 5) == [2, 3, 4, 5, 6]
    await settlements.aclose()


async def test_a_gap_delays_but_does_not_stop(node, follower):
    for index in (1, 2, 5, 6):
        node.settle(node.sell(), index)
    settlements = follower.follow(SettleIndex(1))

    started_at = time.monotonic()
    assert await told(settlements, 3) == [2, 5, 6]
    assert time.monotonic() - started_at < 5
    await settlements.aclose()


async def test_what_is_paid_meanwhile_does_not_prolong_the_wait_at_a_gap(node, follower):
    for index in (1, 3):
        node.settle(node.sell(), index)
    settlements = follower.follow(SettleIndex(1))
    waiting = asyncio.ensure_future(told(settlements, 1))

    async with asyncio.timeout(10):
        for index in count(4):
            node.settle(node.sell(), index)
            await asyncio.wait({waiting}, timeout=0.1)
            if waiting.done():
                break

    assert await waiting == [3]
    await settlements.aclose()


async def test_an_interrupted_stream_goes_on_after_the_last_one_told(node, follower):
    for index in (1, 2, 3):
        node.settle(node.sell(), index)
    settlements = follower.follow(SettleIndex(1))
    assert await told(settlements, 2) == [2, 3]

    node.faults = [
        (grpc.StatusCode.UNAVAILABLE, "gone"),
        (grpc.StatusCode.UNKNOWN, "the RPC server is in the process of starting up"),
        (grpc.StatusCode.UNKNOWN, "disk full"),
    ]
    node.hang_up()
    node.settle(node.sell(), 4)

    assert await told(settlements, 1) == [4]
    assert node.asked_after == [1, 3, 3, 3, 3]
    await settlements.aclose()


@pytest.mark.parametrize(
    "fault",
    [
        (grpc.StatusCode.PERMISSION_DENIED, ""),
        (grpc.StatusCode.UNAUTHENTICATED, ""),
        (grpc.StatusCode.UNKNOWN, "permission denied"),
    ],
)
@pytest.mark.parametrize("after", [0, 1])
async def test_a_refusal_ends_it(node, follower, after, fault):
    node.faults = [fault]

    with pytest.raises(NodeRefused):
        await told(follower.follow(SettleIndex(after)), 1)


async def test_it_pauses_longer_after_each_failure(node, follower):
    node.faults = [(grpc.StatusCode.UNAVAILABLE, "gone")] * 4
    node.settle(node.sell(), 1)
    node.settle(node.sell(), 2)
    settlements = follower.follow(SettleIndex(1))

    started_at = time.monotonic()
    assert await told(settlements, 1) == [2]

    assert time.monotonic() - started_at >= (0.1 + 0.2 + 0.4 + 0.8) / 2
    await settlements.aclose()


async def test_a_node_that_counts_anew_is_told_from_its_beginning_once_it_is_connected(node, follower):
    for index in (1, 2, 3):
        node.settle(node.sell(), index)
    last = node.invoices[-1]
    node.restore_from_seed()
    for index in (1, 2, 3, 4):  # as far as it was, and further: the index alone says nothing
        node.settle(node.sell(), index)

    settlements = follower.follow(SettleIndex(last.settle_index), PaymentHash(last.r_hash))

    assert await told(settlements, 4) == [1, 2, 3, 4]
    await settlements.aclose()


async def test_a_node_that_counts_anew_while_it_is_followed_is_told_from_its_beginning(node, follower):
    for index in (1, 2, 3):
        node.settle(node.sell(), index)
    settlements = follower.follow(SettleIndex(1))
    assert await told(settlements, 2) == [2, 3]

    node.restore_from_seed()
    node.hang_up()
    for index in (1, 2):
        node.settle(node.sell(), index)

    assert await told(settlements, 2) == [1, 2]
    await settlements.aclose()


async def test_a_node_whose_last_settlement_nobody_remembers_is_followed_when_it_counts_anew(node, follower):
    settlements = follower.follow(SettleIndex(500))
    first = asyncio.ensure_future(told(settlements, 1))
    await node.subscribed.wait()

    node.settle(node.sell(), 1)
    assert await first == [1]
    node.settle(node.sell(), 2)

    while await told(settlements, 1) != [2]:  # what was told before the history began anew comes again
        pass
    await settlements.aclose()


async def test_what_comes_late_and_again_is_told_once(node, follower):
    for index in (1, 2, 5):
        node.settle(node.sell(), index)
    settlements = follower.follow(SettleIndex(1))
    assert await told(settlements, 2) == [2, 5]

    late = node.sell()
    node.settle(late, 4)
    for listener in node.listeners:
        listener.put_nowait(late)  # as LND may where replay and life meet
    node.settle(node.sell(), 6)

    assert await told(settlements, 2) == [4, 6]
    assert node.asked_after == [1]
    await settlements.aclose()
