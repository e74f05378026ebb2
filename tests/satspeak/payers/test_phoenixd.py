"""phoenixd runs on no test network, so what answers here says what its sources say (`Api.kt`, `JsonSerializers.kt`)."""

import base64
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest

from lightning import Msat
from lightning.memory import MemoryBackend
from satspeak.payers import NotPaid, OutcomeUnknown, WalletUnusable, open_payer, pay
from satspeak.payers.phoenixd import configured_password
from tests.serving import live, serve

PRICE = 29


class Phoenixd:
    """Pays with a node in memory, and says what it is told to say."""

    def __init__(self, node: MemoryBackend) -> None:
        self.node = node
        self.url = ""
        self.reason = ""  # why it does not pay
        self.status = 200
        self.breaks = False  # pays, and says nothing
        self.sent: dict[str, str] = {}  # preimages by payment hash

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        name = base64.b64encode(b":secret").decode()
        if dict(scope["headers"]).get(b"authorization") != f"Basic {name}".encode():
            await answer(send, 401, b"")
        elif scope["path"] == "/payinvoice":
            await self._pay(parse_qs((await receive())["body"].decode())["invoice"][0], send)
        else:
            await self._tell(scope["path"].rpartition("/")[2], send)

    async def _pay(self, invoice: str, send) -> None:
        if self.reason:
            failed = {"paymentHash": "00" * 32, "reason": self.reason}
            await answer(
                send, self.status, msgspec.json.encode(failed) if self.status == 200 else self.reason.encode()
            )
            return
        preimage = self.node.pay(invoice)
        payment_hash = sha256(preimage).hexdigest()
        self.sent[payment_hash] = preimage.hex()
        if self.breaks:
            return
        said: dict[str, Any] = {
            "recipientAmountSat": PRICE,
            "routingFeeSat": 4,
            "paymentId": "b2b6ab60-5c0d-4a5c-8d2c-0c3a3e6f9b1e",
            "paymentHash": payment_hash,
            "paymentPreimage": preimage.hex(),
        }
        await answer(send, 200, msgspec.json.encode(said))

    async def _tell(self, payment_hash: str, send) -> None:
        if payment_hash not in self.sent:
            await answer(send, 404, b"")
            return
        said = {
            "paymentHash": payment_hash,
            "preimage": self.sent[payment_hash],
            "isPaid": True,
            "fees": 4000,
        }
        await answer(send, 200, msgspec.json.encode(said))


async def answer(send, status: int, body: bytes) -> None:
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": length})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def phoenixd():
    phoenixd = Phoenixd(MemoryBackend())
    async with serve(phoenixd) as url:
        phoenixd.url = url
        yield phoenixd


@pytest.fixture
async def wallet(phoenixd):
    environment = {
        "SATSPEAK_PAYER_PHOENIXD_URL": phoenixd.url,
        "SATSPEAK_PAYER_PHOENIXD_PASSWORD": "secret",
    }
    wallet = open_payer("phoenixd", environment)
    yield wallet
    await wallet.aclose()


@pytest.fixture
async def invoice(phoenixd):
    return (await phoenixd.node.add_invoice(amount=Msat(PRICE * 1000), memo="a video", expiry_s=900)).bolt11


async def test_it_pays_and_tells_the_fee(wallet, invoice):
    receipt = await pay(wallet, invoice, max_sats=PRICE)

    assert receipt.preimage is not None
    assert (receipt.amount_msat, receipt.fee_msat) == (29_000, 4000)


@pytest.mark.parametrize(("status", "reason"), [(200, "InsufficientBalance"), (400, "invalid invoice")])
async def test_what_it_says_that_it_did_not_pay_is_not_paid(phoenixd, wallet, invoice, status, reason):
    phoenixd.status, phoenixd.reason = status, reason

    with pytest.raises(NotPaid, match=reason):
        await pay(wallet, invoice, max_sats=PRICE)


@pytest.mark.parametrize(("status", "reason"), [(200, "AlreadyInProgress"), (500, "boom")])
async def test_what_may_be_on_its_way_is_not_called_failed(phoenixd, wallet, invoice, status, reason):
    phoenixd.status, phoenixd.reason = status, reason

    with pytest.raises(OutcomeUnknown):
        await pay(wallet, invoice, max_sats=PRICE)


async def test_a_payment_that_was_made_before_is_found(phoenixd, wallet, invoice):
    first = await pay(wallet, invoice, max_sats=PRICE)
    phoenixd.reason = "AlreadyPaid"

    assert (await pay(wallet, invoice, max_sats=PRICE)).preimage == first.preimage


async def test_an_answer_that_is_lost_is_looked_up(phoenixd, wallet, invoice):
    phoenixd.breaks = True

    assert (await pay(wallet, invoice, max_sats=PRICE)).preimage is not None


async def test_a_wrong_password_and_a_phoenixd_that_is_down_are_told_apart(phoenixd, invoice, tmp_path):
    for settings, why in (
        ({"PASSWORD": "wrong", "URL": phoenixd.url}, "password"),
        ({"PASSWORD": "secret", "URL": "http://127.0.0.1:1"}, "does not answer"),
    ):
        wallet = open_payer(
            "phoenixd", {f"SATSPEAK_PAYER_PHOENIXD_{name}": it for name, it in settings.items()}
        )
        with pytest.raises(WalletUnusable, match=why):
            await pay(wallet, invoice, max_sats=PRICE)
        await wallet.aclose()


def test_the_password_is_read_where_phoenixd_keeps_it(tmp_path):
    configuration = tmp_path / "phoenix.conf"
    with pytest.raises(WalletUnusable, match=r"nor is there .*phoenix\.conf"):
        configured_password(configuration)
    configuration.write_text("auto-liquidity=2m\nhttp-password=0123abcd\nhttp-password-limited-access=ff\n")

    assert configured_password(configuration) == "0123abcd"
