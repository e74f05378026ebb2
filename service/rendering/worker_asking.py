"""Asks a worker over HTTP for what it does beside renders: pictures, files, speech and voices."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from urllib.parse import quote

import httpx
import msgspec
import structlog

from service.errors import RenderFailed, RenderRefused, WorkerBusy, WorkerDown
from service.orders.choice import Choice
from service.rendering.port import Cloned, Likeness, Spoken, Utterance

CONNECT_S = 5.0

PREVIEW_S = 20.0
"""How long a picture may take of a worker that renders on all cores."""

FINISH_S = 1800.0
"""How long a worker may be at another kind of file: it encodes a whole video anew, beside its renders."""

SPEECH_S = 55.0
"""How long a text may take to be spoken, or a file to be decoded: clients wait a minute."""

MATCH_S = 300.0
"""How long a voice may take to be matched: for the first time a worker has to hear all of its own."""

CLONE_S = 120.0
"""How long a voice may take to be made: the template says a sentence."""

NOT_DONE = frozenset({httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED, httpx.codes.NOT_IMPLEMENTED})
"""What a worker answers that does no such work, or is of a version that knows none."""

BUSY_RETRY_S = 5
"""Seconds after which to ask a busy worker again that does not say."""

log = structlog.get_logger()


class HttpAsking:
    """A worker, by its base URL.

    Args:
        client: The caller's, without a base URL.
        url: Where the worker listens, without a slash at its end.
    """

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.url = url
        self._client = client

    async def preview(self, avatar: str, emotion: str, file: str) -> bytes | None:
        """Return a picture or film of an avatar at rest; None where this worker has none."""
        path = "/".join(quote(part, safe="") for part in ("avatars", avatar, emotion, file))
        with unreachable():
            response = await self._client.get(f"{self.url}/{path}", timeout=PREVIEW_S)
        return _content(response)

    async def voice_sample(self, name: str) -> bytes | None:
        """Return some seconds of a voice, an M4A; None where this worker has not got it."""
        with unreachable():
            response = await self._client.get(
                f"{self.url}/voices/{quote(name, safe='')}/sample.m4a", timeout=PREVIEW_S
            )
        return _content(response)

    async def poster(self, choice: Choice, film: bytes) -> bytes | None:
        """Return a picture of the start of a video, a JPEG; None where this worker finds none."""
        with unreachable():
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
        with unreachable():
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
        with unreachable():
            response = await self._client.post(
                f"{self.url}/speech", content=msgspec.json.encode(wanted), timeout=SPEECH_S
            )
        told = response.headers.get("Speech-Ms", "")
        if response.status_code != httpx.codes.OK or not told.isdecimal():
            raise await refusal_of(response)
        return Spoken(content=response.content, ms=int(told))

    async def pcm(self, content: bytes, *, most_s: int) -> bytes:
        """Decode a recording, s16le mono at 16 kHz. Raises as `speak` does."""
        with unreachable():
            response = await self._client.post(
                f"{self.url}/pcm", params={"most_s": most_s}, content=content, timeout=SPEECH_S
            )
        if response.status_code != httpx.codes.OK:
            raise await refusal_of(response)
        return response.content

    async def match(self, samples: Sequence[bytes], *, language: str, gender: str | None) -> Likeness | None:
        """Find its voice that is most like that of some samples, s16le mono at 16 kHz; None where it matches none.

        Raises as `speak` does.
        """
        asked = {"samples": samples, "language": language, "gender": gender}
        with unreachable():
            response = await self._client.post(
                f"{self.url}/voices/match", content=msgspec.msgpack.encode(asked), timeout=MATCH_S
            )
        if response.status_code in (httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED):
            return None  # of a version that does not
        if response.status_code != httpx.codes.OK:
            raise await refusal_of(response)
        return msgspec.json.decode(response.content, type=Likeness)

    async def clone(
        self,
        samples: Sequence[bytes],
        words: Sequence[str],
        *,
        language: str,
        gender: str | None,
        trial: bool,
    ) -> Cloned | None:
        """Make a voice that speaks like samples, files as they came; None where this worker makes none.

        Raises as `speak` does.

        Raises:
            RenderFailed: What speaks there did not.
        """
        asked = {
            "samples": samples,
            "words": words,
            "language": language,
            "gender": gender,
            "trial": trial,
        }
        with unreachable():
            response = await self._client.post(
                f"{self.url}/voices/clone", content=msgspec.msgpack.encode(asked), timeout=CLONE_S
            )
        if response.status_code in NOT_DONE:
            return None
        if response.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            raise RenderFailed("a voice that does not speak: the worker's log says why")
        if response.status_code != httpx.codes.OK:
            raise await refusal_of(response)
        try:
            return msgspec.msgpack.decode(response.content, type=Cloned)
        except msgspec.MsgspecError as error:
            raise RenderFailed(f"a voice that cannot be read: {error}") from error


def _content(response: httpx.Response) -> bytes | None:
    """Return what came; None where there is no such thing, or the worker is of a version that has none."""
    if response.is_server_error:
        raise WorkerDown("The renderer is not well. Try again soon.")
    return response.content if response.status_code == httpx.codes.OK else None


@contextlib.contextmanager
def unreachable() -> Iterator[None]:
    """Turn what keeps a worker from answering into WorkerDown."""
    try:
        yield
    except httpx.HTTPError as error:
        raise WorkerDown("The renderer cannot be reached. Your payment is safe: try again soon.") from error


async def refusal_of(response: httpx.Response) -> Exception:
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
