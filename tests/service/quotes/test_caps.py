"""Caps hold for requests that come at once, and what came to nothing takes no room."""

import asyncio
from collections import Counter

import pytest

TEXT = "/lightning/request-video/text"
AUDIO = "/lightning/request-video/audio"
WISH = {"text": "Hello there."}
HOLD = {**WISH, "hold": True, "avatar": "arab_woman", "emotion": "happy", "language": "en"}
AT_ONCE = 50

PROXIED = {"trusted_proxies": "127.0.0.1"}


@pytest.fixture(params=["text", "audio", "hold"])
def ask(request, make_wav):
    """Asks for a quote of one kind."""

    async def send(shop, headers=None):
        if request.param == "audio":
            files = {"audio": ("a.wav", make_wav(0.2))}
            return await shop.http.post(AUDIO, files=files, headers=headers)
        return await shop.http.post(TEXT, json=HOLD if request.param == "hold" else WISH, headers=headers)

    return send


async def at_once(shop, ask, addresses=("",) * AT_ONCE):
    """Ask from so many addresses at once; how often each status was the answer."""
    return Counter(
        answer.status_code
        for answer in await asyncio.gather(
            *(ask(shop, {"X-Forwarded-For": address} if address else None) for address in addresses)
        )
    )


def wide(prefix, first=0):
    """Addresses of as many customers, each with an IPv6 network of its own."""
    return [f"{prefix}:{network:x}::1" for network in range(first, first + AT_ONCE)]


async def test_one_client_that_asks_at_once_gets_what_its_cap_allows(closed_shop, ask):
    async with closed_shop.open(open_quotes_per_client=2, hold_quotes_per_client=2) as shop:
        assert await at_once(shop, ask) == {200: 2, 429: AT_ONCE - 2}
        assert len(shop.node._books.records) == 2


async def test_all_clients_that_ask_at_once_get_what_the_cap_allows(closed_shop, ask):
    async with closed_shop.open(open_quotes=3, hold_quotes=3, hold_quotes_per_client=0) as shop:
        assert await at_once(shop, ask) == {200: 3, 503: AT_ONCE - 3}
        assert await at_once(shop, ask) == {503: AT_ONCE}


async def test_held_quotes_have_a_total_of_their_own(closed_shop):
    async with closed_shop.open(hold_quotes=3, hold_quotes_per_client=0) as shop:
        answers = await asyncio.gather(*(shop.http.post(TEXT, json=HOLD) for _ in range(AT_ONCE)))

        assert Counter(answer.status_code for answer in answers) == {200: 3, 503: AT_ONCE - 3}
        assert (await shop.http.post(TEXT, json=WISH)).status_code == 200


@pytest.mark.parametrize("stores", ["servers"], indirect=True)
async def test_it_is_so_on_servers(closed_shop, ask):
    async with closed_shop.open(
        open_quotes=3, open_quotes_per_client=2, hold_quotes_per_client=2, **PROXIED
    ) as shop:
        addresses = [f"198.51.100.{n % 2}" for n in range(AT_ONCE)]
        assert (await at_once(shop, ask, addresses))[200] == 2  # a quarter of three, rounded up, each
        assert (await at_once(shop, ask, ["203.0.113.1"] * AT_ONCE))[200] == 1
        assert await at_once(shop, ask, ["203.0.113.2"]) == {503: 1}


async def test_after_a_failure_the_room_is_back(closed_shop, ask):
    async with closed_shop.open(
        open_quotes=8, open_quotes_per_client=2, hold_quotes=8, hold_quotes_per_client=2
    ) as shop:
        shop.node.go_down()
        failed = await at_once(shop, ask)
        assert failed[200] == 0
        assert failed[503] >= 2
        shop.node.come_back()

        assert await at_once(shop, ask) == {200: 2, 429: AT_ONCE - 2}


async def test_recordings_that_come_at_once_are_stored_as_far_as_there_is_room(closed_shop, make_wav):
    second = make_wav(20)  # 640 kB
    async with closed_shop.open(unpaid_uploads_mb=2) as shop:
        answers = await asyncio.gather(
            *(shop.http.post(AUDIO, files={"audio": ("a.wav", second)}) for _ in range(12))
        )

        assert Counter(answer.status_code for answer in answers) == {200: 3, 503: 9}
        assert len(list((shop.folder / "objects" / "uploads").iterdir())) == 3


async def test_a_customer_with_many_networks_has_the_share_of_a_few_clients(closed_shop, ask):
    async with closed_shop.open(
        open_quotes=1000, open_quotes_per_client=2, hold_quotes_per_client=2, **PROXIED
    ) as shop:
        a_56 = await at_once(shop, ask, wide("2001:db8:1"))
        assert a_56 == {200: 8, 429: AT_ONCE - 8}
        a_48 = await at_once(shop, ask, [f"2001:db8:2:{n:x}00::1" for n in range(AT_ONCE)])
        assert a_48 == {200: 32, 429: AT_ONCE - 32}
        assert await at_once(shop, ask, wide("2001:db8:3")) == {200: 8, 429: AT_ONCE - 8}


async def test_no_network_has_more_than_a_quarter_of_the_total(closed_shop, ask):
    caps = {"open_quotes": 12, "open_quotes_per_client": 2, "hold_quotes": 12, "hold_quotes_per_client": 2}
    async with closed_shop.open(**caps, **PROXIED) as shop:
        assert (await at_once(shop, ask, wide("2001:db8:1")))[200] == 3
        assert (await at_once(shop, ask, wide("2001:db8:2")))[200] == 3


async def test_who_has_paid_has_room_again_for_all_its_networks(closed_shop):
    async with closed_shop.open(open_quotes_per_client=1, **PROXIED) as shop:
        quotes = [
            await shop.http.post(TEXT, json=WISH, headers={"X-Forwarded-For": address})
            for address in wide("2001:db8:1")[:5]
        ]
        assert [quote.status_code for quote in quotes] == [200, 200, 200, 200, 429]
        invoice = quotes[0].json()["bolt11_invoice"]
        shop.node.pay(invoice)
        await shop.until(invoice, lambda payment: payment["status"] == "paid")

        again = await shop.http.post(TEXT, json=WISH, headers={"X-Forwarded-For": "2001:db8:1:ff::1"})

        assert again.status_code == 200
