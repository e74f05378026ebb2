"""A video for a credential; whoever has none is told what one costs."""

import asyncio
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, QueryParameter
from litestar.types import ASGIApp

from service.delivery.delivery import Delivery
from service.l402 import wishes
from service.l402.selling import Challenge, L402Selling, Redeemed
from service.orders.choice import Choice
from service.orders.video import Video, VideoState
from service.routes.http import openapi
from service.routes.http import problem_types as types
from service.routes.http.bodies import read_json
from service.routes.http.limiting import Admission, client
from service.routes.http.links import Links
from service.routes.http.naming import named
from service.routes.http.parts import Part
from service.routes.http.problems import MEDIA_TYPE
from service.routes.http.request_ids import add_header
from service.routes.http.streams import VideoStream
from service.routes.http.uploads import Spool
from service.routes.http.waiting import unless_gone
from service.routes.l402.schemas import AudioWish, ChallengeProblem, LinkAnswer, TextWish

PATH = "/l402/video"

NO_STORE = {"Cache-Control": "no-store"}

_encode = msgspec.json.Encoder().encode

EXAMPLE = {
    "text": "Hello! This is the text that will be spoken by the avatar.",
    "avatar": "european_woman",
    "emotion": "happy",
}

CHALLENGE_EXAMPLE = {
    "type": types.CREDENTIAL_REQUIRED.uri,
    "title": types.CREDENTIAL_REQUIRED.title,
    "status": 402,
    "detail": types.CREDENTIAL_REQUIRED.example,
    "macaroon": "AgJCAAA...",
    "bolt11_invoice": "lnbc450n1p3...",
    "amount": 45,
    "amount_usd": 0.045,
    "duration": 4.5,
    "language": "en",
    "expires_at": "2026-01-01T12:05:00Z",
    "valid_until": "2026-01-08T12:00:00Z",
    "refund_token": "Q4hyK39LQGq1DThnB2vWyzG-MaAdy79zYIvhhHf-eB0",
    "webhook_secret": None,
}

HEADERS = {
    200: {
        "Link": openapi.header(
            "What became of payment and video, with `rel=status` (RFC 8631).",
            '<https://.../lightning/payment/lnbc450n1p3...?claim_token=...>; rel="status"',
        ),
        "Refund-Token": openapi.header(
            "What POST /lightning/refund asks for, beside the preimage, should the video fail.",
            "Q4hyK39LQGq1DThnB2vWyzG-MaAdy79zYIvhhHf-eB0",
        ),
        "Webhook-Secret": openapi.WEBHOOK_SECRET,
    },
    402: {"WWW-Authenticate": openapi.CHALLENGE},
}

ANSWERS = {
    200: ResponseSpec(
        bytes,
        generate_examples=False,
        description="The video; or with `Accept: application/json` or `link` a JSON object with a link to it.",
        media_type="video/mp4",
    ),
    402: ResponseSpec(
        ChallengeProblem,
        generate_examples=False,
        description=f"`{types.CREDENTIAL_REQUIRED.name}`: {types.CREDENTIAL_REQUIRED.title}.",
        media_type=MEDIA_TYPE,
        examples=[Example(id=types.CREDENTIAL_REQUIRED.name, value=CHALLENGE_EXAMPLE)],
    ),
}


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """All that the handler needs, as one part: several cost a task each and their group."""

    selling: L402Selling
    spool: Spool
    delivery: Delivery
    links: Links
    quote_admission: Admission


IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="A UUID that names this wish: asked again with it by the same client, before the invoice expires,"
        " the challenge has the same invoice.",
        examples=[Example(value="8e03978e-40d5-43dd-bc93-6894a57f9324")],
    ),
]

AsLink = Annotated[
    bool,
    QueryParameter(
        description="Answers with a link in JSON, as with `Accept: application/json`: for tools that can set no header."
    ),
]


