"""Who asks too often is turned away before the node is asked; who does not is served meanwhile."""

import asyncio

import pytest
from structlog.testing import capture_logs

from lightning import Msat, NodeRefused

QUOTE = "/lightning/request-video/text"
UPLOAD = "/lightning/request-video/audio"
TEXT = {"text": "Hello there."}


async def ask(http, requests, **options):
    """Ask for so many quotes; the status of each."""
    return [(await http.post(QUOTE, json=TEXT, **options)).status_code for _ in range(requests)]


async def test_a_client_that_asks_too_often_is_told_when_to_come_back(closed_shop):
    async with closed_shop.open(quotes_per_minute_per_client=3) as shop:
        assert await ask(shop.http, 4) == [200, 200, 200, 429]
        answer = await shop.http.post(QUOTE, json=TEXT)

        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json()["detail"] == "You are asking too often: try again in 20 s."
        assert answer.headers["Retry-After"] == "20"
        shop.clock.pass_by(seconds=20)
        assert await ask(shop.http, 2) == [200, 429]


async def test_text_and_audio_share_a_limit_which_is_asked_before_the_body_and_the_node(
    closed_shop, make_wav
):
    async with closed_shop.open(quotes_per_minute_per_client=2) as shop:
        shop.node.go_down()
        assert await ask(shop.http, 2) == [503, 503]

        assert (await shop.http.post(UPLOAD, files={"audio": ("a.wav", make_wav(1))})).status_code == 429
        assert (await shop.http.post(QUOTE, content=b"rubbish")).status_code == 429


async def test_all_clients_together_have_a_limit(closed_shop):
    async with closed_shop.open(quotes_per_minute=2) as shop:
        assert await ask(shop.http, 3) == [200, 200, 429]
        assert "Too many people" in (await shop.http.post(QUOTE, json=TEXT)).json()["detail"]


async def test_polls_have_a_limit_of_their_own(closed_shop):
    async with closed_shop.open(polls_per_minute_per_client=3, quotes_per_minute_per_client=1) as shop:
        invoice = await shop.quote()
        paths = [f"/lightning/{kind}/{invoice}" for kind in ("payment", "video", "payment", "payment")]

        answers = [(await shop.http.get(path)).status_code for path in paths]

        assert answers == [200, 402, 200, 429]
        assert (await shop.video(invoice)).status_code == 429
        assert (await shop.http.get("/health")).status_code == 429  # it asks the node
        assert (await shop.http.get("/health/live")).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/docs",
        "/docs/problems",
        "/pages/style.css",
        "/schema/openapi.json",
        "/avatars",
        "/voices",
        "/metrics",
    ],
)
async def test_whatever_costs_something_has_a_limit(closed_shop, path):
    async with closed_shop.open(polls_per_minute_per_client=1) as shop:
        answers = [(await shop.http.get(path)).status_code for _ in range(2)]

    assert answers[0] in {200, 401}
    assert answers[1] == 429


async def test_the_address_that_a_proxy_tells_is_believed_where_the_proxy_is_named(closed_shop):
    async with closed_shop.open(
        quotes_per_minute_per_client=2, trusted_proxies="10.0.0.0/8, 127.0.0.1"
    ) as shop:
        for address in ("198.51.100.1", "198.51.100.2:5000", "2001:db8::1"):
            headers = {"X-Forwarded-For": f"203.0.113.9, {address}, 10.1.2.3"}
            assert await ask(shop.http, 3, headers=headers) == [200, 200, 429]
        again = {"X-Forwarded-For": "6.6.6.6, 198.51.100.1"}  # what the client wrote itself comes first
        assert await ask(shop.http, 1, headers=again) == [429]


async def test_without_a_named_proxy_all_who_come_through_one_are_one_client_and_the_log_says_so(
    closed_shop,
):
    async with closed_shop.open(quotes_per_minute_per_client=2) as shop:
        with capture_logs() as lines:
            answers = [
                await ask(shop.http, 1, headers={"X-Forwarded-For": f"198.51.100.{n}"}) for n in range(4)
            ]

    assert answers == [[200], [200], [429], [429]]
    [line] = [line for line in lines if line["event"] == "proxy_not_trusted"]
    assert line["proxy"] == "127.0.0.1"


async def test_a_proxy_that_is_not_believed_is_told_of_before_anyone_is_turned_away(closed_shop):
    async with closed_shop.open() as shop:
        with capture_logs() as lines:
            for n in range(120):
                await shop.http.get(
                    "/lightning/payment/lnbc1", headers={"X-Forwarded-For": f"198.51.100.{n}"}
                )

    assert [line["proxy"] for line in lines if line["event"] == "proxy_not_trusted"] == ["127.0.0.1"]


