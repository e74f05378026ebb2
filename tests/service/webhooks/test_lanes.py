"""Receivers that dawdle, however many and wherever they are, keep none that is quick waiting; nor does a row."""

import asyncio
import socket

import pytest
import uvicorn

from service.assembly.stores import open_outbox
from service.errors import Unavailable
from service.storage.outbox import SqlOutbox
from service.webhooks.addresses import site
from service.webhooks.lanes import PROOF, QUICK_S, REMEMBERED, Kind, Lanes
from service.webhooks.port import AT_ONCE, Letter
from tests.receivers import Receiver
from tests.service.webhooks.conftest import SETTINGS
from tests.service.webhooks.test_webhooks import quote

UNPROVEN, SLOW = AT_ONCE * 3 // 4, AT_ONCE // 4


class Dawdlers(Receiver):
    """Receivers of many names."""

    urls: list[str]


async def paid(shop, receiver, **wish) -> None:
    shop.node.pay((await quote(shop, receiver, **wish))["bolt11_invoice"])


@pytest.fixture
async def patient_shop(closed_shop, monkeypatch):
    """One that waits for receivers for so long that it gives up none while a test looks."""
    monkeypatch.setattr("service.webhooks.carrier.TIMEOUT_S", 600.0)
    async with closed_shop.open(**SETTINGS) as shop:
        yield shop


@pytest.fixture
async def dawdlers(run_server, monkeypatch):
    """Receivers at `n<number>.example`, each in a network of its own, that never answer."""
    dawdler, resolve = Dawdlers(), socket.getaddrinfo
    dawdler.silent = True

    def lead(host, *arguments, **hints):
        name, _, top = str(host).partition(".")
        return resolve(f"127.{name[1:]}.0.9" if top == "example" else host, *arguments, **hints)

    monkeypatch.setattr(socket, "getaddrinfo", lead)
    # All of 127.0.0.0/8.
    everywhere = uvicorn.Config(dawdler, host="0.0.0.0", port=0, log_config=None, timeout_graceful_shutdown=1)
    async with run_server(dawdler, everywhere) as url:
        port = url.rpartition(":")[2]
        dawdler.urls = [f"http://n{n}.example:{port}/" for n in range(1, 101)]
        yield dawdler


async def test_however_many_receivers_dawdle_one_that_proved_quick_is_told_at_once(
    patient_shop, receiver, dawdlers, monkeypatch
):
    shop = patient_shop
    monkeypatch.setattr("service.webhooks.lanes.QUICK_S", 60.0)  # nobody is slow because this machine is
    for _ in range(PROOF):
        await paid(shop, receiver)
    await shop.eventually(lambda: len(receiver.told) == PROOF)

    for url in dawdlers.urls:
        await paid(shop, dawdlers, webhook_url=url)
    await shop.eventually(lambda: len(dawdlers.tries) == UNPROVEN)
    await paid(shop, receiver)

    await shop.eventually(lambda: len(receiver.told) == PROOF + 1)
    assert len(dawdlers.tries) == UNPROVEN


