"""What the OpenAPI document says beyond what Litestar reads from the handlers, which parse bodies themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    Example,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    RequestBody,
    Schema,
)
from litestar.openapi.spec.enums import OpenAPIType

from service.routes.http.problem_types import (
    BODY_TOO_LARGE,
    BODY_TOO_SLOW,
    INSUFFICIENT_SCOPE,
    INVALID_API_KEY,
    INVALID_REQUEST,
    TOO_MANY_REQUESTS,
    ProblemType,
)
from service.routes.http.problems import MEDIA_TYPE, ApiKeyProblem, Problem

BODY_REFUSALS = (INVALID_REQUEST, BODY_TOO_SLOW, BODY_TOO_LARGE)
"""How every operation with a body may refuse it."""


def header(
    description: str, example: str, *, pattern: str | None = None, required: bool = False
) -> OpenAPIHeader:
    """Describe a header that an answer has, or may have."""
    return OpenAPIHeader(
        description=description,
        required=required,
        schema=Schema(type=OpenAPIType.STRING, pattern=pattern, examples=[example]),
    )


def _number(description: str, example: int, *, required: bool = False) -> OpenAPIHeader:
    schema = Schema(type=OpenAPIType.INTEGER, minimum=0, examples=[example])
    return OpenAPIHeader(description=description, schema=schema, required=required)


REQUEST_ID = header(
    "The name of this request in our log: the client's own, where it sent a sane one of at most 128 characters.",
    "7f4df1f0a1b94c3c8f5ef2d8e1a2b3c4",
    pattern=r"^[A-Za-z0-9._~-]{1,128}$",
    required=True,
)
RETRY_AFTER = _number("Seconds after which to ask again.", 5, required=True)
RATE_LIMIT = {
    "RateLimit-Policy": header(
        "How many requests a client has (`q`) in so many seconds (`w`): draft-ietf-httpapi-ratelimit-headers-10."
        " Left out where the operator sets no limit.",
        '"client";q=600;w=60',
        pattern=r'^"client";q=\d+;w=\d+$',
    ),
    "RateLimit": header(
        "How many it has left (`r`), and in how many seconds all of them again (`t`).",
        '"client";r=599;t=1',
        pattern=r'^"client";r=\d+;t=\d+$',
    ),
}
ETAG = header("Names this version; sent as `If-None-Match` it gets 304 while nothing has changed.", '"5b1c"')
CHALLENGE = header(
    "The challenge, in this very form.",
    'L402 macaroon="AgJCAAA...", invoice="lnbc450n1p3...", version="0", token="AgJCAAA..."',
    pattern=r'^L402 macaroon="[A-Za-z0-9+/=]+", invoice="ln[a-z0-9]+", version="0", token="[A-Za-z0-9+/=]+"$',
    required=True,
)
CONTENT_LENGTH = _number("Bytes of the answer, where they are known.", 123456)
LINK = header("The next page, as RFC 8288 says; left out on the last.", '</...?cursor=...>; rel="next"')
VIDEO_HEADERS = {
    "Accept-Ranges": header("Ranges of bytes are served.", "bytes", pattern="^bytes$"),
    "Content-Length": CONTENT_LENGTH,
}
CONTENT_RANGE = header(
    "Which bytes these are, of how many; `*` while the video grows.",
    "bytes 0-999/123456",
    pattern=r"^bytes (\d+-\d+|\*)/(\d+|\*)$",
    required=True,
)

Headers = Mapping[int, Mapping[str, OpenAPIHeader]]


def operation(
    *,
    body: type[msgspec.Struct] | None = None,
    form: type[msgspec.Struct] | None = None,
    file: bool = False,
    example: dict[str, Any] | None = None,
    headers: Headers | None = None,
    limited: bool = True,
    streamed: bool = False,
) -> type[Operation]:
    """Describe an operation.

    Args:
        body: The JSON object that it takes.
        form: The fields of the form that it takes, beside an `audio` file.
        file: It takes a file, as the body or in a form.
        example: Of a body.
        headers: What answers have beyond what all of them have, by status.
        limited: Each client may ask so often only.
        streamed: The answer may be an MP4 as well.
    """
    content: dict[str, OpenAPIMediaType] = {}
    if body is not None:
        content["application/json"] = _media_type(_schema(body), example)
    if form is not None:
        content["multipart/form-data"] = _media_type(_form_schema(form), None if body else example)
    if file:
        content |= _file_content()
    described = RequestBody(required=True, content=content) if content else None

    @dataclass
    class Described(Operation):
        def __post_init__(self) -> None:
            if described is not None:
                self.request_body = described
            for status, response in (self.responses or {}).items():
                assert isinstance(response, OpenAPIResponse)
                if streamed and status == "200":
                    mp4 = Schema(type=OpenAPIType.STRING, content_media_type="video/mp4")
                    response.content = {**(response.content or {}), "video/mp4": OpenAPIMediaType(schema=mp4)}
                common = {"X-Request-Id": REQUEST_ID, **(RATE_LIMIT if limited else {})}
                if status in ("429", "503") and MEDIA_TYPE in (response.content or {}):
                    common["Retry-After"] = RETRY_AFTER
                response.headers = {
                    **(response.headers or {}),
                    **common,
                    **(headers or {}).get(int(status), {}),
                }

    return Described


def problems(*kinds: ProblemType, **details: str) -> dict[int, ResponseSpec]:
    """Describe the problem documents of an operation: which types it has, each with an example.

    Args:
        kinds: In the order in which they are told.
        details: Another `detail` than the type's own example, by its name with underscores.
    """
    by_status: dict[int, list[ProblemType]] = {}
    for kind in dict.fromkeys(kinds):
        by_status.setdefault(int(kind.status), []).append(kind)
    return {
        status: ResponseSpec(
            Problem,
            generate_examples=False,
            description=" ".join(f"`{kind.name}`: {kind.title}." for kind in of_status),
            media_type=MEDIA_TYPE,
            examples=[
                Example(
                    id=kind.name,
                    summary=kind.title,
                    value={
                        "type": kind.uri,
                        "title": kind.title,
                        "status": status,
                        "detail": details.get(kind.name.replace("-", "_"), kind.example),
                    },
                )
                for kind in of_status
            ],
        )
        for status, of_status in by_status.items()
    }


def limited_problems(*kinds: ProblemType, **details: str) -> dict[int, ResponseSpec]:
    """Describe those of an operation that each client may ask so often only."""
    return problems(*kinds, TOO_MANY_REQUESTS, **details)


def key_refusals() -> dict[int, ResponseSpec]:
    """Describe how an operation turns away whoever has no API key for it."""
    return {
        int(kind.status): ResponseSpec(
            ApiKeyProblem,
            generate_examples=False,
            description=f"{kind.title}.",
            examples=[
                Example(
                    id=kind.name,
                    value={
                        "status": "error",
                        "error_code": kind.name.upper().replace("-", "_"),
                        "message": kind.example,
                    },
                )
            ],
        )
        for kind in (INVALID_API_KEY, INSUFFICIENT_SCOPE)
    }


KEY_SECURITY: list[dict[str, list[str]]] = [{"apiKey": []}, {"apiKeyHeader": []}]
"""A key, in either of the headers that it may come in."""

KEY_HEADERS: Headers = {
    401: {"WWW-Authenticate": header("Bearer.", 'Bearer realm="payments"', required=True)}
}


WEBHOOK_SECRET = header(
    "Verifies what the `webhook_url` is told; absent where nobody is.",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw...",
)

LOCATED: Headers = {
    200: {"Content-Location": header("Where a streamed video can be read again.", "/inference/...")}
}


def made_or_streamed(told: type[msgspec.Struct]) -> dict[int, ResponseSpec]:
    """Describe an answer that is a JSON document or, where that is asked for, an MP4."""
    return {200: ResponseSpec(told, generate_examples=False, description="The video, or where it is.")}


def video(*, parts: bool = False) -> dict[int, ResponseSpec]:
    """Describe an MP4 as the answer, whole or in parts."""
    meanings = {200: "The video."}
    if parts:
        meanings[206] = "The part of the video that was asked for."
    answers = {
        status: ResponseSpec(bytes, generate_examples=False, description=meaning, media_type="video/mp4")
        for status, meaning in meanings.items()
    }
    return answers | (not_modified() if parts else {})


def file(*, parts: bool = False) -> dict[int, ResponseSpec]:
    """Describe a file of any kind as the answer, whole or in parts."""
    meanings = {200: "The file.", **({206: "The part of the file that was asked for."} if parts else {})}
    answers = {
        status: ResponseSpec(bytes, generate_examples=False, description=meaning, media_type="*/*")
        for status, meaning in meanings.items()
    }
    return answers | (not_modified() if parts else {})


def page() -> dict[int, ResponseSpec]:
    """Describe a page for people as the answer."""
    return {200: ResponseSpec(str, generate_examples=False, description="The page.", media_type="text/html")}


def captions() -> dict[int, ResponseSpec]:
    """Describe captions as the answer."""
    return {
        200: ResponseSpec(str, generate_examples=False, description="The captions.", media_type="text/vtt")
    }


def playlist() -> dict[int, ResponseSpec]:
    """Describe a playlist as the answer."""
    return {
        200: ResponseSpec(
            str,
            generate_examples=False,
            description="The playlist.",
            media_type="application/vnd.apple.mpegurl",
        )
    }


def not_modified() -> dict[int, ResponseSpec]:
    """Describe that the client has it already."""
    return {
        304: ResponseSpec(None, generate_examples=False, description="The client has this version already.")
    }


def _file_content() -> dict[str, OpenAPIMediaType]:
    binary = {"type": "string", "format": "binary"}
    form = {"type": "object", "properties": {"file": binary}, "required": ["file"]}
    return {
        "application/octet-stream": _media_type(binary, None),
        "multipart/form-data": _media_type(form, None),
    }


def _media_type(schema: dict[str, Any], example: dict[str, Any] | None) -> OpenAPIMediaType:
    return OpenAPIMediaType(
        schema=cast("Schema", schema), example=example
    )  # plain values are written out as they are


def _form_schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    schema = _schema(kind)
    audio = {"type": "string", "format": "binary", "description": "A WAV: 16 kHz, mono, 16-bit PCM."}
    schema["properties"] = {"audio": audio, **schema["properties"]}
    if (stage := schema["properties"].get("stage")) is not None:
        schema["properties"]["stage"] = {
            "type": "string",
            "contentMediaType": "application/json",
            "description": stage["description"],
        }
    schema["required"] = ["audio", *schema["required"]]
    return schema


def _schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON schema of a struct, with those of the structs in it where they stand."""
    (top,), components = msgspec.json.schema_components([kind], ref_template="{name}")

    def inlined(schema: Any) -> Any:
        if isinstance(schema, list):
            return [inlined(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            return inlined(components[schema["$ref"]])
        return {name: inlined(each) for name, each in schema.items()}

    return dict(inlined(top))
