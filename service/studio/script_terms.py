"""What is asked for scripts."""

from service.runtime.section import NotNegativeInt, Section


class ScriptTerms(Section, frozen=True, kw_only=True):
    """What is paid for scripts."""

    script_s: NotNegativeInt = 2
    """Seconds of video time that a script costs: written, analysed or translated."""
