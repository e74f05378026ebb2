"""What a dollar is in other currencies."""

import contextlib
import json
from decimal import Decimal

import httpx
import pytest

from service.pricing.currencies import Currencies
from service.pricing.fixed_rate import FixedRate, parse_rate_source
from service.pricing.rates import FeedRates


class Source:
    """Tells exchange rates as Coinbase does."""

    def __init__(self) -> None:
        self.body = json.dumps(
            {
                "data": {
                    "currency": "USD",
                    "rates": {"EUR": "0.92", "JPY": "155.2", "XAU": "0.0003", "USD": "1"},
                }
            }
        ).encode()
        self.status = 200
        self.asked = 0
        self.url = ""

    async def __call__(self, scope, receive, send):
        self.asked += scope["type"] == "http"
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": self.body})


@pytest.fixture
async def source(run_server):
    source = Source()
    async with run_server(source) as source.url:
        yield source


@contextlib.asynccontextmanager
async def currencies_of(source):
    async with httpx.AsyncClient() as client:
        yield Currencies(FeedRates(client), client, url=source.url)


async def test_they_are_asked_for_once_and_those_that_are_offered_are_kept(source):
    async with currencies_of(source) as currencies:
        assert [await currencies.per_usd() for _ in range(3)] == [
            {"EUR": Decimal("0.92"), "JPY": Decimal("155.2")}
        ] * 3

    assert source.asked == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"data": {"currency": "EUR", "rates": {"GBP": "0.8"}}}',
        b'{"data": {"currency": "USD", "rates": {"EUR": "NaN", "JPY": "-1", "GBP": "1e99"}}}',
    ],
)
async def test_what_is_not_believed_is_left_out(source, body):
    source.body = body

    async with currencies_of(source) as currencies:
        assert await currencies.per_usd() == {}


async def test_a_source_that_is_away_costs_no_sale(source):
    source.status = 500

    async with currencies_of(source) as currencies:
        assert await currencies.per_usd() == {}


async def test_what_was_known_is_told_while_the_source_is_away(source, monkeypatch):
    monkeypatch.setattr("service.pricing.currencies.FRESH_S", 0)
    monkeypatch.setattr("service.pricing.currencies.ASKED_AGAIN_S", 0)
    async with currencies_of(source) as currencies:
        before = await currencies.per_usd()
        source.status = 500
        after = await currencies.per_usd()

    assert source.asked == 2
    assert before == after


async def test_a_fixed_rate_brings_its_own(source):
    rate = parse_rate_source("fixed:65000,EUR=0.92,JPY=155")
    assert isinstance(rate, FixedRate)

    async with httpx.AsyncClient() as client:
        assert await Currencies(rate, client, url=source.url).per_usd() == {
            "EUR": Decimal("0.92"),
            "JPY": Decimal(155),
        }
    assert source.asked == 0


@pytest.mark.parametrize(
    "text", ["fixed:65000,", "fixed:65000,eur=1", "fixed:65000,EUR", "fixed:65000,EUR=0"]
)
def test_a_fixed_rate_with_a_slip_in_it_is_refused(text):
    with pytest.raises(ValueError, match=r"such as|amount|worth"):
        parse_rate_source(text)


async def test_the_api_tells_them_and_the_dollar(make_shop, tmp_path):
    async with make_shop(tmp_path, btc_usd="fixed:65000,EUR=0.92") as shop:
        answer = await shop.http.get("/currencies")

    assert answer.json() == {"per_usd": {"USD": 1.0, "EUR": 0.92}}
