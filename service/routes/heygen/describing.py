"""Says of operations what the OpenAPI document tells beyond what Litestar reads from the handlers."""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Operation

from service.routes.heygen.limiting import HEADERS
from service.routes.heygen.refusals import KEYED, RETRIED
from service.routes.http import openapi

STATUSES = (*range(200, 207), *(int(status) for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST))

TAG = "HeyGen-like"

SECURITY: list[dict[str, list[str]]] = [{}, *openapi.KEY_SECURITY]
"""A key, or none where the operator's own account is whose nobody shows one."""


def operation(
    *, body: type[msgspec.Struct] | None = None, example: dict[str, Any] | None = None, limited: bool = True
) -> type[Operation]:
    """Describe an operation.

    Args:
        body: The JSON object that it takes.
        example: Of a body.
        limited: It counts against the hour of its address.
    """
    headers = {
        status: {
            **(HEADERS if limited else {}),
            **KEYED.get(status, {}),
            **RETRIED.get(status, {}),
        }
        for status in STATUSES
    }
    return openapi.operation(body=body, example=example, headers=headers, limited=not limited)


def answers(kind: Any, meaning: str) -> dict[int, ResponseSpec]:
    """Describe what is answered."""
    return {200: ResponseSpec(kind, generate_examples=False, description=meaning)}
