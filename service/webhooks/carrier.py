"""Carries letters over HTTP, to hosts on the internet alone.

Each try resolves the name once, judges all that it resolves to, and connects to what was judged. The certificate has to
be the name's; no redirect is followed.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

import httpx

from service.errors import ReceiverAway, ReceiverCrowded
from service.runtime.clients import LARGEST_SHARE, UNKNOWN, client_of
from service.runtime.guarded import Guard, guarded_client
from service.runtime.internet import Names
from service.runtime.shares import Share, Shares
from service.webhooks.lanes import Flight, Lanes
from service.webhooks.port import AT_ONCE, Answer

TIMEOUT_S = 15.0

CONNECTIONS = 100

AT_ONCE_PER_ADDRESS = AT_ONCE // LARGEST_SHARE
"""Who answers for a name can give it to any number of others, so receivers are told apart by where they are, too. Twice
as many as at one name, and more: whoever serves many others' names has them all at one address."""

AT_ONCE_PER_NETWORK = 12
"""To receivers that have not proved quick, wherever in one network of 256 IPv4 addresses or of a /48 of IPv6 they are:
fewer than to an address, so that they never have all of it."""

PROVEN_RESOLVERS = 16
"""Threads that look up the names of those who proved quick: others may keep all of theirs for half a minute."""

_NETWORK_DIGITS = 12
"""Of hex: 48 bits."""


class _Post:
    """A letter that is being sent, and what it has."""

    def __init__(self, *, proven: bool) -> None:
        self.proven = proven
        self.answered = False
        self.shares: list[Share] = []
        self.flights: list[Flight] = []


_POST: ContextVar[_Post] = ContextVar("post")


class HttpCarrier:
    """Sends by a client of its own, since no other may use what guards this one.

    Args:
        private: Any address will do.
    """

    def __init__(self, *, private: bool) -> None:
        self._guard = _SharingGuard(private=private)
        self._client = guarded_client(self._guard, timeout_s=TIMEOUT_S, connections=CONNECTIONS)

    async def post(self, url: str, body: bytes, headers: dict[str, str], *, proven: bool) -> Answer:
        """Send one; of the answer nothing is read but its head."""
        headers = {**headers, "Content-Type": "application/json", "User-Agent": "satspeak-webhooks"}
        try:
            with self._guard.sharing(proven=proven):
                async with (
                    asyncio.timeout(TIMEOUT_S),
                    self._client.stream("POST", url, content=body, headers=headers) as answer,
                ):
                    _POST.get().answered = True
                    after = answer.headers.get("Retry-After", "")
                    return Answer(
                        status=answer.status_code,
                        retry_after_s=int(after[:9]) if after.isascii() and after.isdecimal() else None,
                    )
        except TimeoutError as error:
            raise ReceiverAway(f"no answer in {TIMEOUT_S:.0f} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # the last of names that are none
            raise ReceiverAway(str(error) or type(error).__name__) from error

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()
        self._guard.close()


class _SharingGuard(Guard):
    """Lets so many letters at once go to one address, and to one network."""

    def __init__(self, *, private: bool) -> None:
        super().__init__(Names(private=private))
        self._of_proven = Names(private=private, threads=PROVEN_RESOLVERS)
        self._lanes = Lanes(total=AT_ONCE, group=AT_ONCE_PER_NETWORK)
        self._shares = Shares(per_client=AT_ONCE_PER_ADDRESS, total=AT_ONCE)

    @contextlib.contextmanager
    def sharing(self, *, proven: bool) -> Iterator[None]:
        """Give back in the end what is taken within, however that goes."""
        post = _Post(proven=proven)
        token = _POST.set(post)
        try:
            yield
        finally:
            _POST.reset(token)
            for share in post.shares:
                share.give_back()
            for flight in post.flights:
                self._lanes.end(flight, _now(), answered=post.answered)

    async def resolve(self, host: str, port: int) -> list[str]:
        """Look a name up, in threads of which those who proved quick have their own."""
        names = self._of_proven if _POST.get().proven else self._names
        return await names.resolve(host, port)

    def admit(self, address: str) -> None:
        """Take a share of the address for the letter that is being sent, and of its network."""
        post, place = _POST.get(), client_of(address)
        if self._shares.full(place) is not None:
            raise ReceiverCrowded
        if not post.proven:
            network = _network_of(place)
            flight = self._lanes.begin(network, network, _now())
            if flight is None:
                raise ReceiverCrowded
            post.flights.append(flight)
        post.shares.append(self._shares.take(place))

    def close(self) -> None:
        """Wait for no names any more."""
        self._names.close()
        self._of_proven.close()


def _network_of(client: str) -> str:
    """Tell which network of many addresses a client is of: who has one address there may have others."""
    if client == UNKNOWN:
        return client
    return client.rpartition(".")[0] if "." in client else client[:_NETWORK_DIGITS]


def _now() -> float:
    return asyncio.get_running_loop().time()
