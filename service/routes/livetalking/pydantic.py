"""Says what is wrong with a body in the words of pydantic, which programs that were made for another service read."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request

from service.errors import ServiceError


class Misfits(ServiceError):
    """What is wrong with a body, each `{loc, msg, type}`."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors[0]["msg"])
        self.errors = errors


class Text(msgspec.Struct, frozen=True):
    """A field that is a text."""

    longest: int
    shortest: int = 0
    optional: bool = False
    among: tuple[str, ...] = ()


class Whole(msgspec.Struct, frozen=True):
    """A field that is an integer, or a text of one; or any short text."""

    texts: bool = False


class Flag(msgspec.Struct, frozen=True):
    """A field that is true or false, and may be left out."""

    default: bool


Field = Text | Whole | Flag

_FLAGS = {
    "true": True,
    "1": True,
    "on": True,
    "yes": True,
    "false": False,
    "0": False,
    "off": False,
    "no": False,
}


async def read(request: Request[Any, Any, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    """Read a JSON object; unknown fields are passed over.

    Raises:
        Misfits: It does not fit.
    """
    try:
        values = msgspec.json.decode(await request.body() or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Misfits([{"type": "json_invalid", "loc": ["body", 0], "msg": "JSON decode error"}]) from None
    if values is None:
        raise Misfits([{"type": "missing", "loc": ["body"], "msg": "Field required"}])
    if not isinstance(values, dict):
        said = "Input should be a valid dictionary or object to extract fields from"
        raise Misfits([{"type": "model_attributes_type", "loc": ["body"], "msg": said}])
    read: dict[str, Any] = {}
    wrong: list[dict[str, Any]] = []
    for name, field in fields.items():
        value, problem = _read(values, name, field)
        read[name] = value
        if problem is not None:
            kind, said = problem
            wrong.append({"type": kind, "loc": ["body", name], "msg": said})
    if wrong:
        raise Misfits(wrong)
    return read


def _read(values: Mapping[str, Any], name: str, field: Field) -> tuple[Any, tuple[str, str] | None]:
    value = values.get(name)
    match field:
        case Flag(default=default) if name not in values:
            return default, None
        case Text(optional=True) if value is None:
            return None, None
        case _ if name not in values:
            return None, ("missing", "Field required")
        case Text():
            return value, _text(value, field)
        case Whole():
            return _whole(value, field)
        case Flag():
            flag = _FLAGS.get(str(value).lower()) if isinstance(value, bool | int | str) else None
            return flag, None if flag is not None else ("bool_parsing", _NO_FLAG)


_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)
"""Of a session that is called by a UUID."""

_NO_FLAG = "Input should be a valid boolean, unable to interpret input"
_NO_NUMBER = "Input should be a valid integer, unable to parse string as an integer"


def _text(value: Any, field: Text) -> tuple[str, str] | None:
    if field.among and value not in field.among:
        return "literal_error", f"Input should be {' or '.join(map(repr, field.among))}"
    if not isinstance(value, str):
        return "string_type", "Input should be a valid string"
    if len(value) < field.shortest:
        return "string_too_short", f"String should have at least {_characters(field.shortest)}"
    if len(value) > field.longest:
        return "string_too_long", f"String should have at most {_characters(field.longest)}"
    if "\0" in value:  # PostgreSQL keeps none
        return "value_error", "Value error, a character of code 0 is in it"
    return None


def _whole(value: Any, field: Whole) -> tuple[int | str | None, tuple[str, str] | None]:
    if isinstance(value, str) and field.texts and _NAME.fullmatch(value):
        return value, None
    if isinstance(value, str):
        digits = value.strip()
        fits = digits.isascii() and digits.isdecimal() and len(digits) <= 16  # noqa: PLR2004 - of 2^53
        return (int(digits), None) if fits else (None, ("int_parsing", _NO_NUMBER))
    if isinstance(value, int) and not isinstance(value, bool):
        return value, None
    return None, ("int_type", "Input should be a valid integer")


def _characters(count: int) -> str:
    return f"{count} character" if count == 1 else f"{count} characters"
