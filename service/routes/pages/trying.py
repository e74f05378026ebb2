"""Forms by which people send a request of the API from its page; `try.js` sends them."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

Json = dict[str, Any]


def form_of(path: str, method: str, operation: Json, schema: Json) -> str:
    """Write the form of an operation. It is hidden until the module runs, without which it could send nothing."""
    fields = "".join([*_parameters(operation, schema), *_body(operation, schema)])
    key = " data-key" if operation.get("security") else ""
    return (
        f'<form class="try" data-method="{method.upper()}" data-path="{escape(path)}"{key} hidden>'
        f'{fields}<p><button>Send</button></p><div class="answer" role="status"></div></form>'
    )


def _parameters(operation: Json, schema: Json) -> Iterator[str]:
    for parameter in operation.get("parameters", []):
        required = bool(parameter.get("required"))
        yield _field(
            parameter["name"], parameter["in"], resolve(parameter["schema"], schema), required=required
        )


def _body(operation: Json, schema: Json) -> Iterator[str]:
    """Write the fields of the body: of several kinds the first that there is, since a request has one."""
    content = operation.get("requestBody", {}).get("content", {})
    if body := content.get("application/json"):
        example = json.dumps(body.get("example", {}), indent=2, ensure_ascii=False)
        rows = example.count("\n") + 2
        yield (
            f'<p><label>Body<textarea name="body" data-in="json" rows="{rows}" spellcheck="false">'
            f"{escape(example)}</textarea></label></p>"
        )
    elif body := content.get("multipart/form-data"):
        fields = resolve(body["schema"], schema)
        for name, field in fields["properties"].items():
            yield _field(name, "form", resolve(field, schema), required=name in fields.get("required", []))


def _field(name: str, place: str, field: Json, *, required: bool) -> str:
    kind = "file" if field.get("format") == "binary" else "text"
    mark = " required" if required else ""
    star = " *" if required else ""
    return (
        f"<p><label><code>{escape(name)}</code>{star}"
        f'<input type="{kind}" name="{escape(name)}" data-in="{place}" autocomplete="off" spellcheck="false"{mark}>'
        "</label></p>"
    )


def resolve(field: Json, schema: Json) -> Json:
    """Return a schema, or the one that it refers to."""
    reference = field.get("$ref")
    if reference is None:
        return field
    found: Json = schema["components"]["schemas"][reference.rpartition("/")[2]]
    return found
