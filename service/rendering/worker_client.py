"""Has videos rendered by a worker over HTTP: worker protocol v1.

A record is a 4-byte big-endian length and as many bytes of msgpack, a map with a `type`. The request is one
record and raw PCM after it; the answer is a stream of records that ends with `end`, or it has failed.
"""

import contextlib
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from urllib.parse import quote

import httpx
import msgspec
import structlog

from service.catalogue.port import Avatar, Voice
from service.errors import RenderFailed, RenderRefused, WorkerBusy, WorkerDown
from service.orders.choice import Choice
from service.rendering.live_client import open_live
from service.rendering.port import (
    End,
    Init,
    Likeness,
    Record,
    RenderRequest,
    Segment,
    Speech,
    Spoken,
    Utterance,
)
from service.sessions.port import LiveRender
from service.sessions.records import Open

MAX_RECORD_BYTES = 16 << 20
"""A segment is well under 1 MB. A length beyond this is no record, and is not read into memory."""

CONNECT_S = 5.0

PREVIEW_S = 20.0
"""How long a picture may take of a worker that renders on all cores."""

FINISH_S = 1800.0
"""How long a worker may be at another kind of file: it encodes a whole video anew, beside its renders."""

SPEECH_S = 55.0
"""How long a text may take to be spoken, or a file to be decoded: clients wait a minute."""

MATCH_S = 300.0
"""How long a voice may take to be matched: for the first time a worker has to hear all of its own."""

BUSY_RETRY_S = 5
"""Seconds after which to ask a busy worker again that does not say."""

_LENGTH = struct.Struct(">I")

log = structlog.get_logger()


class _Health(msgspec.Struct, frozen=True):
    """What we read of a worker's health."""

    renders_active: int
    renders_waiting: int = 0  # a worker without a queue says nothing of it
    live_sessions: int = 0  # nor one without live sessions
    workers: int | None = None  # told by what passes on to many, be they one for now


