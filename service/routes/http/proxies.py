"""Notices that buyers are taken for one client: their proxy is not believed, or does not know itself who asks."""

import ipaddress

import structlog
from litestar.types import Scope

MANY = 100
"""Requests through a proxy that is not believed after which that is said: one may be anybody's invention."""

log = structlog.get_logger()


class Proxies:
    """Says so in the log, once each: it is about what is to be set, not about who asks."""

    def __init__(self) -> None:
        self._not_believed = 0
        self._said: set[str] = set()

    def note(self, scope: Scope, *, refused: bool) -> None:
        """Look at a request, which is turned away for what its client has asked before, or is not."""
        told = next((value for name, value in scope["headers"] if name == b"x-forwarded-for"), None)
        if told is None or scope["client"] is None:
            return
        host = scope["client"][0]
        if host.encode() not in told:
            self._not_believed += 1
            if refused or self._not_believed == MANY:
                self._say("proxy_not_trusted", proxy=host, setting="SATSPEAK_TRUSTED_PROXIES")
        elif refused and _private(host):
            self._say("clients_hidden", client=host, by="a NAT in front of the proxy, such as Docker's")

    def _say(self, event: str, **facts: str) -> None:
        if event not in self._said:
            self._said.add(event)
            log.warning(event, **facts)


def _private(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False
