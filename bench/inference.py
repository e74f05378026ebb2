"""What an account's videos cost the service: reservations beside a health check, and the first byte of a stream.

A reservation is taken over HTTP by opening the page of a delayed video: the first opening sets its time aside. Its
render, which begins then, finds no worker, so that the service alone is measured. Everything is measured in one run on
one machine; sides are taken in turn.
"""

import asyncio
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import click
import msgspec

from bench.load import Connection, connected, measure, prepare
from bench.shop import Shop
from regtest.ports import Ports
from regtest.process import Guard
from satspeak import programs
from satspeak.client import Client
from service.assembly.stores import Holders, open_accounts
from service.settings import Settings

CLIENTS = 32

TEXT = "Good evening, and welcome to the news. The weather stays warm until Friday, with rain in the west."

WISH = {"text": TEXT, "avatar": "european_woman", "emotion": "neutral"}

DAY_MS = 86_400_000

OPENED, REFUSED = 200, 403

MANY = "1000000"

SETTINGS = {"account_jobs": MANY, "delayed_per_account": MANY, "resume_s": "3600"}
"""As many at once as are measured, and none of their renders is tried again meanwhile."""


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run."""

    reserve_per_s_one_account: float  # 32 clients, the account's row is everybody's
    reserve_per_s_32_accounts: float  # 32 clients, each with an account of its own
    health_per_s: float  # GET /health/live, by the same clients
    reserve_vs_health: float  # of one account
    first_byte_ms: float  # POST /inference?stream=true → the MP4's first bytes, median
    opened: int  # links that were opened of an account that had time for so many,
    promised: int  # of so many
    overspent_ms: int  # what any account has reserved and used beyond what it was granted: 0


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """An account and its key."""

    id: int
    key: str


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option("--links", default=600, show_default=True, help="Links that are opened in each round.")
@click.option("--rounds", default=3, show_default=True, help="Rounds of each side, taken in turn.")
def main(*, as_json: bool, links: int, rounds: int) -> None:
    """Measure and print."""
    plain = msgspec.to_builtins(asyncio.run(_measure(links, rounds)))
    for name, value in plain.items():
        click.echo(f"{name:26} {value:10.2f}")
    if as_json:
        click.echo(json.dumps(plain))


async def _measure(links: int, rounds: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="satspeak-bench-") as folder:
        first_byte_ms = await _first_byte(Path(folder) / "with-worker", rounds)
        async with Shop.open(Path(folder) / "alone", tell=_tell, renders=False, **SETTINGS) as shop:
            async with _accounts(shop) as holders:
                one = [await _holder(holders, DAY_MS)] * CLIENTS
                many = [await _holder(holders, DAY_MS) for _ in range(CLIENTS)]
            alone, apart, health = [], [], []
            for number in range(rounds):
                _tell(f"round {number + 1} of {rounds}")
                health.append(await _health(shop))
                alone.append(await _reservations(shop, one, links))
                apart.append(await _reservations(shop, many, links))
            _tell("an account that has not enough for all")
            opened, promised = await _scarce(shop)
            async with _accounts(shop) as holders:
                overspent_ms = max(
                    [
                        each.reserved_ms + each.used_ms - each.granted_ms
                        for each in await holders.accounts.all()
                    ]
                )
    return Figures(
        reserve_per_s_one_account=statistics.median(alone),
        reserve_per_s_32_accounts=statistics.median(apart),
        health_per_s=statistics.median(health),
        reserve_vs_health=statistics.median(alone) / statistics.median(health),
        first_byte_ms=first_byte_ms,
        opened=opened,
        promised=promised,
        overspent_ms=max(overspent_ms, 0),
    )


def _accounts(shop: Shop) -> contextlib.AbstractAsyncContextManager[Holders]:
    return open_accounts(Settings.of(data_dir=shop.database.parent))


async def _holder(holders: Holders, ms: int) -> Holder:
    number = await holders.video_time.create(f"bench {time.time_ns()}")
    account = await holders.accounts.get(number)
    assert account is not None
    await holders.video_time.grant(account, ms)
    return Holder(id=number, key=await holders.keys.create("bench", account_id=number))


async def _health(shop: Shop) -> float:
    request = prepare("GET", "/health/live", b"", host="127.0.0.1")
    async with connected(shop.port, CLIENTS) as connections:
        calls: list[Callable[[], Awaitable[object]]] = [partial(each.send, request) for each in connections]
        return (await measure(calls, seconds=2.0)).per_s


async def _promise(shop: Shop, holders: list[Holder], links: int) -> list[list[str]]:
    """Have delayed videos promised: the pages of each client, in equal parts."""

    async def pages(connection: Connection, holder: Holder) -> list[str]:
        body = json.dumps({**WISH, "delayed": True}).encode()
        request = prepare("POST", "/inference", body, host="127.0.0.1", headers={"X-API-Key": holder.key})
        found = []
        for _ in range(links // CLIENTS):
            status, answer = await connection.send(request)
            assert status == OPENED, answer
            found.append(f"/inference/{json.loads(answer)['id']}/video.html")
        return found

    async with connected(shop.port, CLIENTS) as connections:
        return await asyncio.gather(*map(pages, connections, holders))


async def _open(shop: Shop, promised: list[list[str]]) -> tuple[float, list[int]]:
    """Open all pages, each client its own: the seconds that it took, and what was answered."""
    statuses: list[int] = []

    async def each(connection: Connection, pages: list[str]) -> None:
        for page in pages:
            status, _ = await connection.send(prepare("GET", page, b"", host="127.0.0.1"))
            statuses.append(status)

    async with connected(shop.port, CLIENTS) as connections:
        began = time.perf_counter()
        await asyncio.gather(*map(each, connections, promised))
        return time.perf_counter() - began, statuses


async def _reservations(shop: Shop, holders: list[Holder], links: int) -> float:
    took_s, statuses = await _open(shop, await _promise(shop, holders, links))
    assert set(statuses) == {OPENED}, statuses
    return len(statuses) / took_s


async def _scarce(shop: Shop) -> tuple[int, int]:
    """Open more than an account has time for: how many were opened, and how many there was time for."""
    async with _accounts(shop) as holders:
        poor = await _holder(holders, DAY_MS)
    promised = await _promise(shop, [poor] * CLIENTS, 8 * CLIENTS)
    took: list[str] = promised[0][:1]
    await _open(shop, [took, *[[] for _ in range(CLIENTS - 1)]])
    enough = 2 * CLIENTS
    async with _accounts(shop) as holders:
        account = await holders.accounts.get(poor.id)
        assert account is not None
        rest_ms = (
            account.free_ms - enough * account.reserved_ms
        )  # of which the one that is open says how much
        await holders.video_time.reserve(account, rest_ms, ref="set aside for something else")
    _, statuses = await _open(shop, [pages[1:] for pages in promised])
    assert set(statuses) == {OPENED, REFUSED}, statuses
    return statuses.count(OPENED), enough


async def _first_byte(folder: Path, rounds: int) -> float:
    """Return the milliseconds from the request to the first bytes of a stream, of a real worker."""
    await asyncio.to_thread(folder.mkdir)
    async with contextlib.AsyncExitStack() as closing:
        ports = closing.enter_context(contextlib.closing(Ports()))
        guard = closing.enter_context(contextlib.closing(Guard()))
        port = ports.take()
        worker = programs.worker_program(port=port, folder=folder, guard=guard)
        closing.push_async_callback(worker.stop)
        await worker.start()
        url = f"http://127.0.0.1:{port}"
        await programs.healthy(worker, url)
        shop = await closing.enter_async_context(
            Shop.open(folder, tell=_tell, worker_urls=url, renders=False, **SETTINGS)
        )
        async with _accounts(shop) as holders:
            holder = await _holder(holders, DAY_MS)
        took_ms = []
        async with Client(f"http://127.0.0.1:{shop.port}", api_key=holder.key) as client:
            for number in range(rounds + 1):
                _tell(f"stream {number + 1} of {rounds + 1}")
                began = time.perf_counter()
                stream = client.inference_stream(TEXT, avatar="european_woman", emotion="neutral")
                await anext(stream)
                took_ms.append((time.perf_counter() - began) * 1000)
                async for _ in stream:
                    pass
    return statistics.median(took_ms[1:])  # the first one fetches what the worker keeps


def _tell(message: str) -> None:
    click.echo(message, err=True)


if __name__ == "__main__":
    main()
