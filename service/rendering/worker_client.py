"""Has videos rendered by a worker over HTTP: worker protocol v1.

A record is a 4-byte big-endian length and as many bytes of msgpack, a map with a `type`. The request is one
record and raw PCM after it; the answer is a stream of records that ends with `end`, or it has failed.
"""

import contextlib
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from urllib.parse import quote

import httpx
import msgspec
import structlog

from service.catalogue.port import Avatar, Voice
from service.errors import RenderFailed, VoiceAway, WorkerDown
from service.rendering.lending import VOICE_AWAY
from service.rendering.live_client import open_live
from service.rendering.port import End, Init, Record, RenderRequest, Segment, Speech
from service.rendering.worker_asking import CONNECT_S, HttpAsking, refusal_of, unreachable
from service.sessions.port import LiveRender
from service.sessions.records import Open

MAX_RECORD_BYTES = 16 << 20
"""A segment is well under 1 MB. A length beyond this is no record, and is not read into memory."""

_LENGTH = struct.Struct(">I")

log = structlog.get_logger()


class _Health(msgspec.Struct, frozen=True):
    """What we read of a worker's health."""

    renders_active: int
    renders_waiting: int = 0  # a worker without a queue says nothing of it
    live_sessions: int = 0  # nor one without live sessions
    clones: tuple[str, ...] = ()  # nor one of a version that speaks like no recording
    workers: int | None = None  # told by what passes on to many, be they one for now


class HttpRenderer(HttpAsking):
    """A worker, by its base URL.

    Attributes:
        many: Many workers share the address, as its health told.
        clones: The languages that are spoken there like any recording, as its health told; None: it has not yet.
    """

    def __init__(self, client: httpx.AsyncClient, url: str, *, silence_s: float) -> None:
        """Connect to nothing yet.

        Args:
            client: The caller's, without a base URL.
            url: Where the worker listens, without a slash at its end.
            silence_s: Without a byte for so long, a render has failed.
        """
        super().__init__(client, url)
        self.many = False
        self.clones: Collection[str] | None = None
        self._timeout = httpx.Timeout(silence_s, connect=CONNECT_S)

    async def render(self, job: RenderRequest, pcm: AsyncIterator[bytes]) -> AsyncGenerator[Record]:
        """Render a video as a stream of records that ends with `End`.

        Raises:
            WorkerDown: The worker cannot take the job now.
            RenderRefused: The worker can never render this.
            RenderFailed: It took the job and did not finish it.
        """
        request = self._client.build_request(
            "POST", f"{self.url}/renders", content=_body(job, pcm), timeout=self._timeout
        )
        with unreachable():
            response = await self._client.send(request, stream=True)
        try:
            if response.status_code != httpx.codes.OK:
                raise await refusal_of(response)
            try:
                async for record in _records(response.aiter_bytes()):
                    yield record
                    if isinstance(record, End):
                        return
            except (httpx.HTTPError, msgspec.MsgspecError) as error:
                raise RenderFailed(repr(error)) from error
            raise RenderFailed("the stream ended without its end record")
        finally:
            await response.aclose()

    async def lend(self, avatar: str, pack: Callable[[], AsyncIterator[bytes]]) -> None:
        """Bring it the pack of an account's own avatar, unless it has it."""
        await self._bring(f"avatars/{quote(avatar, safe='')}", pack)

    async def lend_background(self, digest: str, content: Callable[[], AsyncIterator[bytes]]) -> None:
        """Bring it a picture or film to stand behind people, unless it has it."""
        await self._bring(f"backgrounds/{digest}", content)

    async def lend_voice(self, voice: str, content: Callable[[], AsyncIterator[bytes]]) -> None:
        """Bring it a voice of an account, unless it has it."""
        await self._bring(f"voices/{quote(voice, safe='')}", content)

    async def _bring(self, path: str, content: Callable[[], AsyncIterator[bytes]]) -> None:
        url = f"{self.url}/{path}"
        with unreachable():
            has = await self._client.get(url, timeout=CONNECT_S)
            if has.status_code != httpx.codes.NOT_FOUND:
                answer = has
            else:
                answer = await self._client.put(url, content=content(), timeout=self._timeout)
        if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
            raise WorkerDown("The renderer is of a version that shows nothing of accounts' own.")
        if answer.status_code == httpx.codes.NOT_IMPLEMENTED:
            raise VoiceAway(VOICE_AWAY)
        if not answer.is_success:
            raise await refusal_of(answer)

    async def voices(self) -> Sequence[Voice]:
        """Return the voices that can be named."""
        try:
            return msgspec.json.decode(await self._get("/voices"), type=list[Voice])
        except msgspec.MsgspecError as error:
            raise WorkerDown("The renderer does not say which voices it has. Try again soon.") from error

    async def avatars(self) -> Sequence[Avatar]:
        """Return who it can show."""
        try:
            return msgspec.json.decode(await self._get("/avatars"), type=list[Avatar])
        except msgspec.MsgspecError as error:
            raise WorkerDown("The renderer does not say which avatars it has. Try again soon.") from error

    def live(self, opening: Open) -> contextlib.AbstractAsyncContextManager[LiveRender]:
        """Open a live session."""
        return open_live(self.url, opening)

    async def renders(self) -> int:
        """Count its renders, those that wait there, and its live sessions, of every service; raises WorkerDown."""
        try:
            health = msgspec.json.decode(await self._get("/health"), type=_Health)
            self.many = health.workers is not None
            self.clones = health.clones
            return health.renders_active + health.renders_waiting + health.live_sessions
        except msgspec.MsgspecError as error:
            raise WorkerDown("The renderer does not say how it is. Try again soon.") from error

    async def _get(self, path: str) -> bytes:
        with unreachable():
            response = await self._client.get(self.url + path, timeout=CONNECT_S)
        if response.status_code != httpx.codes.OK:
            raise await refusal_of(response)
        return response.content


async def _body(job: RenderRequest, pcm: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    record = msgspec.msgpack.encode(
        {
            "type": "render",
            "order": str(job.order_id),
            **msgspec.structs.asdict(job.choice),
            "text": job.text,
            "sample_rate": job.sample_rate,
            "spoken": job.spoken,
            "first_frame": job.first_frame,
            # A worker of before stages takes what it knows alone.
            **({} if job.stage is None else {"stage": job.stage.wire()}),
            **({"told": job.told} if job.stage is not None and job.stage.captions else {}),
        }
    )
    yield _LENGTH.pack(len(record)) + record
    async for chunk in pcm:
        yield chunk


async def _records(chunks: AsyncIterator[bytes]) -> AsyncIterator[Record]:
    buffer = bytearray()
    decoder = msgspec.msgpack.Decoder(Speech | Init | Segment | End)
    async for chunk in chunks:
        buffer += chunk
        while len(buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(buffer)
            if length > MAX_RECORD_BYTES:
                raise RenderFailed(f"a record of {length} bytes")
            end = _LENGTH.size + length
            if len(buffer) < end:
                break
            yield decoder.decode(buffer[_LENGTH.size : end])
            del buffer[:end]
