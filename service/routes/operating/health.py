"""How the service is."""

import asyncio
from collections.abc import Awaitable
from typing import Literal, TypeVar

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec

from lightning import NodeInfo
from service.errors import StoreOfAnother
from service.orders.port import Orders
from service.payments.settlements import Settlements
from service.pricing.port import RateSource
from service.quotes.reachability import Reachability
from service.rendering.workers import Workers
from service.retention.orphans import Orphans
from service.routes.http import openapi
from service.routes.http.parts import Part
from service.runtime.cached import Cached
from service.runtime.stopping import Stopping
from service.runtime.supervision import Supervised

PATIENCE_S = 3.0
"""How long a part has to answer."""


class PartHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One part: what is wrong with it where it is `down`, or what else its operator should know of it."""

    status: Literal["ok", "down"]
    detail: str = ""


class HealthAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`down` where any part is: then something cannot be sold or delivered now."""

    status: Literal["ok", "down"]
    parts: dict[str, PartHealth]


Health = TypeVar("Health", PartHealth, HealthAnswer)


@get(
    "/health",
    operation_id="getHealth",
    operation_class=openapi.operation(),
    summary="Tell how the service is",
    description="200 where every part works, 503 where one does not: node, rate, worker, database, objects,"
    " settlements.",
    tags=["Operating"],
    responses={503: ResponseSpec(HealthAnswer, generate_examples=False, description="A part does not work.")}
    | openapi.limited_problems(),
)
async def health(
    node: Part[Cached[NodeInfo]],
    rates: Part[RateSource],
    workers: Part[Workers],
    orders: Part[Orders],
    follower: Part[Supervised],
    settlements: Part[Settlements],
    reachability: Part[Reachability],
    orphans: Part[Orphans],
) -> Response[HealthAnswer]:
    """Tell how the service is."""
    names = ("node", "rate", "worker", "database", "objects")
    parts = dict(
        zip(
            names,
            await asyncio.gather(
                _probe(_node(node, reachability)),
                _probe(rates.current()),
                _probe(workers.ping()),
                _probe(_database(orders)),
                _probe(orphans.check()),
            ),
            strict=True,
        )
    )
    parts["settlements"] = (
        PartHealth(status="ok", detail=_elsewhere(settlements.elsewhere))
        if follower.failure is None
        else PartHealth(status="down", detail=follower.failure)
    )
    well = all(part.status == "ok" for part in parts.values())
    return _answer(HealthAnswer(status="ok" if well else "down", parts=parts))


@get(
    "/health/live",
    operation_id="getLiveness",
    operation_class=openapi.operation(limited=False),
    summary="Tell whether the process answers",
    description="Asks nothing of any part: a process that does not answer this has to be started again.",
    tags=["Operating"],
)
async def live() -> Response[PartHealth]:
    """Tell whether the process answers."""
    return _answer(PartHealth(status="ok"))


@get(
    "/health/ready",
    operation_id="getReadiness",
    operation_class=openapi.operation(limited=False),
    summary="Tell whether requests may be sent here",
    description="503 while the database does not answer or takes no changes, the node cannot be asked or the process"
    " is about to stop. A worker that is away leaves it ready, and so does a price that is not known: paid videos can"
    " still be read, and what was paid is noticed. `/health` tells of them.",
    tags=["Operating"],
    responses={503: ResponseSpec(PartHealth, generate_examples=False, description="Not now.")},
)
async def ready(
    orders: Part[Orders], node: Part[Cached[NodeInfo]], stopping: Part[Stopping]
) -> Response[PartHealth]:
    """Tell whether requests may be sent here."""
    if stopping.begun:
        return _answer(PartHealth(status="down", detail="about to stop"))
    parts = await asyncio.gather(_probe(_database(orders)), _probe(node.get()))
    return _answer(next((part for part in parts if part.status != "ok"), parts[0]))


async def _database(orders: Orders) -> None:
    """Ask who reads and who writes: on SQLite these are different connections, of which one can be stuck."""
    await asyncio.gather(orders.find(""), orders.writable())


async def _node(node: Cached[NodeInfo], reachability: Reachability) -> str:
    await node.get()
    return await reachability.warning()


def _elsewhere(payments: int) -> str:
    """What is waited for that only another node can tell."""
    return (
        f"{payments} payments wait for the node that made their invoices: it is not this one"
        if payments
        else ""
    )


def _answer(health: Health) -> Response[Health]:
    return Response(
        health, status_code=200 if health.status == "ok" else 503, headers={"Cache-Control": "no-store"}
    )


async def _probe(asked: Awaitable[object]) -> PartHealth:
    try:
        async with asyncio.timeout(PATIENCE_S):
            detail = await asked
    except TimeoutError:
        return PartHealth(status="down", detail=f"no answer in {PATIENCE_S:g} s")
    except StoreOfAnother as error:
        return PartHealth(status="down", detail=error.detail)
    except Exception as error:  # noqa: BLE001 - whatever it is, the others are reported too
        return PartHealth(status="down", detail=type(error).__name__)
    return PartHealth(status="ok", detail=detail if isinstance(detail, str) else "")
