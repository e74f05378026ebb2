"""What the studio sells at, and within what bounds."""

from service.runtime.section import PositiveInt, Section


class StudioTerms(Section, frozen=True, kw_only=True):
    """Prices of the studio's work, in seconds of video time, and its limits."""

    portrait_s: PositiveInt = 5
    """Video time that a portrait costs."""

    avatar_s: PositiveInt = 30
    """Video time that an avatar costs, of a picture or a film."""

    sharp_avatar_s: PositiveInt = 60
    """Video time that an avatar's second pass costs, which films its own mouths."""

    avatars_per_account: PositiveInt = 100
    """Avatars of its own that an account may have, the passes of each counted."""

    voice_s: PositiveInt = 20
    """Video time that a voice costs which is matched to samples."""

    cloned_voice_s: PositiveInt = 30
    """Video time that a voice costs which speaks like samples."""

    voices_per_account: PositiveInt = 100
    """Voices of its own that an account may have."""

    studio_at_once: PositiveInt = 2
    """Jobs of the studio that one service has done at once; the others wait."""

    studio_lease_s: PositiveInt = 30
    """After which another service takes up a job of one that says nothing."""

    studio_round_s: PositiveInt = 5
    """How often is looked for jobs that rest, or that a service which died has left."""
