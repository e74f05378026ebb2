"""How the payment side holds under load: quotes beside the bare node, polls beside a health check, many who wait.

Everything is measured in one run on one machine, against real nodes that are started for it; sides are taken in turn.
"""

import asyncio
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
import msgspec

from bench import hey
from bench.load import Connection, Load, connected, measure, percentile, prepare
from bench.shop import Shop
from lightning.invoice import Msat, SettleIndex

CROWDS = (1, 32, 256)
HEADLINE = 32
POLLED = 8
"""Payments that are polled at once, each by as many of the clients: who asks for the same is not all that there is."""
UNPAID = 100_000
SCRAPE_EVERY_S = 0.25
"""More often than figures are looked up anew: some scrapes wait for the database and some do not."""
TEXT = "Welcome! This is a demonstration of a video that was paid for with Lightning."


class Crowd(msgspec.Struct, frozen=True, kw_only=True):
    """Quotes beside bare invoices, with so many clients at once."""

    clients: int
    quotes_per_s: float
    quote_ms_p50: float
    quote_ms_p99: float
    quote_cpu_us: float  # processor time of the service for each
    invoices_per_s: float
    invoice_ms_p50: float
    invoice_ms_p99: float


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What the service answered in one round."""

    per_s: float
    cpu_us: float  # processor time of the service for each answer


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run."""

    quotes_per_s: float  # with HEADLINE clients
    quotes_vs_lnd: float  # the same / AddInvoice per second on the same LND
    quote_cpu_us: (
        float  # processor time of the service for each: steadier than a rate, where others use the machine
    )
    polls_per_s: float
    polls_vs_health: float  # polls of a payment per second / GET /health/live per second
    poll_cpu_us: float
    health_cpu_us: float
    waiters: int
    waiters_woken: int
    wake_ms_p50: float  # LND's own event seen here → a waiting client has its answer
    wake_ms_p99: float
    waiters_mb: float  # what the service's memory grew by while they waited
    metrics_ms_100k: float  # the slowest scrape with so many unpaid quotes in the database
    poll_ms_p99_beside_scrape: float  # of one payment, while that is scraped again and again
    by_clients: list[Crowd]


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option("--seconds", default=4.0, show_default=True, help="Length of each round.")
@click.option("--rounds", default=3, show_default=True, help="Rounds of each side, taken in turn.")
@click.option("--waiters", default=2000, show_default=True, help="Clients that wait at once.")
@click.option("--invoices", default=40, show_default=True, help="Invoices that they wait for.")
def main(*, as_json: bool, seconds: float, rounds: int, waiters: int, invoices: int) -> None:
    """Measure and print."""
    figures = asyncio.run(_measure(seconds, rounds, waiters, invoices))
    for crowd in figures.by_clients:
        click.echo(
            f"{crowd.clients:4} clients: {crowd.quotes_per_s:7.0f} quotes/s, p50 {crowd.quote_ms_p50:.1f} ms, p99"
            f" {crowd.quote_ms_p99:.1f} ms; bare {crowd.invoices_per_s:7.0f}/s, p50 {crowd.invoice_ms_p50:.1f} ms,"
            f" p99 {crowd.invoice_ms_p99:.1f} ms"
        )
    plain = msgspec.to_builtins(figures)
    for name, value in plain.items():
        if name != "by_clients":
            click.echo(f"{name:20} {value:10.2f}")
    if as_json:
        click.echo(json.dumps(plain))


async def _measure(seconds: float, rounds: int, waiters: int, invoices: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="satspeak-bench-") as folder:
        async with Shop.open(Path(folder), tell=_tell) as shop:
            crowds = [await _quotes(shop, clients, seconds, rounds) for clients in CROWDS]
            _tell(f"polls with {HEADLINE} clients")
            poll, health = await _polls(shop, seconds, rounds)
            _tell(f"{waiters} clients wait for {invoices} payments")
            waits, grown_mb = await _waiters(shop, waiters, invoices)
            _tell(f"scrapes of a database with {UNPAID:,} unpaid quotes")
            metrics_ms, poll_ms = await _scrapes(shop, seconds)
    headline = next(crowd for crowd in crowds if crowd.clients == HEADLINE)
    return Figures(
        quotes_per_s=headline.quotes_per_s,
        quotes_vs_lnd=headline.quotes_per_s / headline.invoices_per_s,
        quote_cpu_us=headline.quote_cpu_us,
        polls_per_s=poll.per_s,
        polls_vs_health=poll.per_s / health.per_s,
        poll_cpu_us=poll.cpu_us,
        health_cpu_us=health.cpu_us,
        waiters=waiters,
        waiters_woken=len(waits),
        wake_ms_p50=statistics.median(waits),
        wake_ms_p99=percentile(waits, 0.99),
        waiters_mb=grown_mb,
        metrics_ms_100k=metrics_ms,
        poll_ms_p99_beside_scrape=poll_ms,
        by_clients=crowds,
    )


