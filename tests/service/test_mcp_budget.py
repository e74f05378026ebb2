"""What was booked and whose end nobody noted: it is freed where it was certainly not paid, and never else."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from satspeak.cli import main
from satspeak.client import Client
from satspeak.mcp.clearing import AFTER_EXPIRY, Clearing, Finding
from satspeak.mcp.ledger import Budget, Ledger, State
from satspeak.payers import NotAsked, NotPaid, OutcomeUnknown, Receipt, UnderWay, WalletUnusable
from tests.told import answer, told

WISH = {"text": "Hello there, my dear friend.", "avatar": "arab_woman", "emotion": "happy"}

OVER = timedelta(hours=1) + AFTER_EXPIRY


class Told:
    """A wallet that says of a payment what the test has it say."""

    name = "a wallet"
    bounds_fees = True

    def __init__(self, said: Exception | Receipt) -> None:
        self.said = said

    async def pay(self, bill) -> Receipt:
        raise AssertionError("nothing is paid")

    async def outcome(self, bill) -> Receipt:
        if isinstance(self.said, Exception):
            raise self.said
        return self.said

    async def aclose(self) -> None: ...


@pytest.fixture
async def shop(closed_shop):
    async with closed_shop.open(sweep_s=0.05) as shop:
        yield shop


@pytest.fixture
async def client(shop):
    async with Client(shop.url) as client:
        yield client


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path / "file", Budget(per_call=100, per_day=250))


@pytest.fixture
async def booked(client, ledger):
    """A purchase whose program died between booking and noting."""
    quote = await client.quote_text(**WISH)
    ledger.book("one", "wish", 40, invoice=quote.bolt11_invoice, refund_token=quote.refund_token)
    return ledger.find("one")


async def clear(client, ledger, booked, said=None, *, after=OVER, **seen):
    wallet = None if said is None else Told(said)
    clearing = Clearing(client, wallet, ledger, now=lambda: datetime.now(UTC) + after)
    return (await clearing.clear(booked, **seen)).finding


async def expired(shop, client, booked) -> None:
    """Wait until the shop knows that nobody paid in time."""
    shop.node._now = lambda: shop.clock.now().timestamp()
    shop.clock.pass_by(hours=1)
    assert (await client.payment(booked.invoice, wait_s=20)).status == "expired"


async def test_what_the_wallet_failed_to_pay_is_freed_once_its_invoice_is_long_over(client, ledger, booked):
    assert await clear(client, ledger, booked, NotPaid("no way"), after=timedelta(0)) is Finding.UNKNOWN
    assert ledger.spent() == 40

    assert await clear(client, ledger, booked, NotPaid("no way")) is Finding.FREED
    assert (ledger.find("one").state, ledger.spent()) == (State.UNPAID, 0)


async def test_what_the_shop_was_paid_is_spent(shop, client, ledger, booked):
    shop.node.pay(booked.invoice)
    assert (await client.payment(booked.invoice, wait_s=20)).status == "paid"

    assert await clear(client, ledger, booked, NotPaid("it is mistaken"), seen_unpaid=True) is Finding.PAID
    assert (ledger.find("one").state, ledger.spent()) == (State.PAID, 40)


async def test_what_the_wallet_paid_is_spent_with_its_fee_whatever_the_shop_says(
    shop, client, ledger, booked
):
    await expired(shop, client, booked)
    paid = Receipt(preimage=b"p" * 32, amount_msat=30_000, fee_msat=1500)

    assert await clear(client, ledger, booked, paid, seen_unpaid=True) is Finding.PAID
    assert (ledger.find("one").preimage, ledger.spent()) == ((b"p" * 32).hex(), 32)


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("said", [UnderWay("it is"), WalletUnusable("it sleeps")])
async def test_what_is_on_its_way_or_not_told_stays_booked_whatever_anybody_saw(
    shop, client, ledger, booked, said, seen
):
    await expired(shop, client, booked)

    assert await clear(client, ledger, booked, said, seen_unpaid=seen) is Finding.UNKNOWN
    assert (ledger.find("one").state, ledger.spent()) == (State.BOOKED, 40)


async def test_what_the_wallet_was_not_asked_for_is_freed_where_the_shop_got_nothing(
    shop, client, ledger, booked
):
    """Or where somebody saw so: the wallet may be another than paid."""
    assert await clear(client, ledger, booked, NotAsked("who?")) is Finding.UNKNOWN  # the shop waits still
    await expired(shop, client, booked)

    assert await clear(client, ledger, booked, NotAsked("who?")) is Finding.FREED


@pytest.mark.parametrize("said", [None, OutcomeUnknown("it never tells"), NotAsked("who?")])
async def test_of_a_wallet_that_cannot_tell_somebody_who_looked_says_so(client, ledger, booked, said):
    assert await clear(client, ledger, booked, said) is Finding.UNKNOWN
    assert await clear(client, ledger, booked, said, after=timedelta(0), seen_unpaid=True) is Finding.UNKNOWN

    assert await clear(client, ledger, booked, said, seen_unpaid=True) is Finding.FREED


async def test_another_purchase_of_the_same_name_is_not_freed_with_it(client, ledger, booked):
    ledger.unpaid("one")
    ledger.book("one", "wish", 50, invoice="lnbcrt1another", refund_token="token")

    await clear(client, ledger, booked, NotPaid("no way"))

    assert (ledger.find("one").state, ledger.spent()) == (State.BOOKED, 50)


def test_the_command_lists_what_is_booked_paid_and_unpaid_and_why_nothing_is_freed(tmp_path):
    ledger = Ledger(tmp_path / "file", Budget(per_call=100, per_day=250))
    for name in ("first", "second"):
        ledger.book(name, "wish", 40, invoice=f"lnbcrt1{name}", refund_token="token")
    ledger.paid("first", sats=39, preimage=None)
    begin = ["mcp", "--url", "http://127.0.0.1:9", "--ledger", str(tmp_path / "file"), "budget"]

    listed = told(CliRunner().invoke(main, begin))
    cleared = told(CliRunner().invoke(main, [*begin, "--clear"]))
    wrong = CliRunner().invoke(main, [*begin, "--forget", "third"])
    found = answer(CliRunner().invoke(main, [*begin, "--clear", "--json"]))

    assert sorted(listed.splitlines()) == ["first\tpaid\t39", "second\tbooked\t40"]
    assert sorted((each["id"], each["state"], each["sats"], each["finding"]) for each in found) == [
        ("first", "paid", 39, None),
        ("second", "booked", 40, "unknown"),
    ]
    assert "second\tbooked\t40\tunknown: its invoice cannot be read" in cleared
    assert (wrong.exit_code, "no such purchase" in wrong.stderr) == (1, True)
    assert ledger.spent() == 79
