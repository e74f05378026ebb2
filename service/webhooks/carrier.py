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
from service.runtime.clients import LARGEST_SHARE, client_of
from service.runtime.guarded import Guard, guarded_client
from service.runtime.internet import Names
from service.runtime.shares import Share, Shares
from service.webhooks.port import AT_ONCE, Answer

TIMEOUT_S = 15.0

CONNECTIONS = 100

AT_ONCE_PER_ADDRESS = AT_ONCE // LARGEST_SHARE
"""Who answers for a name can give it to any number of others, so receivers are told apart by where they are, too. Twice
as many as at one name, and more: whoever serves many others' names has them all at one address."""

_TAKEN: ContextVar[list[Share]] = ContextVar("taken")
"""What the letter that is being sent has of its address."""


class HttpCarrier:
    """Sends by a client of its own, since no other may use what guards this one.

    Args:
        private: Any address will do.
    """

    def __init__(self, *, private: bool) -> None:
        self._names = Names(private=private)
        self._client = guarded_client(
            _SharingGuard(self._names), timeout_s=TIMEOUT_S, connections=CONNECTIONS
        )

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Send one; of the answer nothing is read but its head."""
        headers = {**headers, "Content-Type": "application/json", "User-Agent": "satspeak-webhooks"}
        try:
            with _sharing():
                async with (
                    asyncio.timeout(TIMEOUT_S),
                    self._client.stream("POST", url, content=body, headers=headers) as answer,
                ):
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
        self._names.close()


@contextlib.contextmanager
def _sharing() -> Iterator[None]:
    """Give back in the end what is taken within, however that goes."""
    taken: list[Share] = []
    token = _TAKEN.set(taken)
    try:
        yield
    finally:
        _TAKEN.reset(token)
        for share in taken:
            share.give_back()


class _SharingGuard(Guard):
    """Lets so many letters at once go to one address."""

    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self._shares = Shares(per_client=AT_ONCE_PER_ADDRESS, total=AT_ONCE)

    def admit(self, address: str) -> None:
        """Take a share of the address for the letter that is being sent."""
        place = client_of(address)
        if self._shares.full(place) is not None:
            raise ReceiverCrowded
        _TAKEN.get().append(self._shares.take(place))
