"""A chat endpoint that speaks OpenAI's `POST {base}/chat/completions`: hosted, or the operator's own.

Its answer is read as it is written (server-sent events), so that what goes on too long is hung up on.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import msgspec
import structlog

from service.engines.terms import ChatTerms
from service.studio.script_port import CutOff, EngineFailed, Turn

CONNECT_S, PING_S = 5.0, 2.0
RETRY_S, LONGEST_RETRY_S = 1.0, 5.0
TRIES = 2

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

MOST_LINE_BYTES = 1 << 20
MOST_CHARS = 100_000
"""Of an answer: far more than the tokens that were asked for."""

REASON_CHARS = 200

log = structlog.get_logger()


class _Delta(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta = _Delta()
    message: _Delta = _Delta()  # of an endpoint that does not stream
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, frozen=True):
    choices: list[_Choice] = []
    error: Any = None


class ChatEndpoint:
    """One model of an endpoint.

    Args:
        client: The caller's, and closed by it.
        terms: Where it is.
    """

    def __init__(self, client: httpx.AsyncClient, terms: ChatTerms) -> None:
        self._client = client
        self._base = terms.chat_url.rstrip("/")
        self._model = terms.chat_model
        self._headers = {"Authorization": f"Bearer {terms.chat_key}"} if terms.chat_key else {}
        self._timeout = httpx.Timeout(terms.chat_silence_s, connect=CONNECT_S)
        self._longest_s = terms.chat_timeout_s

    @property
    def engine(self) -> str:
        """The name of its model."""
        return self._model

    async def say(self, turns: Sequence[Turn], *, temperature: float, most_tokens: int) -> AsyncIterator[str]:
        """Yield an answer as it is written; asked a second time where the failure may pass and nothing came yet."""
        request = {
            "model": self._model,
            "messages": [msgspec.to_builtins(turn) for turn in turns],
            "temperature": temperature,
            "max_tokens": most_tokens,
            "stream": True,
        }
        deadline = asyncio.get_running_loop().time() + self._longest_s
        for left in reversed(range(TRIES)):
            heard = False
            try:
                async for words in self._once(request, deadline):
                    heard = True
                    yield words
            except EngineFailed as error:
                if heard or not left or not error.passing:
                    raise
                log.info("chat_asked_again", reason=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def ping(self) -> None:
        """Ask for its models, which costs nothing."""
        try:
            answer = await self._client.get(f"{self._base}/models", headers=self._headers, timeout=PING_S)
        except httpx.HTTPError as error:
            raise _failed(error) from error
        if not answer.is_success:
            raise EngineFailed(f"status {answer.status_code}", passing=True)

    async def _once(self, request: dict[str, Any], deadline: float) -> AsyncIterator[str]:
        said = 0
        try:
            async with self._client.stream(
                "POST",
                f"{self._base}/chat/completions",
                json=request,
                headers=self._headers,
                timeout=self._timeout,
            ) as answer:
                if not answer.is_success:
                    raise await _refusal(answer)
                async for chunk in _chunks(answer):
                    if asyncio.get_running_loop().time() > deadline:
                        raise EngineFailed(f"no end after {self._longest_s:.0f} s", passing=False)
                    if chunk.error is not None:
                        raise EngineFailed("it broke off with an error", passing=True)
                    for choice in chunk.choices[:1]:
                        words = choice.delta.content or choice.message.content
                        if words:
                            said += len(words)
                            yield words
                        if choice.finish_reason == "length" or said > MOST_CHARS:
                            raise CutOff
                        if choice.finish_reason is not None:
                            return
        except httpx.HTTPError as error:
            raise _failed(error) from error
        raise EngineFailed("it stopped before its end", passing=True)


async def _chunks(answer: httpx.Response) -> AsyncIterator[_Chunk]:
    """Yield what an answer is made of: events, or one document of an endpoint that does not stream."""
    if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
        body = b""
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > MOST_LINE_BYTES:
                raise EngineFailed("its answer has no end", passing=False)
        yield _decoded(body)
        return
    async for line in _lines(answer):
        field, _, value = line.partition(b":")
        if field != b"data":
            continue
        if (data := value.strip()) == b"[DONE]":
            return
        yield _decoded(data)


async def _lines(answer: httpx.Response) -> AsyncIterator[bytes]:
    """Yield lines; httpx' own reader would hold one without an end."""
    waiting = b""
    async for piece in answer.aiter_bytes():
        *lines, waiting = (waiting + piece).split(b"\n")
        for line in lines:
            yield line.rstrip(b"\r")
        if len(waiting) > MOST_LINE_BYTES:
            raise EngineFailed("its answer has a line without an end", passing=False)
    yield waiting


def _decoded(data: bytes) -> _Chunk:
    try:
        return msgspec.json.decode(data, type=_Chunk)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EngineFailed("its answer is not of this protocol", passing=False) from error


async def _refusal(answer: httpx.Response) -> EngineFailed:
    """Say that it refused; for the log alone, since it may repeat what somebody wrote."""
    reason = b""
    async for piece in answer.aiter_bytes():
        reason += piece
        if len(reason) > REASON_CHARS:
            break
    log.warning("chat_refused", status=answer.status_code, bytes=len(reason))
    return EngineFailed(f"status {answer.status_code}", passing=answer.status_code in PASSING)


def _failed(error: httpx.HTTPError) -> EngineFailed:
    return EngineFailed(type(error).__name__, passing=True)
