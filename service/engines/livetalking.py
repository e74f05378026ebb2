"""Speaks to a LiveTalking server: `/human`, `/record` and what it has recorded. Its errors come with status 200."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec

from service.engines.terms import LiveTalkingTerms
from service.errors import SessionNotFound, Unavailable

MOST_BYTES = 4 << 30
"""Of a recording."""

PING_S = 2.0

REASON_CHARS = 200


class _Answer(msgspec.Struct, frozen=True):
    code: int = 0
    msg: str = ""


class LiveTalkingServer:
    """One server.

    Args:
        client: The caller's, and closed by it.
        terms: Where it is.
    """

    def __init__(self, client: httpx.AsyncClient, terms: LiveTalkingTerms) -> None:
        self._client = client
        self._terms = terms
        self._base = terms.livetalking_url.rstrip("/")
        key = terms.livetalking_api_key
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def say(self, session: int | str, text: str, *, interrupt: bool) -> None:
        """Say a text, as the port says."""
        await self._post("human", sessionid=session, text=text, type="echo", interrupt=interrupt)

    async def record(self, session: int | str, what: str) -> None:
        """Begin or end a recording, as the port says."""
        await self._post("record", sessionid=session, type=what)

    async def download(self, session: int | str, path: Path) -> bool:
        """Write a recording to a file, as the port says."""
        longest = self._terms.livetalking_download_timeout_s
        with _answering():
            async with asyncio.timeout(longest), self._recorded(session, longest) as answer:
                if answer.status_code == httpx.codes.NOT_FOUND:
                    return False
                _check(answer)
                size = 0
                with path.open("wb") as file:
                    async for piece in answer.aiter_bytes():
                        size += len(piece)
                        if size > MOST_BYTES:
                            raise Unavailable("The recording is too large.")
                        await asyncio.to_thread(file.write, piece)
        return size > 0

    async def ping(self) -> None:
        """Find out whether it answers, whatever it says."""
        with _answering():
            await self._client.get(f"{self._base}/", headers=self._headers, timeout=PING_S)

    def _recorded(
        self, session: int | str, longest: float
    ) -> contextlib.AbstractAsyncContextManager[httpx.Response]:
        return self._client.stream(
            "GET", f"{self._base}/record/{session}", headers=self._headers, timeout=longest
        )

    async def _post(self, path: str, **body: Any) -> None:
        with _answering():
            answer = await self._client.post(
                f"{self._base}/{path}",
                json=body,
                headers=self._headers,
                timeout=self._terms.livetalking_timeout_s,
            )
        _check(answer)
        try:
            told = msgspec.json.decode(answer.content, type=_Answer)
        except msgspec.MsgspecError as error:
            raise Unavailable("LiveTalking server unavailable: its answer is not LiveTalking's") from error
        if told.code != 0:
            raise SessionNotFound(told.msg[:REASON_CHARS] or f"There is no session {body['sessionid']}.")


def _check(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise Unavailable(f"LiveTalking server unavailable: status {answer.status_code}")


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except httpx.ConnectError as error:
        raise Unavailable("LiveTalking server unavailable: Connection refused") from error
    except (httpx.HTTPError, TimeoutError) as error:
        raise Unavailable(f"LiveTalking server unavailable: {type(error).__name__}") from error
