"""What is paid is what the invoice itself asks for, within a bound, or nothing."""

import asyncio
import os
import subprocess
import sys
from hashlib import sha256

import pytest

from lightning import Msat
from lightning.memory import MemoryBackend
from satspeak.payers import (
    Bill,
    BillRefused,
    OutcomeUnknown,
    Receipt,
    TooExpensive,
    WalletUnusable,
    check,
    open_payer,
    pay,
)

PRICE = 2900


class Purse:
    """A wallet of somebody's own: all that `Payer` asks for."""

    name = "a purse"
    bounds_fees = True

    def __init__(self, node: MemoryBackend) -> None:
        self._node = node
        self.bills: list[Bill] = []

    async def pay(self, bill: Bill) -> Receipt:
        self.bills.append(bill)
        return Receipt(preimage=self._node.pay(bill.invoice), amount_msat=bill.amount_msat, fee_msat=0)

    async def aclose(self) -> None: ...


@pytest.fixture
def node():
    return MemoryBackend()


@pytest.fixture
def sell(node):
    async def sell(amount: int = PRICE * 1000, expiry_s: int = 900) -> str:
        return (await node.add_invoice(amount=Msat(amount), memo="a video", expiry_s=expiry_s)).bolt11

    return sell


async def test_any_wallet_with_the_methods_of_the_port_pays(node, sell):
    purse = Purse(node)

    receipt = await pay(purse, await sell(), max_sats=PRICE + 5, agreed_sats=PRICE, network="regtest")

    [bill] = purse.bills
    assert receipt.preimage is not None
    assert sha256(receipt.preimage).digest() == bill.payment_hash
    assert (bill.amount_msat, bill.fee_limit_msat) == (PRICE * 1000, 5000)


async def test_a_fee_is_bounded_also_where_much_more_may_be_spent(sell):
    assert (await check(await sell(), max_sats=1_000_000)).fee_limit_msat == 29_000
    assert (await check(await sell(1000), max_sats=1_000_000)).fee_limit_msat == 10_000


@pytest.mark.parametrize(
    ("terms", "bound", "why"),
    [
        ({}, {"max_sats": PRICE - 1}, "asks for 2900 sat; the bound is 2899 sat"),
        ({"amount": PRICE * 1000 + 1}, {"max_sats": PRICE}, r"asks for 2900\.001 sat; the bound is 2900 sat"),
        ({}, {"max_sats": PRICE, "agreed_sats": PRICE - 1}, "although the price is 2899 sat"),
        ({}, {"max_sats": PRICE, "network": "mainnet"}, "for regtest, not for mainnet"),
        ({"expiry_s": 1}, {"max_sats": PRICE}, "has expired"),
    ],
)
async def test_what_is_not_to_be_paid_reaches_no_wallet(node, sell, terms, bound, why):
    purse = Purse(node)

    with pytest.raises(BillRefused, match=why) as refused:
        await pay(purse, await sell(**terms), **bound)

    assert not purse.bills
    assert isinstance(refused.value, TooExpensive) == ("the bound" in why)


# From BOLT 11's examples: a donation of any amount; the other one is garbage.
ANY_AMOUNT = (
    "lnbc1pvjluezsp5zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zyg3zygspp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rq"
    "wzqfqypqdpl2pkx2ctnv5sxxmmwwd5kgetjypeh2ursdae8g6twvus8g6rfwvs8qun0dfjkxaq9qrsgq357wnc5r2ueh7ck6q93dj32dlqnls087fxd"
    "wk8qakdyafkq3yap9us6v52vjjsrvywa6rt52cm9r9zqt8r2t7mlcwspyetp5h2tztugp9lfyql"
)


@pytest.mark.parametrize(
    ("invoice", "why"), [(ANY_AMOUNT, "no amount"), ("lnbc1", "cannot be read"), ("", "cannot")]
)
async def test_what_names_no_amount_or_is_no_invoice_is_refused(invoice, why):
    with pytest.raises(BillRefused, match=why):
        await check(invoice, max_sats=10**6)


def command(code: str, *words: str) -> str:
    return f'"{sys.executable}" -c "{code}" {{invoice}} {" ".join(words)}'


async def test_a_command_shows_its_proof_wherever_it_prints_it(node, sell):
    invoice = await sell()
    preimage = node.pay(invoice).hex()
    noise = "ab" * 32
    wallet = open_payer(command(f"print('{noise} paid, preimage={preimage}, good')"), {})

    assert (await pay(wallet, invoice, max_sats=PRICE)).preimage == bytes.fromhex(preimage)


async def test_a_command_without_a_proof_is_believed_by_its_status(sell):
    wallet = open_payer(command("import sys; sys.exit(sys.argv[1][:6] != 'lnbcrt')"), {})

    assert (await pay(wallet, await sell(), max_sats=PRICE)).preimage is None


async def test_a_command_that_fails_may_have_paid(sell):
    wallet = open_payer(command("import sys; sys.exit('no route')"), {})

    with pytest.raises(OutcomeUnknown, match="ended with 1: no route"):
        await pay(wallet, await sell(), max_sats=PRICE)


async def test_a_command_is_given_the_invoice_as_one_word_without_a_shell(sell):
    code = "import sys; sys.exit(' '.join(sys.argv[2:]) != '--pay=' + sys.argv[1] + ' $HOME;')"
    wallet = open_payer(command(code, "--pay={invoice}", "'$HOME;'"), {})

    assert (await pay(wallet, await sell(), max_sats=PRICE)).amount_msat == PRICE * 1000


async def test_a_command_that_is_given_up_does_not_go_on(sell, tmp_path):
    begun = tmp_path / "begun"
    os.mkfifo(begun)
    wallet = open_payer(command(f"open('{begun}', 'w').write('x'); import time; time.sleep(600)"), {})
    paying = asyncio.create_task(pay(wallet, await sell(), max_sats=PRICE))
    await asyncio.to_thread(begun.read_text)

    paying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await paying


@pytest.mark.parametrize(
    ("wallet", "why"),
    [
        ("gold", "No such wallet: say lnd, phoenixd,"),
        ("pay {invoice} 'it", "cannot be read"),
        ("no-such-program {invoice}", "cannot be run"),
        ("lnd", "macaroon of your LND"),
        ("nostr+walletconnect://0badc0de?relay=x&secret=hush", "cannot be read"),
    ],
)
async def test_a_wallet_that_cannot_be_used_says_why(sell, wallet, why):
    with pytest.raises(WalletUnusable, match=why) as refused:
        await pay(open_payer(wallet, {}), await sell(), max_sats=PRICE)

    assert "hush" not in str(refused.value)


def test_who_pays_nothing_loads_none_of_what_pays():
    code = (
        "import sys, satspeak.payers;"
        "print([each for each in ('grpc', 'bolt11', 'nostr_sdk', 'httpx') if each in sys.modules])"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
