"""The reference of the API, as Markdown, made of the OpenAPI document that the service itself gives."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lightning.memory import MemoryBackend
from service.app import create_app
from service.settings import Settings

HEAD = """# API reference

What the service says of itself at `/schema/openapi.json`, for people. On [/docs](/docs) you can send each request to
this very service. Of its WebSockets `/schema/asyncapi.json` tells as much, and
[Live sessions](live.md) for people.

Errors are problem documents (RFC 9457). People read their `detail`; programs go by their `type`, and
[/docs/problems](/docs/problems) explains each. Every answer has an `X-Request-Id`, by which the operator finds the
request in the log; you may choose it by sending one. `RateLimit` says how many requests you have left, and
`Retry-After` when to come back.
"""

Json = dict[str, Any]


def reference() -> str:
    """Write all of it."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(Settings.of(data_dir=Path(folder)), backend=MemoryBackend())
        return of(app.openapi_schema.to_schema())


def of(schema: Json) -> str:
    """Write the reference of an OpenAPI document."""
    operations = [
        (path, method, operation)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if method != "head"
    ]
    parts = [HEAD]
    for tag in dict.fromkeys(tag for *_, operation in operations for tag in operation["tags"]):
        parts.append(f"## {tag}\n")
        parts += [
            "\n".join(_operation(path, method, operation, schema))
            for path, method, operation in operations
            if tag in operation["tags"]
        ]
    return "\n".join(parts)


def _operation(path: str, method: str, operation: Json, schema: Json) -> Iterator[str]:
    yield f"### {operation['summary']} {{ #{operation['operationId']} }}\n"
    yield f"`{method.upper()} {path}`\n"
    if description := operation.get("description"):
        yield f"{description}\n"
    if parameters := operation.get("parameters"):
        yield from _table(
            "Parameter",
            [
                (f"`{each['name']}` ({each['in']})", each["schema"], each.get("description", ""))
                for each in parameters
            ],
            schema,
        )
    for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
        fields = _resolve(body["schema"], schema)
        if "properties" not in fields:
            yield f"Body, `{media_type}`: the file.\n"
            continue
        required = fields.get("required", [])
        yield from _table(
            f"Body, `{media_type}`",
            [
                (f"`{name}`{'' if name in required else ' (optional)'}", field, "")
                for name, field in fields["properties"].items()
            ],
            schema,
        )
        if example := body.get("example"):
            yield f"```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```\n"
    yield "| Status | Answer |\n|---|---|"
    for status, response in operation["responses"].items():
        media_types = ", ".join(f"`{name}`" for name in response.get("content", {}))
        yield f"| {status} | {_cell(response['description'])} {media_types} |"
    yield ""
    yield from _answer(operation, schema)


def _answer(operation: Json, schema: Json) -> Iterator[str]:
    """Describe the fields of the answer of who succeeds."""
    content = operation["responses"].get("200", {}).get("content", {})
    fields = _resolve(content.get("application/json", {}).get("schema", {}), schema)
    if "properties" in fields:
        rows = [(f"`{name}`", field, "") for name, field in fields["properties"].items()]
        yield from _table("Answer", rows, schema)


def _table(title: str, rows: list[tuple[str, Json, str]], schema: Json) -> Iterator[str]:
    yield f"| {title} | |\n|---|---|"
    for name, field, description in rows:
        told = _kind(field, schema)
        words = told if description in told else f"{told} {description}"
        yield f"| {name} | {_cell(words)} |"
    yield ""


def _kind(field: Json, schema: Json) -> str:
    """Tell in words what a value may be."""
    field = _resolve(field, schema)
    words = [str(field["description"])] if "description" in field else []
    variants: list[Json] = field.get("anyOf") or field.get("oneOf") or [field]
    for variant in variants:
        resolved = _resolve(variant, schema)
        if allowed := resolved.get("enum"):
            words.insert(0, "One of " + ", ".join(f"`{value}`" for value in allowed) + ".")
        elif (kind := resolved.get("type")) not in (None, "null") and kind != "object":
            words.insert(0, str(resolved.get("format", kind)).capitalize() + ".")
        if resolved is not field and "description" in resolved:
            words.append(str(resolved["description"]))
    return " ".join(dict.fromkeys(words))


def _resolve(field: Json, schema: Json) -> Json:
    reference = field.get("$ref")
    if reference is None:
        return field
    found: Json = schema["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
