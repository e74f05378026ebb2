"""What the OpenAPI document says beyond what Litestar reads from the handlers, which parse bodies themselves."""

from dataclasses import dataclass
from typing import Any, cast

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, Operation, RequestBody, Schema

from service.routes.http.problems import MEDIA_TYPE, ApiKeyProblem, Problem


def body(kind: type[msgspec.Struct], example: dict[str, Any]) -> type[Operation]:
    """Describe an operation that takes a JSON object."""
    return _operation("application/json", _schema(kind), example)


def form(kind: type[msgspec.Struct]) -> type[Operation]:
    """Describe an operation that takes a form: an `audio` file and these fields."""
    schema = _schema(kind)
    audio = {"type": "string", "format": "binary", "description": "A WAV: 16 kHz, mono, 16-bit PCM."}
    schema["properties"] = {"audio": audio, **schema["properties"]}
    schema["required"] = ["audio", *schema["required"]]
    return _operation("multipart/form-data", schema, None)


def problems(**details: str) -> dict[int, ResponseSpec]:
    """Describe the problem documents of an operation by status: `problems(_404="Payment not found")`."""
    return {
        int(status.lstrip("_")): ResponseSpec(
            Problem,
            generate_examples=False,
            description=detail,
            media_type=MEDIA_TYPE,
            examples=[
                Example(
                    value={
                        "type": "about:blank",
                        "title": "...",
                        "status": int(status.lstrip("_")),
                        "detail": detail,
                    }
                )
            ],
        )
        for status, detail in details.items()
    }


def key_refusals() -> dict[int, ResponseSpec]:
    """Describe how an operation turns away whoever has no API key for it."""
    refusals = {401: "The API key is missing, unknown or revoked.", 403: "The API key has no such scope."}
    return {
        status: ResponseSpec(ApiKeyProblem, generate_examples=False, description=meaning)
        for status, meaning in refusals.items()
    }


def video() -> dict[int, ResponseSpec]:
    """Describe an MP4 as the answer."""
    return {
        200: ResponseSpec(bytes, generate_examples=False, description="The video.", media_type="video/mp4")
    }


def _operation(media_type: str, schema: dict[str, Any], example: dict[str, Any] | None) -> type[Operation]:
    described = RequestBody(
        required=True,
        # Litestar writes plain values out as they are.
        content={media_type: OpenAPIMediaType(schema=cast("Schema", schema), example=example)},
    )

    @dataclass
    class Described(Operation):
        def __post_init__(self) -> None:
            self.request_body = described

    return Described


def _schema(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the JSON schema of a struct that refers to no other."""
    _, components = msgspec.json.schema_components([kind])
    [schema] = components.values()
    return dict(schema)
