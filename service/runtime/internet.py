"""Which addresses are of the internet, and whether a name leads there: strangers name hosts, and may name no others."""

import asyncio
import functools
import ipaddress
import socket
from concurrent.futures import ThreadPoolExecutor

RESOLVERS = 64
"""Threads in which names are resolved. They are nobody else's: strangers choose the names, and whoever answers for one
can keep its thread waiting, which is then missing to none but others of such names."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RELAYS = ipaddress.ip_network("192.88.99.0/24")

_UNICAST = ipaddress.ip_network("2000::/3")
"""All that IANA has given to the IPv6 internet. `is_global` calls all the rest global too that has no other name yet:
what was site-local once, and the wrappings of IPv4 that are in no use any more."""

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


def may_be_public(host: str) -> bool:
    """Whether a host is not plainly of a network of one's own; what a name leads to is not asked."""
    try:
        return is_public(host)
    except ValueError:  # a name
        return host != "localhost" and not host.endswith((".localhost", ".local", ".internal"))


class NotPublic(Exception):
    """A name leads to no address, or to one that is not of the internet."""


class Names:
    """Resolves names, in threads of its own.

    Args:
        private: Any address will do.
        threads: How many names are looked up at once.
    """

    def __init__(self, *, private: bool, threads: int = RESOLVERS) -> None:
        self._private = private
        self._resolvers = ThreadPoolExecutor(threads, thread_name_prefix="resolver")

    async def resolve(self, host: str, port: int) -> list[str]:
        """Return all addresses of a name.

        Raises:
            NotPublic: One of them is not of the internet, or there is none.
        """
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                self._resolvers, functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
            )
        except (OSError, UnicodeError) as error:
            raise NotPublic(f"{host} cannot be resolved") from error
        addresses = [str(address[0]) for *_, address in found]
        if not addresses or not (self._private or all(map(is_public, addresses))):
            raise NotPublic(f"{host} is not on the internet")
        return addresses

    def close(self) -> None:
        """Wait for no answer any more."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)
