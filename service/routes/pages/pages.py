"""The pages for people. Nothing on them comes from elsewhere: no script, no font, no CDN."""

import functools
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from litestar import Litestar, Request, Response, get

from service.routes.http.conditions import cacheable
from service.routes.http.problem_types import TYPES, ProblemType
from service.routes.pages import assets
from service.routes.pages.trying import form_of, resolve

FOLDER = Path(__file__).parents[2] / "pages"

CACHE_CONTROL = "public, max-age=60"
"""A new version is seen a minute after it runs."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src blob:; media-src blob:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)

AnyRequest = Request[Any, Any, Any]


@get("/docs", include_in_schema=False, sync_to_thread=False)
def docs(request: AnyRequest) -> Response[bytes]:
    """Show the OpenAPI document to people."""
    return _html(request, _docs(request.app))


@get("/docs/problems", include_in_schema=False, sync_to_thread=False)
def problems(request: AnyRequest) -> Response[bytes]:
    """Explain the types of problems, each at its own anchor, to which its documents point."""
    return _html(request, _problems())


@get("/pages/style.css", include_in_schema=False, sync_to_thread=False)
def style(request: AnyRequest) -> Response[bytes]:
    """Send the one style sheet."""
    headers = {"Cache-Control": CACHE_CONTROL}
    return cacheable(request, _read("style.css").encode(), media_type="text/css", headers=headers)


HANDLERS = [docs, problems, style]


@functools.lru_cache(maxsize=1)  # a tenth of a second of work; one process has one application
def _docs(app: Litestar) -> str:
    operations = "\n".join(_groups(app.openapi_schema.to_schema()))
    return _template("docs.html").substitute(operations=operations, module=assets.url("try.js"))


@functools.cache
def _problems() -> str:
    return _template("problems.html").substitute(types="\n".join(_problem(kind) for kind in TYPES))


@functools.cache
def _read(name: str) -> str:
    return (FOLDER / name).read_text()


@functools.cache
def _template(name: str) -> Template:
    return Template(_read(name))


def html(request: AnyRequest, name: str, *, status_code: int) -> Response[bytes]:
    """Answer with a page that is the same for everybody."""
    answer = _html(request, _read(name))
    answer.status_code = status_code
    return answer


def _html(request: AnyRequest, page: str) -> Response[bytes]:
    return cacheable(
        request,
        page.encode(),
        media_type="text/html",
        headers={
            "Cache-Control": CACHE_CONTROL,
            "Content-Security-Policy": POLICY,
        },
    )


def _problem(kind: ProblemType) -> str:
    return (
        f'<section id="{kind.name}"><h2>{escape(kind.title)}</h2>'
        f"<p><b>{kind.status.value}</b> <code>{escape(kind.uri)}</code></p>"
        f"<p>{_prose(kind.meaning)}</p><pre tabindex=0>{escape(kind.example)}</pre></section>"
    )


def _prose(text: str) -> str:
    """Show what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))


def _groups(schema: dict[str, Any]) -> Iterator[str]:
    """Describe the operations, by tag."""
    operations = [
        (path, method, operation)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if method != "head"
    ]
    for tag in dict.fromkeys(tag for *_, operation in operations for tag in operation["tags"]):
        yield f"<h2>{escape(tag)}</h2>"
        yield from (
            _operation(path, method, operation, schema)
            for path, method, operation in operations
            if tag in operation["tags"]
        )


def _operation(path: str, method: str, operation: dict[str, Any], schema: dict[str, Any]) -> str:
    title = f'<span class="method">{method.upper()}</span> <code>{escape(path)}</code>'
    parts = [
        f'<details><summary>{title} <span class="soft">{escape(operation["summary"])}</span></summary>',
        f"<p>{_prose(operation.get('description', ''))}</p>",
    ]
    if parameters := operation.get("parameters"):
        parts.append(
            _table("Parameters", {p["name"]: p["schema"] for p in parameters}, _required(parameters), schema)
        )
    for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
        fields = body["schema"]
        if "properties" in fields:  # else it is a file
            parts.append(
                _table(f"Body: {media_type}", fields["properties"], fields.get("required", []), schema)
            )
        if example := body.get("example"):
            parts.append(f"<pre tabindex=0>{escape(json.dumps(example, indent=2))}</pre>")
    for status, response in operation["responses"].items():
        for media_type, body in response.get("content", {}).items():
            parts.append(
                f"<p><b>{status}</b> <code>{media_type}</code> {_prose(response['description'])}</p>"
            )
            fields = resolve(body.get("schema", {}), schema)
            if "properties" in fields and status == "200":
                parts.append(_table("Answer", fields["properties"], [], schema))
    return "".join(parts) + form_of(path, method, operation, schema) + "</details>"


def _required(parameters: list[dict[str, Any]]) -> list[str]:
    return [parameter["name"] for parameter in parameters if parameter.get("required")]


def _table(title: str, fields: dict[str, Any], required: list[str], schema: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code>{' *' if name in required else ''}</td>"
        f"<td>{escape(_kind(field, schema))}</td></tr>"
        for name, field in fields.items()
    )
    return f"<table><tr><th>{escape(title)}</th><td></td></tr>{rows}</table>"


def _kind(field: dict[str, Any], schema: dict[str, Any]) -> str:
    """Tell in words what a value may be."""
    field = resolve(field, schema)
    variants = [resolve(v, schema) for v in field.get("anyOf", field.get("oneOf", [field]))]
    words = []
    for variant in variants:
        if variant.get("type") == "null":
            continue
        if allowed := variant.get("enum"):
            words.append("one of " + ", ".join(str(value) for value in allowed))
        else:
            words.append(str(variant.get("format", variant.get("type", ""))))
        if description := variant.get("description"):
            words.append(description)
    return ". ".join(dict.fromkeys(words))
