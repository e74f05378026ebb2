"""Sells: text or speech → seconds → price → invoice."""

import asyncio
import contextlib
import tempfile
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from lightning import Msat
from lightning.l402 import Identifier
from service.catalogue.choosing import Choosing
from service.errors import KeyTaken, Unavailable
from service.jobs.port import UPLOADS, Objects
from service.orders.choice import Choice
from service.orders.port import NewOrder, Orders
from service.orders.root_key import RootKey
from service.orders.stage import Stage
from service.orders.tokens import Tokens, digest
from service.orders.webhook import Webhook
from service.orders.wish import Wish
from service.payments.payment import MEMO, NewPayment
from service.pricing.port import RateSource
from service.pricing.price import PERCENT, Price, price
from service.quotes.hold_quotes import HoldQuotes
from service.quotes.invoicing import Invoicing
from service.quotes.lnurls import Lnurls
from service.quotes.open_quotes import OpenQuotes, Reserved
from service.quotes.port import Screen
from service.quotes.seal import Seal
from service.quotes.staging import staged
from service.quotes.terms import Terms
from service.quotes.texts import speech_of
from service.quotes.upload_room import UploadRoom
from service.runtime.clock import Clock, from_millis, to_millis
from service.runtime.counters import Counters
from service.speech.wav import SAMPLE_RATE, WavInfo, inspect, read_pcm, write_plain
from service.webhooks.addresses import check_url
from service.webhooks.signing import secret_of

PCM_CHUNK_BYTES = 1 << 18
"""How much of an upload is in memory at once."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a video would cost now.

    Attributes:
        language: that it is priced for; None of a recording.
        percent: of the price of a plain video, for its canvas.
    """

    duration_ms: int
    language: str | None = None
    price: Price
    percent: int = PERCENT


class Quote(Estimate, frozen=True, kw_only=True):
    """What a video costs until the invoice expires."""

    invoice: str
    expires_at: datetime
    tokens: Tokens  # told to the buyer, kept as hashes
    lnurl: str | None = None  # leads wallets to the invoice


