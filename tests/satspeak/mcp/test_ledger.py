"""No number of calls, processes or deaths spends more than the budget."""

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from satspeak.mcp.ledger import Budget, Ledger, LedgerUnusable, OverBudget, State

BUDGET = Budget(per_call=100, per_day=250)


class Clock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, 23, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(tmp_path, clock):
    return Ledger(tmp_path / "deep" / "purchases.sqlite3", BUDGET, now=clock)


def book(ledger, name: str, sats: int):
    return ledger.book(name, "wish", sats, invoice="lnbc1", refund_token="token")


def test_what_is_booked_counts_as_spent_until_it_is_certain_that_it_was_not(ledger):
    book(ledger, "a", 100)
    assert (ledger.spent(), ledger.left()) == (100, 100)

    ledger.unpaid("a")
    assert (ledger.spent(), ledger.find("a").state) == (0, State.UNPAID)

    book(ledger, "a", 90)
    ledger.paid("a", sats=77, preimage="00")
    assert (ledger.spent(), ledger.find("a").sats) == (77, 77)
    ledger.unpaid("a")  # too late: it was paid
    assert ledger.find("a").state is State.PAID


def test_nobody_else_may_read_receipts_and_refund_tokens(ledger, tmp_path):
    book(ledger, "a", 100)

    assert stat.S_IMODE((tmp_path / "deep" / "purchases.sqlite3").stat().st_mode) == 0o600


def test_a_purchase_is_booked_once(ledger):
    assert book(ledger, "a", 100) is None

    again = book(ledger, "a", 50)

    assert (again.state, again.sats) == (State.BOOKED, 100)
    assert ledger.spent() == 100


@pytest.mark.parametrize("sats", [101, 0, -5, 10**12])
def test_what_is_over_the_budget_of_a_call_is_not_booked(ledger, sats):
    with pytest.raises(OverBudget) as refused:
        book(ledger, "a", sats)

    assert refused.value.left == 100
    assert ledger.find("a") is None


def test_a_day_has_its_budget_and_the_next_one_another_but_for_what_nobody_knows(ledger, clock):
    for name in ("a", "b"):
        book(ledger, name, 100)
    ledger.paid("a", sats=None, preimage=None)
    with pytest.raises(OverBudget):
        book(ledger, "c", 51)
    book(ledger, "c", 50)
    ledger.paid("c", sats=40, preimage=None)
    assert ledger.left() == 10

    clock.moment += timedelta(hours=1)

    assert (ledger.spent(), ledger.left()) == (100, 100)


def test_many_at_once_book_no_more_than_there_is(tmp_path):
    budget = Budget(per_call=10, per_day=95)

    def one(n: int) -> bool:
        try:  # each opens the file as a process of its own would
            return book(Ledger(tmp_path / "file", budget), f"{n}", 10) is None
        except OverBudget:
            return False

    with ThreadPoolExecutor(8) as threads:
        booked = sum(threads.map(one, range(40)))

    assert booked == 9
    assert Ledger(tmp_path / "file", budget).spent() == 90


def test_what_a_process_booked_that_died_is_booked_still(tmp_path):
    program = (
        "import os, pathlib, sys\n"
        "from satspeak.mcp.ledger import Budget, Ledger\n"
        "ledger = Ledger(pathlib.Path(sys.argv[1]), Budget(per_call=100, per_day=250))\n"
        "ledger.book('a', 'wish', 100, invoice='lnbc1', refund_token='token')\n"
        "os.kill(os.getpid(), 9)\n"
    )
    died = subprocess.run([sys.executable, "-c", program, str(tmp_path / "file")], check=False)

    assert died.returncode == -9
    assert Ledger(tmp_path / "file", BUDGET).spent() == 100


def test_a_file_that_cannot_be_used_lets_nobody_spend(tmp_path):
    (tmp_path / "file").write_text("This is no database, and it is long enough to be read as one. " * 20)

    with pytest.raises(LedgerUnusable):
        book(Ledger(tmp_path / "file", BUDGET), "a", 1)
    with pytest.raises(LedgerUnusable):
        book(Ledger(tmp_path, BUDGET), "a", 1)
