"""What clients hold at the same time: how much each has, each network, and all of them together.

Whoever takes a share asks first whether there is room, and waits for nothing between the two: so requests that come at
once do not pass a cap together.
"""

from types import TracebackType
from typing import Self

from service.errors import TooManyRequests, Unavailable
from service.runtime.clients import most, networks_of

RETRY_S = 10
"""When something that others hold may be free."""


class Share:
    """What one client holds, until it is given back, which may be done twice."""

    def __init__(self, shares: "Shares", client: str, amount: int) -> None:
        self._shares: Shares | None = shares
        self._client = client
        self._amount = amount

    def give_back(self) -> None:
        """Make room for others."""
        if self._shares is not None:
            self._shares.change(self._client, -self._amount)
            self._shares = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()


class Shares:
    """Counts what is held. A class since all who take share it; it remembers nobody who holds nothing.

    Args:
        per_client: Most that one client may hold; 0 is no limit.
        total: Most that all may hold together; 0 is no limit.
        what: What is held, in a sentence such as "You have too many ... at once".
    """

    def __init__(self, *, per_client: int, total: int, what: str = "requests") -> None:
        self._most = most(per_client=per_client, total=total)
        self._total = total
        self._what = what
        self._held: dict[str, int] = {}
        self._in_all = 0

    @property
    def in_all(self) -> int:
        """How much all hold."""
        return self._in_all

    def full(self, client: str, amount: int = 1) -> str | None:
        """Name the client, or the network of its, that may not hold so much more; None where all may."""
        for network, allowed in zip(networks_of(client), self._most, strict=False):
            if allowed and self._held.get(network, 0) + amount > allowed:
                return network
        return None

    def held(self, network: str) -> int:
        """Tell how much a client or a network holds."""
        return self._held.get(network, 0)

    def take(self, client: str, amount: int = 1) -> Share:
        """Take a share, whether there is room or not."""
        self.change(client, amount)
        return Share(self, client, amount)

    def take_or_refuse(self, client: str, amount: int = 1) -> Share:
        """Take a share where there is room.

        Raises:
            TooManyRequests: The client, or a network of its, holds too much.
            Unavailable: All clients together do.
        """
        if self.full(client, amount) is not None:
            raise TooManyRequests(
                f"You have too many {self._what} at once: end one, or try again in a while.",
                retry_after_s=RETRY_S,
            )
        if self._total and self._in_all + amount > self._total:
            raise Unavailable(f"There are too many {self._what} now. Try again soon.", retry_after_s=RETRY_S)
        return self.take(client, amount)

    def change(self, client: str, amount: int) -> None:
        """Count so much more, or less."""
        self._in_all += amount
        for network in networks_of(client):
            held = self._held.get(network, 0) + amount
            if held:
                self._held[network] = held
            else:
                self._held.pop(network, None)