@post(
    PATH,
    status_code=200,
    summary="Buy a video by L402",
    description="Without a credential the answer is 402 with a challenge: the price of exactly this wish. The same"
    " request with `Authorization: L402 <macaroon>:<preimage>` streams the MP4 while it is rendered, as often as it is"
    " sent until the credential runs out. The credential is good for this wish alone: another is challenged anew."
    " Instead of JSON it takes a form with a WAV file in the field `audio`: 16 kHz, mono, 16-bit. `avatar` and"
    " `emotion` are required.",
    tags=["Buying"],
    operation_id="buyVideo",
    operation_class=openapi.operation(body=TextWish, form=AudioWish, example=EXAMPLE, headers=HEADERS),
    responses=ANSWERS
    | openapi.limited_problems(
        *openapi.BODY_REFUSALS,
        types.CONTENT_REFUSED,
        types.IDEMPOTENCY_KEY_REUSED,
        types.INVOICE_NOT_PAID,
        types.RENDER_REFUSED,
        types.REFUND_BOUND,
        types.VIDEO_GONE,
        types.NODE_UNAVAILABLE,
        types.RATE_UNAVAILABLE,
        types.RENDERER_BUSY,
        types.RENDERER_UNAVAILABLE,
        types.RESTARTING,
        types.UNAVAILABLE,
    ),
)
async def buy_video(
    request: Request[Any, Any, Any],
    l402_desk: Part[Desk],
    idempotency_key: IdempotencyKey = None,
    link: AsLink = False,
) -> ASGIApp:
    """Buy a video by L402."""
    shown = request.headers.getall("Authorization", [])
    asker = client(request)
    if request.content_type[0] == "multipart/form-data":
        async with l402_desk.spool.receive(request, AudioWish) as (wav, options):
            wish = await asyncio.to_thread(wishes.of_audio, PATH, wav, options.choice, options.stage)
            redeemed = await l402_desk.selling.redeem(shown, wish)
            if redeemed is None:
                l402_desk.quote_admission.check(request.scope, tell=False)
                return _challenged(
                    request,
                    await l402_desk.selling.challenge_audio(
                        wish,
                        wav,
                        options.choice,
                        client=asker,
                        key=idempotency_key,
                        webhook_url=options.webhook_url,
                        stage=options.stage,
                    ),
                )
    else:
        asked = await read_json(request, TextWish)
        wish = _named(asked)
        redeemed = await l402_desk.selling.redeem(shown, wish)
        if redeemed is None:
            return _challenged(request, await _price_text(request, l402_desk, asked, wish, idempotency_key))
    payment_url = _link(l402_desk.links, request, "payment", redeemed)
    add_header(request.scope, "Link", f'<{payment_url}>; rel="status"')
    add_header(request.scope, "Refund-Token", redeemed.tokens.refund)
    if redeemed.webhook_secret is not None:
        add_header(request.scope, "Webhook-Secret", redeemed.webhook_secret)
    video = await unless_gone(request.receive, l402_desk.delivery.deliver(redeemed.sold.order, Choice()))
    if video is None:
        return Response(None, status_code=204).to_asgi_response(None, request)  # nobody reads it
    if link or _wants_json(request):
        answer = LinkAnswer.of(
            redeemed,
            video,
            video_url=_link(l402_desk.links, request, "video", redeemed),
            payment_url=payment_url,
        )
        return Response(
            msgspec.json.encode(answer), media_type="application/json", headers=NO_STORE
        ).to_asgi_response(None, request)
    return _streamed(l402_desk.delivery, redeemed, video)


async def challenge_of_text(
    request: Request[Any, Any, Any], desk: Desk, key: str | None
) -> tuple[int, bytes, dict[str, str]]:
    """Challenge a request for a text that shows no credential: status, body and headers of the answer.

    Raises:
        ServiceError: What was asked for cannot be sold, or not now.
        LightningError: The node makes no invoice.
    """
    asked = await read_json(request, TextWish)
    return _answer(await _price_text(request, desk, asked, _named(asked), key))


def _named(asked: TextWish) -> str:
    """Name what a challenge is bound to and a credential is good for: here alone, or the two might differ."""
    return wishes.of_text(PATH, asked.text, asked.choice, asked.stage)


async def _price_text(
    request: Request[Any, Any, Any], desk: Desk, asked: TextWish, wish: str, key: str | None
) -> Challenge:
    desk.quote_admission.check(request.scope, tell=False)
    return await desk.selling.challenge_text(
        wish,
        asked.text,
        asked.choice,
        client=client(request),
        key=key,
        webhook_url=asked.webhook_url,
        stage=asked.stage,
    )


def _answer(challenge: Challenge) -> tuple[int, bytes, dict[str, str]]:
    headers = {**NO_STORE, "WWW-Authenticate": challenge.header}
    return int(types.CREDENTIAL_REQUIRED.status), _encode(ChallengeProblem.of(challenge)), headers


def _challenged(request: Request[Any, Any, Any], challenge: Challenge) -> ASGIApp:
    status, body, headers = _answer(challenge)
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers).to_asgi_response(
        None, request
    )


def _streamed(delivery: Delivery, redeemed: Redeemed, video: Video) -> VideoStream:
    return VideoStream(
        delivery.play(video.order_id, growing=video.state is not VideoState.READY),
        order_id=video.order_id,
        headers={**NO_STORE, "Content-Disposition": named(redeemed.sold.order, video)},
    )


def _link(links: Links, request: Request[Any, Any, Any], what: str, redeemed: Redeemed) -> str:
    """Link to what is told of the order without a credential: to whoever has its invoice and claim token."""
    invoice = redeemed.sold.payment.invoice
    return links.of(request, "lightning", what, invoice, claim_token=redeemed.tokens.claim)


def _wants_json(request: Request[Any, Any, Any]) -> bool:
    """Whether JSON is wanted more than a video, which is what whoever takes anything gets."""
    try:
        return request.accept.best_match(["video/mp4", "application/json"]) == "application/json"
    except (ValueError, OverflowError):  # a weight that is no number, such as infinity
        return False
