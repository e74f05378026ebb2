"""`POST /inference` for who has no key: by L402, for the price of this very video."""

import uuid
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.types import ASGIApp

from service.delivery.delivery import Delivery
from service.delivery.prepaid import PrepaidDelivery
from service.errors import InvalidRequest
from service.l402 import wishes
from service.l402.selling import Challenge, L402Selling, Redeemed
from service.orders.video import Video, VideoState
from service.routes.avatartalk import refusals
from service.routes.avatartalk.schemas import Inference, InferenceRequest
from service.routes.http import problem_types as types
from service.routes.http.limiting import Admission, client
from service.routes.http.links import Links
from service.routes.http.request_ids import add_header
from service.routes.http.streams import VideoStream
from service.routes.http.waiting import unless_gone
from service.routes.lightning.schemas import USD_MICROS

PATH = "/inference"

NO_STORE = {"Cache-Control": "no-store"}


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """All that is needed, as one part."""

    selling: L402Selling
    prepaid: PrepaidDelivery
    delivery: Delivery
    links: Links
    quote_admission: Admission


async def answer(
    request: Request[Any, Any, Any],
    desk: Desk,
    asked: InferenceRequest,
    *,
    streamed: bool,
    delayed: bool,
    key: str | None,
) -> ASGIApp:
    """Answer a request without a key: by a challenge, or by the video that its credential was paid for."""
    if delayed:
        raise InvalidRequest(
            "A delayed video is paid for by an account, when somebody opens it: it needs an API key.",
            field="delayed",
        )
    choice = asked.choice
    wish = wishes.of_text(PATH, asked.text, choice, asked.stage)
    redeemed = await desk.selling.redeem(request.headers.getall("Authorization", []), wish)
    if redeemed is None:
        desk.quote_admission.check(request.scope, tell=False)
        return _challenged(
            request,
            await desk.selling.challenge_text(
                wish,
                asked.text,
                choice,
                client=client(request),
                key=key,
                webhook_url=asked.webhook_url,
                stage=asked.stage,
            ),
        )
    add_header(request.scope, "Link", f'<{_link(desk, request, redeemed, "payment")}>; rel="status"')
    add_header(request.scope, "Refund-Token", redeemed.tokens.refund)
    if redeemed.webhook_secret is not None:
        add_header(request.scope, "Webhook-Secret", redeemed.webhook_secret)
    video = await unless_gone(request.receive, desk.prepaid.bought(redeemed.sold.order, whole=not streamed))
    if video is None:
        return Response(None, status_code=204).to_asgi_response(None, request)  # nobody reads it
    if streamed:
        return VideoStream(
            desk.delivery.play(video.order_id, growing=video.state is not VideoState.READY),
            order_id=video.order_id,
            headers={
                **NO_STORE,
                "Content-Disposition": 'attachment; filename="video.mp4"',
                "Content-Location": _link(desk, request, redeemed, "video"),
            },
        )
    return Response(_told(desk, request, redeemed, video), headers=NO_STORE).to_asgi_response(None, request)


def _told(desk: Desk, request: Request[Any, Any, Any], redeemed: Redeemed, video: Video) -> Inference:
    """Tell where a video is: to whoever has the links, which have the claim token."""
    order, invoice = redeemed.sold.order, redeemed.sold.payment.invoice
    assert redeemed.tokens.claim is not None
    told = Inference.of(
        order, video, used_ms=0, here=desk.links.here(request), webhook_secret=redeemed.webhook_secret
    )
    return msgspec.structs.replace(
        told,
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"lightning:{invoice}")),
        html_url=f"{desk.links.of(request, 'video', invoice)}#claim={redeemed.tokens.claim}",
        mp4_url=_link(desk, request, redeemed, "video"),
        captions_url=_link(desk, request, redeemed, "video", "captions.vtt"),
    )


def _challenged(request: Request[Any, Any, Any], challenge: Challenge) -> ASGIApp:
    quote = challenge.quote
    refusal = refusals.refusal(
        types.CREDENTIAL_REQUIRED.status,
        refusals.code_of(types.CREDENTIAL_REQUIRED),
        f"Show an API key, or pay {quote.price.amount_sat} sat for this video: pay the invoice, and send the same"
        " request again with 'Authorization: L402 <macaroon>:<preimage>'.",
        details={
            "macaroon": challenge.macaroon,
            "bolt11_invoice": quote.invoice,
            "amount": quote.price.amount_sat,
            "amount_usd": quote.price.usd_micros / USD_MICROS,
            "duration": max(round(quote.duration_ms / 1000, 1), 0.1),
            "expires_at": quote.expires_at.replace(microsecond=0),
            "valid_until": challenge.valid_until,
            "refund_token": quote.tokens.refund,
            **({} if challenge.webhook_secret is None else {"webhook_secret": challenge.webhook_secret}),
        },
        headers={"WWW-Authenticate": challenge.header},
    )
    return refusal.to_asgi_response(None, request)


def _link(desk: Desk, request: Request[Any, Any, Any], redeemed: Redeemed, what: str, *more: str) -> str:
    invoice, claim = redeemed.sold.payment.invoice, redeemed.tokens.claim
    return desk.links.of(request, "lightning", what, invoice, *more, claim_token=claim)
