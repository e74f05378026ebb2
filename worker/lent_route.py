"""Where a service lends avatars, backgrounds and voices of its accounts: `GET` asks for one, `PUT` brings it."""

import asyncio
import tempfile
from typing import Any

from litestar import Request, get, put
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from worker.backgrounds import MAX_BACKGROUND_BYTES, Backgrounds
from worker.errors import BadBackground, BadPack
from worker.lent import MAX_PACK_BYTES, Lent
from worker.lent_voices import LentVoices
from worker.speech import BadVoicePack
from worker.speech.clones import MAX_PACK_BYTES as MAX_VOICE_BYTES

_SPOOL_BYTES = 1 << 20

_ARCHIVE_BYTES = MAX_PACK_BYTES + (1 << 20)
"""With the heads of its files."""


@get("/avatars/{name:str}", status_code=204)
async def has(name: FromPath[str], lent: NamedDependency[Lent]) -> None:
    """Tell whether an avatar was lent, and keep it for longer."""
    if await asyncio.to_thread(lent.find, name) is None:
        raise NotFoundException(f"{name[:80]} was not lent.")


@put("/avatars/{name:str}", status_code=204, request_max_body_size=None)
async def lend(request: Request[Any, Any, Any], name: FromPath[str], lent: NamedDependency[Lent]) -> None:
    """Take in the pack of an avatar, a tar."""
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as archive:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > _ARCHIVE_BYTES:
                raise BadPack(f"It is larger than {MAX_PACK_BYTES >> 20} MB.")
            archive.write(chunk)
        archive.seek(0)
        await asyncio.to_thread(lent.keep, name, archive)


@get("/backgrounds/{digest:str}", status_code=204)
async def has_background(digest: FromPath[str], backgrounds: NamedDependency[Backgrounds]) -> None:
    """Tell whether a background was lent, and keep it for longer."""
    if await asyncio.to_thread(backgrounds.find, digest) is None:
        raise NotFoundException(f"{digest[:80]} was not lent.")


@put("/backgrounds/{digest:str}", status_code=204, request_max_body_size=None)
async def lend_background(
    request: Request[Any, Any, Any], digest: FromPath[str], backgrounds: NamedDependency[Backgrounds]
) -> None:
    """Take in a picture or a film, by its SHA-256."""
    with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as file:
        async for chunk in request.stream():
            file.write(chunk)
            if file.tell() > MAX_BACKGROUND_BYTES:
                raise BadBackground(f"It is larger than {MAX_BACKGROUND_BYTES >> 20} MB.")
        file.seek(0)
        await asyncio.to_thread(backgrounds.keep, digest, file)


@get("/voices/{name:str}", status_code=204)
async def has_voice(name: FromPath[str], lent_voices: NamedDependency[LentVoices]) -> None:
    """Tell whether a voice was lent and can speak, and keep it for longer."""
    if await asyncio.to_thread(lent_voices.find, name) is None:
        raise NotFoundException(f"{name[:80]} was not lent.")


@put("/voices/{name:str}", status_code=204, request_max_body_size=None)
async def lend_voice(
    request: Request[Any, Any, Any], name: FromPath[str], lent_voices: NamedDependency[LentVoices]
) -> None:
    """Take in a voice; see `worker.speech.clones.VoicePack`."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_VOICE_BYTES:
            raise BadVoicePack(f"It is larger than {MAX_VOICE_BYTES >> 20} MB.")
    await asyncio.to_thread(lent_voices.keep, name, bytes(content))


LENDING = [has, lend, has_background, lend_background, has_voice, lend_voice]
