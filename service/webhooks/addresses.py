"""Which receivers may be asked: addresses of the internet, and none of the service's own network. Pure."""

import re
from urllib.parse import urlsplit

from service.errors import InvalidRequest
from service.runtime.internet import may_be_public

LONGEST_URL = 500

FIELD = "webhook_url"

_ORIGIN = re.compile(r"[^:]*://[^/?#]*")


def check_url(url: str, *, private: bool) -> str:
    """Return a receiver's URL; what its name resolves to is judged at each try.

    Args:
        url: As the buyer named it.
        private: Any will do, for trying it out.

    Raises:
        InvalidRequest: It is none, or nobody on the internet has it.
    """
    try:
        place = urlsplit(url)
        port = place.port
        (place.hostname or "").encode("idna")  # as who resolves it does: labels of 1 to 63 letters
    except ValueError:
        place, port = urlsplit(""), None
    sane = len(url) <= LONGEST_URL and url.isascii() and url.isprintable() and " " not in url
    if not sane or not place.hostname or place.username is not None or place.scheme not in ("https", "http"):
        raise InvalidRequest(
            f"Field '{FIELD}' must be an https:// URL of at most {LONGEST_URL} characters.", field=FIELD
        )
    if private:
        return url
    if place.scheme != "https" or port not in (None, 443) or not may_be_public(place.hostname):
        raise InvalidRequest(
            f"Field '{FIELD}' must be an https:// URL at port 443 of a host on the internet.", field=FIELD
        )
    return url


def site(url: str) -> str:
    """Return what the owner of a receiver has probably registered: whoever has a name can make others of it.

    The last two labels of the host or, of an address, all of it. Where many have names in one that is not theirs, such
    as below `co.uk`, they are taken for one.
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    if ":" in host or host.replace(".", "").isdecimal():
        return host
    return ".".join(host.split(".")[-2:])


def origin(url: str) -> str:
    """Return where a receiver is, as its URL begins, in small letters: those of one place are asked a few at a time."""
    found = _ORIGIN.match(url)
    return url.lower() if found is None else found.group().lower()
