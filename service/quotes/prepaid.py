"""Takes the orders of accounts: text → seconds → a reservation of video time that the account has.

What is set aside is the prediction in whole seconds, rounded up, and an account never pays more: where the video
becomes longer that is ours, as with a quote; where it becomes shorter the rest is free again.
"""

import asyncio
import contextlib
import hashlib
import secrets
import uuid
from collections.abc import Awaitable, Callable
from datetime import timedelta
from weakref import WeakValueDictionary

import msgspec

from service.accounts.account import Account, whole_seconds
from service.accounts.port import Accounts
from service.accounts.prepaid import AccountTerms, VideoTime
from service.catalogue.choosing import Choosing
from service.errors import InvalidApiKey, KeyReused, KeyTaken, VideoGone
from service.orders.choice import Choice
from service.orders.order import Order, Status
from service.orders.prepaid import Holding, NewPrepaid, PrepaidOrders
from service.orders.stage import Stage
from service.orders.tokens import IdempotencyKey, Tokens
from service.orders.webhook import Webhook
from service.orders.wish import Wish
from service.quotes.idempotency import SALT_BYTES, parse_key
from service.quotes.port import Backgrounds, Screen
from service.quotes.prepaid_terms import KEY_KEPT, NOBODY_CAME, PrepaidTerms, Taken
from service.quotes.staging import furnished
from service.quotes.terms import Terms
from service.quotes.texts import speech_of
from service.runtime.clock import Clock, from_millis, to_millis
from service.webhooks.addresses import check_url
from service.webhooks.signing import secret_of

MS = 1000