async def _quotes(shop: Shop, clients: int, seconds: float, rounds: int) -> Crowd:
    _tell(f"quotes with {clients} clients, {rounds} rounds of {seconds:g} s each side")
    backend = shop.backend()
    request = _quote_request(shop)

    def quoter(connection: Connection) -> Callable[[], Awaitable[None]]:
        async def quote() -> None:
            status, answer = await connection.send(request)
            assert status == 200, answer  # noqa: PLR2004 - a quote

        return quote

    async def invoice() -> object:
        return await backend.add_invoice(amount=Msat(1_000_000), memo="bench", expiry_s=900)

    quotes: list[Load] = []
    bare: list[Load] = []
    cpu_us: list[float] = []
    for _ in range(rounds):
        bare.append(await measure([invoice] * clients, seconds=seconds))
        async with connected(shop.port, clients) as connections:  # anew: a server closes those that are idle
            began_s = shop.cpu_s()
            quotes.append(await measure([quoter(each) for each in connections], seconds=seconds))
            cpu_us.append(_each_us(shop.cpu_s() - began_s, quotes[-1].count))
    await backend.aclose()
    sold, made = (sorted(loads, key=lambda load: load.per_s)[len(loads) // 2] for loads in (quotes, bare))
    return Crowd(
        clients=clients,
        quotes_per_s=sold.per_s,
        quote_ms_p50=sold.ms_p50,
        quote_ms_p99=sold.ms_p99,
        quote_cpu_us=statistics.median(cpu_us),
        invoices_per_s=made.per_s,
        invoice_ms_p50=made.ms_p50,
        invoice_ms_p99=made.ms_p99,
    )


async def _polls(shop: Shop, seconds: float, rounds: int) -> tuple[Served, Served]:
    """Return polls of some payments, and health checks, each the median of its rounds."""
    paths = [f"/lightning/payment/{await _quote(shop)}" for _ in range(POLLED)]

    async def load(*paths: str) -> Served:
        """Share the clients among the paths."""
        began_s = shop.cpu_s()
        loads = [
            hey.get(
                f"http://127.0.0.1:{shop.port}{path}",
                clients=HEADLINE // len(paths),
                seconds=seconds,
                on_progress=_tell,
            )
            for path in paths
        ]
        answers = await asyncio.gather(*loads)
        cpu_us = _each_us(shop.cpu_s() - began_s, sum(each.count for each in answers))
        return Served(per_s=sum(each.per_s for each in answers), cpu_us=cpu_us)

    polls, health = [], []
    for _ in range(rounds):
        health.append(await load(*["/health/live"] * POLLED))
        polls.append(await load(*paths))
    return _median(polls), _median(health)


def _median(rounds: list[Served]) -> Served:
    return Served(
        per_s=statistics.median(each.per_s for each in rounds),
        cpu_us=statistics.median(each.cpu_us for each in rounds),
    )


def _each_us(cpu_s: float, count: int) -> float:
    return cpu_s / count * 1_000_000


async def _waiters(shop: Shop, count: int, invoices: int) -> tuple[list[float], float]:
    """Return the milliseconds from LND's event to each waiting client's answer, and the memory that waiting took."""
    backend = shop.backend()
    seen: dict[str, float] = {}
    live, all_seen = asyncio.Event(), asyncio.Event()
    before_mb = shop.resident_mb()
    quoted = [await _quote(shop) for _ in range(invoices)]

    async def follow() -> None:
        async for settlement in backend.settlements(after=SettleIndex(0)):
            seen[settlement.bolt11] = time.perf_counter()
            live.set()
            if seen.keys() >= set(quoted):
                all_seen.set()

    async def wait(invoice: str) -> tuple[str, float]:
        connection = await Connection.open("127.0.0.1", shop.port)
        path = f"/lightning/payment/{invoice}?wait=60"
        status, answer = await connection.send(prepare("GET", path, b"", host="127.0.0.1"))
        answered = time.perf_counter()
        await connection.close()
        assert (status, json.loads(answer)["status"]) == (200, "paid"), answer
        return invoice, answered

    following = asyncio.create_task(follow())
    # Else the followers might still be looking for the first payment ever among all invoices.
    await shop.network.payer.pay(await _quote(shop))
    await live.wait()
    waiting = [asyncio.create_task(wait(quoted[n % invoices])) for n in range(count)]
    await shop.waiting(count)
    grown_mb = shop.resident_mb() - before_mb
    for invoice in quoted:
        await shop.network.payer.pay(invoice)
    answers = await asyncio.gather(*waiting)
    await all_seen.wait()
    following.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await following
    await backend.aclose()
    return [(answered - seen[invoice]) * 1000 for invoice, answered in answers], grown_mb


async def _scrapes(shop: Shop, seconds: float) -> tuple[float, float]:
    """Return the milliseconds of the slowest scrape, and the 99th percentile of a poll beside it."""
    invoice = await _quote(shop)
    await asyncio.to_thread(shop.add_unpaid, UNPAID)
    poll = prepare("GET", f"/lightning/payment/{invoice}", b"", host=f"127.0.0.1:{shop.port}")
    scrape = prepare(
        "GET", "/metrics", b"", host=f"127.0.0.1:{shop.port}", headers={"Authorization": f"Bearer {shop.key}"}
    )
    took_ms: list[float] = []

    async def ask(connection: Connection, request: bytes) -> float:
        began = time.perf_counter()
        status, answer = await connection.send(request)
        assert status == 200, answer  # noqa: PLR2004 - an answer
        return (time.perf_counter() - began) * 1000

    async with connected(shop.port, 2) as (poller, scraper):

        async def scrape_and_rest() -> None:
            took_ms.append(await ask(scraper, scrape))
            await asyncio.sleep(SCRAPE_EVERY_S)

        scraping = asyncio.create_task(measure([scrape_and_rest], seconds=seconds))
        polls = await measure([lambda: ask(poller, poll)], seconds=seconds)
        await scraping
    return max(took_ms), polls.ms_p99


def _quote_request(shop: Shop) -> bytes:
    body = json.dumps({"text": TEXT}).encode()
    return prepare("POST", "/lightning/request-video/text", body, host=f"127.0.0.1:{shop.port}")


async def _quote(shop: Shop) -> str:
    connection = await Connection.open("127.0.0.1", shop.port)
    status, answer = await connection.send(_quote_request(shop))
    await connection.close()
    assert status == 200, answer  # noqa: PLR2004 - a quote
    return str(json.loads(answer)["bolt11_invoice"])


def _tell(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
