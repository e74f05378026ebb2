"""The workers that render for this service: which of them are well, and how busy each is."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Sequence
from itertools import chain
from operator import is_
from typing import TypeVar

import msgspec
import structlog

from service.catalogue.port import Avatar, Voice
from service.errors import NotOffered, WorkerBusy, WorkerDown
from service.jobs.port import Objects
from service.orders.choice import Choice
from service.rendering.lending import lend, lend_voice
from service.rendering.port import Cloned, Likeness, Renderer, Spoken, Utterance
from service.rendering.worker import RemoteWorker, Worker
from service.runtime.cached import Cached
from service.sessions.port import LiveRender
from service.sessions.records import Open

CHECK_EVERY_S = 2.0
"""Seconds between health checks. One that died in between costs its next render no more than a refused connection."""

ASKED_AGAIN_S = 0.5
"""Least seconds after which buyers' requests have workers asked again, however many there are."""

T = TypeVar("T")

log = structlog.get_logger()


class Workers:
    """All of them. But for their avatars and voices they are taken for alike: any may go on with what another began."""

    def __init__(self, remotes: Sequence[RemoteWorker], objects: Objects | None = None) -> None:
        self._objects = objects  # None: avatars of accounts are not shown live
        self.all = tuple(Worker(remote) for remote in remotes)
        self._checked = Cached(self._check, fresh_s=ASKED_AGAIN_S)
        self._voices = Cached(self._ask_voices, fresh_s=0)  # who asks for them keeps them
        self._told: tuple[Sequence[Avatar] | None, ...] = ()
        self._avatars: Sequence[Avatar] = ()

    def least_loaded(self, choice: Choice, *, besides: Collection[Renderer] = ()) -> Worker | None:
        """Choose who gets a render of this avatar; None where all who have it have been tried.

        Those that seem down come last and not never: what is known of them is some seconds old. Where none has the
        avatar, any may say so. Who has not the voice comes after all who do: another voice stands in there,
        since a video that was begun is owed all the same.
        """
        able = [worker for worker in self.all if worker.may_show(choice)] or self.all
        left = (worker for worker in able if worker not in besides)
        return min(left, key=lambda worker: (not worker.may_speak(choice), worker.load), default=None)

    def rivals(self, choice: Choice) -> Collection[str] | None:
        """Tell the avatars whose renders may wait for the same workers as this one; None for all."""
        names: set[str] = set()
        for worker in self.all:
            if worker.may_show(choice):
                if worker.avatars is None:
                    return None
                names |= {avatar.name for avatar in worker.avatars}
        return names or None

    async def watch(self) -> None:
        """Check their health, for ever."""
        while True:
            await self._check()
            await asyncio.sleep(CHECK_EVERY_S)

    async def voices(self) -> Sequence[Voice]:
        """Return the voices that all have who answer: any of them may be given the order.

        Raises:
            WorkerDown: None answers.
        """
        return await self._voices.get()

    async def _ask_voices(self) -> Sequence[Voice]:
        answers = await asyncio.gather(*(worker.ask_voices() for worker in self.all))
        offered = [voices for voices in answers if voices is not None]
        if not offered:
            raise WorkerDown("No renderer says which voices it has. Try again soon.")
        common = set.intersection(*({voice.name for voice in voices} for voices in offered))
        return [voice for voice in offered[0] if voice.name in common]

    async def avatars(self) -> Sequence[Avatar]:
        """Return the avatars that any of them has, with all of its emotions; none where nobody ever answered.

        Those of a worker that is down are among them: a buyer can wait for it. It is one and the same object until a
        worker has told anew, since every challenge and every render asks.
        """
        if not any(worker.avatars for worker in self.all):
            await self._checked.get()
        told = tuple(worker.avatars for worker in self.all)
        if len(told) != len(self._told) or not all(map(is_, told, self._told)):
            self._told, self._avatars = told, _gathered(told)
        return self._avatars

    async def preview(self, avatar: str, emotion: str, file: str) -> bytes | None:
        """Return a picture or film of an avatar at rest; None where nobody has one. Raises WorkerDown."""
        choice = Choice(avatar=avatar, emotion=emotion)
        return await self._ask_one(
            lambda worker: worker.may_show(choice), lambda remote: remote.preview(avatar, emotion, file)
        )

    async def voice_sample(self, name: str) -> bytes | None:
        """Return some seconds of a voice, an M4A; None where nobody has it. Raises WorkerDown."""
        choice = Choice(voice=name)
        return await self._ask_one(
            lambda worker: worker.may_speak(choice), lambda remote: remote.voice_sample(name)
        )

    async def poster(self, choice: Choice, film: bytes) -> bytes | None:
        """Return a picture of the start of a video, a JPEG; None where nobody finds one. Raises WorkerDown."""
        return await self._ask_one(
            lambda worker: worker.may_show(choice), lambda remote: remote.poster(choice, film)
        )

    async def finish(self, kind: str, film: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """Have whoever has the least to do make another kind of file of a whole video; raises WorkerDown."""
        well = [worker for worker in self.all if worker.well]
        if not well:
            raise WorkerDown("No renderer can be reached. Try again soon.")
        least = min(well, key=lambda worker: worker.load)
        async with contextlib.aclosing(least.remote.finish(kind, film)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def speak(self, wanted: Utterance) -> Spoken:
        """Speak a text to a file.

        Raises:
            RenderRefused: It cannot be spoken as it is wished.
            WorkerDown: Nobody answers who has the voice.
        """
        choice = Choice(voice=wanted.voice)

        async def ask(remote: RemoteWorker) -> Spoken:
            if self._objects is not None:
                await lend_voice(remote, wanted.voice, self._objects)
            return await remote.speak(wanted)

        spoken = await self._ask_one(lambda worker: worker.may_speak(choice), ask)
        if spoken is None:
            raise WorkerDown("No renderer has this voice now. Try again soon.")
        return spoken

    async def pcm(self, content: bytes, *, most_s: int) -> bytes:
        """Decode a recording, s16le mono at 16 kHz.

        Raises:
            RenderRefused: It cannot be read, or lasts longer.
            WorkerDown: Nobody answers.
        """
        found = await self._ask_one(lambda _worker: True, lambda remote: remote.pcm(content, most_s=most_s))
        if found is None:
            raise WorkerDown("No renderer can be reached. Try again soon.")
        return found

    async def try_background(self, digest: str, content: Callable[[], AsyncIterator[bytes]]) -> None:
        """Have a worker take a picture or film to stand behind people.

        Raises:
            RenderRefused: It can never be shown; says why.
            WorkerDown: Nobody answers.
        """

        async def lend(remote: RemoteWorker) -> bool:
            await remote.lend_background(digest, content)
            return True

        if not await self._ask_one(lambda _worker: True, lend):
            raise WorkerDown("No renderer can be reached. Try again soon.")

    async def match(self, samples: Sequence[bytes], *, language: str, gender: str | None) -> Likeness:
        """Find the voice that is most like that of some samples, s16le mono at 16 kHz.

        Raises:
            RenderRefused: Nothing can be told by them; says why.
            NotOffered: No worker does so.
            WorkerDown: Nobody answers.
        """
        found = await self._ask_one(
            lambda _worker: True, lambda remote: remote.match(samples, language=language, gender=gender)
        )
        if found is None:
            raise NotOffered("No renderer here matches voices.")
        return found

    async def clones(self) -> Collection[str]:
        """Tell which languages any worker speaks like a recording.

        Raises:
            WorkerDown: None has ever answered.
        """
        if all(worker.clones is None for worker in self.all):
            await self._checked.get()
        told = [worker.clones for worker in self.all if worker.clones is not None]
        if not told:
            raise WorkerDown("No renderer can be reached. Try again soon.")
        return sorted({language for languages in told for language in languages})

    async def clone(
        self,
        samples: Sequence[bytes],
        words: Sequence[str],
        *,
        language: str,
        gender: str | None,
        trial: bool,
    ) -> Cloned:
        """Make a voice that speaks like some samples, files as they came.

        Args:
            samples: Of one speaker.
            words: What is said in each.
            language: That it is to speak.
            gender: Of the speaker; None where the pitch is to tell.
            trial: Have it say a sentence.

        Raises:
            RenderRefused: None can be made of them; says why.
            NotOffered: No worker does so in this language.
            RenderFailed: What speaks there did not.
            WorkerDown: Nobody answers.
        """
        found = await self._ask_one(
            lambda _worker: True,
            lambda remote: remote.clone(samples, words, language=language, gender=gender, trial=trial),
        )
        if found is None:
            raise NotOffered("No renderer here speaks this language like a recording any more.")
        return found

    async def _ask_one(
        self,
        may: Callable[[Worker], bool],
        ask: Callable[[RemoteWorker], Awaitable[T | None]],
    ) -> T | None:
        """Ask whoever has the least to do, and whoever comes next where that one is down or cannot."""
        failed: WorkerDown | None = None
        for worker in sorted(filter(may, self.all), key=lambda worker: worker.load):
            try:
                if (found := await ask(worker.remote)) is not None:
                    return found
            except WorkerDown as error:
                failed = error
        if failed is not None:
            raise failed
        return None

    @contextlib.asynccontextmanager
    async def live(self, opening: Open) -> AsyncGenerator[LiveRender]:
        """Open a live session at whoever has room, the least loaded first.

        Raises:
            WorkerBusy: Nobody has room.
            WorkerDown: Nobody answers.
            RenderRefused: It can never be as it is wished.
        """
        choice = Choice(avatar=opening.avatar, emotion=opening.emotion, voice=opening.voice)
        async with contextlib.AsyncExitStack() as stack:
            tried: list[Worker] = []
            failed: WorkerDown = WorkerDown("No renderer can be reached. Try again soon.")
            while (worker := self.least_loaded(choice, besides=tried)) is not None:
                try:
                    if self._objects is not None:
                        await lend(worker, opening.avatar, self._objects)
                        await lend_voice(worker, opening.voice, self._objects)
                    render = await stack.enter_async_context(worker.live(opening))
                except WorkerDown as error:
                    failed = error if not isinstance(failed, WorkerBusy) else failed
                    tried.append(worker)
                else:
                    yield render
                    return
            raise failed

    @property
    def well(self) -> int:
        """How many are well."""
        return sum(worker.well for worker in self.all)

    async def ping(self) -> None:
        """Ask whether any is well; raises WorkerDown where none is."""
        if not self.well:
            await self._checked.get()
            if not self.well:
                raise WorkerDown("No renderer can be reached. Try again soon.")

    async def _check(self) -> None:
        await asyncio.gather(*(worker.check() for worker in self.all))


def _gathered(told: Sequence[Sequence[Avatar] | None]) -> Sequence[Avatar]:
    found: dict[str, Avatar] = {}
    for avatar in chain.from_iterable(avatars or () for avatars in told):
        known = found.get(avatar.name, avatar)
        emotions = tuple(dict.fromkeys(known.emotions + avatar.emotions))
        found[avatar.name] = msgspec.structs.replace(known, emotions=emotions)
    return tuple(found.values())
