"""Sends letters until their receivers say that they have them: for three days, with growing pauses, in order per order.

A receiver that fails or dawdles blocks only its own orders, and a letter of which the database does not take what came
of it blocks none. What was sent and not noted, since the service died between the two, is sent again by the same id:
receivers go by that.
"""

import asyncio
import functools
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import structlog

from service.errors import ReceiverAway, ReceiverCrowded
from service.runtime.bells import Bells
from service.runtime.clock import Clock
from service.runtime.section import Positive, Section
from service.webhooks.addresses import origin, site
from service.webhooks.lanes import Flight, Kind, Lanes
from service.webhooks.port import AT_ONCE, Carrier, Letter, Outbox
from service.webhooks.signing import headers

PAUSES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
)
"""After each try that failed; the last as often as there is time."""

JITTER = 0.1
"""Of a pause, so that many that failed together do not come back together."""

LONGEST = timedelta(days=3)
"""After its event a letter is tried no more."""

LONGEST_RETRY_AFTER = timedelta(hours=24)

GATHER_S = 0.02
"""How long a ring waits for others, so that one look serves them all."""

AT_ONCE_PER_HOST = 8

AT_ONCE_PER_SITE = 12
"""To names below one that somebody has registered, of those that have not proved quick."""

CROWDED = timedelta(seconds=5)
"""For so long a receiver is not asked where too many such as it are; that is no try of it."""

UNNOTED = timedelta(seconds=5)
"""For so long a letter is left alone of which the database did not take what came of it."""

GONE = 410
"""What a receiver answers that wants no more."""

log = structlog.get_logger()


class Terms(Section, frozen=True, kw_only=True):
    """Who may be told."""

    webhook_private: bool = False
    """Whether receivers of webhooks may be in the service's own network, and without TLS. For trying it out: whoever
    asks for a quote could have the service ask any address that it can reach."""

    webhook_look_s: Positive = 1
    """Seconds between looks for what receivers are to be told again; what is new is told at once."""


