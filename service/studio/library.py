"""The library of an account: what it uploads, has fetched or has made, each under a link of its own.

Whoever has a link has what it leads to; so a link names nothing but 128 random bits, and needs no key.
"""

import re
import secrets
from collections.abc import AsyncGenerator, Collection
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog

from service.errors import InsufficientCredits, InvalidRequest, MediumGone, MediumNotFound
from service.jobs.port import MEDIA, Objects
from service.orders.tokens import new_name
from service.runtime.clock import Clock, from_millis, to_millis
from service.studio.intake import MB, Arrived, LibraryTerms, Made
from service.studio.media import UPLOADED, Kind, Medium, NewMedium, Paid
from service.studio.media_port import Fetcher, MediaStore

LONGEST_NAME = 200

LEAST_MS = 1000
"""Of video time, by which a wallet's account that never had any is told that it has to be paid for first."""

LOOKED_THROUGH = 200
"""Media of an account, the newest first, that are looked through for one."""

_LINK = re.compile(r"(?:/[^/]+)*/media/([a-z2-7]{26})\.[a-z0-9]{2,4}")
"""The path of a link of ours, behind whatever path the operator's proxy has it."""

log = structlog.get_logger()


class Library:
    """What accounts keep."""

    def __init__(
        self, *, store: MediaStore, objects: Objects, fetcher: Fetcher, terms: LibraryTerms, now: Clock
    ) -> None:
        self._store = store
        self._objects = objects
        self._fetcher = fetcher
        self._terms = terms
        self._now = now

    async def check_room(self, account_id: int, size: int) -> None:
        """Refuse what there would be no room for before it is sent.

        Raises:
            InvalidRequest: The account would keep too much.
            InsufficientCredits: It was made by a wallet that has not paid: anybody has as many of those as they like.
        """
        if not await self._store.may_keep(account_id):
            raise InsufficientCredits(asked_ms=LEAST_MS, free_ms=0)
        if await self._store.stored_bytes(account_id) + size > self._most_bytes:
            raise self._full()

    async def keep(
        self,
        account_id: int,
        arrived: Arrived | Made,
        *,
        kind: Kind | None = None,
        name: str | None = None,
        recipe: dict[str, Any] | None = None,
        paid: Paid | None = None,
    ) -> Medium:
        """Keep a file.

        Args:
            account_id: Whose.
            arrived: The file.
            kind: Another kind than its bytes say: a film that was made here is a video.
            name: What its owner calls it.
            recipe: What it was made from, where it was made here.
            paid: What it costs.

        Raises:
            InvalidRequest: The account would keep too much.
            LeaseLost: What was set aside for it is given back already.
        """
        now = from_millis(to_millis(self._now()))
        kept_for = self._terms.media_retention_days
        new = NewMedium(
            token=new_name(),
            account_id=account_id,
            kind=kind or arrived.format.kind,
            mime=arrived.format.mime,
            size=arrived.size,
            digest=arrived.digest,
            object=MEDIA + secrets.token_hex(16),
            name=name[:LONGEST_NAME] if name else None,
            recipe=recipe,
            created_at=now,
            expires_at=now + timedelta(days=kept_for) if kept_for else None,
        )
        await self._objects.put(new.object, arrived.chunks())
        medium = await self._store.add(
            new, most_bytes=self._most_bytes, most=self._terms.library_files_per_account, paid=paid
        )
        if medium is None:
            await self._objects.delete(new.object)
            raise self._full()
        log.info(
            "medium_kept", medium=medium.id, account=account_id, kind=medium.kind.value, size=medium.size
        )
        return medium

    async def bring(
        self,
        account_id: int,
        url: str,
        *,
        wanted: Collection[Kind] = UPLOADED,
        field: str,
        name: str | None = None,
    ) -> Medium:
        """Keep what an address leads to; what stands in a library already is not kept twice.

        Raises:
            InvalidRequest: It cannot be had, is nothing that is wanted, or there is no room.
            InsufficientCredits: The account was never paid for.
            MediumNotFound: It is a link of ours that leads nowhere.
            MediumGone: It is a link of ours whose time is over.
        """
        own = await self.linked(url)
        if own is not None:
            if own.kind not in wanted and not (own.kind is Kind.VIDEO and Kind.FILM in wanted):
                names = " or ".join(kind.value for kind in wanted)
                raise InvalidRequest(
                    f"Field '{field}' leads to {own.kind.value}, not to {names}.", field=field
                )
            return own
        await self.check_room(account_id, 0)
        async with self._fetcher.fetch(url, wanted, client=str(account_id), field=field) as arrived:
            return await self.keep(account_id, arrived, name=name)

    async def linked(self, url: str) -> Medium | None:
        """Find what a link of ours leads to, without asking anybody; None where it is none of ours.

        Raises as `find` does.
        """
        try:
            path = urlsplit(url).path
        except ValueError:
            return None
        match = _LINK.fullmatch(path)
        return None if match is None else await self.find(match.group(1))

    async def find(self, token: str) -> Medium:
        """Find a medium that can be read.

        Raises:
            MediumNotFound: There is none, or it is long gone.
            MediumGone: Its time is over.
        """
        medium = None if "\0" in token else await self._store.find(token)  # PostgreSQL cannot be asked for it
        if medium is None:
            raise MediumNotFound
        if medium.over(self._now()):
            raise MediumGone
        return medium

    async def read(self, medium: Medium, start: int = 0, end: int | None = None) -> AsyncGenerator[bytes]:
        """Stream its bytes from `start` to before `end`, or to the last.

        Raises:
            FileNotFoundError: It was deleted meanwhile.
        """
        assert medium.object is not None, "what is over is not read"
        async for chunk in self._objects.read(medium.object, start, end):
            yield chunk

    async def page(
        self, account_id: int, *, kind: Kind | None = None, before_id: int | None = None, limit: int
    ) -> list[Medium]:
        """Return what an account keeps, the newest first, below an id."""
        return await self._store.page(
            account_id, kind=kind, before_id=before_id, now=self._now(), limit=limit
        )

    async def made_under(self, account_id: int, ref: str, *, kind: Kind) -> Medium | None:
        """Find what was made for an account lately under a reference, by its recipe."""
        newest = await self.page(account_id, kind=kind, limit=LOOKED_THROUGH)
        return next((medium for medium in newest if (medium.recipe or {}).get("ref") == ref), None)

    async def delete(self, account_id: int, token: str) -> None:
        """Delete a medium: its link leads nowhere from now on, and its bytes go at once.

        Raises:
            MediumNotFound: The account has none, or it was deleted.
        """
        medium = None if "\0" in token else await self._store.end(token, account_id, self._now())
        if medium is None:
            raise MediumNotFound
        # What fails here is done by who looks for what is over.
        if medium.object is not None:
            await self._objects.delete(medium.object)
        await self._store.forgotten(medium.id)

    @property
    def _most_bytes(self) -> int:
        return self._terms.library_mb_per_account * MB

    def _full(self) -> InvalidRequest:
        return InvalidRequest(
            f"Your library is full: it takes {self._terms.library_mb_per_account:,} MB in"
            f" {self._terms.library_files_per_account:,} files. Delete something first."
        )
