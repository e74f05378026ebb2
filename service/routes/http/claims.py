"""Where a request carries the claim token of a private order."""

from typing import Annotated, Any

from litestar import Request
from litestar.openapi.spec import Example
from litestar.params import QueryParameter

Claim = Annotated[
    str | None,
    QueryParameter(
        description="The claim token of a quote that was asked for with `private`;"
        " better sent as `Authorization: Bearer`, since addresses are kept in histories and logs.",
        examples=[Example(value="Q4hyK39LQGq1DThnB2vWyzG-MaAdy79zYIvhhHf-eB0")],
    ),
]


def claim_of(request: Request[Any, Any, Any], claim_token: str | None) -> str | None:
    """Read the claim token: what is named so, else what is borne."""
    if claim_token:
        return claim_token
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
