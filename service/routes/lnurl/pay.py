"""Leads a wallet from an LNURL, or a Lightning Address, to the invoice of a quote."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.exceptions import ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, QueryParameter
from litestar.types import Method
from litestar.types.internal_types import PathParameterDefinition

from service.errors import LnurlRefused
from service.lnurl.paying import MSAT, LnurlPaying, Offer
from service.lnurl.top_ups import AddressTopUps
from service.quotes.lnurls import PATH
from service.quotes.top_ups import MS
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.limiting import Admission, client
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.routes.http.problems import Handlers
from service.routes.lnurl.schemas import PayAnswer, PayRequest, Refusal, SuccessAction, VerifyAnswer

AnyRequest = Request[Any, Any, Any]

NO_STORE = {"Cache-Control": "no-store"}

PAID = "Your video is being made. Watch it here:"
PAID_PRIVATE = "Your video is being made. Only who has the claim token of the quote can watch it."


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """All that the handlers need, as one part."""

    paying: LnurlPaying
    top_ups: AddressTopUps
    links: Links
    quote_admission: Admission


def _refuse(_request: AnyRequest, error: LnurlRefused) -> Response[bytes]:
    return _refusal(error.detail)


def _malformed(_request: AnyRequest, _error: ValidationException) -> Response[bytes]:
    return _refusal("Parameter 'amount' is missing, or is no number of millisatoshis.")


def _refusal(reason: str) -> Response[bytes]:
    body = msgspec.json.encode(Refusal(reason=reason))
    return Response(body, media_type="application/json", headers=NO_STORE)


HANDLERS: Handlers = {LnurlRefused: _refuse, ValidationException: _malformed}


def _pay_operation(
    _handler: HTTPRouteHandler, _method: Method, path: list[str | PathParameterDefinition]
) -> str:
    return "getLightningAddress" if ".well-known" in path else "getLnurlPayRequest"


def _answers(kind: type[msgspec.Struct], meaning: str) -> dict[int, ResponseSpec]:
    either: Any = kind | Refusal
    return {
        200: ResponseSpec(either, generate_examples=False, description=f"{meaning} Or why not, in `reason`.")
    } | openapi.limited_problems(
        types.INVALID_REQUEST, types.UNAVAILABLE, types.NODE_UNAVAILABLE, types.RATE_UNAVAILABLE
    )


@get(
    ["/lnurlp/{name:str}", "/.well-known/lnurlp/{name:str}"],
    summary="Tell a wallet what an LNURL is for",
    description="The first step of LNURL-pay (LUD-06): where the `lnurl` of a quote leads, and `name@host` as a"
    " Lightning Address (LUD-16). Of a quote there is one price; an account's address takes any amount in bounds. No"
    " invoice is made.",
    tags=["Buying"],
    operation_id=_pay_operation,
    operation_class=openapi.operation(),
    responses=_answers(PayRequest, "What is sold."),
)
async def pay_request(
    request: AnyRequest, name: FromPath[str], lnurl_desk: Part[Desk]
) -> Response[PayRequest]:
    """Tell a wallet what an LNURL is for."""
    callback = lnurl_desk.links.of(request, PATH, name, "invoice")
    top_up = await lnurl_desk.top_ups.offer(name)
    if top_up is not None:
        answer = PayRequest(
            callback=callback,
            min_sendable=top_up.bounds.least_sat * MSAT,
            max_sendable=top_up.bounds.most_sat * MSAT,
            metadata=top_up.metadata,
        )
    else:
        offer = await lnurl_desk.paying.offer(name)
        answer = PayRequest(
            callback=callback,
            min_sendable=offer.amount_msat,
            max_sendable=offer.amount_msat,
            metadata=offer.metadata,
        )
    return Response(answer, headers=NO_STORE)


@get(
    "/lnurlp/{name:str}/invoice",
    summary="Hand a wallet the invoice of an LNURL",
    description="The second step of LNURL-pay: the invoice of the quote itself or, for an account's address, one that"
    " is made for this amount. Its description hash is that of the metadata. Other parameters are ignored.",
    tags=["Buying"],
    operation_id="getLnurlInvoice",
    operation_class=openapi.operation(),
    responses=_answers(PayAnswer, "The invoice."),
)
async def invoice(
    request: AnyRequest,
    name: FromPath[str],
    lnurl_desk: Part[Desk],
    amount: Annotated[int, QueryParameter(description="Millisatoshis: from `minSendable` to `maxSendable`.")],
) -> Response[PayAnswer]:
    """Hand a wallet the invoice of an LNURL."""
    if await lnurl_desk.top_ups.known(name):
        lnurl_desk.quote_admission.check(request.scope, tell=False)
        quote = await lnurl_desk.top_ups.invoice(name, amount, client=client(request))
        answer = PayAnswer(
            pr=quote.invoice,
            routes=[],
            success_action=SuccessAction(
                tag="message", message=f"{quote.ms / MS:.3f} seconds of video time were added."
            ),
            disposable=False,
        )
        return Response(answer, headers=NO_STORE)
    offer = await lnurl_desk.paying.invoice(name, amount)
    answer = PayAnswer(
        pr=offer.sold.payment.invoice,
        routes=[],
        success_action=_success(request, lnurl_desk.links, offer),
        verify=lnurl_desk.links.of(request, PATH, name, "verify"),
    )
    return Response(answer, headers=NO_STORE)


@get(
    "/lnurlp/{name:str}/verify",
    summary="Tell a wallet whether the invoice of an LNURL is paid",
    description="LUD-21: whoever has the LNURL learns the receipt of its payment, too.",
    tags=["Buying"],
    operation_id="verifyLnurlPayment",
    operation_class=openapi.operation(),
    responses=_answers(VerifyAnswer, "Whether it is paid."),
)
async def verify(name: FromPath[str], lnurl_desk: Part[Desk]) -> Response[VerifyAnswer]:
    """Tell a wallet whether the invoice of an LNURL is paid."""
    told = await lnurl_desk.paying.verify(name)
    answer = VerifyAnswer(
        settled=told.settled,
        preimage=None if told.preimage is None else told.preimage.hex(),
        pr=told.invoice,
    )
    return Response(answer, headers=NO_STORE)


def _success(request: AnyRequest, links: Links, offer: Offer) -> SuccessAction:
    """Lead to the video, for whom the invoice opens it."""
    if offer.sold.order.claim_hash is not None:
        return SuccessAction(tag="message", message=PAID_PRIVATE)
    url = links.of(request, "video", offer.sold.payment.invoice)
    return SuccessAction(tag="url", description=PAID, url=url)
