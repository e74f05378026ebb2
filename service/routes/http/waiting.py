"""Waits for something as long as somebody waits for the answer."""

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeAlias, TypeVar

from litestar.openapi.spec import Example
from litestar.params import QueryParameter
from litestar.types import Receive

T = TypeVar("T")

Wait: TypeAlias = Annotated[
    int,
    QueryParameter(
        ge=0,
        description="Seconds to wait; the service allows a minute unless it is set otherwise.",
        examples=[Example(value=30)],
    ),
]
"""The parameter of what may be waited for."""


async def unless_gone(receive: Receive, waiting: Coroutine[Any, Any, T]) -> T | None:
    """Wait for something; None where the client goes away first: many come back long before a wait is over."""
    looking, gone = asyncio.ensure_future(waiting), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait([looking, gone], return_when=asyncio.FIRST_COMPLETED)
        return looking.result() if looking.done() else None
    finally:
        looking.cancel()
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