async def test_those_that_were_slow_before_leave_room_for_one_that_nobody_knows(
    patient_shop, receiver, dawdlers, monkeypatch
):
    shop, urls = patient_shop, dawdlers.urls[: AT_ONCE // 2]
    monkeypatch.setattr("service.webhooks.lanes.QUICK_S", 0.01)
    with monkeypatch.context() as hurried:
        hurried.setattr("service.webhooks.carrier.TIMEOUT_S", 0.5)
        for url in urls:
            await paid(shop, dawdlers, webhook_url=url)
        await failed(shop, len(urls))
    dawdlers.tries.clear()

    shop.clock.pass_by(minutes=1)
    await shop.eventually(lambda: len(dawdlers.tries) == SLOW)
    await paid(shop, receiver)

    await shop.eventually(lambda: receiver.types == ["payment.settled"])
    assert len(dawdlers.tries) == SLOW


async def failed(shop, count: int) -> None:
    """Wait until the first try of so many letters is noted as failed."""
    far = shop.clock.now().replace(year=2100)
    async with open_outbox(shop.settings()) as outbox, asyncio.timeout(30):
        while True:
            letters = await outbox.due(far, but=(), limit=200)
            if sum(letter.tries > 0 for letter in letters) >= count:
                return
            await asyncio.sleep(0.02)


async def test_a_letter_that_cannot_be_noted_is_sent_again_and_no_other_waits_or_is_broken_off(
    patient_shop, receiver, run_server, monkeypatch
):
    shop, sent = patient_shop, SqlOutbox.sent
    unnoted: list[Letter] = []

    async def fail_once(outbox, letter) -> None:
        if not unnoted:
            unnoted.append(letter)
            raise Unavailable("The disk is full.")
        await sent(outbox, letter)

    dawdler = Receiver()
    dawdler.silent = True
    async with run_server(dawdler) as dawdler.url:
        await paid(shop, dawdler)
        await shop.eventually(lambda: len(dawdler.tries) == 1)
        monkeypatch.setattr(SqlOutbox, "sent", fail_once)
        await paid(shop, receiver)
        await shop.eventually(lambda: len(unnoted) == 1)
        await paid(shop, receiver)
        await shop.eventually(lambda: len(receiver.told) == 2)
        shop.clock.pass_by(minutes=1)
        await shop.eventually(lambda: len(receiver.told) == 3)

    told = [headers["webhook-id"] for headers, _ in receiver.taken]
    assert told[0] == told[2] != told[1]
    assert len(dawdler.tries) == 1


def send(lanes: Lanes, receiver: str, *, took: float, answered: bool = True) -> None:
    """Send one that took so long."""
    flight = lanes.begin(receiver, receiver, 0.0)
    assert flight is not None
    lanes.end(flight, took, answered=answered)


def full(lanes: Lanes, now: float, *receivers: str) -> list[str]:
    """Those of whom none is sent."""
    return [receiver for receiver in receivers if lanes.begin(receiver, receiver, now) is None]


def proven(lanes: Lanes, *receivers: str) -> None:
    for receiver in receivers:
        for _ in range(PROOF):
            send(lanes, receiver, took=QUICK_S)


def test_of_all_that_is_sent_at_once_those_nobody_knows_leave_a_quarter_to_those_that_proved_quick():
    lanes = Lanes(total=8, group=8)
    proven(lanes, "a", "b", "c")

    assert full(lanes, 0.0, *"123456789") == [*"789"]
    assert full(lanes, 0.0, "a", "b", "c") == ["c"]


def test_those_that_were_slow_have_a_quarter_and_what_is_on_its_way_for_long_counts_for_them():
    lanes = Lanes(total=8, group=8)
    for slow in "123":
        send(lanes, slow, took=QUICK_S + 0.1)

    assert full(lanes, 0.0, *"123") == ["3"]
    assert full(lanes, 0.0, *"4567") == []
    assert full(lanes, 0.0, "8") == ["8"]

    lanes = Lanes(total=8, group=8)
    send(lanes, "1", took=QUICK_S + 0.1)
    assert full(lanes, 0.0, "2", "3") == []
    assert full(lanes, QUICK_S + 0.1, "1") == ["1"]


def test_a_slow_answer_costs_a_receiver_what_it_proved_and_quick_ones_prove_it_again():
    lanes = Lanes(total=8, group=8)
    proven(lanes, "a")
    assert lanes.kind("a") is Kind.PROVEN

    send(lanes, "a", took=QUICK_S + 0.1)
    assert lanes.kind("a") is Kind.SLOW
    proven(lanes, "a")
    assert lanes.kind("a") is Kind.UNKNOWN
    proven(lanes, "a")
    assert lanes.kind("a") is Kind.PROVEN


def test_what_is_not_answered_proves_nothing():
    lanes = Lanes(total=8, group=8)
    for _ in range(PROOF):
        send(lanes, "refused", took=0.0, answered=False)

    assert lanes.kind("refused") is Kind.UNKNOWN


def test_receivers_of_one_group_have_their_share_together_until_they_prove_quick():
    lanes = Lanes(total=8, group=2)
    proven(lanes, "quick")

    begun = [lanes.begin(receiver, "group", 0.0) for receiver in ("1", "2", "3", "quick")]

    assert [flight is None for flight in begun] == [False, False, True, False]


def test_however_many_receivers_there_are_few_are_remembered():
    lanes = Lanes(total=8, group=8)
    proven(lanes, *(f"quick {n}" for n in range(REMEMBERED + 10)))
    for n in range(REMEMBERED + 10):
        send(lanes, f"{n}", took=0.0)

    assert (len(lanes._proven), len(lanes._others)) == (REMEMBERED, REMEMBERED)


@pytest.mark.parametrize(
    ("url", "owner"),
    [
        ("https://n7.hooks.Example.org/a", "example.org"),
        ("https://example.org./", "example.org"),
        ("http://localhost:8000/", "localhost"),
        ("http://127.0.0.1:8000/", "127.0.0.1"),
        ("http://[2001:db8::1]:8000/", "2001:db8::1"),
    ],
)
def test_a_name_is_its_owners_whatever_stands_before_it(url, owner):
    assert site(url) == owner
