"""How much one client, and all of them together, may ask for. Pure: time is an argument, in seconds.

A token bucket that holds a minute's tokens, kept as one number: the moment at which it will be full again
(the generic cell rate algorithm). So a client costs a float, and who has been idle for a minute costs nothing.

Ours, and not the `limits` package: its memory storage reads a clock of its own, starts a thread to expire keys and
keeps as many of them as an attacker has addresses.
"""

from collections import OrderedDict

import msgspec

from service.runtime.clients import WORTH, most, networks_of
from service.runtime.section import NotNegativeInt, Section

WINDOW_S = 60.0

SLACK_S = 0.001
"""More than sums of floats are off by: the last of a minute's requests is let in as well."""

MAX_CLIENTS = 10_000
"""Clients that are told apart, about 2 MB of them, and as many /56 and /48. Beyond it the oldest is forgotten, and so
may ask anew: the limit of the total still holds."""


class RateLimits(Section, frozen=True, kw_only=True):
    """How often may be asked."""

    quotes_per_minute: NotNegativeInt = 600
    """Quotes a minute of all clients together, which may come at once; 0 is no limit. Of several services each counts
    for itself, here and below."""

    quotes_per_minute_per_client: NotNegativeInt = 30
    """The same of one client: an IPv4 address or an IPv6 network of 64 bits. Its /56 has 4 times as many, its /48 16
    times; and nobody has more than a quarter of the total. 0 is no limit for any of them."""

    estimates_per_minute: NotNegativeInt = 6000
    """Estimates a minute of all clients together; 0 is no limit."""

    estimates_per_minute_per_client: NotNegativeInt = 60
    """The same of one client."""

    polls_per_minute: NotNegativeInt = 60_000
    """Requests a minute that ask for a payment, a video or `/health`, of all clients together; 0 is no limit."""

    polls_per_minute_per_client: NotNegativeInt = 600
    """The same of one client."""

    heygen_per_hour: NotNegativeInt = 100
    """Requests an hour to `/api/v1`, beside its `/health`, of one client; 0 is no limit."""


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """Requests in a window; as many may come at once. 0 is no limit."""

    per_client: int
    total: int
    window_s: float = WINDOW_S


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request is too many, and when it would not be."""

    by_total: bool  # other clients' requests are to blame
    wait_s: float


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What a client may still ask for."""

    quota: int  # requests a window
    remaining: int  # that may come at once
    reset_s: float  # until the whole quota is there again


class Limiter:
    """Counts requests. A class since the buckets of all clients are one bounded memory."""

    def __init__(self, rate: Rate, *, max_clients: int = MAX_CLIENTS) -> None:
        self._rate = rate
        self._max_clients = max_clients
        self._most = most(per_client=rate.per_client, total=rate.total)
        # When each bucket is full again: of clients, of /56, of /48; who came longest ago is first.
        self._full_at: tuple[OrderedDict[str, float], ...] = tuple(OrderedDict() for _ in WORTH)
        self._total_full_at = 0.0

    @property
    def clients(self) -> int:
        """How many are remembered."""
        return len(self._full_at[0])

    def admit(self, client: str, now: float) -> Refusal | None:
        """Take a token for a request; None where there was one. A request that is refused takes none."""
        taken: list[tuple[OrderedDict[str, float], str, float]] = []
        window_s = self._rate.window_s
        for buckets, allowed, network in zip(self._full_at, self._most, networks_of(client), strict=False):
            full_at = _take(buckets.get(network, 0.0), allowed, now, window_s)
            if full_at - now > window_s + SLACK_S:
                return Refusal(by_total=False, wait_s=full_at - now - window_s)
            taken.append((buckets, network, full_at))
        total = _take(self._total_full_at, self._rate.total, now, window_s)
        if total - now > window_s + SLACK_S:
            return Refusal(by_total=True, wait_s=total - now - window_s)
        self._total_full_at = total
        for buckets, network, full_at in taken:
            if full_at > now:
                self._remember(buckets, network, full_at, now)
        return None

    def left(self, client: str, now: float) -> Left | None:
        """Tell what a client, or whichever of its networks has less, has left; None where there is no limit.

        Takes nothing.
        """
        if not self._rate.per_client:
            return None
        levels = zip(self._full_at, self._most, networks_of(client), strict=False)
        return min(
            (
                _left(buckets.get(network, 0.0), allowed, now, self._rate.window_s)
                for buckets, allowed, network in levels
            ),
            key=lambda left: left.remaining,
        )

    def _remember(self, buckets: OrderedDict[str, float], network: str, full_at: float, now: float) -> None:
        buckets[network] = full_at
        buckets.move_to_end(network)
        # What was just added is not idle, so there is always a first one to stop at.
        while len(buckets) > self._max_clients or next(iter(buckets.values())) <= now:
            buckets.popitem(last=False)


def _left(full_at: float, quota: int, now: float, window_s: float) -> Left:
    reset_s = min(max(full_at - now, 0.0), window_s)
    remaining = int((window_s - reset_s + SLACK_S) * quota / window_s)
    return Left(quota=quota, remaining=remaining, reset_s=reset_s)


def _take(full_at: float, per_window: int, now: float, window_s: float) -> float:
    """Return when a bucket will be full again once a token is taken."""
    if not per_window:
        return now
    # A bucket that is more than empty is one of before the clock was set back: it starts again.
    begin = full_at if now < full_at <= now + window_s + SLACK_S else now
    return begin + window_s / per_window
