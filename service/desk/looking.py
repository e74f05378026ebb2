"""Looks orders up: by pages, by whatever names one, and one with all that is known of it."""

import re

import msgspec

from service.desk.port import Desk, Found, Line, Shelf, Story
from service.errors import OrderNotFound

PAGE = 50

PIECES = 100
"""Segments that are shown of a video."""

LARGEST_ID = 2**63 - 1

LONGEST_SEARCH = 8192
"""Characters. An invoice with many route hints has some thousands."""

_HASH = re.compile(r"[0-9a-f]{64}")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of orders."""

    lines: list[Line]
    below: int | None  # where the next goes on; None: there is none


class Looking:
    """Looks orders up."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def page(self, shelf: Shelf | None, *, below: int | None = None) -> Page:
        """Return a page, the newest orders first."""
        lines = await self._desk.page(shelf, below=below, limit=PAGE + 1)
        return Page(lines=lines[:PAGE], below=lines[PAGE - 1].id if len(lines) > PAGE else None)

    async def story(self, order_id: int) -> Story:
        """Return all that is known of an order.

        Raises:
            OrderNotFound: There is none with this number.
        """
        story = await self._desk.story(order_id, pieces=PIECES) if order_id <= LARGEST_ID else None
        if story is None:
            raise OrderNotFound(str(order_id))
        return story

    async def find(self, asked: str) -> Found | None:
        """Find an order by its number, invoice, payment hash or public id; None where nothing is called so."""
        name = asked.strip()
        if not name or len(name) > LONGEST_SEARCH or "\0" in name:
            return None
        low = name.lower().removeprefix("lightning:").removeprefix("#")
        if low.isascii() and low.isdecimal() and int(low) <= LARGEST_ID:
            return await self._desk.find(order_id=int(low))
        if _HASH.fullmatch(low):
            return await self._desk.find(payment_hash=bytes.fromhex(low))
        if low.startswith("ln"):
            return await self._desk.find(invoice=low)
        return await self._desk.find(public_id=name)
