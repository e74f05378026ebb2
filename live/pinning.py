"""Goes to the addresses that a host's name was judged by: whoever answers for a name may give another a moment later.

Without TLS the address can stand in the URL. With it the name has to, since certificates and virtual hosts are found by
it: LiveKit's SDK asks for a certificate, which nobody has at an address that is not the name's. libavformat asks for
none, so the name is resolved once more, and nothing is opened where it leads elsewhere by then.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import urlsplit

from live.errors import Unreachable


def pinned(url: str, addresses: Collection[str]) -> str:
    """Return a URL by the address of its host; as it is where none is given.

    Args:
        url: without TLS.
        addresses: of its host, of which one of IPv4 comes first: whoever has no IPv6 gets nowhere by one.
    """
    if not addresses:
        return url
    parts = urlsplit(url)
    address = min(map(ipaddress.ip_address, addresses), key=lambda each: each.version)
    host = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004
    name = f"{host}:{parts.port}" if parts.port else host
    user, at, _ = parts.netloc.rpartition("@")
    return parts._replace(netloc=user + at + name).geturl()


def tc_url(url: str) -> str:
    """Return what an RTMP server is told of a URL: by its name, and without the stream key.

    The application is the first part of the path, or the first two where there are three, as libavformat has it.
    """
    parts = urlsplit(url)
    path = parts.path.removeprefix("/").split("/")
    application = "/".join(path[:2] if len(path) > 2 and ":" not in path[1] else path[:1])  # noqa: PLR2004
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/{application}"


async def check(url: str, addresses: Collection[str]) -> None:
    """Look whether a name still leads where it was judged to lead.

    Raises:
        Unreachable: It leads elsewhere.
    """
    if not addresses:
        return
    host = urlsplit(url).hostname
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    if not found or not {str(address[0]) for *_, address in found} <= set(addresses):
        raise Unreachable("The server's name leads elsewhere now.")
