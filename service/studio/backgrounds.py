"""Fetches what is to stand behind people: judged by a worker, and kept for renders, before it is sold.

The object is named by its SHA-256 and shared by all orders that show it. It is a copy: what an account deletes from its
library, or whose time is over there, is still shown by videos that were sold before.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

from service.errors import InvalidRequest, MediumGone, MediumNotFound, RenderRefused
from service.jobs.names import background_name
from service.jobs.port import Objects
from service.studio.intake import MB
from service.studio.library import Library
from service.studio.media import Kind, Medium

FIELD = "background"

MOST_MB = 64
"""Of one picture or film: each worker that shows it is brought it."""

WANTED = (Kind.PICTURE, Kind.FILM)

_TOKEN = re.compile(r"[a-z2-7]{26}")


class Backgrounds:
    """Fetches them, as the port of `quotes` says.

    Args:
        library: Has them, or what fetches them.
        objects: Where they are kept.
        judge: Has a worker take one, by its SHA-256 and its content; raises RenderRefused where it cannot show it.
    """

    def __init__(
        self,
        library: Library,
        objects: Objects,
        judge: Callable[[str, Callable[[], AsyncIterator[bytes]]], Awaitable[None]],
    ) -> None:
        self._library = library
        self._objects = objects
        self._judge = judge

    async def bring(self, account_id: int, address: str) -> str:
        """Keep a picture or film for renders; its SHA-256."""
        medium = await self._medium(account_id, address)
        if medium.size > MOST_MB * MB:
            raise InvalidRequest(f"The background is too large: at most {MOST_MB} MB are shown.", field=FIELD)
        digest = medium.digest.hex()
        try:
            await self._judge(digest, lambda: self._library.read(medium))
            await self._objects.put(background_name(digest), self._library.read(medium))
        except RenderRefused as error:
            raise InvalidRequest(f"The background cannot be shown. {error.detail}", field=FIELD) from error
        except FileNotFoundError as error:
            raise _gone() from error
        return digest

    async def _medium(self, account_id: int, address: str) -> Medium:
        try:
            if not _TOKEN.fullmatch(address):
                return await self._library.bring(account_id, address, wanted=WANTED, field=FIELD)
            medium = await self._library.find(address)
        except (MediumNotFound, MediumGone) as error:
            raise _gone() from error
        if medium.kind is Kind.SPEECH:
            raise InvalidRequest("The background is speech, and no picture or film.", field=FIELD)
        return medium


def _gone() -> InvalidRequest:
    return InvalidRequest("The background is in no library here, or not any more.", field=FIELD)
