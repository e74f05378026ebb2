"""Wallets pay real invoices of another node: an LND, a command, and one of others behind Nostr Wallet Connect."""

import asyncio
import contextlib
import json
import os
import shlex
import sys
from datetime import timedelta
from hashlib import sha256

import nostr_sdk
import pytest

from lightning import Msat
from lightning.lnd import LndBackend
from regtest.lnd import LndNode
from satspeak.payers import (
    NotAsked,
    NotPaid,
    OutcomeUnknown,
    TooExpensive,
    UnderWay,
    WalletUnusable,
    check,
    nwc,
    open_payer,
    pay,
)
from tests.line import Line
from tests.regtest import clients

pytestmark = pytest.mark.regtest

PRICE = 29
WAIT_S = 60


@pytest.fixture
async def seller(merchant):
    backend = LndBackend(
        merchant.address,
        merchant.tls_cert_path.read_bytes(),
        merchant.macaroon_path.read_bytes(),
    )
    yield backend
    await backend.aclose()


@pytest.fixture
def sell(seller):
    async def sell(sats: int = PRICE) -> str:
        return (await seller.add_invoice(amount=Msat(sats * 1000), memo="a video", expiry_s=900)).bolt11

    return sell


@pytest.fixture
async def opened():
    """Wallets that are closed at the end."""
    async with contextlib.AsyncExitStack() as closing:

        def open_one(wallet: str, **environment: str):
            payer = open_payer(
                wallet, {f"SATSPEAK_PAYER_{name.upper()}": it for name, it in environment.items()}
            )
            closing.push_async_callback(payer.aclose)
            return payer

        yield open_one


@pytest.fixture(params=["grpc", "rest"])
def lnd_of(request: pytest.FixtureRequest):
    """What opens a node, by each of its two ways in."""

    def settings(node: LndNode, macaroon: str = "admin.macaroon", address: str = "") -> dict[str, str]:
        if request.param == "rest" and not node.access.rest_address:
            pytest.skip("this network serves no REST")
        address = address or (node.access.rest_address if request.param == "rest" else node.address)
        return {
            "lnd_address": f"https://{address}" if request.param == "rest" else address,
            "lnd_tls_cert": str(node.tls_cert_path),
            "lnd_macaroon": str(node.access.folder / macaroon),
        }

    return settings


def command_of(node: LndNode) -> str:
    """A command that pays with a node, as `lncli payinvoice` does."""
    words = [sys.executable, "-m", "regtest", "pay", "{invoice}", "--folder", str(node.access.folder.parent)]
    return shlex.join(words)


async def test_an_lnd_pays_and_shows_the_proof_and_what_it_cost(opened, payer, sell, lnd_of):
    wallet = opened("lnd", **lnd_of(payer))
    invoice = await sell()

    receipt = await pay(wallet, invoice.upper(), max_sats=PRICE, agreed_sats=PRICE)
    again = await pay(wallet, f"lightning:{invoice}", max_sats=PRICE)

    assert (receipt.amount_msat, receipt.fee_msat) == (PRICE * 1000, 0)
    assert receipt.preimage is not None
    assert again == receipt


async def test_a_bound_below_the_invoice_lets_nothing_out_of_the_wallet(opened, payer, seller, sell, lnd_of):
    wallet = opened("lnd", **lnd_of(payer))
    invoice = await sell()

    with pytest.raises(TooExpensive, match="asks for 29 sat; the bound is 28 sat"):
        await pay(wallet, invoice, max_sats=PRICE - 1)
    with pytest.raises(NotAsked):
        await wallet.outcome(await check(invoice, max_sats=PRICE))


async def test_an_lnd_that_has_not_so_much_says_that_nothing_was_paid(opened, payer, sell, lnd_of):
    wallet = opened("lnd", **lnd_of(payer))
    everything = (await payer.channel_balance()).local_msat // 1000
    invoice = await sell(everything + 1)

    for _ in range(2):  # what has failed may be tried again
        with pytest.raises(NotPaid, match=r"insufficient balance|no route"):
            await pay(wallet, invoice, max_sats=everything * 2)


async def test_a_macaroon_that_may_not_pay_is_told_as_that(opened, payer, sell, lnd_of):
    wallet = opened("lnd", **lnd_of(payer, "readonly.macaroon"))

    with pytest.raises(WalletUnusable, match="permission denied"):
        await pay(wallet, await sell(), max_sats=PRICE)


async def test_a_node_that_is_another_or_down_is_asked_for_nothing(opened, payer, merchant, sell, lnd_of):
    stranger = {**lnd_of(payer), "lnd_tls_cert": str(merchant.tls_cert_path)}

    for settings in (stranger, lnd_of(payer, address="127.0.0.1:1")):
        with pytest.raises(WalletUnusable, match="LND"):
            await pay(opened("lnd", **settings), await sell(), max_sats=PRICE)


async def test_a_payment_that_is_held_is_under_way_and_found_again_after_the_line_broke(
    opened, payer, merchant, lnd_of, held_invoice
):
    settings = lnd_of(payer)
    held = held_invoice.func(merchant)
    invoice = await held.make(PRICE * 1000)
    line = Line(settings["lnd_address"].removeprefix("https://"))
    await line.restore()
    wallet = opened("lnd", **lnd_of(payer, address=line.near_end))
    paying = asyncio.create_task(pay(wallet, invoice, max_sats=PRICE))
    await held.until_held()

    await line.cut()
    with pytest.raises(OutcomeUnknown):
        await paying
    direct = opened("lnd", **settings)
    with pytest.raises(UnderWay):
        await direct.outcome(await check(invoice, max_sats=PRICE))
    await held.take()
    receipt = await pay(direct, invoice, max_sats=PRICE)

    assert receipt.amount_msat == PRICE * 1000


