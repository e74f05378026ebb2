"""Where a request carries the claim token of a private order."""

from typing import Annotated, Any

from litestar import Request
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, QueryParameter

HEADER = "Claim-Token"

TOKEN = Example(value="Q4hyK39LQGq1DThnB2vWyzG-MaAdy79zYIvhhHf-eB0")

Claim = Annotated[
    str | None,
    QueryParameter(
        description=f"The claim token of a quote that was asked for with `private`; better sent as `{HEADER}`, since"
        " addresses are kept in histories and logs.",
        examples=[TOKEN],
    ),
]

ClaimHeader = Annotated[
    str | None,
    HeaderParameter(
        name=HEADER,
        description="The claim token of a quote that was asked for with `private`; also taken as"
        " `Authorization: Bearer`, where that is not needed for an API key.",
        examples=[TOKEN],
    ),
]


def claim_of(request: Request[Any, Any, Any], named: str | None) -> str | None:
    """Return the claim token: what is named so, else what is borne."""
    if named:
        return named.strip()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
