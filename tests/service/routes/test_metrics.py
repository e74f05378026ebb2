"""What a Prometheus reads."""

import asyncio
import re

import pytest

from service.routes.operating import metrics
from service.runtime.counters import Counters


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Let each look see what there is."""
    monkeypatch.setattr("service.assembly.service.FIGURES_FRESH_S", 0)


LINE = re.compile(r"# (HELP \w+ .+|TYPE \w+ (counter|gauge))|satspeak_\w+ \d+")


async def read(shop, *, renders_finished: int = 0) -> dict[str, int]:
    """Read the figures once so many renders have ended: a video is there a moment before."""
    key = await shop.key()
    async with asyncio.timeout(10):
        while (figures := await _read(shop, key))["renders_finished_total"] < renders_finished:
            pass
    return figures


async def _read(shop, key: dict[str, str]) -> dict[str, int]:
    answer = await shop.http.get("/metrics", headers=key)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert answer.text.endswith("\n")
    lines = answer.text.splitlines()
    assert all(LINE.fullmatch(line) for line in lines)
    values = [line.removeprefix("satspeak_").split(" ") for line in lines if not line.startswith("#")]
    return {name: int(value) for name, value in values}


async def test_they_tell_what_was_sold_and_what_is_owed(shop, worker):
    await shop.quote()
    invoices = [await shop.paid() for _ in range(2)]
    await shop.video(invoices[0])
    worker.answer = (503, "busy")
    await shop.video(invoices[1])

    figures = await read(shop, renders_finished=1)

    price = (await shop.payment(invoices[0]))["amount_sat"] * 1000
    assert figures == {
        "quotes_total": 3,
        "settlements_total": 2,
        "settlements_without_order_total": 0,
        "holds_canceled_total": 0,
        "renders_started_total": 2,
        "renders_finished_total": 1,
        "renders_failed_total": 1,
        "renders_moved_total": 0,
        "refunds_total": 0,
        "quotes_open": 1,
        "orders_undelivered": 1,
        "orders_failed": 0,
        "requests_waiting": 0,
        "orders_owed": 0,
        "money_received_msat": 2 * price,
        "money_refunded_msat": 0,
        "money_fees_msat": 0,
        "money_owed_msat": 0,
        "money_undelivered_msat": price,
        "money_topped_up_msat": 0,
        "prepaid_ms": 0,
        "prepaid_used_ms": 0,
        "payments_elsewhere": 0,
        "payments_held": 0,
        "workers": 1,
        "workers_well": 1,
        "live_sessions": 0,
    }


async def test_quotes_that_ran_out_are_not_open(shop):
    await shop.quote()

    shop.clock.pass_by(minutes=16)

    assert (await read(shop))["quotes_open"] == 0


async def test_a_render_that_moves_is_one_render(closed_shop, worker, second_worker):
    worker.fail_after = second_worker.fail_after = 2
    async with closed_shop.open(worker_urls=f"{worker.url},{second_worker.url}") as shop:
        await shop.video(await shop.paid())

        figures = await read(shop, renders_finished=1)

    assert (figures["renders_started_total"], figures["renders_finished_total"]) == (1, 1)
    assert (figures["renders_moved_total"], figures["renders_failed_total"]) == (2, 0)


async def test_they_take_an_api_key(standing_shop):
    answer = await standing_shop.http.get("/metrics")

    assert answer.status_code == 401
    assert answer.json()["error_code"] == "INVALID_API_KEY"


def test_every_counter_is_explained():
    assert set(metrics.COUNTERS) == set(Counters.__struct_fields__)
