"""Has workers draw portraits and make avatars, over HTTP."""

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeVar

import httpx
import msgspec

from service.errors import NotOffered, RenderFailed, RenderRefused, WorkerBusy, WorkerDown
from service.rendering.worker_asking import BUSY_RETRY_S, CONNECT_S
from service.studio.artist import Drawn, Pack, Person, Source

PORTRAIT_S = 900.0
"""As long as a worker gives a portrait: beside renders one takes minutes."""

WARNINGS = "X-Warnings"
"""A JSON list of sentences beside a pack."""

T = TypeVar("T")


class _Portrait(msgspec.Struct, frozen=True):
    """What we read of a worker's portrait."""

    picture: bytes  # base64 in JSON
    recipe: dict[str, Any]
    ignored_words: tuple[str, ...] = ()


class Loaded(Protocol):
    """A worker, of which is known how much it has to do."""

    @property
    def load(self) -> tuple[bool, int, int]:
        """What speaks against giving it more: that it is sick, the renders it has, those that it had."""
        ...

    @property
    def url(self) -> str:
        """Where it is."""
        ...


class HttpArtists:
    """All workers. Whoever has least to do is asked first, and the next where that one does not do such work.

    Args:
        client: The caller's, without a base URL.
        workers: Who they are.
    """

    def __init__(self, client: httpx.AsyncClient, workers: Sequence[Loaded]) -> None:
        self._client = client
        self._workers = workers

    async def portrait(self, *, prompt: str, width: int, height: int) -> Drawn:
        """Draw a portrait, as `Artist` says."""

        async def ask(url: str) -> Drawn:
            answer = await self._client.post(
                f"{url}/portraits",
                json={"prompt": prompt, "width": width, "height": height},
                timeout=httpx.Timeout(PORTRAIT_S, connect=CONNECT_S),
            )
            await _check(answer)
            try:
                drawn = msgspec.json.decode(answer.content, type=_Portrait)
            except msgspec.MsgspecError as error:
                raise RenderFailed(f"a portrait that cannot be read: {error}") from error
            return Drawn(picture=drawn.picture, recipe=drawn.recipe, ignored_words=drawn.ignored_words)

        return await self._first_who(ask)

    async def fitted(self, picture: bytes, *, width: int, height: int) -> bytes:
        """Cut a picture to a size, as `Artist` says."""

        async def ask(url: str) -> bytes:
            answer = await self._client.post(
                f"{url}/portraits/fitted",
                params={"width": width, "height": height},
                content=picture,
                timeout=httpx.Timeout(PORTRAIT_S, connect=CONNECT_S),
            )
            await _check(answer)
            return answer.content

        return await self._first_who(ask)

    @contextlib.asynccontextmanager
    async def studied(
        self, person: Person, film: Source, mouths: Source | None = None
    ) -> AsyncGenerator[Pack]:
        """Make an avatar of a picture or a film, as `Artist` says."""
        query = msgspec.structs.asdict(person)
        if mouths is not None:
            query["footage"] = film.size  # the film of the mouth comes behind so many bytes
        sources = (film,) if mouths is None else (film, mouths)
        async with self._pack("/avatars", lambda: {"params": query, "content": _joined(sources)}) as pack:
            yield pack

    @contextlib.asynccontextmanager
    async def filmed(
        self, person: Person, recipe: dict[str, Any], *, emotions: tuple[str, ...], mouths: bool
    ) -> AsyncGenerator[Pack]:
        """Film a portrait that was drawn, as `Artist` says."""
        asked = {**msgspec.structs.asdict(person), "recipe": recipe, "emotions": emotions, "mouths": mouths}
        async with self._pack("/avatars/filmed", lambda: {"json": asked}) as pack:
            yield pack

    @contextlib.asynccontextmanager
    async def _pack(self, path: str, body: Callable[[], dict[str, Any]]) -> AsyncGenerator[Pack]:
        async def ask(url: str) -> httpx.Response:
            # However long it takes: the job's own lease says whether anybody still waits for it.
            timeout = httpx.Timeout(None, connect=CONNECT_S)
            asked = self._client.build_request("POST", url + path, timeout=timeout, **body())
            answer = await self._client.send(asked, stream=True)
            try:
                await _check(answer)
            except BaseException:
                await answer.aclose()
                raise
            return answer

        answer = await self._first_who(ask)
        try:
            yield Pack(chunks=answer.aiter_bytes(), warnings=_warnings(answer))
        except httpx.HTTPError as error:
            raise RenderFailed(repr(error)) from error
        finally:
            await answer.aclose()

    async def _first_who(self, ask: Callable[[str], Awaitable[T]]) -> T:
        """Ask one worker after the other until one does it; what most of all speaks for waiting is raised."""
        refused: RenderRefused | None = None
        failed: WorkerDown | None = None
        for worker in sorted(self._workers, key=lambda each: each.load):
            try:
                return await ask(worker.url)
            except _NotHere as error:
                refused = refused or NotOffered(error.detail)
            except httpx.HTTPError as error:
                failed = failed or WorkerDown(f"The renderer cannot be reached: {type(error).__name__}.")
            except WorkerDown as error:
                failed = error if isinstance(error, WorkerBusy) or failed is None else failed
        raise failed or refused or WorkerDown("There is no renderer.")


async def _joined(sources: Sequence[Source]) -> AsyncIterator[bytes]:
    for source in sources:
        async for chunk in source.read():
            yield chunk


class _NotHere(Exception):
    """A worker does no such work."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


async def _check(answer: httpx.Response) -> None:
    """Raise what an answer says that is no success."""
    if answer.is_success:
        return
    await answer.aread()
    try:
        detail = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = answer.reason_phrase
    wait = answer.headers.get("Retry-After")
    match answer.status_code:
        case httpx.codes.BAD_REQUEST:
            raise RenderRefused(detail)
        case httpx.codes.NOT_FOUND | httpx.codes.METHOD_NOT_ALLOWED:
            raise _NotHere("The renderers here draw no portraits and make no avatars.")
        case httpx.codes.SERVICE_UNAVAILABLE if wait is None:
            raise _NotHere(detail)
        case httpx.codes.SERVICE_UNAVAILABLE:
            raise WorkerBusy(detail, retry_after_s=int(wait) if wait.isdecimal() else BUSY_RETRY_S)
        case status:
            raise RenderFailed(f"a worker answered {status}: {detail}")


def _warnings(answer: httpx.Response) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(answer.headers.get(WARNINGS, "[]"), type=tuple[str, ...])
    except msgspec.MsgspecError:
        return ()
