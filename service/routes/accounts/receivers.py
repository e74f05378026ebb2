"""Where an account is told of its videos and its balance."""

from typing import Any

from litestar import Request, Response, delete, post, put
from litestar.openapi.datastructures import ResponseSpec

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.errors import InvalidRequest
from service.routes.accounts.schemas import ReceiverAnswer, ReceiverRequest
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.parts import Part
from service.webhooks.accounts import AccountReceivers

NO_STORE = {"Cache-Control": "no-store"}

NONE = "This account has no webhook: PUT /account/webhook names one."

REFUSALS = openapi.key_refusals()


@put(
    "/account/webhook",
    summary="Have an account told of its videos and its balance",
    description="For the holder of a key with the scope `account:write`. From now on `video.started`, `video.ready` and"
    " `video.failed` of its videos are told there, those of videos under way too, and `balance.low`. The first answer"
    " has the secret, which stays when the URL changes.",
    tags=["Accounts"],
    security=openapi.KEY_SECURITY,
    operation_id="setAccountWebhook",
    operation_class=openapi.operation(
        body=ReceiverRequest,
        example={"webhook_url": "https://app.example.org/hook", "low_balance_seconds": 60},
        headers=openapi.KEY_HEADERS,
    ),
    responses=REFUSALS | openapi.limited_problems(*openapi.BODY_REFUSALS, types.UNAVAILABLE),
)
async def set_receiver(
    request: Request[Any, Any, Any], keys: Part[Keys], receivers: Part[AccountReceivers]
) -> Response[ReceiverAnswer]:
    """Have an account told of its videos and its balance."""
    account_id = await keys.account(key_of(request), Scope.ACCOUNT_WRITE)
    asked = await read_json(request, ReceiverRequest)
    before = await receivers.get(account_id)
    named = await receivers.name(account_id, asked.webhook_url, low_s=asked.low_balance_seconds)
    return Response(ReceiverAnswer.of(named, tell_secret=before is None), headers=NO_STORE)


@post(
    "/account/webhook/secret",
    status_code=200,
    summary="Make a new secret for the webhook of an account",
    description="For the holder of a key with the scope `account:write`. Messages are signed with the new one and the"
    " one before until the next rotation, so that a receiver can change it in its own time.",
    tags=["Accounts"],
    security=openapi.KEY_SECURITY,
    operation_id="rotateAccountWebhookSecret",
    operation_class=openapi.operation(headers=openapi.KEY_HEADERS),
    responses=REFUSALS
    | openapi.limited_problems(types.INVALID_REQUEST, types.UNAVAILABLE, invalid_request=NONE),
)
async def rotate_secret(
    request: Request[Any, Any, Any], keys: Part[Keys], receivers: Part[AccountReceivers]
) -> Response[ReceiverAnswer]:
    """Make a new secret."""
    account_id = await keys.account(key_of(request), Scope.ACCOUNT_WRITE)
    rotated = await receivers.rotate(account_id)
    if rotated is None:
        raise InvalidRequest(NONE)
    return Response(ReceiverAnswer.of(rotated, tell_secret=True), headers=NO_STORE)


@delete(
    "/account/webhook",
    summary="Have nobody told of an account",
    description="For the holder of a key with the scope `account:write`. What waits is dropped.",
    tags=["Accounts"],
    security=openapi.KEY_SECURITY,
    operation_id="removeAccountWebhook",
    operation_class=openapi.operation(headers=openapi.KEY_HEADERS),
    responses={204: ResponseSpec(None, generate_examples=False, description="Nobody is told any more.")}
    | REFUSALS
    | openapi.limited_problems(types.UNAVAILABLE),
)
async def remove_receiver(
    request: Request[Any, Any, Any], keys: Part[Keys], receivers: Part[AccountReceivers]
) -> None:
    """Have nobody told of an account."""
    account_id = await keys.account(key_of(request), Scope.ACCOUNT_WRITE)
    await receivers.remove(account_id)
