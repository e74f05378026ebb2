"""Who judges what may be sold, and who knows what is stored unpaid."""

from pathlib import Path
from typing import Protocol


class Backgrounds(Protocol):
    """Fetches what is to stand behind a person, before it is sold."""

    async def bring(self, account_id: int, address: str) -> str:
        """Keep a picture or film for renders; its SHA-256.

        Args:
            account_id: Whose.
            address: A URL, or a token of the account's library.

        Raises:
            InvalidRequest: It cannot be had, or cannot be shown.
            WorkerDown: Nobody is there who could tell.
        """
        ...


class Screen(Protocol):
    """Judges what may be sold, before it is quoted.

    Each raises `ContentRefused` with a reason for the buyer, or `Unavailable` where there is no judgement.
    """

    async def text(self, text: str) -> None:
        """Judge words."""
        ...

    async def audio(self, wav: Path) -> None:
        """Judge a recording."""
        ...


class UnpaidUploads(Protocol):
    """Knows how much is stored of recordings that nobody has paid for."""

    async def unpaid_upload_ms(self) -> int:
        """Return their milliseconds of speech."""
        ...
