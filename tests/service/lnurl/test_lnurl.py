"""A quote as an LNURL, over HTTP, with a node in memory."""

import asyncio
import json
import socket
from hashlib import sha256
from urllib.parse import urlsplit

import bech32
import bolt11
import pytest

from service.errors import SettingsError
from service.settings import Settings

TEXT = {"text": "Hello there, my dear friend."}


def decode(lnurl: str) -> str:
    numbers = ["qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(each) for each in lnurl.removeprefix("lnurl1")[:-6]]
    return bytes(bech32.convertbits(numbers, 5, 8, False) or ()).decode()


@pytest.fixture(scope="module")
async def shop(tmp_path_factory, make_shop):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("lnurl")
    async with make_shop(folder, port=port, public_url=f"http://127.0.0.1:{port}") as shop:
        yield shop


async def quote(shop, **wish):
    answer = await shop.http.post("/lightning/request-video/text", json={**TEXT, **wish})
    return answer.json()


async def get(shop, url: str, **query):
    page = {"Origin": "https://wallet.example"}
    answer = await shop.http.get(url, params=query or None, headers=page)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return answer.json()


async def test_an_lnurl_leads_to_the_invoice_of_its_quote(shop):
    made = await quote(shop)

    first = await get(shop, decode(made["lnurl"]))
    second = await get(shop, first["callback"], amount=first["minSendable"], nonce="x", comment="hi")

    assert first["tag"] == "payRequest"
    assert first["minSendable"] == first["maxSendable"] == made["amount"] * 1000
    assert second["pr"] == made["bolt11_invoice"]
    assert second["routes"] == []
    asked = bolt11.decode(made["bolt11_invoice"])
    assert asked.description_hash == sha256(first["metadata"].encode()).hexdigest()
    assert asked.description is None
    assert json.loads(first["metadata"])[0] == ["text/plain", "Talking-head video, 1.9 s"]


async def test_what_follows_the_payment_leads_to_the_viewer_at_the_same_host(shop):
    made = await quote(shop)
    first = await get(shop, decode(made["lnurl"]))

    action = (await get(shop, first["callback"], amount=first["minSendable"]))["successAction"]

    assert action["tag"] == "url"
    assert len(action["description"]) <= 144
    assert urlsplit(action["url"]).netloc == urlsplit(first["callback"]).netloc
    assert action["url"].endswith(f"/video/{made['bolt11_invoice']}")


async def test_of_a_private_quote_nothing_leads_to_the_video(shop):
    made = await quote(shop, private=True)
    first = await get(shop, decode(made["lnurl"]))

    action = (await get(shop, first["callback"], amount=first["minSendable"]))["successAction"]

    assert action["tag"] == "message"
    assert len(action["message"]) <= 144


async def test_whether_it_is_paid_can_be_verified(shop):
    made = await quote(shop)
    first = await get(shop, decode(made["lnurl"]))
    verify = (await get(shop, first["callback"], amount=first["minSendable"]))["verify"]
    before = await get(shop, verify)

    preimage = shop.node.pay(made["bolt11_invoice"])
    await shop.until(made["bolt11_invoice"], lambda payment: payment["status"] == "paid")

    assert before == {"status": "OK", "settled": False, "preimage": None, "pr": made["bolt11_invoice"]}
    assert await get(shop, verify) == {**before, "settled": True, "preimage": preimage.hex()}
    assert (await get(shop, decode(made["lnurl"])))["reason"] == "This is paid already."


async def test_a_quote_has_a_lightning_address_which_its_invoice_commits_to(shop):
    made = await quote(shop)
    first = await get(shop, decode(made["lnurl"]))

    [[_, address]] = [entry for entry in json.loads(first["metadata"]) if entry[0] == "text/identifier"]
    name, _, host = address.partition("@")

    assert host == urlsplit(shop.url).netloc
    assert await get(shop, f"/.well-known/lnurlp/{name}") == first


@pytest.mark.parametrize("amount", ["1", "0", "-1", "28001", "x", "", None])
async def test_another_amount_is_refused_in_words_that_wallets_read(shop, amount):
    first = await get(shop, decode((await quote(shop))["lnurl"]))

    refusal = await get(shop, first["callback"], **({} if amount is None else {"amount": amount}))

    assert refusal["status"] == "ERROR"
    assert refusal["reason"]


@pytest.mark.parametrize("path", ["", "/invoice?amount=1", "/verify"])
@pytest.mark.parametrize("name", ["nobody", "a" * 5000, "%00"])
async def test_a_name_that_is_nobodys_is_not_found(shop, path, name):
    assert await get(shop, f"/lnurlp/{name}{path}") == {"status": "ERROR", "reason": "Not found"}


async def test_a_quote_that_has_run_out_can_be_paid_no_more(shop):
    made = await quote(shop)
    shop.clock.pass_by(hours=1)

    assert (await get(shop, decode(made["lnurl"])))["reason"] == "This quote has expired."


async def test_a_quote_that_is_told_again_has_the_same_lnurl(shop):
    key = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}
    first, second = [
        (await shop.http.post("/lightning/request-video/text", json=TEXT, headers=key)).json()
        for _ in range(2)
    ]

    assert first == second
    assert (await get(shop, decode(second["lnurl"])))["tag"] == "payRequest"