async def test_a_command_pays(opened, payer, sell):
    receipt = await pay(opened(command_of(payer)), await sell(), max_sats=PRICE)

    assert receipt.amount_msat == PRICE * 1000


@pytest.fixture(scope="module")
async def relay():
    relay = nostr_sdk.LocalRelay()
    await relay.run()
    yield str(await relay.url())
    relay.shutdown()


class AlbysWallet:
    """A wallet service of others, which does what the test answers for it."""

    def __init__(self, process: asyncio.subprocess.Process, uri: str) -> None:
        self.uri = uri
        self._process = process

    async def asked(self) -> tuple[str, str]:
        """Wait until it is asked something: what, and about which invoice or payment hash."""
        assert self._process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            what, _, about = (await self._process.stdout.readline()).decode().strip().partition(" ")
        return what, about

    def answer(self, **answer) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(answer).encode() + b"\n")

    def refuse(self, code: str, message: str) -> None:
        self.answer(error={"code": code, "message": message})


@pytest.fixture
async def wallet(relay):
    ours, theirs = nostr_sdk.Keys.generate(), nostr_sdk.Keys.generate()
    environment = {
        "RELAY": relay,
        "WALLET_SECRET": theirs.secret_key().to_hex(),
        "CLIENT_PUBKEY": ours.public_key().to_hex(),
    }
    process = await asyncio.create_subprocess_exec(
        *(str(clients.NODE), "--input-type=module", "--eval", (clients.FOLDER / "nwc.mjs").read_text()),
        cwd=await asyncio.to_thread(clients.install),
        env={**os.environ, **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    uri = f"nostr+walletconnect://{theirs.public_key().to_hex()}?relay={relay}&secret={ours.secret_key().to_hex()}"
    wallet = AlbysWallet(process, uri)
    try:
        assert await wallet.asked() == ("ready", "")
        yield wallet
    finally:
        process.kill()
        await process.wait()


async def test_a_wallet_of_others_pays_over_a_relay(opened, wallet, payer, sell):
    paying = asyncio.create_task(pay(opened(wallet.uri), await sell(), max_sats=PRICE))

    what, invoice = await wallet.asked()
    paid = await payer.pay(invoice)
    wallet.answer(result={"preimage": paid.preimage.hex(), "fees_paid": 0})
    receipt = await paying

    assert what == "pay"
    assert (receipt.preimage, receipt.amount_msat, receipt.fee_msat) == (paid.preimage, PRICE * 1000, 0)


async def test_a_wallet_whose_budget_is_used_up_has_paid_nothing(opened, wallet, sell):
    paying = asyncio.create_task(pay(opened(wallet.uri), await sell(), max_sats=PRICE))

    await wallet.asked()
    wallet.refuse("QUOTA_EXCEEDED", "the budget of this month is used up")

    with pytest.raises(NotPaid, match="the budget of this month is used up"):
        await paying


async def test_a_wallet_that_answers_too_late_is_asked_what_became_of_it(
    opened, wallet, payer, sell, monkeypatch
):
    monkeypatch.setattr(nwc, "PATIENCE_S", 0.5)
    paying = asyncio.create_task(pay(opened(wallet.uri), await sell(), max_sats=PRICE))

    what, invoice = await wallet.asked()
    paid = await payer.pay(invoice)
    looking, payment_hash = await wallet.asked()
    wallet.answer(result=None)  # to what was asked first, too late
    wallet.answer(
        result={
            "state": "settled",
            "preimage": paid.preimage.hex(),
            "payment_hash": payment_hash,
            "fees_paid": 0,
        }
    )
    receipt = await paying

    assert (what, looking, payment_hash) == ("pay", "lookup", sha256(paid.preimage).hexdigest())
    assert receipt.preimage == paid.preimage


async def test_a_failure_that_the_wallet_is_not_sure_of_is_no_failure(opened, wallet, sell):
    paying = asyncio.create_task(pay(opened(wallet.uri), await sell(), max_sats=PRICE))

    await wallet.asked()
    wallet.refuse("PAYMENT_FAILED", "timed out")
    await wallet.asked()
    wallet.refuse("NOT_FOUND", "no such payment")

    with pytest.raises(OutcomeUnknown, match="timed out"):
        await paying


async def test_a_proof_of_another_payment_is_none(opened, wallet, sell):
    paying = asyncio.create_task(pay(opened(wallet.uri), await sell(), max_sats=PRICE))

    await wallet.asked()
    wallet.answer(result={"preimage": "00" * 32})

    with pytest.raises(OutcomeUnknown, match="no proof"):
        await paying


async def test_a_wallet_whose_relay_is_gone_cannot_be_asked(opened, sell, monkeypatch):
    monkeypatch.setattr(nwc, "CONNECT", timedelta(seconds=2))
    nobody = nostr_sdk.Keys.generate()
    uri = (
        f"nostr+walletconnect://{nobody.public_key().to_hex()}?relay=ws://127.0.0.1:1"
        f"&secret={nobody.secret_key().to_hex()}"
    )

    with pytest.raises(WalletUnusable, match="No relay"):
        await pay(opened(uri), await sell(), max_sats=PRICE)
