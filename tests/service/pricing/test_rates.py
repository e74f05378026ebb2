"""One broken feed neither sets a price nor stops sales. A real HTTP server plays all three feeds."""

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import msgspec
import pytest
import uvicorn

from service.pricing.fixed_rate import FixedRate, parse_rate_source
from service.pricing.port import RateUnavailable
from service.pricing.rates import FEEDS, FeedRates

COINBASE = b'{"data":{"amount":"%s","base":"BTC","currency":"USD"}}'
KRAKEN = (
    b'{"error":[],"result":{"XXBTZUSD":{"a":["65021.10000","1","1.000"],"b":["65021.00000","4","4.000"],'
    b'"c":["%s","0.00155263"],"v":["901.18272201","2013.83940115"],"p":["64911.99810","64820.53192"],'
    b'"t":[18401,41233],"l":["64100.00000","63980.10000"],"h":["65400.00000","65400.00000"],"o":"64388.20000"}}}'
)
BITSTAMP = (
    b'{"timestamp":"1767225600","open":"64390","high":"65410","low":"63991","last":"%s","volume":"1008.29813067",'
    b'"vwap":"64830","bid":"65019","ask":"65022","side":"1","open_24":"64401","percent_change_24":"0.96",'
    b'"market_type":"SPOT"}'
)
TEMPLATES = {"coinbase": COINBASE, "kraken": KRAKEN, "bitstamp": BITSTAMP}
USD = 1_000_000


SLOW = b"an answer that begins and never ends"


