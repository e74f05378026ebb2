"""What a look found."""

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # the shop sells, and somebody should know
    FAILED = "failed"  # it does not sell as it is, or money is at risk


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at."""

    name: str
    level: Level
    detail: str  # what was found
    advice: str = ""  # what to do


def ok(name: str, detail: str) -> Finding:
    """All is well."""
    return Finding(name=name, level=Level.OK, detail=detail)


def warning(name: str, detail: str, advice: str) -> Finding:
    """It sells, but."""
    return Finding(name=name, level=Level.WARNING, detail=detail, advice=advice)


def failed(name: str, detail: str, advice: str) -> Finding:
    """It does not do."""
    return Finding(name=name, level=Level.FAILED, detail=detail, advice=advice)
