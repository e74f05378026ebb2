"""What every node promises; each test runs on all of them."""

import asyncio
import contextlib
import secrets
from hashlib import sha256

import bolt11
import pytest

from lightning import (
    InvoiceNotFound,
    InvoiceState,
    InvoiceTermsInvalid,
    Msat,
    NodeUnavailable,
    PaymentFailed,
    PaymentHash,
    Preimage,
    SettleIndex,
)
from regtest.errors import PaymentFailed as PayerFailed

PRICE = Msat(450_000)


async def wait_for(fact):
    async with asyncio.timeout(20):
        while not await fact():  # noqa: ASYNC110 -- a node told nothing of it
            await asyncio.sleep(0.05)


async def sell(seller, amount=PRICE, memo="a video", expiry_s=900, **terms):
    return await seller.backend.add_invoice(amount=amount, memo=memo, expiry_s=expiry_s, **terms)


async def sell_and_pay(seller):
    sold = await sell(seller)
    await seller.pay(sold.bolt11)
    return await seller.backend.lookup(sold.payment_hash)


async def test_whoever_answers_is_known_by_name_while_the_line_holds(seller):
    pubkey = (await seller.backend.ping()).pubkey
    assert {await seller.backend.node() for _ in range(3)} == {pubkey}

    await seller.cut()

    async def is_forgotten():
        try:
            await seller.backend.node()
        except NodeUnavailable:
            return True
        return False

    await wait_for(is_forgotten)
    await seller.restore()

    async def is_back():
        try:
            return await seller.backend.node() == pubkey
        except NodeUnavailable:
            return False

    await wait_for(is_back)


async def test_a_settlement_tells_the_memo(seller, follow):
    sold = await sell(seller, memo="a hat")
    await seller.pay(sold.bolt11)
    index = (await seller.backend.lookup(sold.payment_hash)).settle_index

    [settlement] = await follow(seller.backend, after=index - 1).until(sold.bolt11)

    assert settlement.memo == "a hat"
    assert not await seller.backend.has_only_private_channels()


async def test_history_is_told_from_the_beginning_where_the_last_settlement_is_another(seller, follow):
    invoice = await sell_and_pay(seller)

    anew = follow(seller.backend, after=invoice.settle_index, known=PaymentHash(b"\x17" * 32))
    known = follow(seller.backend, after=invoice.settle_index, known=invoice.payment_hash)

    assert (await anew.until(invoice.bolt11))[0].settle_index == 1
    late = await sell_and_pay(seller)
    assert [each.bolt11 for each in await known.until(late.bolt11)] == [late.bolt11]


async def test_an_invoice_asks_for_what_it_was_made_for(seller):
    sold = await sell(seller, memo="4 s of speech é")

    asked = bolt11.decode(sold.bolt11)
    assert asked.currency == "bcrt"
    assert asked.amount_msat == int(PRICE)
    assert asked.payment_hash == sold.payment_hash.hex()
    assert asked.description == "4 s of speech é"
    assert asked.expiry == 900
    assert asked.payee == (await seller.backend.ping()).pubkey


@pytest.mark.parametrize("hold", [False, True])
async def test_an_invoice_commits_to_a_description_and_the_node_keeps_the_memo(seller, follow, hold):
    terms = {"amount": PRICE, "memo": "a hat", "expiry_s": 900, "description_hash": b"\x11" * 32}
    if hold:
        preimage = Preimage(secrets.token_bytes(32))
        sold = await seller.backend.add_hold_invoice(PaymentHash(sha256(preimage).digest()), **terms)
        paying = asyncio.create_task(seller.pay_held(sold.bolt11))

        async def is_held():
            return (await seller.backend.lookup(sold.payment_hash)).state is InvoiceState.ACCEPTED

        await wait_for(is_held)
        await seller.backend.settle(preimage)
        await paying
    else:
        sold = await seller.backend.add_invoice(**terms)
        preimage = await seller.pay(sold.bolt11)

    asked = bolt11.decode(sold.bolt11)
    paid = await seller.backend.lookup(sold.payment_hash)
    assert (asked.description_hash, asked.description) == ("11" * 32, None)
    assert paid.preimage == preimage
    [settlement] = await follow(seller.backend, after=paid.settle_index - 1).until(sold.bolt11)
    assert settlement.memo == "a hat"


