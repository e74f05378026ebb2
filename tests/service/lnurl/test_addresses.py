"""Accounts that are topped up by their Lightning Address, over HTTP, with a node in memory."""

import json
import socket
from hashlib import sha256

import bech32
import bolt11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.pricing.price import Rate, price, time_for
from service.runtime.clock import utc_now


def decode(lnurl: str) -> str:
    numbers = ["qpzry9x8gf2tvdw0s3jn54khce6mua7l".index(each) for each in lnurl.removeprefix("lnurl1")[:-6]]
    return bytes(bech32.convertbits(numbers, 5, 8, False) or ()).decode()


@pytest.fixture(scope="module")
async def shop(tmp_path_factory, make_shop):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("addresses")
    async with make_shop(folder, port=port, public_url=f"http://127.0.0.1:{port}", top_up_s=600) as shop:
        yield shop


async def account(shop, key: str):
    return (await shop.http.get("/account", headers={"X-API-Key": key})).json()


async def new_account(shop):
    """An account with its key."""
    quote = (await shop.http.post("/lightning/top-up", json={"seconds": 5})).json()
    return quote["api_key"], await account(shop, quote["api_key"])


def address_url(shop, address: str) -> str:
    name, _, host = address.partition("@")
    assert shop.url.endswith(host)
    return f"{shop.url}/.well-known/lnurlp/{name}"


async def get(shop, url: str, **query):
    answer = await shop.http.get(url, params=query or None, headers={"Origin": "https://wallet.example"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    return answer.json()


async def test_whoever_knows_the_address_of_an_account_tops_it_up_by_any_amount(shop):
    key, mine = await new_account(shop)

    offer = await get(shop, address_url(shop, mine["lightning_address"]))
    assert decode(mine["lnurl"]).startswith(f"{shop.url}/lnurlp/")
    assert offer["minSendable"] < offer["maxSendable"]
    assert ["text/identifier", mine["lightning_address"]] in json.loads(offer["metadata"])
    handed = await get(shop, offer["callback"], amount=100_000, comment="hi", nonce="x")
    asked = bolt11.decode(handed["pr"])

    assert (asked.amount_msat, asked.description) == (100_000, None)
    assert asked.description_hash == sha256(offer["metadata"].encode()).hexdigest()
    assert (handed["routes"], handed["disposable"], handed["successAction"]["tag"]) == ([], False, "message")
    assert len(handed["successAction"]["message"]) <= 144
    shop.node.pay(handed["pr"])
    told = await get(shop, f"{shop.url}/lightning/top-up/{handed['pr']}", wait=30)
    # At 65,000 USD a satoshi is 650 micro-dollars, and a second costs 10,000 of them.
    assert (told["status"], told["amount_sat"], told["seconds"]) == ("paid", 100, 6.5)
    assert (await account(shop, key))["free_ms"] == 6500


async def test_both_bounds_that_are_told_are_taken(shop):
    _, mine = await new_account(shop)
    offer = await get(shop, decode(mine["lnurl"]))

    for amount in (offer["minSendable"], offer["maxSendable"]):
        assert bolt11.decode((await get(shop, offer["callback"], amount=amount))["pr"]).amount_msat == amount


@pytest.mark.parametrize("amount", [0, 1000, 99_999, 100_001, 10**9, -1000, "much"])
async def test_an_amount_that_is_none_is_refused_in_words_that_wallets_read(shop, amount):
    _, mine = await new_account(shop)
    offer = await get(shop, decode(mine["lnurl"]))

    refused = await get(shop, offer["callback"], amount=amount)

    assert refused["status"] == "ERROR"
    assert "pr" not in refused


async def test_an_address_that_is_no_accounts_leads_nowhere(shop):
    for name in ("nobody", "a" * 26, "a" * 200, "%00"):
        refused = await get(shop, f"{shop.url}/lnurlp/{name}")
        assert refused["status"] == "ERROR"
    assert (await get(shop, f"{shop.url}/lnurlp/nobody/invoice", amount=1000))["status"] == "ERROR"


async def test_an_operator_who_sells_nothing_in_advance_says_so_to_wallets(closed_shop):
    async with closed_shop.open(public_url="http://127.0.0.1:1") as shop:
        key, mine = await new_account(shop)
    async with closed_shop.open(top_up_s=0, public_url="http://127.0.0.1:1") as shop:
        name = mine["lightning_address"].partition("@")[0]
        refused = (await shop.http.get(f"/lnurlp/{name}")).json()

        assert (refused["status"], "No video time is sold" in refused["reason"]) == ("ERROR", True)
    async with closed_shop.open() as shop:  # whose place is not said
        assert (await account(shop, key))["lightning_address"] is None
        assert (await shop.http.get(f"/lnurlp/{name}")).json()["reason"] == "Not found"


async def test_invoices_for_an_address_count_as_the_quotes_of_who_asks(closed_shop):
    settings = {"public_url": "http://127.0.0.1:1", "open_quotes_per_client": 2}
    async with closed_shop.open(**settings) as shop:
        _, mine = await new_account(shop)
        path = f"/lnurlp/{mine['lightning_address'].partition('@')[0]}/invoice"

        first = await shop.http.get(path, params={"amount": 100_000})
        second = await shop.http.get(path, params={"amount": 100_000})

    assert (first.status_code, second.status_code) == (200, 429)


@given(
    amount=st.integers(1, 10**7),
    per_second=st.integers(1, 10**6),
    rate=st.integers(10**9, 10**12),
)
def test_an_amount_buys_all_the_time_that_it_pays_for_to_a_millisecond(amount, per_second, rate):
    at = Rate(usd_micros_per_btc=rate, fetched_at=utc_now(), source="fixed")

    ms = time_for(amount, per_second, at)

    # In whole units: what so much time costs, and a millisecond more, in hundred-millionth micro-dollars.
    worth = amount * rate * 1000
    assert ms * per_second * 10**8 <= worth < (ms + 1) * per_second * 10**8
    # And the price of that time, which is rounded up to a micro-dollar and a satoshi, is the amount but for these.
    assert ms == 0 or price(ms, per_second, at).amount_sat <= amount + 1 + (10**8 // rate)
