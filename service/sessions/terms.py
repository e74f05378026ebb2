"""What live sessions may take."""

from service.runtime.section import NotNegativeInt, Positive, PositiveInt, Section

SHORTEST_SLICE_S = 4
"""Half of it is more than an output has made ahead."""


class LiveTerms(Section, frozen=True, kw_only=True):
    """What live sessions may take."""

    live_sessions: NotNegativeInt = 16
    """Live sessions at once at this service; 0 is none. What its workers hold at once is theirs to say."""

    live_sessions_per_account: PositiveInt = 4
    """The same of one account, at this service."""

    live_slice_s: PositiveInt = 20
    """Seconds of video time that a live session sets aside ahead: another slice when half of one is left."""

    live_lease_s: PositiveInt = 30
    """Seconds after which a session is ended whose service has died. What it has set aside comes back then."""

    live_patience_s: Positive = 20
    """Seconds for which a client that takes nothing is waited for; less than `SATSPEAK_WORKER_LIVE_SILENCE_S`."""

    live_quiet_s: Positive = 2
    """Seconds without a word after which a `file` is over, once all that was said is in it."""

    live_idle_s: Positive = 300
    """Seconds without a word after which any other session is over."""

    live_unscreened_audio: bool = False
    """Whether live recordings are shown where `SATSPEAK_SCREEN` judges all else: they cannot be judged before."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if self.live_slice_s < SHORTEST_SLICE_S:
            raise ValueError(f"SATSPEAK_LIVE_SLICE_S must be at least {SHORTEST_SLICE_S}")
