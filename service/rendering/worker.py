"""One worker that renders for this service, and what is known of it."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator, Sequence
from typing import Protocol

import structlog

from service.catalogue.own import base_of, own_job
from service.catalogue.port import Avatar, Voice
from service.errors import RenderFailed, VoiceAway, WorkerBusy, WorkerDown
from service.orders.choice import Choice
from service.rendering.port import Cloned, Likeness, Record, Renderer, RenderRequest, Spoken, Utterance
from service.sessions.port import LiveRender
from service.sessions.records import Open

log = structlog.get_logger()


class RemoteWorker(Renderer, Protocol):
    """What is asked of each."""

    @property
    def url(self) -> str:
        """Where it is, for logs."""
        ...

    async def renders(self) -> int:
        """Count the renders that it has and those that wait there, of every service; raises WorkerDown."""
        ...

    async def voices(self) -> Sequence[Voice]:
        """Return its voices; raises WorkerDown."""
        ...

    async def avatars(self) -> Sequence[Avatar]:
        """Return who it can show; raises WorkerDown."""
        ...

    async def preview(self, avatar: str, emotion: str, file: str) -> bytes | None:
        """Return a picture or film of an avatar at rest; None where it has none. Raises WorkerDown."""
        ...

    async def voice_sample(self, name: str) -> bytes | None:
        """Return some seconds of a voice; None where it has not got it. Raises WorkerDown."""
        ...

    async def match(self, samples: Sequence[bytes], *, language: str, gender: str | None) -> Likeness | None:
        """Match a voice to samples; None where it matches none. Raises RenderRefused, WorkerDown."""
        ...

    async def clone(
        self,
        samples: Sequence[bytes],
        words: Sequence[str],
        *,
        language: str,
        gender: str | None,
        trial: bool,
    ) -> Cloned | None:
        """Make a voice of samples; None where it makes none. Raises RenderRefused, WorkerDown, RenderFailed."""
        ...

    async def poster(self, choice: Choice, film: bytes) -> bytes | None:
        """Return a picture of the start of a video; None where it finds none. Raises WorkerDown."""
        ...

    def finish(self, kind: str, film: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """Make another kind of file of a whole video; raises WorkerDown."""
        ...

    async def speak(self, wanted: Utterance) -> Spoken:
        """Speak a text to a file; raises RenderRefused, WorkerDown."""
        ...

    async def pcm(self, content: bytes, *, most_s: int) -> bytes:
        """Decode a recording, s16le mono at 16 kHz; raises RenderRefused, WorkerDown."""
        ...

    def live(self, opening: Open) -> contextlib.AbstractAsyncContextManager[LiveRender]:
        """Open a live session there, as the port says."""
        ...


class Worker:
    """One worker and what is known of it.

    Attributes:
        well: It answered its last health check, and no render has failed there since.
        avatars: Who it could show at the last health check that it answered; None before the first.
        voices: The names of who could speak there, as well.
    """

    def __init__(self, remote: RemoteWorker) -> None:
        self.well = False  # until it has said so
        self.avatars: Sequence[Avatar] | None = None
        self.voices: Collection[str] | None = None
        self._remote = remote
        self._ours = 0
        self._others = 0
        self._given = 0

    @property
    def url(self) -> str:
        """Where it is."""
        return self._remote.url

    @property
    def many(self) -> bool:
        """Whether many share its address, as far as we know."""
        return self._remote.many

    @property
    def load(self) -> tuple[bool, int, int]:
        """What speaks against giving it a render: that it is sick, the renders it has, those that it had."""
        return not self.well, self._ours + self._others, self._given

    @property
    def renders(self) -> int:
        """How many it has, of every service, as far as we know."""
        return self._ours + self._others

    @property
    def given(self) -> int:
        """How many this service has given it."""
        return self._given

    def may_show(self, choice: Choice) -> bool:
        """Tell whether it has the avatar and its emotion, or has not said yet."""
        return (
            self.avatars is None
            or own_job(choice.avatar) is not None
            or any(
                avatar.name == choice.avatar and choice.emotion in avatar.emotions for avatar in self.avatars
            )
        )

    def may_speak(self, choice: Choice) -> bool:
        """Tell whether it has the voice, or has not said yet; the same name is the same sound everywhere."""
        if own_job(choice.voice) is not None:
            return self.clones is None or bool(self.clones)
        return choice.voice is None or self.voices is None or base_of(choice.voice) in self.voices

    async def render(self, job: RenderRequest, pcm: AsyncIterator[bytes]) -> AsyncGenerator[Record]:
        """Render there, as the port says."""
        with self._work():
            async with contextlib.aclosing(self._remote.render(job, pcm)) as records:
                async for record in records:
                    yield record

    async def lend(self, avatar: str, pack: Callable[[], AsyncIterator[bytes]]) -> None:
        """Bring it the pack of an account's own avatar, as the port says."""
        try:
            await self._remote.lend(avatar, pack)
        except WorkerDown as error:
            self._know(error)
            raise

    async def lend_background(self, digest: str, content: Callable[[], AsyncIterator[bytes]]) -> None:
        """Bring it a picture or film to stand behind people, as the port says."""
        try:
            await self._remote.lend_background(digest, content)
        except WorkerDown as error:
            self._know(error)
            raise

    @property
    def clones(self) -> Collection[str] | None:
        """The languages that it speaks like any recording; None where it has not said yet."""
        return self._remote.clones

    async def lend_voice(self, voice: str, content: Callable[[], AsyncIterator[bytes]]) -> None:
        """Bring it a voice of an account, as the port says."""
        try:
            await self._remote.lend_voice(voice, content)
        except VoiceAway:
            raise
        except WorkerDown as error:
            self._know(error)
            raise

    @contextlib.asynccontextmanager
    async def live(self, opening: Open) -> AsyncGenerator[LiveRender]:
        """Open a live session there, as the port says."""
        with self._work():
            async with self._remote.live(opening) as render:
                yield render

    @contextlib.contextmanager
    def _work(self) -> Iterator[None]:
        """Count what it is given, and know it by how that ends."""
        self._ours += 1
        self._given += 1
        try:
            yield
        except (WorkerBusy, VoiceAway):
            raise
        except (WorkerDown, RenderFailed) as error:
            self._know(error)
            raise
        finally:
            self._ours -= 1

    @property
    def remote(self) -> RemoteWorker:
        """What is asked of it beside renders."""
        return self._remote

    async def ask_voices(self) -> Sequence[Voice] | None:
        """Return its voices; None where it does not say."""
        try:
            return await self._remote.voices()
        except WorkerDown:
            return None

    async def check(self) -> None:
        """Ask how it is."""
        try:
            renders, avatars = await self._remote.renders(), await self._remote.avatars()
            voices = await self._remote.voices()
        except WorkerDown as error:
            self._know(error)
        else:
            self._others = max(renders - self._ours, 0)
            self.avatars = avatars
            self.voices = frozenset(voice.name for voice in voices)
            self._know(None)

    def _know(self, error: Exception | None) -> None:
        """Note how it is; log it where that is news."""
        if error is not None and self.well:
            log.warning("worker_down", worker=self._remote.url, error=repr(error.__cause__ or error))
        elif error is None and not self.well:
            log.info("worker_well", worker=self._remote.url)
        self.well = error is None
