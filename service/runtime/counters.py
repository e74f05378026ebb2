"""What happened since this process started, for who watches it. Pure."""

import msgspec


class Counters(msgspec.Struct, kw_only=True):
    """Each only grows. Shared by the use cases, which run in one event loop."""

    quotes: int = 0
    settlements: int = 0
    settlements_without_order: int = 0
    holds_canceled: int = 0
    renders_started: int = 0
    renders_finished: int = 0
    renders_failed: int = 0
    renders_moved: int = 0
    refunds: int = 0
