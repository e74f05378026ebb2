"""The words of the pages, one catalogue file a language, and which of them a visitor gets."""

from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from babel import Locale
from litestar import Request

from service.catalogue.built_in import LANGUAGES

FOLDER = Path(__file__).parents[2] / "pages" / "words"

DEFAULT = "en"

CODES = ("en", "de", "es", "ja")


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the pages say in one language.

    Attributes:
        page: What stands in the templates.
        avatars: The labels of the avatars that come with every worker.
        emotions: The labels of their moods.
        script: What the modules say.
    """

    page: dict[str, str]
    avatars: dict[str, str]
    emotions: dict[str, str]
    script: dict[str, str]


@cache
def words(code: str) -> Words:
    """Return the words of a language."""
    return msgspec.json.decode((FOLDER / f"{code}.json").read_bytes(), type=Words)


def names() -> list[tuple[str, str]]:
    """Return code and own name of each language."""
    return [(code, words(code).page["name"]) for code in CODES]


@cache
def spoken(code: str) -> list[tuple[str, str]]:
    """Return code and name, in a language, of every language that an avatar speaks, by name."""
    names = Locale.parse(code).languages
    named = [(each, names[each]) for each in LANGUAGES]
    return sorted(named, key=lambda pair: pair[1].casefold())


def chosen(request: Request[Any, Any, Any]) -> str:
    """Return the language of a visitor: what the address names, else the best of those that the browser asks for."""
    named = request.query_params.get("lang")
    if named in CODES:
        return str(named)
    wanted: list[tuple[float, str]] = []
    for offer in request.headers.get("Accept-Language", "").split(","):
        tag, _, parameter = offer.strip().partition(";")
        code = tag.strip().partition("-")[0].lower()
        if code in CODES:
            wanted.append((_weight(parameter), code))
    best = max(wanted, key=lambda pair: pair[0], default=(0.0, DEFAULT))
    return best[1] if best[0] > 0 else DEFAULT


def _weight(parameter: str) -> float:
    """Read how much a language is wanted (RFC 9110, section 12.4.2)."""
    name, _, value = parameter.replace(" ", "").partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
