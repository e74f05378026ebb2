"""Opens what follows payments and gives money back."""

import contextlib
from collections.abc import AsyncIterator

import msgspec

from service.assembly.background import PEERS_PAUSE_S, Ambient, run_until_closed
from service.assembly.node import Node
from service.assembly.stores import Kept
from service.payments.hold_tries import HoldTries
from service.payments.holds import Holds
from service.payments.settlements import Settlements
from service.refunds.refunding import Refunding
from service.rendering.rendering import Rendering
from service.runtime.supervision import Supervised
from service.settings import Settings


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """What follows payments and gives money back."""

    settlements: Settlements
    refunding: Refunding
    tries: HoldTries
    holds: Holds
    follower: Supervised


@contextlib.asynccontextmanager
async def open_money(
    settings: Settings, kept: Kept, ambient: Ambient, node: Node, rendering: Rendering
) -> AsyncIterator[Money]:
    """Open what follows the node, holds payments until their video is whole, and gives money back."""
    settlements = Settlements(
        payments=kept.payments,
        backend=node.backend,
        bells=kept.bells,
        now=ambient.now,
        counters=ambient.counters,
    )
    refunding = Refunding(
        videos=kept.videos,
        refunds=kept.refunds,
        backend=node.backend,
        payer=node.payer,
        bells=kept.bells,
        stopping=ambient.stopping,
        now=ambient.now,
        counters=ambient.counters,
        terms=settings.refunds,
        waits=settings.waits,
    )
    tries = HoldTries(
        kept.payments,
        per_client=settings.holds.hold_quotes_per_client,
        total=settings.holds.hold_quotes,
    )
    holds = Holds(
        terms=settings.holds,
        orders=kept.orders,
        payments=kept.payments,
        preimages=kept.preimages,
        videos=kept.videos,
        backend=node.backend,
        settlements=settlements,
        rendering=rendering,
        tries=tries,
        bells=kept.bells,
        now=ambient.now,
    )
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(refunding.aclose)
        stack.push_async_callback(holds.aclose)
        follower = Supervised(
            "settlements",
            lambda: kept.peers.alone("settlements", settlements.follow),
            longest_pause_s=PEERS_PAUSE_S,
        )
        run_until_closed(stack, follower)
        run_until_closed(stack, Supervised("sweep", lambda: settlements.sweep(settings.rounds.sweep_s)))
        run_until_closed(stack, Supervised("refunds", refunding.follow))
        run_until_closed(stack, Supervised("holds", holds.run))
        yield Money(settlements=settlements, refunding=refunding, tries=tries, holds=holds, follower=follower)