class Sending:
    """Sends what is in the outbox. A class since letters are on their way at the same time."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        carrier: Carrier,
        terms: Terms,
        public_url: str,
        bells: Bells,
        now: Clock,
        jitter: Callable[[], float] = lambda: random.uniform(1 - JITTER, 1 + JITTER),  # noqa: S311 - no secret
    ) -> None:
        self._outbox = outbox
        self._carrier = carrier
        self._look_s = terms.webhook_look_s
        self._public_url = public_url
        self._bells = bells
        self._now = now
        self._jitter = jitter
        self._lanes = Lanes(total=AT_ONCE, group=AT_ONCE_PER_SITE)
        self._unnoted: dict[int, datetime] = {}  # letters, and until when each is left alone

    async def run(self) -> None:
        """Send for ever: what is due is looked for when something happens to an order, and now and then."""
        going: dict[asyncio.Task[None], Letter] = {}
        self._unnoted.clear()
        with self._bells.watch() as rung:
            try:
                while True:
                    rung.clear()
                    await self._begin(going)
                    await self._wait(going, rung)
            finally:
                for task in going:
                    task.cancel()
                if going:
                    await asyncio.wait(going)

    async def _wait(self, going: dict[asyncio.Task[None], Letter], rung: asyncio.Event) -> None:
        """Wait until a letter is sent, something happens that may have to be told, or it is time to look."""
        ringing = asyncio.create_task(rung.wait())
        try:
            done, _ = await asyncio.wait(
                [*going, ringing], timeout=self._look_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            ringing.cancel()
        for task in [each for each in going if each.done()]:
            letter = going.pop(task)
            if (error := task.exception()) is not None:
                # What came of it is not known to the row: it is sent again by the same id, and no other waits for it.
                log.error("webhook_unnoted", order=letter.order_id, failure=repr(error))
                self._unnoted[letter.id] = self._now() + UNNOTED
        if ringing in done:  # what happens meanwhile is looked for with it
            await asyncio.sleep(GATHER_S)

    async def _begin(self, going: dict[asyncio.Task[None], Letter]) -> None:
        """Begin what is due and there is room for."""
        room = AT_ONCE - len(going)
        if room <= 0:
            return
        now = self._now()
        self._unnoted = {each: until for each, until in self._unnoted.items() if until > now}
        busy = Counter(origin(letter.webhook.url) for letter in going.values())
        look = functools.partial(
            self._outbox.due,
            now,
            but=[*(letter.id for letter in going.values()), *self._unnoted],
            full=[place for place, letters in busy.items() if letters >= AT_ONCE_PER_HOST],
        )
        due = await look(limit=AT_ONCE + room)
        if len(due) == AT_ONCE + room:  # there is more, behind which what is new is not to wait
            due = list(
                {letter.id: letter for letter in (*await look(limit=AT_ONCE, newest=True), *due)}.values()
            )
        crowded = []
        for letter in due:
            place = origin(letter.webhook.url)
            if busy[place] >= AT_ONCE_PER_HOST or len(going) >= AT_ONCE:
                continue
            flight = self._lanes.begin(place, site(letter.webhook.url), _monotonic())
            if flight is None:
                crowded.append(letter)
                continue
            busy[place] += 1
            going[asyncio.create_task(self._fly(letter, flight))] = letter
        if crowded:  # or they would hide all others
            await self._outbox.delay(crowded, now + CROWDED * self._jitter())

    async def _fly(self, letter: Letter, flight: Flight) -> None:
        answered_at = None
        try:
            answered_at = await self._send(letter, proven=flight.kind is Kind.PROVEN)
        finally:
            self._lanes.end(flight, answered_at or _monotonic(), answered=answered_at is not None)

    async def _send(self, letter: Letter, *, proven: bool) -> float | None:
        """Try once, and note what came of it; when it was answered, if it was."""
        answered_at = None
        body = self._body(letter)
        signed = headers(letter.webhook.secret, letter.message_id, int(self._now().timestamp()), body)
        wait: timedelta | None = None
        try:
            answer = await self._carrier.post(letter.webhook.url, body, signed, proven=proven)
        except ReceiverCrowded:
            await self._outbox.delay([letter], self._now() + CROWDED * self._jitter())
            return None
        except ReceiverAway as error:
            failure = error.reason
        except Exception as error:  # noqa: BLE001 - whatever a stranger's URL or answer breaks, it ends with this letter
            failure = type(error).__name__
            # Without its words, which may hold the URL.
            log.error("webhook_broken", order=letter.order_id, failure=failure)  # noqa: TRY400
        else:
            answered_at = _monotonic()
            if 200 <= answer.status < 300:  # noqa: PLR2004 - success
                await self._outbox.sent(letter)
                return answered_at
            failure = f"status {answer.status}"
            if answer.status == GONE:
                log.warning("webhook_gone", order=letter.order_id)
                await self._outbox.give_up(letter, failure, all_of_order=True)
                return answered_at
            if answer.retry_after_s is not None:
                wait = min(timedelta(seconds=answer.retry_after_s), LONGEST_RETRY_AFTER)
        await self._fail(letter, failure, wait)
        return answered_at

    async def _fail(self, letter: Letter, failure: str, wait: timedelta | None) -> None:
        now = self._now()
        pause = PAUSES[min(letter.tries, len(PAUSES) - 1)] * self._jitter()
        until = now + max(pause, wait or timedelta(0))
        if until - letter.tried_since > LONGEST:
            log.warning("webhook_dead", order=letter.order_id, webhook=letter.event.value, failure=failure)
            await self._outbox.give_up(letter, failure, all_of_order=False)
        else:
            await self._outbox.put_off(letter, until, failure)

    def _body(self, letter: Letter) -> bytes:
        """Write what is told: thin, and the same at each try. The rest is asked for where the URL leads."""
        data: dict[str, str | int]
        if letter.account_id is not None:
            data = {"account_id": letter.account_id, "account_url": f"{self._public_url}/account"}
        elif letter.invoice is not None:
            url = f"{self._public_url}/lightning/payment/{letter.invoice}"
            data = {"bolt11_invoice": letter.invoice, "payment_url": url}
        else:
            url = f"{self._public_url}/inference/{letter.public_id}/video.mp4"
            data = {"id": letter.public_id or "", "mp4_url": url}
        return msgspec.json.encode(
            {"type": letter.event.value, "timestamp": _iso(letter.happened_at), "data": data}
        )


def _monotonic() -> float:
    return asyncio.get_running_loop().time()


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
