"""Has videos made of what stands in libraries, from the video time of accounts, and tells how far they are."""

import contextlib
import hashlib
import tempfile
import uuid
import wave
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import msgspec

from service.catalogue.choosing import Choosing
from service.errors import (
    InsufficientCredits,
    InvalidApiKey,
    InvalidRequest,
    KeyReused,
    MediumGone,
    OrderNotFound,
    TooManyRequests,
    Unavailable,
)
from service.jobs.port import UPLOADS, Objects, Videos
from service.orders.choice import Choice
from service.orders.order import Order, Status
from service.orders.prepaid import PrepaidOrders
from service.orders.stage import Stage
from service.orders.video import FPS, Video, VideoState
from service.quotes.port import Screen
from service.quotes.prepaid import PrepaidOrdering
from service.quotes.prepaid_terms import Taken
from service.quotes.terms import Terms
from service.rendering.rendering import Rendering
from service.runtime.bells import Bells
from service.runtime.clock import Clock
from service.runtime.shares import Shares
from service.runtime.stopping import Stopping
from service.runtime.waiting import Waiting
from service.speech.wav import SAMPLE_BYTES, SAMPLE_RATE
from service.studio.library import Library
from service.studio.media import Kind, Medium

AT_ONCE_PER_ACCOUNT, AT_ONCE = 2, 8
"""Recordings that are decoded, each in memory."""

LISTED = 200

CERTAINLY_NOT_KEPT = (InsufficientCredits, InvalidApiKey, InvalidRequest, KeyReused, TooManyRequests)


class Forgetting(Protocol):
    """Deletes videos before their time."""

    async def forget_video(self, order_id: int, now: datetime, *, before: datetime) -> bool:
        """Forget all of a video and of its order but what the books need, and mark its objects, if it is due."""
        ...