@pytest.mark.parametrize("amount", [1, 999, 1_001, 123_456_789])
async def test_an_amount_is_not_rounded_to_whole_satoshi(seller, amount):
    sold = await sell(seller, Msat(amount))

    assert amount == bolt11.decode(sold.bolt11).amount_msat
    assert (await seller.backend.lookup(sold.payment_hash)).amount == amount


async def test_an_odd_amount_is_paid_in_full(seller):
    sold = await sell(seller, Msat(1_234_567))

    await seller.pay(sold.bolt11)

    assert (await seller.backend.lookup(sold.payment_hash)).amount_paid == 1_234_567


@pytest.mark.parametrize(
    "terms",
    [
        {"amount": Msat(0)},
        {"amount": Msat(-1)},
        {"expiry_s": 0},
        {"memo": "m" * 640},
        {"memo": "é" * 320},
        {"description_hash": b"h" * 31},
    ],
)
async def test_terms_that_no_invoice_can_have_are_refused(seller, terms):
    with pytest.raises(InvoiceTermsInvalid):
        await sell(seller, **terms)


async def test_the_longest_memo_fits(seller):
    sold = await sell(seller, memo="m" * 639)

    assert bolt11.decode(sold.bolt11).description == "m" * 639


async def test_invoices_asked_for_at_once_are_all_different(seller):
    sold = await asyncio.gather(*(sell(seller) for _ in range(32)))

    assert len({new.payment_hash for new in sold}) == 32
    assert len({new.bolt11 for new in sold}) == 32


async def test_a_payment_settles_an_open_invoice(seller):
    sold = await sell(seller)
    before = await seller.backend.lookup(sold.payment_hash)

    await seller.pay(sold.bolt11)

    after = await seller.backend.lookup(sold.payment_hash)
    assert (before.state, before.amount_paid) == (InvoiceState.OPEN, 0)
    assert (before.settle_index, before.settled_at, before.preimage) == (None, None, None)
    assert (after.state, after.amount_paid) == (InvoiceState.SETTLED, PRICE)
    assert after.settle_index is not None
    assert after.settle_index >= 1
    assert after.settled_at is not None
    assert after.settled_at.utcoffset() is not None
    assert after.bolt11 == before.bolt11 == sold.bolt11


async def test_an_invoice_that_was_overpaid_says_so(seller, follow):
    sold = await sell(seller)

    await seller.pay(sold.bolt11, amount=Msat(PRICE + 1_001))

    paid = await seller.backend.lookup(sold.payment_hash)
    assert (paid.amount, paid.amount_paid) == (PRICE, PRICE + 1_001)
    [settlement] = await follow(seller.backend, after=paid.settle_index - 1).until(sold.bolt11)
    assert (settlement.amount, settlement.amount_paid) == (PRICE, PRICE + 1_001)


async def test_an_invoice_that_expires_unpaid_is_canceled(seller):
    sold = await sell(seller, expiry_s=1)

    async def is_over():
        return (await seller.backend.lookup(sold.payment_hash)).state is not InvoiceState.OPEN

    await wait_for(is_over)  # nothing announces it (lnd#3120)
    assert (await seller.backend.lookup(sold.payment_hash)).state is InvoiceState.CANCELED


async def test_a_hash_that_no_invoice_has_is_not_found(seller):
    unknown = PaymentHash(b"\x17" * 32)

    with pytest.raises(InvoiceNotFound) as caught:
        await seller.backend.lookup(unknown)

    assert caught.value.payment_hash == unknown


async def test_history_is_told_from_the_beginning_in_order(seller, follow):
    paid = [await sell_and_pay(seller) for _ in range(3)]

    seen = await follow(seller.backend, after=0).until(paid[-1].bolt11)

    indices = [settlement.settle_index for settlement in seen]
    assert indices == sorted(set(indices))
    assert indices[0] == 1
    assert [settlement.payment_hash for settlement in seen[-3:]] == [invoice.payment_hash for invoice in paid]


async def test_history_is_told_after_an_index(seller, follow):
    first, second, third = [await sell_and_pay(seller) for _ in range(3)]

    seen = await follow(seller.backend, after=first.settle_index).until(third.bolt11)

    assert [settlement.settle_index for settlement in seen] == [second.settle_index, third.settle_index]


