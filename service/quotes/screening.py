"""Asks the operator's own judge, a command or a URL, whether a text or a recording may be sold.

It is asked before the quote, so nobody has paid for what is refused. A judge that fails or dawdles sells nothing.
"""

import asyncio
import contextlib
import shlex
import shutil
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal

import httpx
import structlog

from service.errors import ContentRefused, Unavailable
from service.quotes.port import Screen
from service.runtime.section import Positive, Section

Kind = Literal["text", "audio"]

AT_ONCE = 16
"""Judgements that run at once; the others wait for their turn."""

CHUNK_BYTES = 1 << 18
REASON_CHARS = 300
REFUSED_STATUS, REFUSED_EXIT = 403, 1
MEDIA_TYPES: dict[Kind, str] = {"text": "text/plain; charset=utf-8", "audio": "audio/wav"}

log = structlog.get_logger()


class Judge(Section, frozen=True, kw_only=True):
    """Who may refuse a text or a recording."""

    screen: str = ""
    """A command, or a URL, that judges each text and recording before it is quoted, and may refuse it with a reason:
    `service/quotes/screening.py`."""

    screen_timeout_s: Positive = 10
    """Seconds that it may take; without its judgement nothing is sold."""

    def __post_init__(self) -> None:
        """Refuse what is no program."""
        _command_of(self.screen)


def open_screen(judge: Judge, client: httpx.AsyncClient) -> Screen | None:
    """Make the judge that is set; None where there is none."""
    if not judge.screen:
        return None
    command = _command_of(judge.screen)
    if command is None:
        return UrlScreen(client, judge.screen, timeout_s=judge.screen_timeout_s)
    return CommandScreen(command, timeout_s=judge.screen_timeout_s)


def _command_of(setting: str) -> list[str] | None:
    """Split a command as a shell would; None where the setting is a URL, or empty.

    Raises:
        ValueError: There is no such program, or a quotation mark is left open.
    """
    if not setting or setting.startswith(("http://", "https://")):
        return None
    try:
        command = shlex.split(setting)
    except ValueError as error:
        raise ValueError(f"SATSPEAK_SCREEN: {error}") from error
    if not command or shutil.which(command[0]) is None:
        raise ValueError(f"SATSPEAK_SCREEN: there is no program '{setting}'")
    return command


class CommandScreen:
    """Runs a command for each, with `text` or `audio` as its last argument and the words or the WAV on its stdin.

    Exit code 0 sells; 1 refuses, for the reason on stdout; any other is a failure.
    """

    def __init__(self, command: list[str], *, timeout_s: float) -> None:
        self._command = command
        self._timeout_s = timeout_s
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def text(self, text: str) -> None:
        """Judge words; raises ContentRefused or Unavailable."""
        await self._judge("text", PIPE, text.encode())

    async def audio(self, wav: Path) -> None:
        """Judge a recording; raises ContentRefused or Unavailable."""
        with wav.open("rb") as file:
            await self._judge("audio", file.fileno(), None)

    async def _judge(self, kind: Kind, stdin: int, given: bytes | None) -> None:
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                *self._command, kind, stdin=stdin, stdout=PIPE, stderr=DEVNULL
            )
            try:
                async with asyncio.timeout(self._timeout_s):
                    said, _ = await process.communicate(given)
            except TimeoutError:
                raise _failure("timeout") from None
            finally:
                if process.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        if process.returncode == REFUSED_EXIT:
            raise ContentRefused(_reason(said.decode(errors="replace")))
        if process.returncode:
            raise _failure(f"exit code {process.returncode}")


class UrlScreen:
    """POSTs each to a URL: words as `text/plain`, a recording as `audio/wav`.

    A 2xx sells; 403 refuses, for the reason in the body; any other answer is a failure.
    """

    def __init__(self, client: httpx.AsyncClient, url: str, *, timeout_s: float) -> None:
        self._client = client
        self._url = url
        self._timeout_s = timeout_s
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def text(self, text: str) -> None:
        """Judge words; raises ContentRefused or Unavailable."""
        await self._judge("text", text.encode())

    async def audio(self, wav: Path) -> None:
        """Judge a recording; raises ContentRefused or Unavailable."""
        await self._judge("audio", _chunks(wav))

    async def _judge(self, kind: Kind, content: bytes | AsyncIterator[bytes]) -> None:
        try:
            async with self._turns, asyncio.timeout(self._timeout_s):
                answer = await self._client.post(
                    self._url,
                    content=content,
                    headers={"Content-Type": MEDIA_TYPES[kind]},
                    timeout=self._timeout_s,
                )
        except (httpx.HTTPError, TimeoutError) as error:
            raise _failure(repr(error)) from error
        if answer.status_code == REFUSED_STATUS:
            raise ContentRefused(_reason(answer.text))
        if not answer.is_success:
            raise _failure(f"status {answer.status_code}")


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while chunk := await asyncio.to_thread(opened.read, CHUNK_BYTES):
            yield chunk


def _reason(said: str) -> str:
    """What the buyer is told: one short line."""
    return " ".join(said.split())[:REASON_CHARS] or "This cannot be sold here."


def _failure(why: str) -> Unavailable:
    log.error("screen_failed", why=why)
    return Unavailable("Nothing can be sold now: what is said cannot be checked. Try again soon.")