class Film(msgspec.Struct, frozen=True, kw_only=True):
    """A video of an account: what was asked for, and how far it is."""

    order: Order
    video: Video | None  # None: nobody has begun

    @property
    def state(self) -> VideoState:
        """How far it is; one that was given back has failed."""
        state = VideoState.NONE if self.video is None else self.video.state
        given_back = self.order.status is Status.REFUNDED and state is not VideoState.DELETED
        return VideoState.FAILED if given_back else state

    @property
    def over(self) -> bool:
        """Whether nothing changes any more."""
        return self.state in (VideoState.READY, VideoState.FAILED, VideoState.DELETED)

    @property
    def percent(self) -> int:
        """How much of it is there."""
        if self.state is VideoState.READY:
            return 100
        frames = 0 if self.video is None else self.video.playable_frames
        return min(99, frames * 100_000 // (FPS * max(self.order.wish.duration_ms, 1)))


class Films:
    """Videos of accounts."""

    def __init__(
        self,
        *,
        library: Library,
        decode: Callable[[bytes, int], Awaitable[bytes]],
        choosing: Choosing,
        ordering: PrepaidOrdering,
        orders: PrepaidOrders,
        videos: Videos,
        rendering: Rendering,
        forgetting: Forgetting,
        objects: Objects,
        screen: Screen | None,
        terms: Terms,
        folder: Path,
        bells: Bells,
        stopping: Stopping,
        now: Clock,
    ) -> None:
        self._library = library
        self._decode = decode
        self._choosing = choosing
        self._ordering = ordering
        self._orders = orders
        self._videos = videos
        self._rendering = rendering
        self._forgetting = forgetting
        self._objects = objects
        self._screen = screen
        self._terms = terms
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._bells = bells
        self._waiting = Waiting(bells, stopping, now)
        self._now = now
        self._shares = Shares(per_client=AT_ONCE_PER_ACCOUNT, total=AT_ONCE, what="recordings")

    async def of_text(
        self,
        account_id: int,
        text: str,
        choice: Choice,
        *,
        public_id: str,
        key: str | None,
        stage: Stage | None = None,
    ) -> Order:
        """Order a video of a text, and have it begun. Raises as `PrepaidOrdering.order` does."""
        taken = await self._ordering.order(
            text, choice, account_id=account_id, delayed=False, key=key, stage=stage, public_id=public_id
        )
        return await self._begun(taken)

    async def of_recording(
        self,
        account_id: int,
        medium: Medium,
        choice: Choice,
        *,
        public_id: str,
        key: str | None,
        stage: Stage | None = None,
    ) -> Order:
        """Order a video of a recording of a library, and have it begun.

        Raises:
            InvalidRequest: It is no recording, or there is no such avatar.
            RenderRefused: It cannot be read, or lasts too long.
            ContentRefused, InsufficientCredits, TooManyRequests, KeyReused: As `PrepaidOrdering.order` says.
            WorkerDown: Nobody can read it now.
        """
        with self._shares.take_or_refuse(str(account_id)):
            await self._choosing.check_look(choice, account_id=account_id)
            if medium.kind is not Kind.SPEECH:
                raise InvalidRequest(f"This link leads to a {medium.kind.value}, not to speech.")
            try:
                content = b"".join([chunk async for chunk in self._library.read(medium)])
            except FileNotFoundError as error:
                raise MediumGone from error
            pcm = await self._decode(content, self._terms.max_video_s)
            if self._screen:
                await self._judge(self._screen, pcm)
            upload = f"{UPLOADS}{uuid.uuid4().hex}.pcm"
            await self._objects.put(upload, pcm)
            try:
                taken = await self._ordering.order_recording(
                    upload,
                    -(-len(pcm) // SAMPLE_BYTES * 1000 // SAMPLE_RATE),
                    choice,
                    account_id=account_id,
                    key=key,
                    asked=msgspec.json.encode((hashlib.sha256(pcm).hexdigest(), choice, stage)),
                    public_id=public_id,
                    stage=stage,
                )
            except (
                CERTAINLY_NOT_KEPT
            ):  # after others a row may name it all the same: `retention.orphans` looks
                await self._drop(upload)
                raise
        if taken.order.wish.upload != upload:  # it was asked for before
            await self._drop(upload)
        return await self._begun(taken)

    async def find(self, account_id: int, public_id: str) -> Film:
        """Find a video of an account.

        Raises:
            OrderNotFound: It has none of this name.
        """
        order = await self._orders.find(public_id)
        if order is None or order.account_id != account_id:
            raise OrderNotFound(public_id)
        return Film(order=order, video=await self._videos.get(order.id))

    async def ended(self, film: Film, *, longest: timedelta) -> Film:
        """Wait until nothing changes any more, or for so long.

        Raises:
            Draining: The service is about to stop.
        """
        account_id, public_id = film.order.account_id, film.order.public_id
        assert account_id is not None
        assert public_id is not None

        async def look() -> Film:
            return await self.find(account_id, public_id)

        return await self._waiting.until(film.order.id, look, lambda seen: seen.over, longest=longest)

    async def of_account(self, account_id: int) -> list[Film]:
        """Return the newest videos of an account, the newest first."""
        found = await self._orders.of_account(account_id, limit=LISTED)
        return [Film(order=order, video=await self._videos.get(order.id)) for order in found]

    async def delete(self, film: Film) -> None:
        """Delete a video; one that is not whole is given up, and its time is free again.

        Raises:
            Unavailable: It has just become whole, or its receiver has still to be told: soon it can be.
        """
        order = film.order
        if await self._orders.release(order.id, self._now()):
            self._rendering.stop(order.id)
            self._bells.ring(order.id)
        now = self._now()
        if not await self._forgetting.forget_video(order.id, now, before=now + timedelta(seconds=1)):
            raise Unavailable("This video cannot be deleted at this moment. Try again soon.")

    async def _begun(self, taken: Taken) -> Order:
        if not taken.again:
            await self._rendering.start(taken.order, taken.order.wish.choice)
        return taken.order

    async def _judge(self, screen: Screen, pcm: bytes) -> None:
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".wav") as file:
            with wave.open(file, "wb") as writer:
                writer.setnchannels(1)
                writer.setsampwidth(SAMPLE_BYTES)
                writer.setframerate(SAMPLE_RATE)
                writer.writeframes(pcm)
            file.flush()
            await screen.audio(Path(file.name))

    async def _drop(self, upload: str) -> None:
        with contextlib.suppress(Unavailable):
            await self._objects.delete(upload)