class HttpRenderer:
    """A worker, by its base URL.

    Attributes:
        many: Many workers share the address, as its health told.
    """

    def __init__(self, client: httpx.AsyncClient, url: str, *, silence_s: float) -> None:
        """Connect to nothing yet.

        Args:
            client: The caller's, without a base URL.
            url: Where the worker listens, without a slash at its end.
            silence_s: Without a byte for so long, a render has failed.
        """
        self.url = url
        self.many = False
        self._client = client
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
        with _unreachable():
            response = await self._client.send(request, stream=True)
        try:
            if response.status_code != httpx.codes.OK:
                raise await _refusal(response)
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

    async def _bring(self, path: str, content: Callable[[], AsyncIterator[bytes]]) -> None:
        url = f"{self.url}/{path}"
        with _unreachable():
            has = await self._client.get(url, timeout=CONNECT_S)
            if has.status_code != httpx.codes.NOT_FOUND:
                answer = has
            else:
                answer = await self._client.put(url, content=content(), timeout=self._timeout)
        if answer.status_code in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
            raise WorkerDown("The renderer is of a version that shows nothing of accounts' own.")
        if not answer.is_success:
            raise await _refusal(answer)

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

    async def preview(self, avatar: str, emotion: str, file: str) -> bytes | None:
        """Return a picture or film of an avatar at rest; None where this worker has none."""
        path = "/".join(quote(part, safe="") for part in ("avatars", avatar, emotion, file))
        with _unreachable():
            response = await self._client.get(f"{self.url}/{path}", timeout=PREVIEW_S)
        return _content(response)

    async def voice_sample(self, name: str) -> bytes | None:
        """Return some seconds of a voice, an M4A; None where this worker has not got it."""
        with _unreachable():
            response = await self._client.get(
                f"{self.url}/voices/{quote(name, safe='')}/sample.m4a", timeout=PREVIEW_S
            )
        return _content(response)

    async def poster(self, choice: Choice, film: bytes) -> bytes | None:
        """Return a picture of the start of a video, a JPEG; None where this worker finds none."""
        with _unreachable():
            response = await self._client.post(
                f"{self.url}/poster",
                params={"avatar": choice.avatar or "", "emotion": choice.emotion or ""},
                content=film,
                timeout=PREVIEW_S,
            )
        return _content(response)

    async def finish(self, kind: str, film: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
        """Make another kind of file of a whole video; raises WorkerDown."""
        request = self._client.build_request(
            "POST", f"{self.url}/finish", params={"kind": kind}, content=film, timeout=FINISH_S
        )
        with _unreachable():
            response = await self._client.send(request, stream=True)
            try:
                if response.status_code != httpx.codes.OK:
                    await response.aread()
                    log.warning("worker_finishes_nothing", status=response.status_code)
                    raise WorkerDown("The renderer makes no file of this kind now. Try again soon.")
                async for chunk in response.aiter_bytes():
                    yield chunk
            finally:
                await response.aclose()

    async def speak(self, wanted: Utterance) -> Spoken:
        """Speak a text to a file.

        Raises:
            RenderRefused: It cannot be spoken as it is wished.
            WorkerDown: It does not answer as it should.
        """
        with _unreachable():
            response = await self._client.post(
                f"{self.url}/speech", content=msgspec.json.encode(wanted), timeout=SPEECH_S
            )
        told = response.headers.get("Speech-Ms", "")
        if response.status_code != httpx.codes.OK or not told.isdecimal():
            raise await _refusal(response)
        return Spoken(content=response.content, ms=int(told))

    async def pcm(self, content: bytes, *, most_s: int) -> bytes:
        """Decode a recording, s16le mono at 16 kHz. Raises as `speak` does."""
        with _unreachable():
            response = await self._client.post(
                f"{self.url}/pcm", params={"most_s": most_s}, content=content, timeout=SPEECH_S
            )
        if response.status_code != httpx.codes.OK:
            raise await _refusal(response)
        return response.content

    async def match(self, samples: Sequence[bytes], *, language: str, gender: str | None) -> Likeness | None:
        """Find its voice that is most like that of some samples, s16le mono at 16 kHz; None where it matches none.

        Raises as `speak` does.
        """
        asked = {"samples": samples, "language": language, "gender": gender}
        with _unreachable():
            response = await self._client.post(
                f"{self.url}/voices/match", content=msgspec.msgpack.encode(asked), timeout=MATCH_S
            )
        if response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
            return None  # of a version that does not
        if response.status_code != httpx.codes.OK:
            raise await _refusal(response)
        return msgspec.json.decode(response.content, type=Likeness)

    def live(self, opening: Open) -> contextlib.AbstractAsyncContextManager[LiveRender]:
        """Open a live session."""
        return open_live(self.url, opening)

    async def renders(self) -> int:
        """Count its renders, those that wait there, and its live sessions, of every service; raises WorkerDown."""
        try:
            health = msgspec.json.decode(await self._get("/health"), type=_Health)
            self.many = health.workers is not None
            return health.renders_active + health.renders_waiting + health.live_sessions
        except msgspec.MsgspecError as error:
            raise WorkerDown("The renderer does not say how it is. Try again soon.") from error

    async def _get(self, path: str) -> bytes:
        with _unreachable():
            response = await self._client.get(self.url + path, timeout=CONNECT_S)
        if response.status_code != httpx.codes.OK:
            raise await _refusal(response)
        return response.content


def _content(response: httpx.Response) -> bytes | None:
    """Return what came; None where there is no such thing, or the worker is of a version that has none."""
    if response.is_server_error:
        raise WorkerDown("The renderer is not well. Try again soon.")
    return response.content if response.status_code == httpx.codes.OK else None


@contextlib.contextmanager
def _unreachable() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise WorkerDown("The renderer cannot be reached. Your payment is safe: try again soon.") from error


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


async def _refusal(response: httpx.Response) -> Exception:
    """Turn the worker's answer into an error; its problem document says why."""
    await response.aread()
    try:
        detail = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = response.reason_phrase
    log.warning("worker_refused", status=response.status_code, detail=detail)
    if response.status_code == httpx.codes.BAD_REQUEST:
        return RenderRefused(detail)
    if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        wait_s = _retry_after_s(response)
        return WorkerBusy(
            f"The renderer is busy. Your payment is safe: try again in {wait_s} s.", retry_after_s=wait_s
        )
    return WorkerDown("The renderer is not well. Your payment is safe: try again soon.")


def _retry_after_s(response: httpx.Response) -> int:
    """Read when a busy worker expects to have room; a worker without a queue does not say."""
    told = response.headers.get("Retry-After", "")
    return int(told) if told.isdecimal() else BUSY_RETRY_S


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
