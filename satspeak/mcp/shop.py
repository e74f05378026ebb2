"""The shop as an agent sees it: its public API, and where its links lead."""

import asyncio
import contextlib
from typing import Self
from urllib.parse import quote

import msgspec

from satspeak.client import Client, Quote
from satspeak.mcp.answers import Catalogue, Refund


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """The first bytes of a video."""

    data: bytes
    whole: bool


class Shop:
    """One shop.

    Args:
        url: Where it is, without a slash at its end.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = Client(url)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.client.aclose()

    async def catalogue(self) -> Catalogue:
        """List what can be chosen."""
        said = await self.client.avatars()
        return Catalogue(
            avatars=[each.name for each in said.avatars],
            emotions=said.emotions,
            languages=[each.code for each in said.languages],
            voices=[each.name for each in said.voices],
        )

    async def begin(self, invoice: str, *, wait_s: float, most_bytes: int) -> Piece:
        """Have a paid video made, and read so much of it in so long; it is made on by itself then.

        Raises:
            ServiceRefused: It is not paid, or cannot be made.
            TimeoutError: Nothing of it is there yet.
        """
        data, whole = bytearray(), False
        async with contextlib.aclosing(self.client.video(invoice)) as stream:
            try:
                async with asyncio.timeout(wait_s):
                    async for chunk in stream:
                        data += chunk
                        if len(data) > most_bytes:
                            break
                    else:
                        whole = True
            except TimeoutError:
                if not data:
                    raise
        return Piece(data=bytes(data), whole=whole)

    async def refund(self, invoice: str, *, refund_token: str, preimage: str, refund_invoice: str) -> Refund:
        """Ask for the money of a video that failed.

        Raises:
            ServiceRefused: There is nothing to refund, or not to whoever asks.
        """
        paid = Quote(  # of which the request has these two
            bolt11_invoice=invoice,
            refund_token=refund_token,
            duration=0,
            amount=0,
            amount_usd=0,
            expires_at="",
        )
        said = await self.client.refund(paid, preimage=preimage, invoice=refund_invoice)
        return Refund(state=said.status, amount_msat=said.amount_msat, preimage=said.preimage)

    def video_url(self, invoice: str) -> str:
        """Link to the MP4, once it is begun."""
        return f"{self.url}/lightning/video/{quote(invoice, safe='')}"

    def page_url(self, invoice: str) -> str:
        """Link to the page that plays it."""
        return f"{self.url}/video/{quote(invoice, safe='')}"