class Quoting:
    """Makes estimates and quotes."""

    def __init__(
        self,
        *,
        terms: Terms,
        counters: Counters,
        invoicing: Invoicing,
        orders: Orders,
        rates: RateSource,
        objects: Objects,
        choosing: Choosing,
        open_quotes: OpenQuotes,
        screen: Screen | None,
        upload_room: UploadRoom,
        holds: HoldQuotes,
        lnurls: Lnurls | None,
        private_receivers: bool,
        now: Clock,
    ) -> None:
        self._terms = terms
        self._counters = counters
        self._invoicing = invoicing
        self._orders = orders
        self._rates = rates
        self._objects = objects
        self._choosing = choosing
        self._open_quotes = open_quotes
        self._screen = screen
        self._upload_room = upload_room
        self._holds = holds
        self._lnurls = lnurls
        self._private_receivers = private_receivers
        self._now = now

    async def estimate_text(self, text: str, choice: Choice, *, stage: Stage | None = None) -> Estimate:
        """Price a text without selling it.

        Raises:
            InvalidRequest: The text, the choice or the stage cannot be rendered.
            RateUnavailable: Nothing can be priced now.
        """
        wish, language = self._read(text, await self._choosing.check(choice), stage)
        return await self._price(wish, language)

    async def quote_text(
        self,
        text: str,
        choice: Choice,
        tokens: Tokens,
        *,
        client: str,
        hold: bool = False,
        seal: Seal | None = None,
        webhook_url: str | None = None,
        stage: Stage | None = None,
    ) -> Quote:
        """Sell a video of a text; with `hold`, for a payment that is held until the video is whole.

        With a seal it is sold by L402, and the tokens are those of a nonce.

        Raises as `estimate_text` does, or what the node raises, or:

        Raises:
            ContentRefused: The operator's judge will not have it.
            TooManyRequests: The client has too many quotes that are not paid.
            Unavailable: All clients have, or the node cannot receive the amount.
        """
        choice = await self._choosing.check(choice)
        wish, language = self._read(text, choice, stage)
        async with self._reserve(choice, client, hold=hold, seal=seal, webhook_url=webhook_url) as room:
            if self._screen:
                assert wish.text is not None
                await self._screen.text(wish.text)
            return await self._sell(wish, language, tokens, room)

    async def quote_audio(
        self,
        wav: Path,
        choice: Choice,
        tokens: Tokens,
        *,
        client: str,
        hold: bool = False,
        seal: Seal | None = None,
        webhook_url: str | None = None,
        stage: Stage | None = None,
    ) -> Quote:
        """Sell a video of recorded speech; the file may be gone once this returns. Raises as `quote_text` does."""
        choice = await self._choosing.check(choice, spoken=False)
        sold = staged(stage, self._terms, spoken=False)
        info = await asyncio.to_thread(inspect, wav, max_seconds=self._terms.max_video_s)
        async with self._reserve(choice, client, hold=hold, seal=seal, webhook_url=webhook_url) as room:
            if self._screen:
                await _judge(self._screen, wav, info)
            async with self._stored(wav, info) as upload:
                wish = Wish(
                    text=None,
                    upload=upload.name,
                    duration_ms=-(-info.samples * 1000 // SAMPLE_RATE),
                    choice=choice,
                    stage=sold.stage,
                    percent=sold.percent,
                )
                return await self._sell(wish, None, tokens, room, upload)

    @contextlib.asynccontextmanager
    async def _reserve(
        self, choice: Choice, client: str, *, hold: bool, seal: Seal | None, webhook_url: str | None
    ) -> AsyncIterator["_Room"]:
        """Take room for a quote, before anything is asked or stored for it; given back where none is made."""
        now = self._now()
        if webhook_url is not None:
            check_url(webhook_url, private=self._private_receivers)
        holding = self._holds.reserve(choice, client, now) if hold else contextlib.nullcontext()
        async with holding as held, self._open_quotes.reserve(client, now) as opened:
            yield _Room(opened=opened, held=held, seal=seal, webhook_url=webhook_url)

    @contextlib.asynccontextmanager
    async def _stored(self, wav: Path, info: WavInfo) -> AsyncIterator["_Upload"]:
        """Store a recording; it is deleted again where it is certain that no row names it.

        Where that is not certain, since a commit's answer was lost, it stays: `retention.orphans` finds those.
        """
        upload = _Upload(name=f"{UPLOADS}{uuid.uuid4().hex}.pcm")
        with await self._upload_room.reserve(info.data_size, self._now()) as arrival:
            try:
                await self._objects.put(upload.name, read_pcm(wav, info, PCM_CHUNK_BYTES))
                yield upload
            except BaseException:
                if not upload.named:
                    with contextlib.suppress(Unavailable):
                        await self._objects.delete(upload.name)
                raise
            arrival.keep()

    async def _sell(
        self,
        wish: Wish,
        language: str | None,
        tokens: Tokens,
        room: "_Room",
        upload: "_Upload | None" = None,
    ) -> Quote:
        created_at = from_millis(to_millis(self._now()))  # as it is stored: told again, it is the same
        estimated = await self._price(wish, language)
        memo = f"{MEMO}, {wish.duration_ms / 1000:.1f} s"
        lnurl = None
        if self._lnurls is not None and tokens.lnurl is not None:
            lnurl = self._lnurls.of(tokens.lnurl, memo)
        payment = await self._invoicing.invoice(
            Msat(estimated.price.amount_msat),
            memo=memo,
            created_at=created_at,
            holder=None if room.held is None else self._holds,
            l402_expiry_s=None if room.seal is None else room.seal.expiry_s,
            description_hash=None if lnurl is None else lnurl.description_hash,
        )
        order = NewOrder(
            wish=wish,
            price=estimated.price,
            payment=payment,
            refund_hash=digest(tokens.refund),
            claim_hash=None if tokens.claim is None else digest(tokens.claim),
            idempotency=tokens.idempotency,
            created_at=created_at,
            webhook=_webhook(room.webhook_url, tokens),
            lnurl=lnurl,
            root_key=None if room.seal is None else _root_key(room.seal, payment, tokens),
        )
        order_id = await self._add(order, upload)
        self._counters.quotes += 1
        room.opened.keep(payment.payment_hash, payment.expires_at)
        if room.held is not None:
            await self._holds.follow(order_id)  # before it is kept: what is followed is what is counted
            room.held.keep(payment.payment_hash, payment.expires_at)
        return Quote(
            duration_ms=wish.duration_ms,
            language=language,
            price=estimated.price,
            percent=estimated.percent,
            invoice=payment.invoice,
            expires_at=payment.expires_at,
            tokens=tokens,
            lnurl=self.lnurl(tokens),
        )

    def lnurl(self, tokens: Tokens) -> str | None:
        """Write the LNURL of a quote; None where wallets do not know where we are, or it is sold by L402."""
        return None if self._lnurls is None or tokens.lnurl is None else self._lnurls.link(tokens.lnurl)

    async def _add(self, order: NewOrder, upload: "_Upload | None") -> int:
        if upload is not None:
            upload.named = True  # perhaps: an error may hide a row that was committed
        try:
            return await self._orders.add(order)
        except KeyTaken:
            if upload is not None:
                upload.named = False  # certainly: the key and the row are one transaction
            raise

    async def _price(self, wish: Wish, language: str | None) -> Estimate:
        rate = await self._rates.current()
        return Estimate(
            duration_ms=wish.duration_ms,
            language=language,
            price=price(wish.billed_ms, self._terms.usd_micros_per_second, rate),
            percent=wish.percent,
        )

    def _read(self, text: str, choice: Choice, stage: Stage | None) -> tuple[Wish, str]:
        """Read a text: what is wished for, and its language, told once: that takes half as long as all the rest."""
        text = text.strip()  # what is judged is what is kept and spoken
        sold = staged(stage, self._terms)
        speech = speech_of(text, choice.language, self._terms, sold.stage)
        wish = Wish(
            text=text,
            upload=None,
            duration_ms=speech.milliseconds,
            choice=choice,
            stage=sold.stage,
            percent=sold.percent,
        )
        return wish, speech.language


class _Upload(msgspec.Struct, kw_only=True):
    """A recording that is stored."""

    name: str
    named: bool = False  # a row may name it


class _Room(msgspec.Struct, frozen=True, kw_only=True):
    """Room for one quote."""

    opened: Reserved
    held: Reserved | None  # None: it is an ordinary one
    seal: Seal | None  # None: it is not sold by L402
    webhook_url: str | None  # None: nobody is told what becomes of it


def _webhook(url: str | None, tokens: Tokens) -> Webhook | None:
    if url is None or tokens.webhook is None:
        return None
    return Webhook(url=url, secret=secret_of(tokens.webhook))


def _root_key(seal: Seal, payment: NewPayment, tokens: Tokens) -> RootKey:
    assert tokens.nonce is not None
    identifier = Identifier(payment.payment_hash, tokens.nonce).pack()
    return RootKey(identifier_hash=sha256(identifier).digest(), key=seal.root_key)


async def _judge(screen: Screen, wav: Path, info: WavInfo) -> None:
    """Have the samples judged that are sold: other programs read odd headers in other ways."""
    with tempfile.NamedTemporaryFile(dir=wav.parent, suffix=wav.suffix) as plain:
        await asyncio.to_thread(write_plain, wav, info, plain)
        await screen.audio(Path(plain.name))
