"""Has texts spoken into libraries, from the video time of accounts."""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakValueDictionary

from service.catalogue.port import Voice
from service.errors import KeyReused
from service.orders.stage import Stage
from service.quotes.idempotency import parse_key
from service.quotes.port import Screen
from service.quotes.terms import Terms
from service.quotes.texts import speech_of
from service.rendering.port import Spoken, Utterance
from service.runtime.section import PositiveInt, Section
from service.studio.charging import Charging
from service.studio.intake import Made
from service.studio.library import Library
from service.studio.media import MP3, WAV, Kind, Medium, Paid

FORMATS = {"mp3": MP3, "wav": WAV}


class SpeakingTerms(Section, frozen=True, kw_only=True):
    """What speech costs."""

    speech_percent: PositiveInt = 20
    """Video time that speech without a picture costs, in per cent of its length."""


class Speaking:
    """Has texts spoken. A class since requests with one key at the same time wait for the first."""

    def __init__(
        self,
        *,
        speak: Callable[[Utterance], Awaitable[Spoken]],
        library: Library,
        charging: Charging,
        screen: Screen | None,
        terms: Terms,
        prices: SpeakingTerms,
    ) -> None:
        self._speak = speak
        self._library = library
        self._charging = charging
        self._screen = screen
        self._terms = terms
        self._prices = prices
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def say(
        self,
        account_id: int,
        text: str,
        voice: Voice,
        *,
        form: str = "mp3",
        speed: float = 1.0,
        key: str | None = None,
    ) -> Medium:
        """Speak a text into a library; it costs its length, at most the predicted one.

        Args:
            account_id: Who pays.
            text: What is said.
            voice: Who says it.
            form: Of the file: `mp3` or `wav`.
            speed: Of the voice; 1 is its own.
            key: What the client calls this wish, a UUID, so that it is spoken and paid once however often it is sent;
                None: each time anew.

        Raises:
            InvalidRequest: No voice can speak it, not in so much time, the library is full, or the key is no UUID.
            KeyReused: The key was used to have something else spoken.
            ContentRefused: The operator's judge will not have it.
            InsufficientCredits: The account has not so much.
            TooManyRequests: Too many of its jobs are open.
            RenderRefused: The voice cannot say it.
            Unavailable: Nobody speaks now, or another replica is speaking it. None of these costs anything.
        """
        wanted = Utterance(
            text=text.strip(),
            language=voice.language,
            voice=voice.name,
            form=form,
            speed=None if speed == 1 else speed,
        )
        if key is None:
            return await self._new(account_id, wanted, ref=_new_ref())
        ref = f"speech-{hashlib.sha256(f'{account_id} {parse_key(key)}'.encode()).hexdigest()[:24]}"
        async with self._locks.setdefault(ref, asyncio.Lock()):
            return await self._spoken(account_id, wanted, ref) or await self._new(account_id, wanted, ref=ref)

    async def _spoken(self, account_id: int, wanted: Utterance, ref: str) -> Medium | None:
        spoken = await self._library.made_under(account_id, ref, kind=Kind.SPEECH)
        if spoken is not None and spoken.recipe != _recipe(wanted, ref):
            raise KeyReused
        return spoken

    async def _new(self, account_id: int, wanted: Utterance, *, ref: str) -> Medium:
        stage = None if wanted.speed is None else Stage(speed=wanted.speed)
        held_ms = self._price(speech_of(wanted.text, wanted.language, self._terms, stage).milliseconds)
        if self._screen:
            await self._screen.text(wanted.text)
        async with self._charging.held(account_id, held_ms, ref=ref) as paid_by:
            # Another replica may have spoken it since we looked: what is spoken and what is paid are one transaction.
            if (spoken := await self._spoken(account_id, wanted, ref)) is not None:
                return spoken
            said = await self._speak(wanted)
            return await self._library.keep(
                account_id,
                Made(content=said.content, format=FORMATS[wanted.form]),
                recipe=_recipe(wanted, ref),
                paid=Paid(ref=paid_by, used_ms=min(self._price(said.ms), held_ms)),
            )

    def _price(self, ms: int) -> int:
        return -(-ms * self._prices.speech_percent // 100)


def _recipe(wanted: Utterance, ref: str) -> dict[str, Any]:
    recipe = {"text": wanted.text, "voice": wanted.voice, "language": wanted.language, "ref": ref}
    return recipe if wanted.speed is None else {**recipe, "speed": wanted.speed}


def _new_ref() -> str:
    return f"speech-{secrets.token_hex(12)}"
