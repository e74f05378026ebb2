"""Lives of orders that nobody would think of: hypothesis chooses what buyers, payers, node, worker and time do.

After each step every order is where it may be. At the end all that was away comes back, the service starts once more,
and every payment has become a video, is back, or was kept for long enough; or has become video time, once. Receivers
are told of all that happened, and of nothing else.

The shop is one service on SQLite, or two replicas on one PostgreSQL, of which buyers ask now one and now the other.

What is drawn never depends on what the service answered, so that the same choices tell the same story again.
"""

import asyncio
import functools
import json
import secrets
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from lightning import InvoiceState, Msat, NewInvoice, PaymentFailed, PaymentHash, PaymentState, Preimage
from lightning.l402 import Identifier, Macaroon
from lightning.memory import EVERY_BITCOIN, MemoryBackend
from lightning.memory_payments import MemoryPayments
from lightning.reading import read_invoice
from service.assembly.stores import open_objects, open_orders, open_outbox, open_refunds
from service.orders.tokens import Tokens
from service.payments.holds import HEIGHT_FRESHNESS
from service.refunds.refunding import ASK_AGAIN
from tests.receivers import Receiver
from tests.service.machines import Machine, run, step

EXAMPLES = {"one": 7, "replicas": 4}
STEPS, MANY_STEPS = 20, 50

MOST_ORDERS = 6

ASKERS = 8
"""At the same time, for one order."""

GRACE_S = 300
"""For so long after a quote is over the node still takes its payment: it was on its way."""

KEPT = timedelta(days=30)

REMEMBERED = timedelta(days=1)
"""For so long at least an invoice is known that nobody paid."""

DEADLINE_S = 60

ONE = {"avatar": "arab_woman", "emotion": "happy"}
OTHER = {"avatar": "arab_man", "emotion": "serious"}

MOVES = {
    "pending": {"held", "paid", "expired", "canceled", "refunded"},
    "held": {"paid", "canceled"},
    "expired": {"paid", "refunded"},
    "paid": {"refunded"},
    "canceled": set(),
    "refunded": set(),
}
"""What may follow, also after several moves that nobody looked between."""

TIMES = [{"seconds": 95}, {"seconds": 95}, {"minutes": 16}, {"minutes": 16}, {"hours": 2}, {"days": 31}]

MOST_TOP_UPS = 4

SOLD_FOR = timedelta(minutes=15)
"""For so long a quote can be paid."""

ONCE = ("payment.held", "payment.settled", "payment.expired", "video.started", "refund.paid")
"""What happens to an order at most once."""

LONGEST_PAUSE = timedelta(hours=9)
"""After this each message is tried again."""

which = st.integers(0, MOST_ORDERS - 1)

sales = st.fixed_dictionaries(
    {
        "audio": st.booleans(),
        "hold": st.sampled_from([False, False, True]),
        "private": st.booleans(),
        "names": st.booleans(),
        "pays": st.sampled_from([True, True, False]),
        "l402": st.sampled_from([False, False, True]),
        "webhook": st.booleans(),
    }
)


class LatePayersNode(MemoryBackend):
    """A node in the shop's time, which takes payments for longer than their quotes are good for."""

    async def add_invoice(
        self, *, amount: Msat, memo: str, expiry_s: int, description_hash: bytes | None = None
    ) -> NewInvoice:
        return await super().add_invoice(
            amount=amount, memo=memo, expiry_s=expiry_s + GRACE_S, description_hash=description_hash
        )

    async def add_hold_invoice(
        self,
        payment_hash: PaymentHash,
        *,
        amount: Msat,
        memo: str,
        expiry_s: int,
        description_hash: bytes | None = None,
    ) -> NewInvoice:
        return await super().add_hold_invoice(
            payment_hash,
            amount=amount,
            memo=memo,
            expiry_s=expiry_s + GRACE_S,
            description_hash=description_hash,
        )


@dataclass
class Bought:
    """An order, as its buyer knows it."""

    number: int
    quote: dict[str, Any]
    hold: bool
    l402: dict[str, str] | None = None  # the wish that its challenge was for
    status: str = "pending"
    frames: int = 0
    failed: bool = False
    unready_at: timedelta = timedelta(0)  # how far ahead the clock was when the video was surely not whole
    preimage: bytes = bytes(32)
    paying: asyncio.Task[Preimage] | None = None  # of a payment that is held
    asked: bool = False  # for the video, by anybody
    flowing: asyncio.Event = field(default_factory=asyncio.Event)  # the first bytes of a video were here
    made_at: timedelta = timedelta(0)  # how far ahead the clock was
    webhook: bool = False  # somebody is told of it
    unheard: timedelta = timedelta(0)  # so long they did not answer
    gone: bool = False  # nobody paid for it, and it was forgotten
    lost: bool = False  # something that was stored of it may be
    paid_at: timedelta | None = None  # how far ahead the clock was
    whole: bytes | None = None  # the video, once it was delivered
    refund_invoices: list[str] = field(default_factory=list)

    @property
    def invoice(self) -> str:
        return self.quote["bolt11_invoice"]

    @property
    def untold(self) -> bool:
        """Whether they may not have been told all of it."""
        return self.unheard > timedelta(days=1)

    @property
    def waits(self) -> bool:
        """Whether it is paid, nobody has asked for it, and all is there that it is made of."""
        return self.paid_at is not None and not self.asked and not self.lost

    @property
    def shown(self) -> bytes:
        """The preimage that the wallet shows; none before it has paid, or the held payment was taken."""
        if self.paying and self.paying.done() and not self.paying.exception():
            return self.paying.result()
        return self.preimage

    @property
    def payment_hash(self) -> PaymentHash:
        return hash_of(self.invoice)


