"""What a program gets that pays per call: challenges beside the bare node, and the first byte after it has paid.

And how soon the receiver of a webhook is told of a payment.

Everything is measured in one run on one machine, against real nodes that are started for it; sides are taken in turn.
"""

import asyncio
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import click
import httpx
import msgspec

from bench import aperture
from bench.beside_lnd import beside_invoices
from bench.load import Connection, connected, measure, percentile, prepare
from bench.shop import Shop
from regtest.ports import Ports
from regtest.process import Guard

CLIENTS = 32
RECEIVERS = 8
WISH = {
    "text": "Welcome! This is a demonstration of a video that was paid for with Lightning.",
    "avatar": "european_woman",
    "emotion": "happy",
}


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run."""

    l402_challenges_per_s: float  # with CLIENTS clients
    lnd_invoices_per_s: float
    l402_challenges_vs_lnd: float  # the one beside the other
    l402_first_byte_ms: (
        float  # a request with a credential → the first byte of its video, median; the payment is not in it
    )
    l402_replay_first_byte_ms: float  # the same of a video that is whole
    webhook_lag_ms_p50: float  # a payment is written down → its receiver is told
    webhook_lag_ms_p99: float
    webhooks_per_s: float  # of a backlog, to RECEIVERS receivers in networks of their own
    aperture_per_s: float | None = None  # its challenges, on the same node, in turns; None: it was not given
    aperture_ratio: float | None = None  # ours beside them


@click.command(help=__doc__)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object as the last line.")
@click.option("--seconds", default=4.0, show_default=True, help="Length of each round of challenges.")
@click.option("--rounds", default=3, show_default=True, help="Rounds of each side, taken in turn.")
@click.option("--videos", default=5, show_default=True, help="Videos that are bought.")
@click.option("--payments", default=200, show_default=True, help="Payments that a receiver is told of.")
@click.option("--backlog", default=2000, show_default=True, help="Messages that wait for receivers.")
@click.option(
    "--aperture",
    "binary",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="An aperture to compare with: `python -m bench.aperture` builds one.",
)
def main(
    *,
    as_json: bool,
    seconds: float,
    rounds: int,
    videos: int,
    payments: int,
    backlog: int,
    binary: Path | None,
) -> None:
    """Measure and print."""
    figures = msgspec.to_builtins(asyncio.run(_measure(seconds, rounds, videos, payments, backlog, binary)))
    for name, value in figures.items():
        click.echo(f"{name:26} {'-' if value is None else f'{value:.2f}':>10}")
    if as_json:
        click.echo(json.dumps(figures))


async def _measure(
    seconds: float, rounds: int, videos: int, payments: int, backlog: int, binary: Path | None
) -> Figures:
    with tempfile.TemporaryDirectory(prefix="satspeak-bench-") as folder:
        async with Shop.open(Path(folder), tell=_tell, renders=True, webhook_private="true") as shop:
            _tell(f"{videos} videos")
            first_ms, replay_ms = await _videos(shop, videos)
            _tell(f"challenges with {CLIENTS} clients, {rounds} rounds of {seconds:g} s each side")
            challenges, invoices = await _challenges(shop, seconds, rounds)
            _tell(f"a receiver is told of {payments} payments")
            lags_ms = await _webhooks(shop, payments)
            _tell(f"{backlog} messages to {RECEIVERS} receivers")
            told_per_s = await _backlog(shop, backlog)
            theirs = ratio = None
            if binary is not None:
                _tell(f"aperture's challenges and ours, {rounds} rounds of {seconds:g} s each side")
                theirs, ours = await _beside_aperture(shop, binary, Path(folder), seconds, rounds)
                ratio = ours / theirs
    return Figures(
        l402_challenges_per_s=challenges,
        lnd_invoices_per_s=invoices,
        l402_challenges_vs_lnd=challenges / invoices,
        l402_first_byte_ms=first_ms,
        l402_replay_first_byte_ms=replay_ms,
        webhook_lag_ms_p50=statistics.median(lags_ms),
        webhook_lag_ms_p99=percentile(lags_ms, 0.99),
        webhooks_per_s=told_per_s,
        aperture_per_s=theirs,
        aperture_ratio=ratio,
    )


class _Receiver:
    """Takes webhooks, and notes how long after its event each came."""

    def __init__(self) -> None:
        self.lags_ms: list[float] = []
        self.arrivals: list[float] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            head = await reader.readuntil(b"\r\n\r\n")
            [length] = [
                line[16:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length: ")
            ]
            body = msgspec.json.decode(await reader.readexactly(int(length)))
            now = datetime.now(UTC)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            happened = datetime.fromisoformat(body["timestamp"])
            self.arrivals.append(time.perf_counter())
            self.lags_ms.append((now - happened).total_seconds() * 1000)
        writer.close()


async def _webhooks(shop: Shop, count: int) -> list[float]:
    """Return the milliseconds from each payment to its message."""
    receiver = _Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, httpx.AsyncClient(base_url=f"http://127.0.0.1:{shop.port}", trust_env=False) as client:

        async def sell() -> None:
            for n in range(count):
                wish = {**WISH, "text": f"{WISH['text']} Number {n}.", "webhook_url": url}
                quote = (
                    (await client.post("/lightning/request-video/text", json=wish)).raise_for_status().json()
                )
                await shop.network.payer.pay(quote["bolt11_invoice"])

        async def until(holds: Callable[[], bool]) -> None:
            async with asyncio.timeout(120):
                while not holds():  # noqa: ASYNC110 - a counter tells nobody
                    await asyncio.sleep(0.002)

        await sell()
        await until(lambda: len(receiver.lags_ms) >= count)
    return receiver.lags_ms


async def _backlog(shop: Shop, count: int) -> float:
    """Return how many messages a second receivers get that answer at once, of more than can be sent at once."""
    receiver = _Receiver()
    server = await asyncio.start_server(receiver.serve, "0.0.0.0", 0)  # all of 127.0.0.0/8
    port = server.sockets[0].getsockname()[1]
    urls = [f"http://127.0.{n}.1:{port}/" for n in range(1, RECEIVERS + 1)]
    async with server:
        await asyncio.to_thread(shop.add_letters, urls, count)
        async with asyncio.timeout(600):
            while len(receiver.arrivals) < count:  # noqa: ASYNC110 - a counter tells nobody
                await asyncio.sleep(0.01)
    return (count - 1) / (receiver.arrivals[-1] - receiver.arrivals[0])


async def _beside_aperture(
    shop: Shop, binary: Path, folder: Path, seconds: float, rounds: int
) -> tuple[float, float]:
    """Return how often aperture challenges per second, and how often we do, each the median of its rounds."""
    theirs, ours = [], []
    with contextlib.closing(Ports()) as ports, contextlib.closing(Guard()) as guard:
        port = ports.take()
        async with aperture.serving(
            binary, shop.network.merchant, port=port, folder=folder / "aperture", guard=guard
        ):
            get = prepare("GET", "/video", b"", host=f"127.0.0.1:{port}")
            for _ in range(rounds):
                theirs.append(await _rate(port, get, seconds))
                ours.append(await _rate(shop.port, _challenge_request(shop), seconds))
    return statistics.median(theirs), statistics.median(ours)


async def _rate(port: int, request: bytes, seconds: float) -> float:
    """Return how often a server challenges per second."""

    def asker(connection: Connection) -> Callable[[], Awaitable[None]]:
        async def ask() -> None:
            status, answer = await connection.send(request)
            assert status == httpx.codes.PAYMENT_REQUIRED, answer

        return ask

    async with connected(port, CLIENTS) as connections:
        return (await measure([asker(each) for each in connections], seconds=seconds)).per_s


def _challenge_request(shop: Shop) -> bytes:
    return prepare("POST", "/l402/video", json.dumps(WISH).encode(), host=f"127.0.0.1:{shop.port}")


async def _challenges(shop: Shop, seconds: float, rounds: int) -> tuple[float, float]:
    """Return challenges and bare invoices per second, each the median of its rounds."""
    backend = shop.backend()
    try:
        return await beside_invoices(
            backend,
            shop.port,
            _challenge_request(shop),
            status=httpx.codes.PAYMENT_REQUIRED,
            clients=CLIENTS,
            seconds=seconds,
            rounds=rounds,
        )
    finally:
        await backend.aclose()


async def _videos(shop: Shop, count: int) -> tuple[float, float]:
    """Return the median milliseconds to the first byte of a video that is rendered, and of one that is there."""
    first_ms, replay_ms = [], []
    url = f"http://127.0.0.1:{shop.port}"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        for n in range(count):
            wish = {**WISH, "text": f"{WISH['text']} This is number {n}."}
            challenge = (await client.post("/l402/video", json=wish)).json()
            paid = await shop.network.payer.pay(challenge["bolt11_invoice"])
            credential = {"Authorization": f"L402 {challenge['macaroon']}:{paid.preimage.hex()}"}
            first_ms.append(await _first_byte_ms(client, wish, credential))
            replay_ms.append(await _first_byte_ms(client, wish, credential))
    return statistics.median(first_ms), statistics.median(replay_ms)


async def _first_byte_ms(
    client: httpx.AsyncClient, wish: dict[str, str], credential: dict[str, str]
) -> float:
    """Time the first byte, and read the rest."""
    began, first = time.perf_counter(), 0.0
    async with client.stream("POST", "/l402/video", json=wish, headers=credential) as answer:
        answer.raise_for_status()
        async for _ in answer.aiter_raw():
            first = first or time.perf_counter()
    return (first - began) * 1000


def _tell(line: str) -> None:
    click.echo(line, err=True)


if __name__ == "__main__":
    main()
