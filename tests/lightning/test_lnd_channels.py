"""Which payments an LND waits for in vain, by what it says of itself; only a crash at one moment makes one."""

import pytest
from lndgrpc.compiled import lightning_pb2 as ln

from lightning import PaymentHash
from lightning.lnd_channels import SAFE_BLOCKS, is_lost

HASH = PaymentHash(bytes(range(32)))
OTHER = PaymentHash(bytes(32))

LAST_BLOCK = 540


def attempt(channel=7, status=ln.HTLCAttempt.IN_FLIGHT):
    route = ln.Route(total_time_lock=LAST_BLOCK, hops=[ln.Hop(chan_id=channel), ln.Hop(chan_id=1)])
    return ln.HTLCAttempt(status=status, route=route)


def channel(number=7, *hashes):
    return ln.Channel(chan_id=number, active=True, pending_htlcs=[ln.HTLC(hash_lock=each) for each in hashes])


def lost(attempts, channels, *, height=LAST_BLOCK + SAFE_BLOCKS + 1, synced=True):
    payment = ln.Payment(status=ln.Payment.IN_FLIGHT, htlcs=attempts)
    node = ln.GetInfoResponse(block_height=height, synced_to_chain=synced)
    return is_lost(HASH, payment, node, channels)


def test_an_attempt_that_no_channel_has_is_lost_after_its_last_block():
    assert lost([attempt()], [channel()])
    assert lost([attempt(), attempt(8)], [channel(7, OTHER), channel(8)])
    assert lost([attempt(9, ln.HTLCAttempt.FAILED), attempt()], [channel()])


@pytest.mark.parametrize("height", [LAST_BLOCK - 80, LAST_BLOCK, LAST_BLOCK + SAFE_BLOCKS])
def test_before_that_it_may_be_on_its_way(height):
    assert not lost([attempt()], [channel()], height=height)


def test_an_attempt_that_a_channel_has_is_not_lost():
    assert not lost([attempt()], [channel(7, HASH)])
    assert not lost([attempt(), attempt(8)], [channel(7), channel(8, HASH)])


def test_of_a_channel_that_is_down_or_closed_nothing_is_known():
    assert not lost([attempt()], [channel(8)])
    assert not lost([attempt()], [])


def test_a_node_that_is_behind_the_chain_is_not_believed():
    assert not lost([attempt()], [channel()], synced=False)


def test_a_payment_that_looks_for_a_way_is_not_lost():
    assert not lost([], [channel()])
    assert not lost([attempt(status=ln.HTLCAttempt.FAILED)], [channel()])
