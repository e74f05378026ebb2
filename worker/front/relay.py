"""Passes requests on to workers, and their answers back: no faster than they are read, and broken where they broke."""

import asyncio
import contextlib
import shutil
import tarfile
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import httpx
import msgspec
from litestar import Request
from litestar.exceptions import HTTPException

from worker.backgrounds import Backgrounds
from worker.errors import Busy
from worker.front.members import CONNECT_S, Member, Members
from worker.intake import MAX_REQUEST_BYTES
from worker.lent import NAME, Lent
from worker.lent_voices import LentVoices
from worker.portrait_routes import unless_gone
from worker.records import RecordError, RecordReader, RenderRequest

_LEND_S = 30.0
_SPOOL_BYTES = 1 << 20
_PIECE_BYTES = 1 << 16

AnyRequest = Request[Any, Any, Any]


class Loan(NamedTuple):
    """What a worker has to have: where it is brought, and what writes it to a file."""

    path: str
    write: Callable[[IO[bytes]], None]


class Relay:
    """Finds a worker for each request.

    Args:
        client: to reach them by.
        members: all of them.
        lent: keeps the avatars that were lent, of which each worker is brought what it is to show.
        backgrounds: keeps the backgrounds, likewise.
        lent_voices: keeps the voices, likewise.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        members: Members,
        lent: Lent,
        backgrounds: Backgrounds,
        lent_voices: LentVoices,
    ) -> None:
        self._client = client
        self._members = members
        self._lent = lent
        self._backgrounds = backgrounds
        self._lent_voices = lent_voices
        self._lending = asyncio.Lock()  # workers of one machine keep what is lent in one folder

    async def ask(self, request: AnyRequest) -> tuple[httpx.Response, AsyncIterator[bytes]]:
        """Have a request answered by whoever takes it.

        Its body is read whole before, as a worker would: so another can be asked where one is full or lost.

        Returns:
            The answer, and its content as it comes; closing that cancels the request.

        Raises:
            Busy: what it is to show is to be lent again.
            CallerGone: nobody waits for it any more.
            HTTPException: 502, nobody can be reached.
        """
        refusal: httpx.Response | None = None
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as body:
            async for piece in request.stream():
                body.write(piece)
            loans = await self._loans(request, body)
            for member in self._members.candidates():
                async with contextlib.AsyncExitStack() as stack:
                    stack.enter_context(member.at_work())
                    try:
                        if (unlent := await self.lend(member, loans)) is not None:
                            refusal = refusal or unlent
                            continue
                        answer = await unless_gone(request, self._send(member, request, body))
                        stack.push_async_callback(answer.aclose)
                        if not answer.is_server_error:
                            return answer, _content(answer, member, stack.pop_all())
                        await answer.aread()
                    except httpx.HTTPError as exc:
                        member.lost(exc)
                    else:
                        refusal = refusal or answer  # of who has the least to do
        if refusal is None:
            raise HTTPException(status_code=502, detail="No worker can be reached.")
        return refusal, refusal.aiter_bytes()

    async def _loans(self, request: AnyRequest, body: IO[bytes]) -> Sequence[Loan]:
        """Return what of all that was lent it is to show, and to speak with.

        Raises:
            Busy: that is not here any more. A worker's 400 would be the end of an order, which lends again.
        """
        needed = _needed(request, body)
        loans = await self.loans(needed.avatar, None)
        if NAME.fullmatch(needed.avatar or "") and not loans and request.scope["path"] == "/renders":
            raise Busy(0, 0, 1)
        loans += await self.loans(None, needed.voice)
        if needed.picture is not None:
            path = await asyncio.to_thread(self._backgrounds.find, needed.picture)
            if path is None:
                raise Busy(0, 0, 1)
            loans.append(Loan(f"/backgrounds/{needed.picture}", partial(_copy, path)))
        return loans

    async def loans(self, avatar: str | None, voice: str | None) -> list[Loan]:
        """Return what was lent of an avatar and a voice; what was not is left to the worker to miss."""
        loans: list[Loan] = []
        if avatar and NAME.fullmatch(avatar) and await asyncio.to_thread(self._lent.find, avatar) is not None:
            home = self._lent.film(avatar, "avatar.json").parent
            loans.append(Loan(f"/avatars/{avatar}", partial(_pack, home)))
        if voice and (path := await asyncio.to_thread(self._lent_voices.path, voice)) is not None:
            loans.append(Loan(f"/voices/{voice}", partial(_copy, path)))
        return loans

    async def lend(self, member: Member, loans: Sequence[Loan]) -> httpx.Response | None:
        """Bring a worker what it has not got; returns how it refused."""
        for loan in loans:
            url = member.url + loan.path
            async with self._lending:
                answer = await self._client.get(url, timeout=CONNECT_S)
                if answer.status_code == httpx.codes.NOT_FOUND:
                    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as file:
                        await asyncio.to_thread(loan.write, file)
                        file.seek(0)
                        answer = await self._client.put(url, content=_read(file), timeout=_LEND_S)
            if answer.is_error:
                return answer
        return None

    async def _send(self, member: Member, request: AnyRequest, body: IO[bytes]) -> httpx.Response:
        size = body.seek(0, 2)
        body.seek(0)
        query = request.scope["query_string"].decode()
        sent = self._client.build_request(
            request.method,
            member.url + request.scope["raw_path"].decode() + (f"?{query}" if query else ""),
            headers={
                "Content-Type": request.headers.get("Content-Type", "application/octet-stream"),
                "Content-Length": str(size),
            },
            content=_read(body),
        )
        return await self._client.send(sent, stream=True)


async def _content(
    answer: httpx.Response, member: Member, stack: contextlib.AsyncExitStack
) -> AsyncGenerator[bytes]:
    async with stack:
        try:
            async for piece in answer.aiter_raw():
                yield piece
        except httpx.HTTPError as exc:
            member.lost(exc)
            raise


async def _read(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


def _pack(home: Path, archive: IO[bytes]) -> None:
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for file in home.iterdir():
            tar.add(file, arcname=file.name)


def _copy(path: Path, file: IO[bytes]) -> None:
    with path.open("rb") as source:
        shutil.copyfileobj(source, file)


class _Needed(NamedTuple):
    """What a request names that may have been lent."""

    avatar: str | None = None
    picture: str | None = None
    voice: str | None = None


class _Said(msgspec.Struct):
    """What is read here of a text that is to be spoken."""

    voice: str | None = None


def _needed(request: AnyRequest, body: IO[bytes]) -> _Needed:
    """Tell who is to be shown, by the path, by the query, or by the record of a render, before what, and who speaks."""
    body.seek(0)
    if request.scope["path"] == "/speech":
        with contextlib.suppress(msgspec.MsgspecError):
            return _Needed(voice=msgspec.json.decode(body.read(), type=_Said).voice)
    if request.scope["path"] != "/renders":
        named = request.path_params.get("name") or request.query_params.get("avatar")
        return _Needed(avatar=str(named) if named else None)
    reader = RecordReader(max_bytes=MAX_REQUEST_BYTES)
    reader.feed(body.read(MAX_REQUEST_BYTES + _PIECE_BYTES))
    with contextlib.suppress(RecordError):  # a worker says what is wrong with it
        if isinstance(record := reader.next(), RenderRequest):
            picture = record.stage.picture if record.stage else None
            return _Needed(avatar=record.avatar, picture=picture, voice=record.voice)
    return _Needed()
