"""How often the shop sells beside how often LND alone makes invoices, in turns on the same node."""

import statistics
from collections.abc import Awaitable, Callable

from bench.load import Connection, connected, measure
from lightning.invoice import Msat
from lightning.lnd import LndBackend


async def beside_invoices(
    backend: LndBackend, port: int, request: bytes, *, status: int, clients: int, seconds: float, rounds: int
) -> tuple[float, float]:
    """Return what the shop sells per second, and bare invoices per second, each the median of its rounds.

    Args:
        backend: The shop's node; closed by the caller.
        port: The shop's.
        request: Has something priced.
        status: What the answer has to be.
        clients: How many ask at once, of both.
        seconds: What one side of a round takes.
        rounds: How many.
    """

    def asker(connection: Connection) -> Callable[[], Awaitable[None]]:
        async def ask() -> None:
            got, answer = await connection.send(request)
            assert got == status, answer

        return ask

    async def invoice() -> object:
        return await backend.add_invoice(amount=Msat(1_000_000), memo="bench", expiry_s=900)

    sold, made = [], []
    for _ in range(rounds):
        made.append((await measure([invoice] * clients, seconds=seconds)).per_s)
        async with connected(port, clients) as connections:  # anew: a server closes those that are idle
            sold.append((await measure([asker(each) for each in connections], seconds=seconds)).per_s)
    return statistics.median(sold), statistics.median(made)
