"""How much a client may ask for, on a clock that the test holds."""

import pytest

from service.runtime.clients import client_of
from service.runtime.limits import Limiter, Rate


def admitted(limiter, client, now, requests):
    """Ask so often at once; how many were let in."""
    return sum(limiter.admit(client, now) is None for _ in range(requests))


def test_a_minutes_requests_may_come_at_once_and_no_more():
    limiter = Limiter(Rate(per_client=30, total=0))

    assert admitted(limiter, "a", 1000.0, 100) == 30


def test_tokens_come_back_evenly():
    limiter = Limiter(Rate(per_client=30, total=0))
    admitted(limiter, "a", 1000.0, 30)

    assert admitted(limiter, "a", 1001.9, 5) == 0
    assert admitted(limiter, "a", 1002.0, 5) == 1
    assert admitted(limiter, "a", 1012.0, 50) == 5
    assert admitted(limiter, "a", 2000.0, 50) == 30


def test_who_waits_as_told_is_let_in():
    limiter = Limiter(Rate(per_client=7, total=0))
    admitted(limiter, "a", 1000.0, 7)

    refusal = limiter.admit("a", 1000.5)

    assert refusal is not None
    assert not refusal.by_total
    assert limiter.admit("a", 1000.5 + refusal.wait_s - 0.1)
    assert limiter.admit("a", 1000.5 + refusal.wait_s + 1e-6) is None


def test_one_client_does_not_use_up_anothers_requests():
    limiter = Limiter(Rate(per_client=3, total=0))
    admitted(limiter, "a", 1000.0, 10)

    assert admitted(limiter, "b", 1000.0, 10) == 3


def test_all_clients_together_have_a_limit():
    limiter = Limiter(Rate(per_client=3, total=10))

    assert sum(admitted(limiter, str(client), 1000.0, 3) for client in range(10)) == 10
    refusal = limiter.admit("new", 1000.0)
    assert refusal is not None
    assert refusal.by_total


def test_who_is_refused_uses_up_nothing():
    limiter = Limiter(Rate(per_client=3, total=10))

    admitted(limiter, "greedy", 1000.0, 1000)

    assert admitted(limiter, "a", 1000.0, 10) == 3
    assert admitted(limiter, "greedy", 1020.0, 10) == 1


def test_zero_is_no_limit_and_remembers_nobody():
    limiter = Limiter(Rate(per_client=0, total=0))

    assert admitted(limiter, "a", 1000.0, 10_000) == 10_000
    assert limiter.clients == 0


def test_an_attacker_with_many_addresses_does_not_grow_the_memory():
    limiter = Limiter(Rate(per_client=3, total=0), max_clients=100)

    for address in range(1000):
        limiter.admit(str(address), 1000.0)

    assert limiter.clients == 100
    assert limiter.admit("999", 1000.0) is None  # who came last is still counted
    assert admitted(limiter, "999", 1000.0, 5) == 1


def test_a_client_that_was_idle_for_a_minute_is_forgotten():
    limiter = Limiter(Rate(per_client=3, total=0))
    for address in range(50):
        limiter.admit(str(address), 1000.0)

    limiter.admit("a", 1100.0)

    assert limiter.clients == 1


def test_a_clock_that_is_set_back_locks_nobody_out():
    limiter = Limiter(Rate(per_client=60, total=240))
    admitted(limiter, "a", 100_000.0, 60)

    assert admitted(limiter, "a", 1000.0, 100) == 60
    assert admitted(limiter, "a", 1001.0, 100) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::2"),  # the same customer's network
        ("198.51.100.7", "::ffff:198.51.100.7"),
        (None, "1.2.3.4.5"),
        ("", "unix:"),
    ],
)
def test_addresses_of_one_client_are_one(one, other):
    assert client_of(one) == client_of(other)


@pytest.mark.parametrize(
    ("one", "other"), [("198.51.100.7", "198.51.100.8"), ("2001:db8:1:2::1", "2001:db8:1:3::1")]
)
def test_addresses_of_two_clients_are_two(one, other):
    assert client_of(one) != client_of(other)


def test_a_customer_with_many_networks_has_the_share_of_a_few_clients():
    limiter = Limiter(Rate(per_client=30, total=6000))
    networks = [client_of(f"2001:db8:1:{n:x}::1") for n in range(0x1000)]

    assert sum(admitted(limiter, network, 1000.0, 30) for network in networks[:0x100]) == 4 * 30
    assert sum(admitted(limiter, network, 1000.0, 30) for network in networks[0x100:]) == 12 * 30
    assert admitted(limiter, client_of("2001:db8:2::1"), 1000.0, 100) == 30  # another /48


def test_nobody_has_more_than_a_quarter_of_the_total():
    limiter = Limiter(Rate(per_client=30, total=100))

    assert sum(admitted(limiter, client_of(f"2001:db8:1:{n}::1"), 1000.0, 30) for n in range(10)) == 25
    assert admitted(limiter, client_of("2001:db8:2::1"), 1000.0, 30) == 25


def test_many_networks_do_not_wash_away_the_count_of_what_they_are_in():
    limiter = Limiter(Rate(per_client=3, total=0), max_clients=10)

    assert sum(admitted(limiter, client_of(f"2001:db8:1:{n:x}::1"), 1000.0, 1) for n in range(200)) == 4 * 3
