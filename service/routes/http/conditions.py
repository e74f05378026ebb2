"""Conditional requests (RFC 9110, section 13): whoever has an answer already is not sent it again."""

import hashlib
from typing import Any

import msgspec
from litestar import Request, Response


def etag_of(content: bytes) -> str:
    """Name a content by itself."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def has(request: Request[Any, Any, Any], etag: str) -> bool:
    """Whether `If-None-Match` names this version; weak and strong are alike here, as section 13.1.2 says."""
    named = request.headers.get("If-None-Match", "")
    return named.strip() == "*" or etag in [each.strip().removeprefix("W/") for each in named.split(",")]


def not_modified(headers: dict[str, str]) -> Response[Any]:
    """Answer whoever has it; the headers are those that the whole answer would have."""
    return Response(None, status_code=304, headers=headers)


def cacheable(
    request: Request[Any, Any, Any], content: bytes, *, media_type: str, headers: dict[str, str]
) -> Response[Any]:
    """Answer with a content that is made already, or with 304."""
    headers = {**headers, "ETag": etag_of(content)}
    if has(request, headers["ETag"]):
        return not_modified(headers)
    return Response(content, media_type=media_type, headers=headers)


def cacheable_json(request: Request[Any, Any, Any], answer: Any, *, headers: dict[str, str]) -> Response[Any]:
    """Answer with a JSON document, or with 304."""
    return cacheable(request, msgspec.json.encode(answer), media_type="application/json", headers=headers)
