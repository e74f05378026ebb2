"""Video time for a credential; whoever has none is told what it costs."""

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.types import ASGIApp

from service.accounts.keys import Keys
from service.l402.top_ups import L402TopUps
from service.routes.accounts.schemas import TopUpRequest
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.limiting import Admission, client
from service.routes.http.parts import Part
from service.routes.http.problems import MEDIA_TYPE
from service.routes.l402.schemas import ToppedUp, TopUpChallengeProblem
from service.routes.l402.videos import IdempotencyKey

PATH = "/l402/top-up"

NO_STORE = {"Cache-Control": "no-store"}

CHALLENGE_EXAMPLE = {
    "type": types.CREDENTIAL_REQUIRED.uri,
    "title": types.CREDENTIAL_REQUIRED.title,
    "status": 402,
    "detail": "600 s of video time cost 9231 sat.",
    "macaroon": "AgJCAAA...",
    "bolt11_invoice": "lnbc92310n1p3...",
    "amount": 9231,
    "amount_usd": 6.0,
    "duration": 600.0,
    "account_id": 17,
    "expires_at": "2026-01-01T12:05:00Z",
    "valid_until": "2026-01-08T12:00:00Z",
}


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """All that the handler needs, as one part."""

    keys: Keys
    selling: L402TopUps
    quote_admission: Admission


@post(
    PATH,
    status_code=200,
    summary="Buy video time by L402",
    description="Without a credential the answer is 402 with a challenge, whose invoice is the top-up's: its payment"
    " adds the seconds to the account of the key in `X-API-Key`, once. Without a key an account is made. The same"
    " request with `Authorization: L402 <macaroon>:<preimage>` tells whose they are and, of an account that was made,"
    " its `api_key`, as often as it is sent until the credential runs out.",
    tags=["Accounts"],
    security=[{}, {"apiKeyHeader": []}],
    operation_id="buyTopUp",
    operation_class=openapi.operation(
        body=TopUpRequest,
        example={"seconds": 600},
        headers={**openapi.KEY_HEADERS, 402: {"WWW-Authenticate": openapi.CHALLENGE}},
    ),
    responses={
        200: ResponseSpec(ToppedUp, generate_examples=False, description="Whose the video time is."),
        402: ResponseSpec(
            TopUpChallengeProblem,
            generate_examples=False,
            description=f"`{types.CREDENTIAL_REQUIRED.name}`: {types.CREDENTIAL_REQUIRED.title}.",
            media_type=MEDIA_TYPE,
            examples=[Example(id=types.CREDENTIAL_REQUIRED.name, value=CHALLENGE_EXAMPLE)],
        ),
    }
    | openapi.key_refusals()
    | openapi.limited_problems(
        *openapi.BODY_REFUSALS,
        types.IDEMPOTENCY_KEY_REUSED,
        types.NODE_UNAVAILABLE,
        types.RATE_UNAVAILABLE,
        types.UNAVAILABLE,
        invalid_request="Field 'seconds' must be from 1 to 36,000: so many are sold at once.",
    ),
)
async def buy_top_up(
    request: Request[Any, Any, Any],
    l402_top_up_desk: Part[Desk],
    idempotency_key: IdempotencyKey = None,
) -> ASGIApp:
    """Buy video time by L402."""
    desk = l402_top_up_desk
    asked = await read_json(request, TopUpRequest)
    key = key_of(request)
    account_id = None if key is None else await desk.keys.holder(key)
    shown = request.headers.getall("Authorization", [])
    redeemed = await desk.selling.redeem(shown, PATH, asked.seconds, account_id=account_id)
    if redeemed is not None:
        return Response(ToppedUp.of(redeemed), headers=NO_STORE).to_asgi_response(None, request)
    desk.quote_admission.check(request.scope, tell=False)
    challenge = await desk.selling.challenge(
        PATH, asked.seconds, account_id=account_id, client=client(request), key=idempotency_key
    )
    return Response(
        msgspec.json.encode(TopUpChallengeProblem.of(challenge)),
        status_code=types.CREDENTIAL_REQUIRED.status,
        media_type=MEDIA_TYPE,
        headers={**NO_STORE, "WWW-Authenticate": challenge.header},
    ).to_asgi_response(None, request)
