"""In which currencies prices can be read."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from msgspec import Meta

from service.pricing.port import CurrencySource
from service.routes.http import openapi
from service.routes.http.conditions import cacheable_json
from service.routes.http.parts import Part

CACHE_CONTROL = {"Cache-Control": "public, max-age=600"}


class CurrenciesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a dollar is in other currencies."""

    per_usd: Annotated[
        dict[str, float],
        Meta(description="By ISO 4217 code; `USD` is among them. For display: an invoice is in satoshis."),
    ]


@get(
    "/currencies",
    summary="List currencies",
    description="An `amount_usd` times the rate of a currency is about what it is in that currency.",
    tags=["Buying"],
    operation_id="listCurrencies",
    operation_class=openapi.operation(headers={200: {"ETag": openapi.ETAG}, 304: {"ETag": openapi.ETAG}}),
    responses={
        200: ResponseSpec(
            CurrenciesAnswer,
            generate_examples=False,
            description="The currencies that the source of rates gives.",
            examples=[Example(value={"per_usd": {"USD": 1.0, "EUR": 0.92}})],
        )
    }
    | openapi.not_modified()
    | openapi.limited_problems(),
)
async def currencies(
    request: Request[Any, Any, Any], currencies: Part[CurrencySource]
) -> Response[CurrenciesAnswer]:
    """List currencies."""
    told = {code: float(rate) for code, rate in (await currencies.per_usd()).items()}
    return cacheable_json(request, CurrenciesAnswer(per_usd={"USD": 1.0} | told), headers=CACHE_CONTROL)