async def test_a_proxy_that_sees_one_private_address_for_all_is_told_of(closed_shop):
    hidden = {"X-Forwarded-For": "172.18.0.1"}  # what Docker's userland proxy shows
    async with closed_shop.open(quotes_per_minute_per_client=1, trusted_proxies="127.0.0.1") as shop:
        with capture_logs() as lines:
            assert await ask(shop.http, 3, headers=hidden) == [200, 429, 429]

    assert [line["client"] for line in lines if line["event"] == "clients_hidden"] == ["172.18.0.1"]


async def test_what_a_proxy_tells_and_is_no_address_is_one_client(closed_shop):
    async with closed_shop.open(quotes_per_minute_per_client=2, trusted_proxies="127.0.0.1") as shop:
        answers = [(await ask(shop.http, 1, headers={"X-Forwarded-For": f"{n}" * 3000}))[0] for n in range(3)]

    assert answers == [200, 200, 429]


async def test_a_client_has_only_so_many_quotes_that_are_not_paid(closed_shop):
    async with closed_shop.open(open_quotes_per_client=2) as shop:
        invoice = await shop.quote()
        await shop.quote()
        shop.clock.pass_by(minutes=5)

        answer = await shop.http.post(QUOTE, json=TEXT)

        assert answer.status_code == 429
        assert "2 quotes that are not paid" in answer.json()["detail"]
        assert int(answer.headers["Retry-After"]) == pytest.approx(600, abs=10)
        shop.node.pay(invoice)
        await shop.until(invoice, lambda payment: payment["status"] == "paid")
        assert await ask(shop.http, 2) == [200, 429]
        shop.clock.pass_by(minutes=10)
        assert await ask(shop.http, 2) == [200, 429]


async def test_a_client_whose_quotes_are_paid_or_over_is_forgotten(closed_shop):
    async with closed_shop.open(open_quotes_per_client=2) as shop:
        await shop.quote()
        shop.clock.pass_by(seconds=1)
        paid = await shop.paid()
        await shop.until(paid, lambda payment: payment["status"] == "paid")
        shop.node.go_down()
        assert await ask(shop.http, 1) == [503]
        shop.node.come_back()

        shop.clock.pass_by(minutes=16)

        assert await ask(shop.http, 3) == [200, 200, 429]


async def test_quotes_that_are_asked_for_at_once_do_not_slip_through_together(closed_shop):
    async with closed_shop.open(open_quotes=3) as shop:
        answers = await asyncio.gather(*(ask(shop.http, 1) for _ in range(12)))

    assert sorted(answers) == [[200]] * 3 + [[503]] * 9


async def test_only_so_many_quotes_wait_for_their_payment(closed_shop, make_wav):
    async with closed_shop.open(open_quotes=2) as shop:
        invoice = await shop.quote()
        assert await ask(shop.http, 2) == [200, 503]
        refused = await shop.http.post(UPLOAD, files={"audio": ("a.wav", make_wav(1))})
        assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
        assert not list((shop.folder / "objects" / "uploads").glob("*"))
        shop.node.pay(invoice)
        await shop.until(invoice, lambda payment: payment["status"] == "paid")

    async with closed_shop.open(open_quotes=2) as shop:  # the database knows, whoever was told
        assert await ask(shop.http, 2) == [200, 503]
        shop.clock.pass_by(minutes=16)
        assert await ask(shop.http, 3) == [200, 200, 503]


async def test_a_quote_over_what_the_node_can_receive_is_refused(shop):
    shop.node.inbound = Msat(40_000)  # the text below costs more
    small = {"text": "Hi."}
    large = {"text": "words " * 100}
    assert (await shop.http.post(QUOTE, json=small)).status_code == 200

    refused = await shop.http.post(QUOTE, json=large)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert "cannot receive this payment now" in refused.json()["detail"]
    shop.node.inbound = Msat(10**9)
    assert (await shop.http.post(QUOTE, json=large)).status_code == 503  # the node was asked just now
    shop.clock.pass_by(seconds=5)
    assert (await shop.http.post(QUOTE, json=large)).status_code == 200


async def test_a_node_that_does_not_tell_its_channels_is_sold_through_all_the_same(shop):
    async def refused():
        raise NodeRefused("permission denied")

    shop.node.inbound_msat = refused

    assert await ask(shop.http, 1) == [200]
