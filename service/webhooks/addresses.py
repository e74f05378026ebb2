"""Which receivers may be asked: addresses of the internet, and none of the service's own network. Pure."""

import ipaddress
import re
from urllib.parse import urlsplit

from service.errors import InvalidRequest

LONGEST_URL = 500

FIELD = "webhook_url"

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RELAYS = ipaddress.ip_network("192.88.99.0/24")

_UNICAST = ipaddress.ip_network("2000::/3")
"""All that IANA has given to the IPv6 internet. `is_global` calls all the rest global too that has no other name yet:
what was site-local once, and the wrappings of IPv4 that are in no use any more."""

_ORIGIN = re.compile(r"[^:]*://[^/?#]*")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(text: str) -> bool:
    """Whether an address is one of the internet, whatever it is wrapped in: `is_global` alone believes the wrapping."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
        if address.teredo is not None or address not in _UNICAST:
            return False
    elif address in _RELAYS:
        return False
    return address.is_global and not address.is_multicast


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
    if place.scheme != "https" or port not in (None, 443) or not _may_be_public(place.hostname):
        raise InvalidRequest(
            f"Field '{FIELD}' must be an https:// URL at port 443 of a host on the internet.", field=FIELD
        )
    return url


def origin(url: str) -> str:
    """Return where a receiver is, as its URL begins, in small letters: those of one place are asked a few at a time."""
    found = _ORIGIN.match(url)
    return url.lower() if found is None else found.group().lower()


def _may_be_public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:  # a name
        return host != "localhost" and not host.endswith((".localhost", ".local", ".internal"))
