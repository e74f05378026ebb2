"""Reads request bodies and says what is wrong with them."""

import functools
import re
from typing import Any, TypeVar

import msgspec
from litestar import Request

from service.errors import InvalidRequest

T = TypeVar("T", bound=msgspec.Struct)

_PATTERN = re.compile(r"Expected `str` matching regex .*(?= - at )", re.DOTALL)


async def read_json(request: Request[Any, Any, Any], kind: type[T], *, lenient: bool = False) -> T:
    """Read a JSON object, whatever content type it is declared as: `curl -d` declares a form.

    Args:
        request: Whose body it is.
        kind: What it is to be.
        lenient: Fields that are unknown are passed over, for clients that were made for another service.

    Raises:
        InvalidRequest: It is none, or not of this kind.
    """
    body = await request.body()
    if not body:
        raise InvalidRequest("The body is empty: send a JSON object with " + _fields(kind) + ".")
    try:
        values = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}.") from error
    if not isinstance(values, dict):
        raise InvalidRequest("The body must be a JSON object with " + _fields(kind) + ".")
    return convert(values, kind, lenient=lenient)


def convert(values: dict[str, Any], kind: type[T], *, strict: bool = True, lenient: bool = False) -> T:
    """Turn named values into a request of this kind; not strictly where each is a text, as in a form.

    With `lenient` unknown fields are passed over.

    Raises:
        InvalidRequest: A field is unknown, missing or of the wrong type.
    """
    known, required = _names(kind)
    if lenient:
        values = {name: value for name, value in values.items() if name in known}
    for name in values.keys() - known:
        raise InvalidRequest(f"Unknown field '{name[:40]}'. Known are {_fields(kind)}.", field=name[:40])
    for name in required - values.keys():
        raise InvalidRequest(f"Field '{name}' is missing.", field=name)
    for name, value in values.items():
        if isinstance(value, str) and "\0" in value:  # PostgreSQL keeps none
            raise InvalidRequest(f"Field '{name}' has a character of code 0 in it. Leave it out.", field=name)
    try:
        return msgspec.convert(values, kind, strict=strict)
    except msgspec.ValidationError as error:
        field = _misfit(values, kind, strict=strict)
        said = _PATTERN.sub("This text is not written as the description of its field has it", str(error))
        raise InvalidRequest(f"{said}.".replace("`", "'"), field=field) from error


def _misfit(values: dict[str, Any], kind: type[msgspec.Struct], *, strict: bool) -> str | None:
    """Tell which field does not fit: msgspec says so in its message alone."""
    for field in msgspec.structs.fields(kind):
        if field.encode_name in values:
            try:
                msgspec.convert(values[field.encode_name], field.type, strict=strict)
            except msgspec.ValidationError:
                return field.encode_name
    return None


@functools.cache
def _names(kind: type[msgspec.Struct]) -> tuple[frozenset[str], frozenset[str]]:
    """Tell the known and the required fields; kept, since msgspec takes longer to tell than to parse a request."""
    fields = msgspec.structs.fields(kind)
    return frozenset(f.encode_name for f in fields), frozenset(f.encode_name for f in fields if f.required)


def _fields(kind: type[msgspec.Struct]) -> str:
    fields = sorted(msgspec.structs.fields(kind), key=lambda field: not field.required)
    return ", ".join(f"'{field.encode_name}'" + ("" if field.required else " (optional)") for field in fields)
