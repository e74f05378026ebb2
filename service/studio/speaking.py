"""Has texts spoken into libraries, from the video time of accounts."""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from weakref import WeakValueDictionary

from service.accounts.port import Accounts
from service.accounts.prepaid import VideoTime
from service.catalogue.port import Voice
from service.errors import InvalidApiKey, KeyReused
from service.quotes.idempotency import parse_key
from service.quotes.port import Screen
from service.quotes.terms import Terms
from service.quotes.texts import speech_of
from service.rendering.port import Spoken, Utterance
from service.runtime.section import PositiveInt, Section
from service.studio.intake import Made
from service.studio.library import Library
from service.studio.media import MP3, WAV, Medium, Paid

LEASE = timedelta(minutes=5)
"""Longer than speaking takes: what was set aside for it comes back then, whoever has died."""

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
        accounts: Accounts,
        video_time: VideoTime,
        screen: Screen | None,
        terms: Terms,
        prices: SpeakingTerms,
    ) -> None:
        self._speak = speak
        self._library = library
        self._accounts = accounts
        self._video_time = video_time
        self._screen = screen
        self._terms = terms
        self._prices = prices
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def say(
        self, account_id: int, text: str, voice: Voice, *, form: str = "mp3", key: str | None = None
    ) -> Medium:
        """Speak a text into a library; it costs its length, at most the predicted one.

        Args:
            account_id: Who pays.
            text: What is said.
            voice: Who says it.
            form: Of the file: `mp3` or `wav`.
            key: What the client calls this wish, a UUID, so that it is spoken and paid once however often it is sent;
                None: each time anew.

        Raises:
            InvalidRequest: No voice can speak it, not in so much time, the library is full, or the key is no UUID.
            KeyReused: The key was used to have something else spoken.
            ContentRefused: The operator's judge will not have it.
            InsufficientCredits: The account has not so much.
            TooManyRequests: Too many of its jobs are open.
            RenderRefused: The voice cannot say it.
            WorkerDown: Nobody speaks now. None of these costs anything.
        """
        if key is None:
            return await self._new(account_id, text, voice, form, ref=_new_ref())
        ref = f"speech-{hashlib.sha256(f'{account_id} {parse_key(key)}'.encode()).hexdigest()[:24]}"
        async with self._locks.setdefault(ref, asyncio.Lock()):
            spoken = await self._library.made_under(account_id, ref)
            if spoken is None:
                return await self._new(account_id, text, voice, form, ref=ref)
            asked = {"text": text.strip(), "voice": voice.name, "language": voice.language, "ref": ref}
            if spoken.recipe != asked:
                raise KeyReused
            return spoken

    async def _new(self, account_id: int, text: str, voice: Voice, form: str, *, ref: str) -> Medium:
        text = text.strip()
        held_ms = self._price(speech_of(text, voice.language, self._terms).milliseconds)
        if self._screen:
            await self._screen.text(text)
        account = await self._accounts.get(account_id)
        if account is None:
            raise InvalidApiKey
        paid_by = ref
        if not await self._video_time.reserve(account, held_ms, ref=paid_by, lease=LEASE):
            paid_by = _new_ref()  # what was begun under it before has failed, and was given back
            await self._video_time.reserve(account, held_ms, ref=paid_by, lease=LEASE)
        try:
            spoken = await self._speak(
                Utterance(text=text, language=voice.language, voice=voice.name, form=form)
            )
            return await self._library.keep(
                account_id,
                Made(content=spoken.content, format=FORMATS[form]),
                recipe={"text": text, "voice": voice.name, "language": voice.language, "ref": ref},
                paid=Paid(ref=paid_by, used_ms=min(self._price(spoken.ms), held_ms)),
            )
        except BaseException:  # of no effect where it is paid for already
            await asyncio.shield(self._video_time.release(paid_by))
            raise

    def _price(self, ms: int) -> int:
        return -(-ms * self._prices.speech_percent // 100)


def _new_ref() -> str:
    return f"speech-{secrets.token_hex(12)}"
