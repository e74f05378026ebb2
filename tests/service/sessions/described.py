"""What the AsyncAPI document says of the WebSockets."""

import functools
from typing import Any

from jsonschema import Draft7Validator

from service.routes.avatartalk.asyncapi import document

DOCUMENT = document("http://localhost")
CHANNELS = {channel["address"]: channel for channel in DOCUMENT["channels"].values()}
JSON = DOCUMENT["defaultContentType"]


def check(path: str, told: dict[str, Any]) -> None:
    """Assert that a message is described: by one schema that it fits, and that knows all of its fields."""
    assert any(
        schema.is_valid(told) and told.keys() <= fields for schema, fields in _told(CHANNELS[path]["address"])
    ), told


def closes(path: str) -> set[tuple[int, str | None]]:
    """Return codes and reasons; None where the reason says what is wrong."""
    return {(each["code"], each.get("reason")) for each in CHANNELS[path]["x-closes"]}


@functools.cache
def _told(path: str) -> list[tuple[Draft7Validator, set[str]]]:
    """Return what a client may be told as JSON, with the names of its fields."""
    [name] = [name for name, channel in DOCUMENT["channels"].items() if channel["address"] == path]
    sent = [
        operation
        for operation in DOCUMENT["operations"].values()
        if operation["action"] == "send" and operation["channel"] == {"$ref": f"#/channels/{name}"}
    ]
    names = [each["$ref"].rpartition("/")[2] for operation in sent for each in operation["messages"]]
    schemas = DOCUMENT["components"]["schemas"]
    return [
        (
            Draft7Validator({"$ref": f"#/components/schemas/{name}", **DOCUMENT}),
            set(schemas[name]["properties"]),
        )
        for name in names
        if name in schemas
    ]
