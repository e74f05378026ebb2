"""Settlements come out in the order of their index, and none is lost or told twice."""

from datetime import UTC, datetime
from itertools import permutations

import msgspec
import pytest

from lightning import Msat, PaymentHash, SettleIndex, Settlement
from lightning.ordering import REMEMBERED, InOrder


def settlement(index):
    return Settlement(
        payment_hash=PaymentHash(index.to_bytes(32)),
        bolt11=f"lnbcrt{index}",
        amount=Msat(1),
        amount_paid=Msat(1),
        settle_index=SettleIndex(index),
        settled_at=datetime(2026, 1, 3, tzinfo=UTC),
    )


def pushed(in_order, *indices):
    return [out.settle_index for index in indices for out in in_order.push(settlement(index))]


@pytest.mark.parametrize("arrival", list(permutations([5, 6, 7, 8])))
def test_any_arrival_comes_out_in_order(arrival):
    in_order = InOrder(SettleIndex(4))

    assert pushed(in_order, *arrival) == [5, 6, 7, 8]
    assert not in_order.has_gap


def test_what_was_told_is_not_told_again():
    in_order = InOrder(SettleIndex(4))

    assert pushed(in_order, 5, 5, 6, 5) == [5, 6]


def test_one_of_a_node_that_counts_anew_is_told_whatever_its_index():
    in_order = InOrder(SettleIndex(4))
    pushed(in_order, 5)

    assert pushed(in_order, 1, 2, 1, 6) == [1, 2, 6]
    again = msgspec.structs.replace(settlement(6), payment_hash=PaymentHash(b"\x07" * 32))
    assert list(in_order.push(again)) == [again]


def test_it_remembers_a_bounded_number():
    in_order = InOrder(SettleIndex(0))
    pushed(in_order, *range(1, REMEMBERED + 3))

    assert pushed(in_order, REMEMBERED, 1) == [1]


def test_what_comes_too_early_is_held_back():
    in_order = InOrder(SettleIndex(4))

    assert pushed(in_order, 6) == []
    assert in_order.has_gap


def test_a_skipped_gap_gives_out_what_was_held_back_up_to_the_next_gap():
    in_order = InOrder(SettleIndex(4))
    pushed(in_order, 7, 8, 11)

    assert [out.settle_index for out in in_order.skip_gap()] == [7, 8]
    assert in_order.has_gap
    assert [out.settle_index for out in in_order.skip_gap()] == [11]
    assert not in_order.has_gap


def test_one_that_comes_after_its_gap_was_skipped_is_still_told():
    in_order = InOrder(SettleIndex(4))
    pushed(in_order, 7)
    list(in_order.skip_gap())

    assert pushed(in_order, 6, 8) == [6, 8]
