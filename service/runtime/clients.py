"""Who asks, and how much of what there is may be theirs. Pure.

A client is an IPv4 address or an IPv6 network of 64 bits, the least that a customer is given. Many get a /56 and some
a /48, which are 256 and 65,536 such networks: so these are bounded as well, by a few clients' worth each.
"""

import functools
import ipaddress

WORTH = (1, 4, 16)
"""How many clients' worth a client has, the /56 that it is of, and the /48."""

LARGEST_SHARE = 4
"""Nobody, network or client, has more than one part in so many of the total."""

UNKNOWN = "unknown"

_DIGITS = (16, 14, 12)
"""Hex digits of the prefixes: 64, 56 and 48 bits. An IPv4 address has at most 15 characters."""


@functools.lru_cache(maxsize=4096)  # parsing an address takes longer than all the rest
def client_of(address: str | None) -> str:
    """Tell who asks. What is no address is one client, so that inventing some gains nothing."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return UNKNOWN
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return ip.packed[:8].hex()


def networks_of(client: str) -> tuple[str, ...]:
    """Tell whom a client counts for: itself, and of IPv6 the larger networks that it is of."""
    if len(client) != _DIGITS[0]:
        return (client,)
    return tuple(client[:digits] for digits in _DIGITS)


def most(*, per_client: int, total: int) -> tuple[int, ...]:
    """Tell the most that each of `networks_of` a client may have; 0 is no limit.

    Args:
        per_client: What one client may have; 0 is no limit, and then none of its networks either.
        total: What all may have together; 0 is no limit.
    """
    largest = -(-total // LARGEST_SHARE) if total else per_client * max(WORTH)
    return tuple(min(per_client * worth, largest) for worth in WORTH)