@dataclass
class TopUp:
    """Video time that is sold in advance, as its buyer knows it."""

    quote: dict[str, Any]
    key: str
    made_at: timedelta
    paid: bool = False

    @property
    def ms(self) -> int:
        return 1000 * self.quote["duration"]


class OrderMachine(Machine):
    """A shop and its orders. The shop is real; what is said of its orders here is all that a test needs."""

    def __init__(self, portal, make_closed_shop, run_server, folder, make_wav, stores) -> None:
        super().__init__(portal)
        self.make_wav = make_wav
        self.orders: list[Bought] = []
        self.top_ups: list[TopUp] = []
        self.downloads: list[asyncio.Task[None]] = []
        self.up, self.holding = True, False
        self.stack = ExitStack()
        self.shop = self.stack.enter_context(
            portal.wrap_async_context_manager(make_closed_shop(folder, stores))
        )
        self.receiver = Receiver()
        self.deaf = False  # it was, at some time since the last that passed
        self.receiver.url = self.stack.enter_context(
            portal.wrap_async_context_manager(run_server(self.receiver))
        )
        self.shop.node = LatePayersNode(now=lambda: self.shop.clock.now().timestamp())
        self.shop.buyer = MemoryBackend(now=lambda: self.shop.clock.now().timestamp())
        self.payer = MemoryPayments(self.shop.buyer)
        self.shop.worker.segment_bytes = 300
        self.shop.worker.sign = lambda job: signature(job["order"], job)
        self.http = self.stack.enter_context(
            portal.wrap_async_context_manager(
                # A kept connection may be closed by the service in the very moment in which it is used again.
                httpx.AsyncClient(timeout=DEADLINE_S, limits=httpx.Limits(max_keepalive_connections=0))
            )
        )
        self.replicas = [self.shop]
        if stores:
            self.replicas.append(type(self.shop)(folder / "other", self.shop.worker, stores))
            self.replicas[1].node, self.replicas[1].clock = self.shop.node, self.shop.clock
        self.requests = 0
        self.services = [self.open(replica, may_pay=True) for replica in self.replicas]

    # ---- the buyer

    @step(
        initialize,
        sales=st.tuples(sales, sales),
        how=st.sampled_from(["well", "refuses", "breaks", "stalls"]),
        slow=st.booleans(),
    )
    async def opening(self, sales, how, slow):
        """Sell something: without that there is nothing to tell."""
        for sale in sales:
            await self.sell(**sale)
        self.have_worker(how)
        self.payer.holding = slow
        await self.ask(self.orders[0], ONE, claims=True)

    @step(sale=sales)
    async def sale(self, sale):
        await self.sell(**sale)

    @step(which=which, times=st.sampled_from([1, 1, 3]))
    async def pay(self, which, times):
        if order := self.chosen(which):
            self.have_paid(order, times)

    @step(seconds=st.integers(1, 5), pays=st.booleans(), again=st.booleans())
    async def top_up(self, seconds, pays, again):
        """Buy video time, for an account of its own or one that there is."""
        if len(self.top_ups) == MOST_TOP_UPS or not self.up:
            return
        account = next((each for each in self.top_ups if again and not self.may_be_nobodys(each)), None)
        shown = {} if account is None else {"X-API-Key": account.key}
        answer = await self.post("/lightning/top-up", json={"seconds": seconds}, headers=shown)
        assert answer.status_code == 200, answer.text
        quote = answer.json()
        key = quote["api_key"] if account is None else account.key
        self.top_ups.append(TopUp(quote, key, made_at=self.shop.clock.ahead))
        if pays:
            self.have_topped_up(self.top_ups[-1])

    @step(which=st.integers(0, MOST_TOP_UPS - 1))
    async def pay_top_up(self, which):
        """Pay one, be it late: the node takes it for longer than the quote is good for."""
        if self.top_ups:
            self.have_topped_up(self.top_ups[which % len(self.top_ups)])

    @step(which=which, wish=st.sampled_from([ONE, ONE, OTHER]), claims=st.sampled_from([True, True, False]))
    async def deliver(self, which, wish, claims):
        if order := self.chosen(which):
            await self.ask(order, wish, claims)

    @step(which=which)
    async def ask_at_once(self, which):
        """Ask as many do who have the same invoice: whatever they ask for, the video is rendered once."""
        if not self.up or not (order := self.chosen(which)):
            return
        self.have_worker("well")
        renders = self.renders(order)
        wishes = [OTHER if n == 1 else ONE for n in range(ASKERS)]
        await asyncio.gather(*(self.ask(order, wish, claims=True) for wish in wishes))
        assert self.renders(order) <= renders + 1, "rendered more than once"

    @step(sale=sales, times=st.sampled_from([1, 12]))
    async def ask_late(self, sale, times):
        """Ask for the first time, months after the payment, for what is kept until then."""
        if not self.up or not (order := await self.unasked(sale)):
            return
        self.have_worker("well")
        self.passes(days=31 * times)
        if not order.hold:
            order.unready_at = self.shop.clock.ahead
        self.shop.node.come_back()
        await self.insist(order)

    @step(sale=sales, passes=st.sampled_from([{"seconds": 5}, {"minutes": 16}, {"hours": 2}]))
    async def crowd(self, sale, passes):
        """Ask while every worker is busy, and when one has room: that is no failed try."""
        if not self.up or not await self.unasked(sale):
            return
        self.have_worker("busy")
        waiting = [order for order in self.orders if order.waits]
        await asyncio.gather(*(self.ask(order, ONE, claims=True) for order in waiting))
        self.passes(**passes)
        self.shop.node.come_back()
        await asyncio.gather(*(self.ask(order, ONE, claims=True) for order in waiting))
        for order in waiting:
            payment = await self.payment(order)
            assert payment is not None
            assert payment["refund"] is None
        self.have_worker("well")
        for order in reversed(waiting):
            await self.insist(order)

    @step(which=which)
    async def watch(self, which):
        """Read what is there of the video."""
        if not (order := self.chosen(which)) or self.holding or not self.up:
            return
        answer = await self.http.head(self.url(f"/lightning/video/{order.invoice}"), headers=claim(order))
        if answer.status_code == 200:
            assert order.status in ("paid", "pending", "expired")

    @step(
        which=which,
        fault=st.sampled_from([None, None, None, "token", "amount"]),
        invoice=st.sampled_from(["new", "new", "open", "same"]),
        greedy=st.booleans(),
    )
    async def refund(self, which, fault, invoice, greedy):
        if order := self.chosen(which, of=[order for order in self.orders if order.failed]):
            await self.ask_refund(order, fault, invoice)
            if greedy:
                self.have_worker("well")
                await self.ask(order, ONE, claims=True)

    @step(which=which, how=st.sampled_from(["slow", "away", "no channel", "well"]), recovers=st.booleans())
    async def want_both(self, which, how, recovers):
        """Buy what fails, ask for the money, and for the video while the money may not have arrived."""
        failing = [order for order in self.orders if order.paid_at is not None and order.whole is None]
        if not self.up or self.holding or not (order := self.chosen(which, of=failing)):
            return
        self.have_worker("refuses")
        await self.ask(order, ONE, claims=True)
        self.have_payments(how)
        await self.ask_refund(order, None, "new")
        if recovers:
            self.have_payments("well")
        self.have_worker("well")
        await self.ask(order, ONE, claims=True)

    # ---- the world

    @step(
        how=st.sampled_from(["well", "well", "busy", "refuses", "breaks", "breaks soon", "rubbish", "stalls"])
    )
    async def worker(self, how):
        self.have_worker(how)

    @step(up=st.booleans())
    async def node(self, up):
        self.up = up
        if up:
            self.shop.node.come_back()
        else:
            self.shop.node.go_down()

    @step(how=st.sampled_from(["well", "well", "dear", "slow", "away", "no channel", "died"]))
    async def payments(self, how):
        """Our node's way to the buyer."""
        self.have_payments(how)

    @step(how=st.sampled_from(["well", "well", "fails", "is silent"]))
    async def receivers(self, how):
        """Who is told what becomes of orders."""
        self.have_receiver(how)

    @step(passes=st.sampled_from(TIMES))
    async def time(self, passes):
        self.passes(**passes)
        if self.up:
            self.shop.node.come_back()  # which has its followers look again

    @step(blocks=st.sampled_from([10, 60]))
    async def chain(self, blocks):
        self.shop.node.mine(blocks)
        self.shop.clock.pass_by(seconds=HEIGHT_FRESHNESS.total_seconds())

    @step(what=st.sampled_from(["videos/", "pieces/", "uploads/"]))
    async def disk(self, what):
        """Lose what was stored, as a disk that dies does, or a backup that is older than the rows."""
        for order in self.orders:
            order.lost = True
        await open_objects(self.shop.settings()).delete(what)

    @step(which=st.integers(0, 999))
    async def sector(self, which):
        """Lose one object."""
        for order in self.orders:
            order.lost = True
        objects = open_objects(self.shop.settings())
        kinds = ("videos/", "pieces/", "uploads/")
        names = sorted([name for kind in kinds async for page in objects.list(kind) for name in page])
        if names:
            await objects.delete(names[which % len(names)])

    @rule(replica=st.integers(0, 1), may_pay=st.booleans())
    def restart(self, replica, may_pay):
        with self.telling(f"restart {replica} {may_pay=}"):
            self.restart_one(replica, may_pay)

    @rule(which=which, replica=st.integers(0, 1), may_pay=st.booleans())
    def restart_amid_a_download(self, which, replica, may_pay):
        """The download breaks or ends at the other replica, and asked again it is the same video."""
        with self.telling(f"restart_amid_a_download {which} {replica} {may_pay=}"):
            order = self.portal.call(self.begin_download, which)
            self.restart_one(replica, may_pay)
            if order is not None:
                self.portal.call(self.go_on, order)

    # ---- what is always so

    @invariant()
    def every_order_is_where_it_may_be(self):
        self.call(self.look)

    def teardown(self):
        try:
            self.call(self.all_is_well)
            with self.telling("all start once more"):
                for replica in range(len(self.replicas)):
                    self.restart_one(replica, may_pay=True)
            self.call(self.all_ends)
            self.call(self.look)
            self.call(self.money_adds_up)
            self.call(self.all_is_told)
        finally:
            for service in self.services:
                service.__exit__(None, None, None)
            self.stack.close()

    async def look(self):
        for payment, order in zip(
            await asyncio.gather(*(self.payment(order) for order in self.orders)), self.orders, strict=True
        ):
            if payment is None:
                continue
            status, video = payment["status"], payment["video"]
            assert status == order.status or status in MOVES[order.status], (order.status, status)
            assert video["frames"] >= order.frames or order.lost
            # Months may pass while it is made, and then it may be seen whole just before it is forgotten.
            if video["state"] not in ("ready", "deleted"):
                order.unready_at = self.shop.clock.ahead
            since = max(order.made_at, order.unready_at)
            deleted = video["state"] == "deleted" and status != "refunded"
            assert not deleted or self.shop.clock.ahead - since > KEPT, (
                "deleted before anybody could fetch it"
            )
            if video["state"] in ("rendering", "interrupted", "ready"):
                assert status == "refunded" or payment["refund"] is None, "refundable although it goes on"
            settled = self.settled(order)
            assert settled or status not in ("paid", "refunded")
            assert (payment["refund"] or {}).get("state") is None or settled
            order.status, order.frames = status, video["frames"]
            order.failed = payment["refund"] is not None
            assert not self.goes_back(order) or video["state"] not in ("rendering", "ready"), (
                "a video is made whose money is on its way back"
            )
            assert len(self.refunded(order)) + (order.whole is not None) <= 1, (
                "more than one of video and money"
            )
        for done in [each for each in self.downloads if each.done()]:
            self.downloads.remove(done)
            done.result()
        await asyncio.gather(*(self.look_at_account(key) for key in {each.key for each in self.top_ups}))
        for order in self.orders:
            self.nothing_is_invented(order)

    async def look_at_account(self, key: str) -> int:
        """Assert that an account has no more than what was paid for it; how much it has."""
        mine = [each for each in self.top_ups if each.key == key]
        answer = await self.http.get(self.url("/account"), headers={"X-API-Key": key})
        if answer.status_code == 401:
            assert all(map(self.may_be_nobodys, mine))
            return 0
        assert answer.status_code == 200, answer.text
        account = answer.json()
        moves = [each["ms"] for each in account["ledger"]]
        assert account["granted_ms"] == account["free_ms"] == sum(moves)
        assert len(moves) <= len([each for each in mine if each.paid])
        assert account["granted_ms"] <= sum(each.ms for each in mine if each.paid)
        return account["granted_ms"]

    def nothing_is_invented(self, order: Bought) -> None:
        """Assert that what was told of an order so far has happened."""
        told = self.receiver.events(order.invoice)
        assert order.webhook or not told
        for event in ONCE:
            assert len([each for each in told.values() if each == event]) <= 1, told
        events = set(told.values())
        assert self.settled(order) or not events & {"payment.settled", "refund.paid"}, told
        assert order.hold or "payment.held" not in events
        assert "payment.expired" not in events or self.shop.clock.ahead - order.made_at >= SOLD_FOR
        assert "refund.paid" not in events or self.refunded(order)
        # A message that was given up keeps the next one no longer.
        assert order.untold or "video.started" in events or not events & {"video.ready", "video.failed"}, told

    async def all_is_told(self):
        """Have the operator send what was given up, and all pauses pass: assert that nothing is missing."""
        async with open_outbox(self.shop.settings()) as outbox, asyncio.timeout(DEADLINE_S):
            await outbox.replay(None, self.shop.clock.now())
            self.shop.clock.pass_by(seconds=LONGEST_PAUSE.total_seconds())
            self.shop.node.come_back()
            while await self.is_owed_word(outbox):  # noqa: ASYNC110 - what rows say
                await asyncio.sleep(0.02)
        for order in self.orders:
            self.nothing_is_invented(order)
            if order.webhook and not order.untold:
                await self.nothing_is_missing(order)
        for key in {each.key for each in self.top_ups}:
            paid = [each.ms for each in self.top_ups if each.key == key and each.paid]
            assert await self.look_at_account(key) == sum(paid), "a top-up was not credited"

    async def is_owed_word(self, outbox: Any) -> bool:
        """Whether something has still to happen, or else to be told: what happens is written down to be told."""
        payments = [await self.payment(order) for order in self.orders]
        if any(payment is not None and payment["status"] in ("pending", "held") for payment in payments):
            return True
        tomorrow = self.shop.clock.now() + timedelta(days=1)
        return bool(await outbox.due(tomorrow, but=(), limit=1))

    async def nothing_is_missing(self, order: Bought) -> None:
        payment = await self.payment(order)
        if payment is None:
            return
        status, video = payment["status"], payment["video"]["state"]
        events = set(self.receiver.events(order.invoice).values())
        assert (status in ("paid", "refunded")) == ("payment.settled" in events), (status, events)
        assert (status == "refunded") == ("refund.paid" in events), (status, events)
        assert status != "expired" or "payment.expired" in events, events
        assert video == "none" or "video.started" in events, (video, events)
        assert video not in ("ready", "deleted") or events & {"video.ready", "refund.paid"}, (video, events)
        assert (video != "failed" and status != "refunded") or "video.failed" in events, (video, events)
        assert order.whole is None or "video.ready" in events, events

    async def all_is_well(self):
        self.have_receiver("well")
        for download in self.downloads:
            download.cancel()
        self.downloads.clear()
        self.have_worker("well")
        self.up = True
        self.shop.node.come_back()
        self.have_payments("well")
        self.shop.clock.pass_by(seconds=ASK_AGAIN.total_seconds())

    async def all_ends(self):
        async with asyncio.timeout(DEADLINE_S):
            for order in self.orders:
                while not await self.has_ended(order):  # noqa: ASYNC110 - what a buyer can do
                    await asyncio.sleep(0.01)

    async def has_ended(self, order: Bought) -> bool:  # noqa: PLR0911 - a case each
        """Do what a buyer does who wants the video, or the money: whether there is one of them."""
        if (payment := await self.payment(order)) is None:
            return True
        match payment["status"]:
            case "pending" | "expired" | "canceled" if not self.settled(order):
                return order.paying is None or order.paying.done()
            case "refunded":
                [_] = self.refunded(order)
                return True
            case "paid" if payment["video"]["state"] == "deleted":
                assert order.hold or self.shop.clock.ahead - order.paid_at > KEPT
                return True
            case "paid":
                for wish in (ONE, OTHER):
                    await self.download(order, wish, claims=True)
                if order.lost and order.whole is None:  # what it was made of may be gone
                    payment = await self.payment(order)
                    assert payment is not None
                    if payment["refund"]:
                        await self.ask_refund(order, None, "new")
                    elif payment["video"]["state"] == "failed":
                        return True  # its last bytes were handed out, though the line broke just then
                return order.whole is not None
        return False

    async def money_adds_up(self):
        async with open_refunds(self.shop.settings()) as refunds:
            ledger = await refunds.ledger()
        received = sum(settlement.amount_paid for settlement in self.shop.node._books.settled)
        sent = [each for each in self.payer._payments.values() if each.state is PaymentState.SUCCEEDED]
        assert received == EVERY_BITCOIN - self.shop.node.inbound == ledger.received_msat
        advance = [each.quote["amount"] * 1000 for each in self.top_ups if each.paid]
        assert ledger.topped_up_msat == sum(advance)
        assert ledger.prepaid_ms == sum(each.ms for each in self.top_ups if each.paid)
        assert (
            sum(settlement.amount_paid for settlement in self.shop.buyer._books.settled)
            == ledger.refunded_msat
        )
        assert sum(payment.amount for payment in sent) == ledger.refunded_msat
        assert sum(payment.fee for payment in sent) == ledger.fees_msat
        assert ledger.owed == 0
        for order in self.orders:
            if order.paying and not order.paying.exception():
                assert self.settled(order)

    # ---- how it is done

    def have_worker(self, how: str) -> None:
        worker = self.shop.worker
        worker.answer = {"busy": (503, "busy"), "refuses": (400, "Nobody can say that.")}.get(how)
        worker.fail_after = {"breaks soon": 0, "breaks": 2}.get(how)
        worker.fault = "rubbish" if how == "rubbish" else None
        self.holding = how == "stalls"
        worker.hold_after = 2 if self.holding else None
        worker.go.set()  # those that stalled go on
        worker.go = asyncio.Event()

    def have_receiver(self, how: str) -> None:
        self.receiver.speak()
        self.receiver.status, self.receiver.silent = 500 if how == "fails" else 200, how == "is silent"
        self.deaf |= how != "well"

    def passes(self, **duration: int) -> None:
        """Let time pass; what receivers do not take for days may be given up.

        What they refused just before may be as well: it may be noted only now.
        """
        self.shop.clock.pass_by(**duration)
        if self.deaf:
            for order in self.orders:
                order.unheard += timedelta(**duration)
        self.deaf = self.receiver.status != 200 or self.receiver.silent

    def have_topped_up(self, top_up: TopUp) -> None:
        """Pay for video time; the node refuses what is paid or over."""
        try:
            self.shop.node.pay(top_up.quote["bolt11_invoice"])
        except PaymentFailed:
            return
        top_up.paid = True

    def may_be_nobodys(self, top_up: TopUp) -> bool:
        """Whether an account that was made for a top-up may be gone with it."""
        return not top_up.paid and self.shop.clock.ahead - top_up.made_at > REMEMBERED

    def have_payments(self, how: str) -> None:
        self.payer.fee = Msat(1_000_000 if how == "dear" else 7)
        self.payer.holding = how == "slow"
        if how == "away":
            self.payer.go_down()
        else:
            self.payer.come_back()
        if how == "no channel":
            self.payer.lose_channels()
        else:
            self.payer.regain_channels()
        if how == "died":
            self.payer.die()
        if how == "well":
            self.payer.let_go()

    def open(self, replica: Any, *, may_pay: bool) -> Any:
        """Start a replica; who uses what is returned stops it."""
        replica.payer = self.payer if may_pay else None
        service = self.portal.wrap_async_context_manager(
            replica.open(
                payment_wait_s=0.05,
                status_wait_s=0.05,
                resume_s=0.2,
                sweep_s=0.2,
                hold_quotes_per_client=0,
                video_retention_days=KEPT.days,
                l402_valid_s=10**9,
                l402_expiry_s=900,
                webhook_private=True,
                webhook_look_s=0.2,
            )
        )
        service.__enter__()
        return service

    def restart_one(self, replica: int, may_pay: bool) -> None:
        at = replica % len(self.replicas)
        self.services[at].__exit__(None, None, None)
        self.services[at] = self.open(self.replicas[at], may_pay=may_pay)

    def renders(self, order: Bought) -> int:
        """How often a worker was asked to render an order."""
        return sum(int(request["order"]) == order.number for request in self.shop.worker.requests)

    async def unasked(self, sale: dict[str, bool]) -> Bought | None:
        """An order that is paid and nobody has asked for: the first that there is, or a new one."""
        if len(self.orders) < MOST_ORDERS:
            await self.sell(**{**sale, "hold": False, "pays": True})
        for order in self.orders:
            if order.waits:
                return order
        return None

    async def insist(self, order: Bought) -> None:
        """Ask until the video is here."""
        async with asyncio.timeout(DEADLINE_S):
            while order.whole is None:
                await self.ask(order, ONE, claims=True)

    async def begin_download(self, which: int) -> Bought | None:
        """Ask for a video whose render stalls; the order, once a part of it is here."""
        mine = [order for order in self.orders if order.paid_at is not None and order.whole is None]
        if not self.up or not (order := self.chosen(which, of=mine)):
            return None
        self.have_worker("stalls")
        order.flowing.clear()
        download = asyncio.create_task(self.download(order, ONE, claims=True))
        self.downloads.append(download)
        flows = asyncio.create_task(order.flowing.wait())
        await asyncio.wait([download, flows], return_when=asyncio.FIRST_COMPLETED)
        flows.cancel()
        return order if order.flowing.is_set() and not order.lost else None

    async def go_on(self, order: Bought) -> None:
        self.have_worker("well")
        await self.insist(order)

    def chosen(self, which: int, of: list[Bought] | None = None) -> Bought | None:
        """One of the orders, rather of some; None before there is any."""
        among = of or self.orders
        return among[which % len(among)] if among else None

    def url(self, path: str) -> str:
        """Where to ask: at one replica after the other."""
        self.requests += 1
        return self.replicas[self.requests % len(self.replicas)].url + path

    async def post(self, path: str, **request: Any) -> httpx.Response:
        return await self.http.post(self.url(path), **request)

    async def payment(self, order: Bought) -> dict[str, Any] | None:
        """What is told of an order; None where nobody paid for it for so long that it is forgotten."""
        answer = await self.http.get(self.url(f"/lightning/payment/{order.invoice}"), headers=claim(order))
        if answer.status_code == 404:
            assert self.may_be_gone(order)
            order.gone = True
            return None
        assert not order.gone
        assert answer.status_code == 200, answer.text
        return answer.json()

    def may_be_gone(self, order: Bought) -> bool:
        """Whether an order may be forgotten with its invoice: nobody can pay it any more."""
        state = self.shop.node._books.records[order.payment_hash].state(self.shop.clock.now().timestamp())
        return state is InvoiceState.CANCELED and self.shop.clock.ahead - order.made_at > REMEMBERED

    def settled(self, order: Bought) -> bool:
        """Whether the node has the money, as it says itself."""
        record = self.shop.node._books.records[order.payment_hash]
        return record.state(self.shop.clock.now().timestamp()) is InvoiceState.SETTLED

    def refunded(self, order: Bought) -> list[str]:
        """The invoices of its buyer that were paid for an order."""
        return [
            each.bolt11 for each in self.shop.buyer._books.settled if each.bolt11 in order.refund_invoices
        ]

    def goes_back(self, order: Bought) -> bool:
        """Whether our node pays an invoice of its buyer, or has."""
        hashes = [hash_of(invoice) for invoice in order.refund_invoices]
        known = [self.payer._payments[each].state for each in hashes if each in self.payer._payments]
        return PaymentState.IN_FLIGHT in known or PaymentState.SUCCEEDED in known

    async def sell(
        self, *, audio: bool, hold: bool, private: bool, names: bool, pays: bool, l402: bool, webhook: bool
    ) -> None:
        if len(self.orders) == MOST_ORDERS:
            return
        if l402 and not hold:
            await self.challenge(pays, webhook=webhook)
            return
        wish = {**ONE, "language": "en"} if hold or names else {}
        if webhook:
            wish["webhook_url"] = f"{self.receiver.url}/"
        if audio:
            form = {**wish, "hold": str(hold).lower(), "private": str(private).lower()}
            files = {"audio": ("speech.wav", self.make_wav(0.2))}
            answer = await self.post("/lightning/request-video/audio", data=form, files=files)
        else:
            body = {"text": "Hello there.", "hold": hold, "private": private, **wish}
            answer = await self.post("/lightning/request-video/text", json=body)
        assert answer.status_code == (200 if self.up else 503), answer.text
        if self.up:
            await self.keep(answer.json(), hold, pays, webhook=webhook)

    async def challenge(self, pays: bool, *, webhook: bool) -> None:
        """Sell by L402; who has the credential can make the claim token of it."""
        wish = {"text": "Hello there.", **ONE}
        receiver = {"webhook_url": f"{self.receiver.url}/"} if webhook else {}
        answer = await self.post("/l402/video", json={**wish, **receiver})
        assert answer.status_code == (402 if self.up else 503), answer.text
        if self.up:
            quote = answer.json()
            nonce = Identifier.unpack(Macaroon.decode(quote["macaroon"]).identifier).nonce
            claim = Tokens.of_nonce(nonce).claim
            await self.keep({**quote, "claim_token": claim}, False, pays, wish, webhook=webhook)

    async def keep(
        self,
        quote: dict[str, Any],
        hold: bool,
        pays: bool,
        l402: dict[str, str] | None = None,
        *,
        webhook: bool = False,
    ) -> None:
        async with open_orders(self.shop.settings()) as kept:
            order = await kept.orders.find(quote["bolt11_invoice"])
        assert order
        self.orders.append(
            Bought(order.id, quote, hold, l402, made_at=self.shop.clock.ahead, webhook=webhook)
        )
        if pays:
            self.have_paid(self.orders[-1])

    def have_paid(self, order: Bought, times: int = 1) -> None:
        """Pay what is asked or more; the node refuses what is paid or over, and what is held is paid exactly."""
        if order.hold:
            order.paying = order.paying or asyncio.create_task(self.shop.node.pay_held(order.invoice))
            return
        try:
            order.preimage = self.shop.node.pay(
                order.invoice, amount=Msat(times * order.quote["amount"] * 1000)
            )
        except PaymentFailed:
            return
        assert order.paid_at is None, "paid twice"
        order.paid_at = self.shop.clock.ahead

    async def ask(self, order: Bought, wish: dict[str, str], claims: bool) -> None:
        """Ask for the video, and read it to its end unless that waits for something."""
        download = asyncio.create_task(self.download(order, wish, claims))
        self.downloads.append(download)
        if self.up and not self.holding:
            await download

    async def download(self, order: Bought, wish: dict[str, str], claims: bool) -> None:
        order.asked = True
        film = self.film(order, wish)
        body = {"bolt11_invoice": order.invoice, **wish}
        url, received, shown = self.url("/lightning/generate-video"), b"", claim(order)
        if order.l402 is not None:
            body, url = {**order.l402, **wish}, self.url("/l402/video")
            shown = {"Authorization": f"L402 {order.quote['macaroon']}:{order.shown.hex()}"}
        try:
            async with self.http.stream("POST", url, json=body, headers=shown if claims else {}) as answer:
                async for chunk in answer.aiter_raw():
                    received += chunk
                    if answer.status_code == 200:
                        order.flowing.set()
                    assert received != film or self.settled(order), "a whole video for nothing"
        except httpx.TransportError:  # the service stopped, or the render
            assert film.startswith(received)
            return
        if answer.status_code == 200:
            assert received == film
            assert order.whole in (None, received)
            order.whole = received
            return
        problem = json.loads(received)
        if answer.status_code == 402:
            assert order.l402 is not None
            good = claims and wish == ONE and order.paid_at is not None
            assert not good or order.status == "refunded" or self.goes_back(order) or order.whole is not None
            return
        assert answer.status_code in (400, 404, 409, 410, 503), problem
        if answer.status_code == 404 and self.may_be_gone(order):
            return
        # Who shows no credential is challenged, or not even that where the node is away.
        hidden = not claims and order.l402 is None and order.quote["claim_token"] is not None
        assert (answer.status_code == 404) == hidden
        if order.status == "paid" and answer.status_code == 400:
            assert problem["detail"] != "Invoice not paid in time."

    async def ask_refund(self, order: Bought, fault: str | None, invoice: str) -> None:
        if invoice == "same" and order.refund_invoices:
            refund_invoice = order.refund_invoices[-1]
        elif invoice == "open":
            refund_invoice = self.shop.buyer.add_open_invoice().bolt11
        else:
            paid = order.quote["amount"] * 1000
            amount = Msat(3 * paid + 1 if fault == "amount" else paid // 2)
            made = await self.shop.buyer.add_invoice(amount=amount, memo="", expiry_s=3600)
            refund_invoice = made.bolt11
        order.refund_invoices.append(refund_invoice)
        shown = order.shown
        begun = len(self.payer.begun)
        answer = await self.post(
            "/lightning/refund",
            json={
                "bolt11_invoice": order.invoice,
                "refund_token": "x" * 43 if fault == "token" else order.quote["refund_token"],
                "preimage": shown.hex(),
                "refund_invoice": refund_invoice,
            },
        )
        assert answer.status_code in (200, 202, 400, 404, 409, 503), answer.text
        if answer.status_code == 404 and self.may_be_gone(order):
            return
        proves = fault != "token" and shown != bytes(32)
        assert (answer.status_code == 404) == (not proves)
        if answer.status_code == 200:
            assert refund_invoice in self.refunded(order)
            assert order.whole is None
        elif answer.status_code in (400, 404):
            assert len(self.payer.begun) == begun

    def film(self, order: Bought, wish: dict[str, str]) -> bytes:
        """The video of an order, as its choice has it made."""
        worker, sign = self.shop.worker, signature(order.number, wish)
        return worker._init() + b"".join(sign + worker._segment(n) for n in range(worker.segments))


@functools.cache
def hash_of(invoice: str) -> PaymentHash:
    """Read an invoice, once: that takes longer than what is asked with it."""
    return read_invoice(invoice).payment_hash


def signature(order: int | str, wish: dict[str, Any]) -> bytes:
    return f"{order} {wish['avatar']} {wish['emotion']} ".encode()


def claim(order: Bought) -> dict[str, str]:
    token = order.quote["claim_token"]
    return {"Authorization": f"Bearer {token}"} if token else {}


@pytest.fixture(scope="module")
def portal():
    with start_blocking_portal() as portal:
        yield portal
        portal.call(
            portal.stop, True
        )  # a story that failed may have left a service open, which nobody waits for


@pytest.fixture
def many_stores(request, portal, tmp_path_factory):
    """Make what a shop keeps its rows and bytes in: of one service nothing beside its folder, of replicas servers."""
    if request.param == "one":
        return lambda: None
    server = request.getfixturevalue("postgres")

    async def make_database() -> str:
        name = f"life_{secrets.token_hex(4)}"
        connection = await asyncpg.connect(server)
        await connection.execute(f"create database {name}")
        await connection.close()
        return server.replace("/postgres?", f"/{name}?")

    return lambda: {
        "database_url": portal.call(make_database),
        "objects_url": f"file://{tmp_path_factory.mktemp('bucket')}",
    }


@pytest.mark.parametrize("many_stores", ["one", "replicas"], indirect=True)
def test_whatever_happens_every_payment_becomes_a_video_or_goes_back(
    portal, make_closed_shop, run_server, tmp_path_factory, make_wav, many_stores, request, full
):
    def machine():
        folder = tmp_path_factory.mktemp("life")
        return OrderMachine(portal, make_closed_shop, run_server, folder, make_wav, many_stores())

    examples = EXAMPLES[request.node.callspec.params["many_stores"]]
    run(machine, full=full, examples=examples, steps=(STEPS, MANY_STEPS))