async def test_a_challenge_of_l402_has_no_lnurl_and_no_receipt_is_told_of_it(shop):
    wish = {**TEXT, "avatar": "arab_woman", "emotion": "happy"}
    challenge = (await shop.http.post("/l402/video", json=wish)).json()

    assert bolt11.decode(challenge["bolt11_invoice"]).description == "Talking-head video, 1.9 s"
    assert "lnurl" not in challenge


async def test_what_is_held_has_not_expired(shop):
    made = await quote(shop, hold=True, avatar="arab_woman", emotion="happy", language="en")
    shop.worker.hold_after = 1
    paying = asyncio.create_task(shop.node.pay_held(made["bolt11_invoice"]))
    await shop.until(made["bolt11_invoice"], lambda payment: payment["video"]["frames"] > 0)

    told = await get(shop, decode(made["lnurl"]))
    shop.worker.go.set()
    await paying
    shop.worker.hold_after = None

    assert told["reason"].startswith("This is being paid")


async def test_a_hold_quote_is_paid_by_its_lnurl_too(shop):
    made = await quote(shop, hold=True, avatar="arab_woman", emotion="happy", language="en")
    first = await get(shop, decode(made["lnurl"]))

    assert (await get(shop, first["callback"], amount=first["minSendable"]))["pr"] == made["bolt11_invoice"]


async def test_without_a_public_url_there_is_no_lnurl_and_invoices_say_what_they_are_for(standing_shop):
    made = await quote(standing_shop)

    assert made["lnurl"] is None
    assert bolt11.decode(made["bolt11_invoice"]).description == "Talking-head video, 1.9 s"


async def test_below_a_path_there_is_no_address(closed_shop):
    async with closed_shop.open(public_url="https://video.example.org/shop") as shop:
        made = await quote(shop)
        url = decode(made["lnurl"])
        told = await get(shop, urlsplit(url).path.removeprefix("/shop"))

    assert url.startswith("https://video.example.org/shop/lnurlp/")
    assert told["callback"].startswith("https://video.example.org/shop/lnurlp/")
    assert len(json.loads(told["metadata"])) == 1


@pytest.mark.parametrize(
    "url",
    [
        "video.example.org",
        "http://example.org",
        "https://Example.org",
        "https://example.org/",
        "ftp://x",
        "https://",
    ],
)
def test_a_public_url_that_wallets_would_not_follow_is_refused(url):
    with pytest.raises(SettingsError, match="SATSPEAK_PUBLIC_URL"):
        Settings.of(public_url=url)
