"""How long requests may wait, and how many at once."""

from service.runtime.section import NotNegativeInt, Positive, Section


class Waits(Section, frozen=True, kw_only=True):
    """How long requests may wait, and how many at once."""

    payment_wait_s: Positive = 60
    """Seconds that `generate-video` waits for the payment before it answers 400."""

    status_wait_s: Positive = 60
    """Longest in seconds that a request for a payment's state may wait for it (`wait`)."""

    heartbeat_s: Positive = 15
    """Seconds of silence on a stream of events after which a sign of life is sent. Below the idle time of proxies."""

    open_streams: NotNegativeInt = 10_000
    """Requests that may wait or be streamed to at once, of all clients together: events, `wait`, videos. Never more
    than half of the files that the process may have open, which is all that 0 leaves."""

    open_streams_per_client: NotNegativeInt = 100
    """The same of one client, and of its networks as with `quotes_per_minute_per_client`; 0 is no limit."""
