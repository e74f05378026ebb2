"""What the node has, and what it can still receive."""

import asyncio
from collections.abc import Awaitable
from typing import Protocol, TypeVar

import msgspec

from lightning import LightningError, Msat, NodeInfo

PATIENCE_S = 3.0
"""How long it has to answer."""

T = TypeVar("T")


class Channels(Protocol):
    """What is asked of a node."""

    async def ping(self) -> NodeInfo:
        """Say who it is."""
        ...

    async def inbound_msat(self) -> Msat:
        """Say how much it can receive, at most."""
        ...

    async def outbound_msat(self) -> Msat:
        """Say how much is its own."""
        ...


class NodeState(msgspec.Struct, frozen=True, kw_only=True):
    """How the node is; None is what it does not tell."""

    info: NodeInfo | None
    inbound_msat: Msat | None
    outbound_msat: Msat | None
    failure: str | None  # why it tells nothing


async def look(channels: Channels) -> NodeState:
    """Ask the node, all at once."""
    info, inbound, outbound = await asyncio.gather(
        _told(channels.ping()), _told(channels.inbound_msat()), _told(channels.outbound_msat())
    )
    return NodeState(
        info=info if isinstance(info, NodeInfo) else None,
        inbound_msat=None if isinstance(inbound, str) else inbound,
        outbound_msat=None if isinstance(outbound, str) else outbound,
        failure=next((said for said in (info, inbound, outbound) if isinstance(said, str)), None),
    )


async def _told(asked: Awaitable[T]) -> T | str:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await asked
    except TimeoutError:
        return f"no answer in {PATIENCE_S:g} s"
    except LightningError as error:
        return type(error).__name__
