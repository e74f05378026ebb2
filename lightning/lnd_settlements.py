"""Follows an LND's settlements without missing one.

What LND gives (v0.20): `SubscribeInvoices` registers its listener first, then replays every settlement with
an index strictly greater than the one given, then sends live ones; what happens in between may come twice.
So from any index that exists there is no window. Two things it does not give:

- From index 0 it replays nothing (lnd#2469). `ListInvoices` finds the settlement with the smallest index, and
  the subscription from there replays the rest.
- The index given must exist: its key-value store seeks it and skips one entry, which would be the next
  settlement if the index fell into a gap. So never a made-up index, such as the last one less a margin.

A node that was restored from its seed counts from 1 again, and replays nothing after an index that it has not reached.
So whoever connects first asks whether the node knows the settlement of that index; if not, its history is another,
which is told from its beginning.

The stream also tells of each new invoice whose add index is above the one given, which costs both sides as much as a
settlement does. So the one given is above all that there will ever be.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import grpc.aio
import msgspec
import structlog
from lndgrpc.compiled import lightning_pb2 as ln

from lightning.errors import LightningError, NodeRefused, NodeUnavailable
from lightning.invoice import Msat, PaymentHash, SettleIndex, Settlement
from lightning.lnd_errors import translated
from lightning.ordering import InOrder
from lightning.pauses import pauses_between_attempts

_PAGE = 500  # invoices asked at once: about 1 KB each
_GAP_PATIENCE_S = 1.0  # a replay out of order fills its gaps in milliseconds
_STEADY_S = 10.0  # a stream that lived this long was no failed attempt
_NO_NEW_INVOICES = 1 << 62  # LND's SQL store adds one to it, in 63 bits
_REST = 9  # times as long as a reading of the whole list: that may take seconds, and rarely finds anything

_log = structlog.get_logger(__name__)


class _Point(msgspec.Struct, frozen=True):
    """A settlement that was told, from which on the next is."""

    index: SettleIndex
    payment_hash: PaymentHash | None  # None: not known


_BEGINNING = _Point(SettleIndex(0), None)


class _AnotherHistory(LightningError):
    """The node does not know what it settled last: it was made anew, or another took its place."""


class SettlementFollower:
    """The settlements of one node, from any point of its history on.

    Args:
        stub: LND's `LightningStub`.
        deadline_s: For each page of history.
    """

    def __init__(self, stub: Any, *, deadline_s: float) -> None:
        self._stub = stub
        self._deadline_s = deadline_s

    async def follow(
        self, after: SettleIndex, known: PaymentHash | None = None
    ) -> AsyncGenerator[Settlement]:
        """Yield what was settled after the index, then what is being settled, through any outage.

        Args:
            after: The last index that was dealt with.
            known: Whose index that is. Without it a node that counts anew is noticed at its next settlement only.

        Raises:
            NodeRefused: Trying again will not help.
        """
        last = _Point(after, known)
        pauses = pauses_between_attempts()
        clock = asyncio.get_running_loop().time
        while True:
            started_at = clock()
            try:
                async with aclosing(self._connected(last)) as settlements:
                    async for settlement in settlements:
                        yield settlement
                        pauses = pauses_between_attempts()
                        if settlement.settle_index > last.index:
                            last = _Point(settlement.settle_index, settlement.payment_hash)
                        else:
                            await self._check(last)
            except NodeRefused:
                raise
            except _AnotherHistory:
                _log.warning("settle index ran backwards", after=last.index)
                last = _BEGINNING
            except LightningError as error:
                if clock() - started_at > _STEADY_S:
                    pauses = pauses_between_attempts()
                _log.warning("settlements interrupted", error=str(error), after=last.index)
                await asyncio.sleep(next(pauses))

    async def _connected(self, last: "_Point") -> AsyncGenerator[Settlement]:
        """Follow until the connection breaks, which raises."""
        with translated():
            after = last.index
            if after == 0:
                first = await self._first()
                yield first
                after = first.settle_index
            elif last.payment_hash is not None:
                await self._check(last)
            async with aclosing(self._since(after)) as settlements:
                async for settlement in settlements:
                    yield settlement

    async def _check(self, point: "_Point") -> None:
        """Make sure that the node still has the history that it told us.

        Raises:
            _AnotherHistory: It knows no such settlement, or by another index.
        """
        if point.payment_hash is None:
            raise _AnotherHistory
        with translated(not_found=_AnotherHistory()):
            found = await self._stub.LookupInvoice(
                ln.PaymentHash(r_hash=point.payment_hash), timeout=self._deadline_s
            )
        if (found.state, found.settle_index) != (ln.Invoice.SETTLED, point.index):
            raise _AnotherHistory

    async def _since(self, last: SettleIndex) -> AsyncGenerator[Settlement]:
        """Replay, then live, in order, over one subscription."""
        clock = asyncio.get_running_loop().time
        in_order = InOrder(last)
        skip_at: float | None = None
        call = self._subscribe(last)
        read = asyncio.ensure_future(_next_settlement(call))
        try:
            while True:
                skip_at = (skip_at or clock() + _GAP_PATIENCE_S) if in_order.has_gap else None
                await asyncio.wait({read}, timeout=skip_at and max(0.0, skip_at - clock()))
                if read.done():
                    due = in_order.push(read.result())
                    read = asyncio.ensure_future(_next_settlement(call))
                else:
                    due = in_order.skip_gap()
                    skip_at = None
                for settlement in due:
                    yield settlement
        finally:
            await _hang_up(call, read)

    async def _first(self) -> Settlement:
        """Wait until the node has ever been paid; return its first settlement.

        The list always has the answer, though reading it takes seconds once many invoices were never paid. The
        subscription may miss a payment while it is being set up, but what it tells first with index 1 is the first.
        """
        pauses = pauses_between_attempts()
        clock = asyncio.get_running_loop().time
        call = self._subscribe(SettleIndex(0))
        paid = asyncio.ensure_future(_next_settlement(call))
        try:
            while True:
                began_at = clock()
                listed = asyncio.ensure_future(self._first_listed())
                try:
                    await asyncio.wait({paid, listed}, return_when=asyncio.FIRST_COMPLETED)
                    if paid.done() and paid.result().settle_index == 1:  # raises if the stream broke
                        return paid.result()
                    first = await listed
                finally:
                    listed.cancel()
                    await asyncio.gather(listed, return_exceptions=True)
                if first is not None:
                    return first
                await asyncio.wait({paid}, timeout=max(next(pauses), _REST * (clock() - began_at)))
        finally:
            await _hang_up(call, paid)

    async def _first_listed(self) -> Settlement | None:
        """Find the settlement with the smallest index of all.

        A list read page by page is no snapshot: an invoice of a page already read may settle while a later
        page shows a higher index. But what was below that index had settled before it, so a second reading,
        begun after the first, sees all of it.
        """
        first = await self._read_list()
        if first is None or first.settle_index == 1:
            return first
        return await self._read_list()

    async def _read_list(self) -> Settlement | None:
        first: Settlement | None = None
        offset = 0
        while True:
            page = await self._stub.ListInvoices(
                ln.ListInvoiceRequest(index_offset=offset, num_max_invoices=_PAGE),
                timeout=self._deadline_s,
            )
            for invoice in page.invoices:
                if invoice.state == ln.Invoice.SETTLED and (
                    first is None or invoice.settle_index < first.settle_index
                ):
                    first = _decode(invoice)
            if not page.invoices or (first is not None and first.settle_index == 1):
                return first
            offset = page.last_index_offset

    def _subscribe(self, after: SettleIndex) -> Any:
        return self._stub.SubscribeInvoices(since(after))


def since(index: SettleIndex) -> ln.InvoiceSubscription:
    """Ask for what is settled after an index, and for no new invoices."""
    return ln.InvoiceSubscription(settle_index=index, add_index=_NO_NEW_INVOICES)


async def _next_settlement(call: Any) -> Settlement:
    """Read on to the next settled invoice."""
    while (invoice := await call.read()) is not grpc.aio.EOF:
        if invoice.state == ln.Invoice.SETTLED:
            return _decode(invoice)
    raise NodeUnavailable("the node ended the stream")  # as LND does when it stops


async def _hang_up(call: Any, read: "asyncio.Future[Settlement]") -> None:
    call.cancel()
    read.cancel()
    await asyncio.gather(read, return_exceptions=True)


def _decode(invoice: Any) -> Settlement:
    return Settlement(
        payment_hash=PaymentHash(invoice.r_hash),
        bolt11=invoice.payment_request,
        amount=Msat(invoice.value_msat),
        amount_paid=Msat(invoice.amt_paid_msat),
        settle_index=SettleIndex(invoice.settle_index),
        settled_at=datetime.fromtimestamp(invoice.settle_date, UTC),
        memo=invoice.memo,
    )
