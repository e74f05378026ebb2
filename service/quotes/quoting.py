"""Sells: text or speech → seconds → price → invoice."""

import asyncio
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from lightning import InvoiceBackend, Msat
from service.catalogue.choosing import Choosing
from service.errors import InvalidRequest
from service.jobs.port import Objects
from service.orders.choice import Choice
from service.orders.port import NewOrder, Orders
from service.orders.tokens import Tokens, digest
from service.payments.payment import Kind, NewPayment
from service.pricing.port import RateSource
from service.pricing.price import Price, price
from service.quotes.hold_quotes import HoldQuotes
from service.quotes.liquidity import Liquidity
from service.quotes.open_quotes import OpenQuotes
from service.quotes.port import Screen
from service.quotes.terms import Terms
from service.quotes.upload_room import UploadRoom
from service.runtime.clock import Clock, from_millis, to_millis
from service.runtime.counters import Counters
from service.speech.speech_length import estimate, longest, longest_at_most
from service.speech.wav import SAMPLE_RATE, inspect, read_pcm

PCM_CHUNK_BYTES = 1 << 18
"""How much of an upload is in memory at once."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a video would cost now."""

    duration_ms: int
    price: Price


class Quote(Estimate, frozen=True, kw_only=True):
    """What a video costs until the invoice expires."""

    invoice: str
    expires_at: datetime
    tokens: Tokens  # told to the buyer, kept as hashes


class Quoting:
    """Makes estimates and quotes."""

    def __init__(
        self,
        *,
        terms: Terms,
        counters: Counters,
        backend: InvoiceBackend,
        orders: Orders,
        rates: RateSource,
        objects: Objects,
        choosing: Choosing,
        open_quotes: OpenQuotes,
        liquidity: Liquidity,
        screen: Screen | None,
        upload_room: UploadRoom,
        holds: HoldQuotes,
        now: Clock,
    ) -> None:
        self._terms = terms
        self._counters = counters
        self._backend = backend
        self._orders = orders
        self._rates = rates
        self._objects = objects
        self._choosing = choosing
        self._open_quotes = open_quotes
        self._liquidity = liquidity
        self._screen = screen
        self._upload_room = upload_room
        self._holds = holds
        self._now = now

    async def estimate_text(self, text: str, choice: Choice) -> Estimate:
        """Price a text without selling it.

        Raises:
            InvalidRequest: The text or the choice cannot be rendered.
            RateUnavailable: Nothing can be priced now.
        """
        choice = await self._choosing.check(choice)
        return await self._price(self._text_ms(text.strip(), choice.language))

    async def quote_text(
        self, text: str, choice: Choice, tokens: Tokens, *, client: str, hold: bool = False
    ) -> Quote:
        """Sell a video of a text; with `hold`, for a payment that is held until the video is whole.

        Raises as `estimate_text` does, or what the node raises, or:

        Raises:
            ContentRefused: The operator's judge will not have it.
            TooManyRequests: The client has too many quotes that are not paid.
            Unavailable: All clients have, or the node cannot receive the amount.
        """
        text = text.strip()
        choice = await self._choosing.check(choice)
        duration_ms = self._text_ms(text, choice.language)
        if self._screen:
            await self._screen.text(text)
        return await self._sell(duration_ms, choice, tokens, client, hold=hold, text=text, upload=None)

    async def quote_audio(
        self, wav: Path, choice: Choice, tokens: Tokens, *, client: str, hold: bool = False
    ) -> Quote:
        """Sell a video of recorded speech; the file may be gone once this returns. Raises as `quote_text` does."""
        choice = await self._choosing.check(choice, spoken=False)
        info = await asyncio.to_thread(inspect, wav, max_seconds=self._terms.max_video_s)
        if self._screen:
            await self._screen.audio(wav)
        duration_ms = -(-info.samples * 1000 // SAMPLE_RATE)
        upload = f"uploads/{uuid.uuid4().hex}.pcm"
        async with self._upload_room.hold(info.data_size):
            await self._objects.put(upload, read_pcm(wav, info, PCM_CHUNK_BYTES))
            try:
                return await self._sell(
                    duration_ms, choice, tokens, client, hold=hold, text=None, upload=upload
                )
            except Exception:  # no row refers to it; a cancelled request may have left one
                await self._objects.delete(upload)
                raise

    async def _sell(
        self,
        duration_ms: int,
        choice: Choice,
        tokens: Tokens,
        client: str,
        *,
        hold: bool,
        text: str | None,
        upload: str | None,
    ) -> Quote:
        created_at = from_millis(to_millis(self._now()))  # as it is stored: told again, it is the same
        if hold:
            await self._holds.check(choice, client, created_at)
        await self._open_quotes.check(client, created_at)
        estimated = await self._price(duration_ms)
        amount = Msat(estimated.price.amount_msat)
        await self._liquidity.check(amount)
        seller = self._holds if hold else self._backend
        invoice = await seller.add_invoice(
            amount=amount,
            memo=f"Talking-head video, {duration_ms / 1000:.1f} s",  # public: never the text
            expiry_s=self._terms.quote_expiry_s,
        )
        expires_at = created_at + timedelta(seconds=self._terms.quote_expiry_s)
        order = NewOrder(
            text=text,
            upload=upload,
            duration_ms=duration_ms,
            price=estimated.price,
            choice=choice,
            payment=NewPayment(
                kind=Kind.HOLD if hold else Kind.LIGHTNING,
                invoice=invoice.bolt11,
                payment_hash=invoice.payment_hash,
                node=None,
                expires_at=expires_at,
            ),
            refund_hash=digest(tokens.refund),
            claim_hash=None if tokens.claim is None else digest(tokens.claim),
            once=tokens.once,
            created_at=created_at,
        )
        order_id = await self._orders.add(order)
        self._counters.quotes += 1
        self._open_quotes.opened(client, invoice.payment_hash, expires_at)
        if hold:
            await self._holds.opened(client, order_id)
        return Quote(
            duration_ms=duration_ms,
            price=estimated.price,
            invoice=invoice.bolt11,
            expires_at=expires_at,
            tokens=tokens,
        )

    async def _price(self, duration_ms: int) -> Estimate:
        rate = await self._rates.current()
        return Estimate(
            duration_ms=duration_ms, price=price(duration_ms, self._terms.usd_micros_per_second, rate)
        )

    def _text_ms(self, text: str, language: str | None) -> int:
        if not text:
            raise InvalidRequest("Field 'text' is empty: send the words to be spoken.", field="text")
        if len(text) > self._terms.max_text_chars:
            raise InvalidRequest(
                f"Field 'text' has {len(text):,} characters; at most {self._terms.max_text_chars:,} are taken.",
                field="text",
            )
        speech = estimate(text, language)
        duration_ms = speech.milliseconds
        if duration_ms == 0:  # paid for, it could never be rendered
            raise InvalidRequest(
                "Field 'text' has nothing that our voices can speak: send words or numbers.", field="text"
            )
        # A delivery may still choose the language, so the slowest reading has to fit.
        limit_ms, longest_ms = self._terms.max_video_s * 1000, duration_ms
        if language is None and longest_at_most(speech.counts) > limit_ms:
            longest_ms = longest(speech.counts)
        if longest_ms > limit_ms:
            raise InvalidRequest(
                f"Field 'text' is too long: it may take {longest_ms / 1000:.0f} s to speak,"
                f" and at most {self._terms.max_video_s} s are sold at once. Split it.",
                field="text",
            )
        return duration_ms