async def test_a_settlement_says_what_a_lookup_says(seller, follow):
    invoice = await sell_and_pay(seller)

    [settlement] = await follow(seller.backend, after=invoice.settle_index - 1).until(invoice.bolt11)

    for fact in ("payment_hash", "bolt11", "amount", "amount_paid", "settle_index", "settled_at"):
        assert getattr(settlement, fact) == getattr(invoice, fact)


async def test_a_payment_is_told_while_it_happens(seller, follow):
    last = (await sell_and_pay(seller)).settle_index
    follower = follow(seller.backend, after=last)

    for _ in range(3):
        sold = await sell(seller)
        await seller.pay(sold.bolt11)
        await follower.until(sold.bolt11)

    assert [settlement.settle_index for settlement in follower.seen] == [last + 1, last + 2, last + 3]


async def test_every_follower_is_told_everything(seller, follow):
    last = (await sell_and_pay(seller)).settle_index
    followers = [follow(seller.backend, after=last) for _ in range(2)]

    paid = [await sell_and_pay(seller) for _ in range(3)]

    for follower in followers:
        seen = await follower.until(paid[-1].bolt11)
        assert [settlement.bolt11 for settlement in seen] == [invoice.bolt11 for invoice in paid]


async def test_what_was_paid_while_the_line_was_cut_is_told_afterwards(seller, follow):
    last = (await sell_and_pay(seller)).settle_index
    follower = follow(seller.backend, after=last)
    sold = [await sell(seller) for _ in range(4)]
    await seller.pay(sold[0].bolt11)
    await follower.until(sold[0].bolt11)

    await seller.cut()
    await seller.pay(sold[1].bolt11)
    await seller.pay(sold[2].bolt11)
    await seller.restore()
    await seller.pay(sold[3].bolt11)

    seen = await follower.until(sold[3].bolt11)
    assert [settlement.bolt11 for settlement in seen] == [new.bolt11 for new in sold]


async def test_a_follower_waits_for_a_node_that_is_away_from_the_start(seller, follow):
    invoice = await sell_and_pay(seller)
    await seller.cut()
    follower = follow(seller.backend, after=0)

    await seller.restore()

    assert (await follower.until(invoice.bolt11))[0].settle_index == 1


async def test_a_node_that_is_away_is_unavailable(seller):
    sold = await sell(seller)

    await seller.cut()

    with pytest.raises(NodeUnavailable):
        await seller.backend.ping()
    with pytest.raises(NodeUnavailable):
        await seller.backend.inbound_msat()
    with pytest.raises(NodeUnavailable):
        await sell(seller)
    with pytest.raises(NodeUnavailable):
        await seller.backend.lookup(sold.payment_hash)


async def test_a_node_that_is_back_answers_again(seller):
    await seller.cut()
    with pytest.raises(NodeUnavailable):
        await seller.backend.ping()

    await seller.restore()

    async def answers():
        with contextlib.suppress(NodeUnavailable):
            return (await seller.backend.ping()).synced

    await wait_for(answers)


async def test_a_node_says_who_it_is(seller):
    node = await seller.backend.ping()

    assert node.network == "regtest"
    assert node.synced
    assert len(bytes.fromhex(node.pubkey)) == 33
    assert node.alias


async def test_what_is_paid_can_be_received_no_more_and_is_the_nodes_own(seller):
    before, had = await seller.backend.inbound_msat(), await seller.backend.outbound_msat()
    sold = await sell(seller, PRICE)

    await seller.pay(sold.bolt11)

    async def moved():  # the channels settle a moment after the invoice
        now, has = await seller.backend.inbound_msat(), await seller.backend.outbound_msat()
        return (now, has) == (before - PRICE, had + PRICE)

    await wait_for(moved)


async def test_more_than_can_be_received_cannot_be_paid(seller):
    too_much = Msat(await seller.backend.inbound_msat() + 1000)
    sold = await sell(seller, too_much)  # a node makes it all the same (lnd#9380)

    with pytest.raises((PaymentFailed, PayerFailed)):
        await seller.pay(sold.bolt11)


async def test_a_follower_that_stops_listening_leaves_nothing_behind(seller):
    invoice = await sell_and_pay(seller)
    before = asyncio.all_tasks()

    settlements = seller.backend.settlements(after=SettleIndex(invoice.settle_index - 1))
    assert (await anext(settlements)).bolt11 == invoice.bolt11
    await settlements.aclose()

    left = asyncio.all_tasks() - before
    assert not left or not (await asyncio.wait(left, timeout=10))[1]  # gRPC's own end a moment later