class PrepaidOrdering:
    """Takes orders. A class since requests with one key at the same time wait for the first."""

    def __init__(
        self,
        *,
        terms: Terms,
        prepaid: PrepaidTerms,
        account_terms: AccountTerms,
        accounts: Accounts,
        video_time: VideoTime,
        orders: PrepaidOrders,
        choosing: Choosing,
        backgrounds: Backgrounds,
        screen: Screen | None,
        private_receivers: bool,
        now: Clock,
        new_id: Callable[[], uuid.UUID] = uuid.uuid4,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._terms = terms
        self._prepaid = prepaid
        self._account_terms = account_terms
        self._accounts = accounts
        self._video_time = video_time
        self._orders = orders
        self._choosing = choosing
        self._backgrounds = backgrounds
        self._screen = screen
        self._private_receivers = private_receivers
        self._now = now
        self._new_id = new_id
        self._random = random
        self._locks: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    async def order(
        self,
        text: str,
        choice: Choice,
        *,
        account_id: int,
        delayed: bool,
        key: str | None,
        stage: Stage | None = None,
        asked: str | None = None,
        webhook_url: str | None = None,
        public_id: str | None = None,
    ) -> Taken:
        """Take an order, and set its time aside unless it is delayed.

        Args:
            text: What is to be spoken.
            choice: Names an avatar, an emotion and a language.
            account_id: Who pays.
            delayed: Nothing is done until its video is asked for.
            key: What the client calls this wish, so that it is one order however often it is sent; None: it is another
                each time. An order that was given up is none.
            stage: Where somebody stands, and on what.
            asked: What else the surface that it comes by wants to tell of it.
            webhook_url: Who is told what becomes of it, in place of the account's receiver.
            public_id: What it is called on the outside, by a surface that names orders in its own way.

        Raises:
            InvalidRequest: The text, the choice or the stage cannot be rendered, the key is no UUID, or nobody on the
                internet has the receiver's URL.
            ContentRefused: The operator's judge will not have it.
            InsufficientCredits: The account has not so much.
            TooManyRequests: Too many of its jobs are open, or of its orders delayed.
            KeyReused: The key was used to ask for something else.
            InvalidApiKey: The account has just gone.
        """
        if webhook_url is not None:
            check_url(webhook_url, private=self._private_receivers)

        async def make(tokens: Tokens) -> Taken:
            new = await self.prepared(
                text,
                choice,
                stage,
                account_id=account_id,
                delayed=delayed,
                idempotency=tokens.idempotency,
                asked=asked,
                webhook=_webhook(webhook_url, tokens),
                public_id=public_id,
            )
            return await self._keep(new)

        # Without them it is what it always was.
        more: list[object] = [
            each for each in (stage, asked, webhook_url and {"webhook_url": webhook_url}) if each is not None
        ]
        if public_id is not None:  # an order of this surface is none of another
            more.append(None)
        wanted = msgspec.json.encode((text, choice, delayed, *more))
        return await self._once(account_id, key, wanted, make, webhook_url=webhook_url)

    async def order_recording(
        self,
        upload: str,
        duration_ms: int,
        choice: Choice,
        *,
        account_id: int,
        key: str | None,
        asked: bytes,
        public_id: str,
        stage: Stage | None = None,
    ) -> Taken:
        """Take an order for a recording that is stored and judged, and set its time aside.

        Args:
            upload: Its object.
            duration_ms: How long it is.
            choice: Names an avatar and an emotion.
            account_id: Who pays.
            key: As `order` says.
            asked: What was asked for, by which the same key is told from another wish.
            public_id: What it is called on the outside.
            stage: As `order` says.

        Raises as `order` does.
        """

        async def make(tokens: Tokens) -> Taken:
            sold = await furnished(stage, self._terms, self._backgrounds, account_id, spoken=False)
            wish = Wish(
                text=None,
                upload=upload,
                duration_ms=duration_ms,
                choice=choice,
                stage=sold.stage,
                percent=sold.percent,
            )
            return await self._keep(
                self._priced(wish, account_id=account_id, idempotency=tokens.idempotency, public_id=public_id)
            )

        return await self._once(account_id, key, asked, make)

    async def _once(
        self,
        account_id: int,
        key: str | None,
        wanted: bytes,
        make: Callable[[Tokens], Awaitable[Taken]],
        *,
        webhook_url: str | None = None,
    ) -> Taken:
        """Make an order, or find the one that was made with the same key."""
        if key is None:
            return await make(Tokens.random(private=False))
        key = parse_key(key)
        key_hash = hashlib.sha256(f"account {account_id} {key}".encode()).digest()
        idempotency = IdempotencyKey(
            key_hash=key_hash, fingerprint=hashlib.sha256(wanted).digest(), salt=self._random(SALT_BYTES)
        )
        async with self._locks.setdefault(key_hash, asyncio.Lock()):
            while True:
                if found := await self._orders.of_idempotency_key(key_hash, self._now()):
                    before, order = found
                    if before.fingerprint != idempotency.fingerprint:
                        raise KeyReused
                    told = _webhook(webhook_url, Tokens.derived(key, before, private=False))
                    return Taken(
                        order=order, again=True, webhook_secret=None if told is None else told.secret
                    )
                with contextlib.suppress(KeyTaken):  # its order is the one
                    return await make(Tokens.derived(key, idempotency, private=False))

    async def begin(self, order: Order) -> Order:
        """Set the time of a delayed order aside, once, whoever asks at the same time; of another nothing happens.

        Raises:
            VideoGone: Nobody asked for its video in time.
            InsufficientCredits: The account has not so much now.
            TooManyRequests: Too many of its jobs are open.
        """
        if order.status is Status.EXPIRED:
            raise VideoGone(NOBODY_CAME)
        if order.status is not Status.PENDING:
            return order
        order.remembered()
        assert order.account_id is not None
        assert order.public_id is not None
        account = await self._account(order.account_id)
        held_ms = _held(order.wish)
        if await self._orders.begin(order, order.wish.choice, held_ms, self._holding(account), self._now()):
            return msgspec.structs.replace(order, status=Status.PAID)
        found = await self._orders.find(order.public_id)
        if found is None or found.status in (Status.PENDING, Status.EXPIRED):  # noticed or not
            raise VideoGone(NOBODY_CAME)
        return found

    async def prepared(
        self,
        text: str,
        choice: Choice,
        stage: Stage | None,
        *,
        account_id: int,
        delayed: bool = False,
        idempotency: IdempotencyKey | None = None,
        asked: str | None = None,
        webhook: Webhook | None = None,
        public_id: str | None = None,
        brought: dict[str, str] | None = None,
    ) -> NewPrepaid:
        """Check and price an order that is to be kept; nothing is set aside yet. `brought` is as `furnished` says.

        Raises:
            InvalidRequest: The text, the choice or the stage cannot be rendered.
            ContentRefused: The operator's judge will not have it.
        """
        text = text.strip()  # what is judged is what is kept and spoken
        choice = await self._choosing.check(choice, account_id=account_id)
        sold = await furnished(stage, self._terms, self._backgrounds, account_id, brought=brought)
        wish = Wish(
            text=text,
            upload=None,
            duration_ms=speech_of(text, choice.language, self._terms, sold.stage).milliseconds,
            choice=choice,
            stage=sold.stage,
            percent=sold.percent,
        )
        if self._screen:
            await self._screen.text(text)
        return self._priced(
            wish,
            account_id=account_id,
            delayed=delayed,
            idempotency=idempotency,
            asked=asked,
            webhook=webhook,
            public_id=public_id,
        )

    def _priced(
        self,
        wish: Wish,
        *,
        account_id: int,
        idempotency: IdempotencyKey | None,
        delayed: bool = False,
        asked: str | None = None,
        webhook: Webhook | None = None,
        public_id: str | None = None,
    ) -> NewPrepaid:
        created_at = from_millis(to_millis(self._now()))
        return NewPrepaid(
            public_id=public_id or str(self._new_id()),
            account_id=account_id,
            wish=wish,
            held_ms=_held(wish),
            delayed=delayed,
            idempotency=idempotency,
            created_at=created_at,
            expires_at=created_at + (timedelta(days=self._prepaid.delayed_days) if delayed else KEY_KEPT),
            asked=asked,
            webhook=webhook,
        )

    async def holding(self, account_id: int) -> Holding:
        """Tell how an account pays.

        Raises:
            InvalidApiKey: It has just gone.
        """
        return self._holding(await self._account(account_id))

    async def _keep(self, new: NewPrepaid) -> Taken:
        order = Order(
            id=await self._orders.add(new, await self.holding(new.account_id)),
            status=Status.PENDING if new.delayed else Status.PAID,
            wish=new.wish,
            amount_sat=0,
            usd_micros=0,
            created_at=new.created_at,
            expires_at=new.expires_at,
            account_id=new.account_id,
            public_id=new.public_id,
        )
        secret = None if new.webhook is None else new.webhook.secret
        return Taken(order=order, again=False, webhook_secret=secret)

    async def _account(self, account_id: int) -> Account:
        account = await self._accounts.get(account_id)
        if account is None:  # it was made for a top-up that nobody paid, and has just gone
            raise InvalidApiKey
        return account

    def _holding(self, account: Account) -> Holding:
        return Holding(
            most_open=self._account_terms.account_jobs,
            most_delayed=self._prepaid.delayed_per_account,
            unlimited=self._video_time.unlimited(account),
        )


def _webhook(url: str | None, tokens: Tokens) -> Webhook | None:
    """Tell who is told of an order."""
    if url is None or tokens.webhook is None:
        return None
    return Webhook(url=url, secret=secret_of(tokens.webhook))


def _held(wish: Wish) -> int:
    return whole_seconds(wish.billed_ms) * MS
