"""What an LND's channels can carry, and whether a payment is on them at all.

Two things that LND does not tell by itself of payments around a restart:

- It answers calls before any channel is up again, and fails what it is asked to pay meanwhile for want of balance.
- Where it dies after it wrote an attempt down and before a channel committed to it, it waits for that attempt for ever,
  whatever is restarted (lnd#9340, lnd#5152).
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import grpc.aio
import structlog
from lndgrpc.compiled import lightning_pb2 as ln

from lightning.errors import NodeUnavailable
from lightning.invoice import Msat, PaymentHash
from lightning.lnd_errors import translated
from lightning.pauses import pauses_between_attempts

SAFE_BLOCKS = 12
"""So long after the last block of an attempt LND has closed a channel that still has it."""

_log = structlog.get_logger(__name__)


class Channels:
    """The channels of one node, read only.

    Args:
        stub: LND's `LightningStub`, with a macaroon for `info:read offchain:read`.
        deadline_s: Longest wait for one answer.
    """

    def __init__(self, stub: Any, *, deadline_s: float) -> None:
        self._stub = stub
        self._call = {"timeout": deadline_s}

    async def until_able(self, amount: Msat) -> None:
        """Wait until so much can be sent; no longer where no channel that is down could help.

        The subscription, which may miss a change while it is being set up, only tells when to look again sooner than
        the next pause ends. Of the chain it tells nothing.
        """
        pauses = pauses_between_attempts()
        call = self._stub.SubscribeChannelEvents(ln.ChannelEventSubscription())
        change = asyncio.ensure_future(call.read())
        told = False
        try:
            with translated():
                while await self._is_coming(amount):
                    if not told:
                        _log.warning("payment waits for channels", amount_msat=amount)
                        told = True
                    await asyncio.wait({change}, timeout=next(pauses))
                    if change.done():
                        if change.result() is grpc.aio.EOF:
                            raise NodeUnavailable("the node ended the stream")
                        change = asyncio.ensure_future(call.read())
        finally:
            call.cancel()
            change.cancel()
            await asyncio.gather(change, return_exceptions=True)

    async def have_lost(self, payment_hash: PaymentHash, payment: Any) -> bool:
        """Look whether a payment that LND calls in flight can never end."""
        with translated():
            node = await self._stub.GetInfo(ln.GetInfoRequest(), **self._call)
            listed = await self._stub.ListChannels(ln.ListChannelsRequest(active_only=True), **self._call)
        return is_lost(payment_hash, payment, node, listed.channels)

    async def _is_coming(self, amount: Msat) -> bool:
        """Whether so much cannot be sent yet, and could once all is up."""
        node = await self._stub.GetInfo(ln.GetInfoRequest(), **self._call)
        if not node.synced_to_chain:
            return True
        listed = await self._stub.ListChannels(ln.ListChannelsRequest(), **self._call)
        able = sum(_can_send_msat(channel) for channel in listed.channels if channel.active)
        able_then = sum(_can_send_msat(channel) for channel in listed.channels)
        return able < amount <= able_then


def is_lost(payment_hash: PaymentHash, payment: Any, node: Any, active: Iterable[Any]) -> bool:
    """Whether LND waits for attempts that no channel has and that none can have any more.

    An attempt is on its way to its channel for a moment, and its peer may be slow to commit to it. So only past the
    last block in which it could be taken, and only of a channel that is up: LND would have closed one that has it yet.

    Args:
        payment_hash: Whose.
        payment: LND's `Payment`, in flight.
        node: LND's `GetInfoResponse`.
        active: The channels that are up.
    """
    attempts = [htlc for htlc in payment.htlcs if htlc.status == ln.HTLCAttempt.IN_FLIGHT]
    if not attempts or not node.synced_to_chain:  # without any it looks for a way
        return False
    carried = {channel.chan_id: {htlc.hash_lock for htlc in channel.pending_htlcs} for channel in active}
    first_hops = {attempt.route.hops[0].chan_id for attempt in attempts}
    last_block = max(attempt.route.total_time_lock for attempt in attempts)
    return bool(node.block_height > last_block + SAFE_BLOCKS) and all(
        hop in carried and payment_hash not in carried[hop] for hop in first_hops
    )


def _can_send_msat(channel: Any) -> int:
    """What a channel can send at most: its peer insists on a reserve."""
    return int(max(channel.local_balance - channel.local_constraints.chan_reserve_sat, 0)) * 1000
