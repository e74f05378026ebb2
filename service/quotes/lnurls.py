"""Gives each quote an LNURL, which leads to the quote's own invoice: one order has one. Pure."""

from urllib.parse import urlsplit

from lightning.lnurl import encode, metadata
from service.orders.lnurl import Lnurl
from service.orders.tokens import digest

PATH = "lnurlp"


class Lnurls:
    """Makes LNURLs.

    Args:
        public_url: Where wallets reach the service.
    """

    def __init__(self, public_url: str) -> None:
        self._public_url = public_url
        place = urlsplit(public_url)
        self._host = None if place.path else place.netloc

    def of(self, name: str, description: str) -> Lnurl:
        """Say what is kept of one, and what its invoice commits to."""
        return Lnurl(id_hash=digest(name), metadata=self.metadata(name, description))

    def metadata(self, name: str, description: str) -> str:
        """Write what wallets are shown."""
        return metadata(description, identifier=self.address(name))

    def address(self, name: str) -> str | None:
        """Write a Lightning Address: a name at a host, so a service below a path has none."""
        return None if self._host is None else f"{name}@{self._host}"

    def link(self, name: str) -> str:
        """Write one for the buyer."""
        return encode(f"{self._public_url}/{PATH}/{name}")
