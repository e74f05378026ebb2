"""How the service is."""

import asyncio
from collections.abc import Awaitable
from typing import Literal

import msgspec
from litestar import Response, get

from lightning import InvoiceBackend
from service.ports import Orders, RateSource
from service.routes.parts import Part
from service.supervision import Supervised
from service.workers import Workers

PATIENCE_S = 3.0
"""How long a part has to answer."""


class PartHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One part, and what is wrong with it where it is `down`."""

    status: Literal["ok", "down"]
    detail: str = ""


class HealthAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`down` where any part is: then something cannot be sold or delivered now."""

    status: Literal["ok", "down"]
    parts: dict[str, PartHealth]


@get(
    "/health",
    summary="Tell how the service is",
    description="200 where every part works, 503 where one does not: node, rate, worker, database, settlements.",
    tags=["Operating"],
)
async def health(
    backend: Part[InvoiceBackend],
    rates: Part[RateSource],
    workers: Part[Workers],
    orders: Part[Orders],
    follower: Part[Supervised],
) -> Response[HealthAnswer]:
    """Tell how the service is."""
    names = ("node", "rate", "worker", "database")
    parts = dict(
        zip(
            names,
            await asyncio.gather(
                _probe(backend.ping()),
                _probe(rates.current()),
                _probe(workers.ping()),
                _probe(orders.find("")),
            ),
            strict=True,
        )
    )
    parts["settlements"] = (
        PartHealth(status="ok")
        if follower.failure is None
        else PartHealth(status="down", detail=follower.failure)
    )
    well = all(part.status == "ok" for part in parts.values())
    return Response(
        HealthAnswer(status="ok" if well else "down", parts=parts),
        status_code=200 if well else 503,
        headers={"Cache-Control": "no-store"},
    )


async def _probe(asked: Awaitable[object]) -> PartHealth:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await asked
    except TimeoutError:
        return PartHealth(status="down", detail=f"no answer in {PATIENCE_S:g} s")
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are reported too
        return PartHealth(status="down", detail=type(error).__name__)
    return PartHealth(status="ok")
