"""How long requests may wait."""

from service.runtime.section import Positive, Section


class Waits(Section, frozen=True, kw_only=True):
    """How long requests may wait."""

    payment_wait_s: Positive = 60
    """Seconds that `generate-video` waits for the payment before it answers 400."""

    status_wait_s: Positive = 60
    """Longest in seconds that a request for a payment's state may wait for it (`wait`)."""

    heartbeat_s: Positive = 15
    """Seconds of silence on a stream of events after which a sign of life is sent. Below the idle time of proxies."""
