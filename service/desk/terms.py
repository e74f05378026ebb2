"""Who may come to the desk, how often and for how long."""

from service.runtime.section import NotNegativeInt, PositiveInt, Section


class DeskTerms(Section, frozen=True, kw_only=True):
    """Who may come to the desk, how often and for how long."""

    desk_session_s: PositiveInt = 43_200
    """Seconds after which the operator has to sign in to the desk anew."""

    desk_sign_ins_per_minute: NotNegativeInt = 60
    """Times a minute that all together may try to sign in to the desk; 0 is no limit."""

    desk_sign_ins_per_minute_per_client: NotNegativeInt = 10
    """The same of one client."""