class Exchanges:
    """Plays the three feeds: what each answers, how often it was asked, a gate that holds answers back."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.asked: Counter[str] = Counter()
        self.arrivals: asyncio.Queue[str] = asyncio.Queue()
        self.open = asyncio.Event()
        self.open.set()
        self.price("65020.05", "65021.10000", "65019")

    def price(self, coinbase: str | None, kraken: str | None, bitstamp: str | None) -> None:
        """Let each answer in its own JSON; None stands for a 503."""
        for name, text in {"coinbase": coinbase, "kraken": kraken, "bitstamp": bitstamp}.items():
            self.answers[name] = (503, b"down") if text is None else (200, TEMPLATES[name] % text.encode())

    async def answer(self, name: str, send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
        self.asked[name] += 1
        self.arrivals.put_nowait(name)
        await self.open.wait()
        status, body = self.answers[name]
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body, "more_body": body is SLOW})
        if body is SLOW:
            await asyncio.Event().wait()


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self):
        return self.time

    def advance(self, seconds):
        self.time += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
async def internet():
    """The address of a server, and the dict in which each test puts who answers there."""
    played: dict[str, Exchanges] = {}

    async def app(scope, receive, send):
        await played["by"].answer(scope["path"].strip("/"), send)

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, lifespan="off", log_level="critical", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", played
    server.should_exit = True
    await serving


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def exchanges(internet):
    _, played = internet
    played["by"] = Exchanges()
    return played["by"]


@pytest.fixture
async def rates(internet, exchanges, clock):
    url, _ = internet
    feeds = [msgspec.structs.replace(feed, url=f"{url}/{feed.name}") for feed in FEEDS]
    async with httpx.AsyncClient() as client:
        rates = FeedRates(client, feeds, freshness_s=60, max_age_s=900, timeout_s=1, now=clock)
        yield rates
        await rates.aclose()


async def test_the_rate_is_the_median_of_the_feeds_to_the_micro_dollar(rates, exchanges, clock):
    exchanges.price("65020.054321", "65021.10000", "65019")

    rate = await rates.current()

    assert rate.usd_micros_per_btc == 65_020_054_321
    assert rate.fetched_at == clock()
    assert rate.source == "coinbase+kraken+bitstamp"


async def test_a_number_where_the_feed_has_always_sent_text_is_read_as_exactly(rates, exchanges):
    exchanges.answers["bitstamp"] = (200, b'{"last": 65020.123456789}')

    assert (await rates.current()).usd_micros_per_btc == 65_020_123_456


@pytest.mark.parametrize(
    ("prices", "expected", "source"),
    [
        (
            (None, "65021.1", "65019"),
            "65019",
            "kraken+bitstamp",
        ),  # of two, the one that asks for more satoshi
        (("65020", None, "65019"), "65019", "coinbase+bitstamp"),
        (("65020", "65021.1", None), "65020", "coinbase+kraken"),
        (("650200", "65021.1", "65019"), "65021.1", "kraken+bitstamp"),  # tenfold
        (("1000", "65021.1", "65019"), "65019", "kraken+bitstamp"),
        (("65020", "0.00001538", "65019"), "65019", "coinbase+bitstamp"),  # the other way round: BTC per USD
        (("65020", "65021.1", "-65019"), "65020", "coinbase+kraken"),
        (("0", "65021.1", "65019"), "65019", "kraken+bitstamp"),
        (("NaN", "65021.1", "65019"), "65019", "kraken+bitstamp"),
        (("sNaN", "65021.1", "65019"), "65019", "kraken+bitstamp"),
        (("Infinity", "65021.1", "65019"), "65019", "kraken+bitstamp"),
        (("1e999999999", "65021.1", "65019"), "65019", "kraken+bitstamp"),
        (("1e-999999999", "65021.1", "65019"), "65019", "kraken+bitstamp"),
        (("", "65021.1", "65019"), "65019", "kraken+bitstamp"),
        (("65,020", "65021.1", "65019"), "65019", "kraken+bitstamp"),
    ],
)
async def test_one_feed_that_is_down_or_absurd_is_outvoted(rates, exchanges, prices, expected, source):
    exchanges.price(*prices)

    rate = await rates.current()

    assert rate.usd_micros_per_btc == Decimal(expected) * USD
    assert rate.source == source


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"<html>Just a moment...</html>",
        b"\xff\xfe\x00",
        b'{"data":{"amount":"65020.05","base":"BTC","curr',
        b'{"data":{"amount":null,"base":"BTC","currency":"USD"}}',
        b'{"data":{"amount":true,"base":"BTC","currency":"USD"}}',
        b'{"data":{"amount":NaN,"base":"BTC","currency":"USD"}}',
        b'{"data":{"amount":["65020"],"base":"BTC","currency":"USD"}}',
        COINBASE.replace(b"USD", b"EUR") % b"60000",
        COINBASE.replace(b"BTC", b"ETH") % b"65020",
        b'{"extra":' + b"[" * 200_000,
    ],
    ids=lambda body: repr(body[:30]),
)
async def test_an_answer_that_is_not_understood_counts_as_none(rates, exchanges, body):
    exchanges.answers["coinbase"] = (200, body)

    assert (await rates.current()).source == "kraken+bitstamp"


async def test_a_kraken_error_and_a_foreign_pair_count_as_none(rates, exchanges):
    exchanges.answers["kraken"] = (200, b'{"error":["EGeneral:Too many requests"]}')
    assert (await rates.current()).source == "coinbase+bitstamp"


async def test_an_answer_may_have_fields_that_we_do_not_know(rates, exchanges):
    exchanges.answers["coinbase"] = (
        200,
        b'{"warnings":[],"data":{"amount":"65020.05","base":"BTC","currency":"USD","new":{}}}',
    )

    assert "coinbase" in (await rates.current()).source


async def test_a_feed_that_redirects_is_not_followed(rates, exchanges):
    exchanges.answers["coinbase"] = (302, COINBASE % b"65020")

    assert (await rates.current()).source == "kraken+bitstamp"


async def test_a_feed_that_never_ends_its_answer_is_left_behind(rates, exchanges):
    exchanges.answers["kraken"] = (200, SLOW)

    async with asyncio.timeout(5):
        assert (await rates.current()).source == "coinbase+bitstamp"


@pytest.mark.parametrize(
    "prices",
    [
        (None, None, None),
        ("65020", None, None),  # nobody confirms it
        ("65020", "67000", None),  # two that differ by 3 %
        ("60000", "65000", "70000"),  # nobody is near the median
        ("NaN", "-1", "65020"),
    ],
)
async def test_without_a_majority_that_agrees_there_is_no_rate(rates, exchanges, prices):
    exchanges.price(*prices)

    with pytest.raises(RateUnavailable) as caught:
        await rates.current()

    assert caught.value.retry_after_s == 5
    assert caught.value.detail == "No bitcoin price is fresh enough to sell at. Try again soon."


async def test_feeds_two_percent_apart_still_agree(rates, exchanges):
    exchanges.price("65000", "66300", None)

    assert (await rates.current()).usd_micros_per_btc == 65_000 * USD


async def test_a_host_that_does_not_listen_counts_as_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with httpx.AsyncClient() as client:
        rates = FeedRates(client, [msgspec.structs.replace(feed, url=closed) for feed in FEEDS])

        with pytest.raises(RateUnavailable):
            await rates.current()


async def test_many_quotes_at_once_ask_each_feed_once(rates, exchanges):
    answers = await asyncio.gather(*(rates.current() for _ in range(200)))

    assert set(exchanges.asked.values()) == {1}
    assert len(set(answers)) == 1


async def test_a_fresh_rate_is_used_again_without_asking(rates, exchanges, clock):
    first = await rates.current()

    clock.advance(60)

    assert await rates.current() is first
    assert exchanges.asked["coinbase"] == 1


async def test_a_stale_rate_is_used_at_once_while_a_newer_one_is_fetched(rates, exchanges, clock):
    first = await rates.current()
    exchanges.price("70000", "70000", "70000")
    exchanges.open.clear()
    clock.advance(61)

    assert [first] * 50 == [await rates.current() for _ in range(50)]

    exchanges.open.set()
    await rates._refresh
    assert (await rates.current()).usd_micros_per_btc == 70_000 * USD
    assert set(exchanges.asked.values()) == {2}


async def test_after_a_while_without_quotes_the_next_ones_wait_for_one_newer_rate(rates, exchanges, clock):
    await rates.current()
    exchanges.price("70000", "70000", "70000")
    exchanges.open.clear()
    clock.advance(600)

    waiting = [asyncio.create_task(rates.current()) for _ in range(50)]
    while exchanges.asked.total() < 6:
        await exchanges.arrivals.get()
    assert not any(task.done() for task in waiting)
    exchanges.open.set()

    assert {rate.usd_micros_per_btc for rate in await asyncio.gather(*waiting)} == {70_000 * USD}
    assert set(exchanges.asked.values()) == {2}


async def test_after_a_while_without_quotes_feeds_that_never_answer_are_waited_for_in_bounds(
    rates, exchanges, clock
):
    first = await rates.current()
    for name in exchanges.answers:
        exchanges.answers[name] = (200, SLOW)
    clock.advance(600)

    async with asyncio.timeout(5):
        assert await rates.current() is first


async def test_the_last_good_rate_goes_on_until_it_is_too_old(rates, exchanges, clock):
    first = await rates.current()
    exchanges.price(None, None, None)

    clock.advance(900)
    assert await rates.current() is first

    clock.advance(6)
    with pytest.raises(RateUnavailable):
        await rates.current()


async def test_feeds_that_are_down_are_not_asked_by_every_quote_and_sales_resume_when_they_are_back(
    rates, exchanges, clock
):
    exchanges.price(None, None, None)
    for _ in range(20):
        with pytest.raises(RateUnavailable):
            await rates.current()
    assert set(exchanges.asked.values()) == {1}

    exchanges.price("65020", "65020", "65020")
    clock.advance(6)

    assert (await rates.current()).usd_micros_per_btc == 65_020 * USD


async def test_a_rate_from_the_future_is_fetched_again(rates, exchanges, clock):
    await rates.current()

    clock.advance(-3600)
    rate = await rates.current()

    assert rate.fetched_at == clock()
    assert exchanges.asked["coinbase"] == 2


async def test_a_quote_that_is_cancelled_leaves_the_refresh_to_the_others(rates, exchanges):
    exchanges.open.clear()
    waiting, cancelled = asyncio.create_task(rates.current()), asyncio.create_task(rates.current())
    assert {await exchanges.arrivals.get() for _ in FEEDS} == set(TEMPLATES)

    cancelled.cancel()
    exchanges.open.set()

    assert (await waiting).usd_micros_per_btc == 65_020_050_000
    assert set(exchanges.asked.values()) == {1}


async def test_closing_ends_the_refresh_under_way(rates, exchanges, clock):
    await rates.current()
    exchanges.open.clear()
    clock.advance(61)
    await rates.current()

    async with asyncio.timeout(0.5):  # less than the feeds' time limit
        await rates.aclose()

    exchanges.open.set()


async def test_two_feeds_are_too_few():
    async with httpx.AsyncClient() as client:
        with pytest.raises(ValueError, match="at least three price feeds"):
            FeedRates(client, FEEDS[:2])


def test_the_public_feeds_are_three_and_asked_over_tls():
    assert [feed.name for feed in FEEDS] == ["coinbase", "kraken", "bitstamp"]
    assert all(feed.url.startswith("https://") for feed in FEEDS)


@pytest.mark.parametrize(
    ("text", "usd_micros"),
    [
        ("fixed:65000", 65_000 * USD),
        ("fixed:65000.5", 65_000_500_000),
        ("fixed:1000", 1_000 * USD),
        ("fixed:65000.0000019", 65_000_000_001),
    ],
)
async def test_a_fixed_rate_is_read_from_its_setting(text, usd_micros, clock):
    source = parse_rate_source(text)

    assert isinstance(source, FixedRate)
    rate = await source.current()
    assert rate.usd_micros_per_btc == usd_micros
    assert rate.source == "fixed"


def test_feeds_is_the_other_setting():
    assert parse_rate_source("feeds") is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "feed", "FEEDS", "coinbase", "65000", "fixed", "fixed:", "fixed:x", "fixed:65,000"),
        *("fixed:0", "fixed:-65000", "fixed:NaN", "fixed:Infinity", "fixed:999", "fixed:100000001"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(text):
    with pytest.raises(ValueError, match=r"rate source|number of dollars|price of a bitcoin"):
        parse_rate_source(text)
