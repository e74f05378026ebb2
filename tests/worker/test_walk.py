"""The walk through footage: never the same, never a jump, and the same again for the same seed."""

import itertools

import numpy as np
import pytest

from worker.walk import EASE, Round, Walk

FRAMES, TURNS, BLINKS = 52, (6, 9, 12, 27, 30, 33, 42, 45), (20,)
MINUTE = 60 * 25
SEEDS = [str(seed) for seed in range(20)]


def walk(seed="7", **fields):
    return Walk(FRAMES, **({"turns": TURNS, "blinks": BLINKS, "seed": seed} | fields))


def first(order, frames):
    return [order[index] for index in range(frames)]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_walk_goes_on_without_a_jump_and_turns_where_it_may(seed):
    way = first(walk(seed), 5 * MINUTE)

    steps = [after - before for before, after in itertools.pairwise(way)]
    assert set(steps) <= {-1, 0, 1}
    moves = [(way[index], step) for index, step in enumerate(steps) if step]
    turned = {place for (_, before), (place, after) in itertools.pairwise(moves) if before != after}
    assert turned <= {0, FRAMES - 1, *TURNS, *BLINKS}
    assert len(turned) > 6


def test_it_slows_down_where_the_person_was_not_filmed_at_rest():
    way = first(walk(), MINUTE)

    still = {way[index] for index in range(1, MINUTE) if way[index] == way[index - 1]}
    assert still
    assert all(min(abs(place - turn) for turn in TURNS) < EASE / 2 for place in still)


def test_the_same_seed_gives_the_same_walk_from_wherever_it_is_asked_for():
    whole = first(walk("an order"), MINUTE)

    resumed = walk("an order")
    assert [resumed[index] for index in range(1_000, MINUTE)] == whole[1_000:]
    assert first(walk("another"), MINUTE) != whole


@pytest.mark.parametrize("seed", SEEDS)
def test_motion_does_not_repeat_itself_within_two_minutes(seed):
    way = np.array(first(walk(seed), 6 * MINUTE))

    for later in range(25, 2 * MINUTE):
        assert (np.abs(way[later:] - way[:-later]) <= 1).mean() < 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_eyes_shut_as_often_as_people_blink(seed):
    way = first(walk(seed), 5 * MINUTE)

    blinks = [index for index in range(1, len(way)) if way[index] in BLINKS and way[index - 1] not in BLINKS]
    assert 40 <= len(blinks) <= 120
    assert max(after - before for before, after in itertools.pairwise(blinks)) < 12 * 25


def test_a_walk_begins_soon_in_the_film():
    assert {walk(str(seed))[0] for seed in range(50)} == {0, 6, 9, 12}


def test_legs_end_where_the_walk_turns():
    order = walk()

    ends = {order.leg_end(index) for index in range(MINUTE)}
    assert {order[end] for end in ends} <= {0, FRAMES - 1, *TURNS, *BLINKS}
    assert all(order.leg_end(end - 1) == end for end in ends)


@pytest.mark.parametrize(
    ("playback", "order"),
    [("loop", [0, 1, 2, 3, 0, 1, 2, 3, 0]), ("pingpong", [0, 1, 2, 3, 2, 1, 0, 1, 2])],
)
def test_a_round_repeats_itself(playback, order):
    assert first(Round(4, playback), 9) == order
    assert first(Round(1, playback), 3) == [0, 0, 0]
