"""`/api/v1/videos/…`: a video, or several at once, from the video time of an account."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.openapi.spec import Example
from litestar.params import FromPath, HeaderParameter

from service.accounts.askers import Askers
from service.accounts.port import Scope
from service.catalogue.choosing import Choosing
from service.delivery.prepaid import PrepaidDelivery
from service.errors import ContentRefused, InvalidRequest, OrderNotFound
from service.jobs.port import Videos
from service.orders.batch import Batch
from service.orders.order import Order
from service.orders.prepaid import NewPrepaid, PrepaidOrders
from service.quotes.prepaid import PrepaidOrdering
from service.routes.heygen import describing, refusals
from service.routes.heygen.keys import Key
from service.routes.heygen.refusals import NotListed, refusal_of
from service.routes.heygen.schemas import (
    MP4,
    BatchAnswer,
    BatchRequest,
    VideoAnswer,
    VideoFailure,
    VideoRequest,
)
from service.routes.heygen.wishes import wanted
from service.routes.http.bodies import convert, read_json
from service.routes.http.keys import key_of
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.routes.http.waiting import unless_gone
from service.runtime.clock import Clock
from service.studio.batches import Batches
from service.studio.voices import Voices

LONGEST_WAIT_S = 25
"""Less than clients and proxies wait that nobody has told to wait longer."""

NO_STORE = {"Cache-Control": "no-store"}

EXAMPLE = {
    "script": "Hello! Welcome to our video generation system.",
    "avatar_id": "professional_male_01",
    "voice_id": "en_us_01",
    "language": "en",
    "style": "professional",
    "custom_settings": {"lighting": "studio", "camera_angle": "front"},
}

_WAIT = re.compile(r"\bwait\s*=\s*(\d{1,6})\b", re.IGNORECASE)
_ASYNC = re.compile(r"\brespond-async\b", re.IGNORECASE)

Prefer = Annotated[
    str | None,
    HeaderParameter(
        name="Prefer",
        description="RFC 7240: `respond-async` is answered at once, `wait=10` after ten seconds at most; else a"
        f" request waits for {LONGEST_WAIT_S} seconds.",
        examples=[Example(value="respond-async")],
    ),
]

REFUSALS = refusals.described(
    *refusals.PAID,
    *refusals.BODY,
    (HTTPStatus.NOT_FOUND, "There is no such avatar or voice; `details` lists those that there are."),
    (HTTPStatus.GONE, "The video that this `Idempotency-Key` names was deleted."),
)


@post(
    "/videos/create",
    status_code=200,
    summary="Make a video",
    description=f"Waits for {LONGEST_WAIT_S} seconds at most, then says `processing`: GET /api/v1/videos/{{video_id}} "
    "tells the rest. What is set aside is the predicted length, and nobody pays more; what is answered with an error,"
    " and a video that fails, costs nothing.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenCreateVideo",
    operation_class=describing.operation(body=VideoRequest, example=EXAMPLE),
    responses=describing.answers(VideoAnswer, "The video, as far as it is made.") | REFUSALS,
)
async def create_video(
    request: Request[Any, Any, Any],
    askers: Part[Askers],
    choosing: Part[Choosing],
    own_voices: Part[Voices],
    ordering: Part[PrepaidOrdering],
    prepaid: Part[PrepaidDelivery],
    prepaid_orders: Part[PrepaidOrders],
    videos: Part[Videos],
    links: Part[Links],
    now: Part[Clock],
    idempotency_key: Key = None,
    prefer: Prefer = None,
) -> Response[VideoAnswer]:
    """Make a video."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    wish = await wanted(await read_json(request, VideoRequest), choosing, own_voices, account_id)
    taken = await ordering.order(
        wish.text,
        wish.choice,
        stage=wish.stage,
        account_id=account_id,
        delayed=False,
        key=idempotency_key,
        asked=_written(wish.asked),
    )
    longest = _wait(prefer)
    if longest:
        await unless_gone(request.receive, prepaid.made_within(taken, longest))
    else:
        await prepaid.over_within(taken.order, longest)
    [told] = await _told(request, [taken.order], prepaid_orders, videos, links, now())
    return Response(told, headers=_headers(prefer))


@get(
    "/videos/{video_id:str}",
    summary="Tell of a video",
    description="Of an account's own; `output_url` plays without a key, also while the video is being made.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenGetVideo",
    operation_class=describing.operation(),
    responses=describing.answers(VideoAnswer, "The video, as far as it is made.")
    | refusals.described(
        *refusals.KEYS,
        (HTTPStatus.BAD_REQUEST, "The request cannot be read."),
        (HTTPStatus.NOT_FOUND, "The account has no such video."),
        (HTTPStatus.GONE, "The video was deleted."),
    ),
)
async def get_video(
    request: Request[Any, Any, Any],
    video_id: FromPath[str],
    askers: Part[Askers],
    prepaid_orders: Part[PrepaidOrders],
    videos: Part[Videos],
    links: Part[Links],
    now: Part[Clock],
) -> Response[VideoAnswer]:
    """Tell of a video."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    order = None if "\0" in video_id else await prepaid_orders.find(video_id)
    if order is None or order.account_id != account_id:
        raise OrderNotFound(video_id)
    order.remembered()
    [told] = await _told(request, [order], prepaid_orders, videos, links, now())
    return Response(told, headers=NO_STORE)


@post(
    "/videos/batch",
    status_code=200,
    summary="Make several videos",
    description="The time of all is set aside before the first is made, or of none. A part that cannot be made fails"
    " alone and costs nothing. A batch is taken where one more video would be.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenCreateBatch",
    operation_class=describing.operation(body=BatchRequest, example={"videos": [EXAMPLE]}),
    responses=describing.answers(BatchAnswer, "The videos, as far as they are made.")
    | refusals.described(*refusals.PAID, *refusals.BODY),
)
async def create_batch(
    request: Request[Any, Any, Any],
    askers: Part[Askers],
    choosing: Part[Choosing],
    own_voices: Part[Voices],
    ordering: Part[PrepaidOrdering],
    batches: Part[Batches],
    prepaid_orders: Part[PrepaidOrders],
    videos: Part[Videos],
    links: Part[Links],
    now: Part[Clock],
    idempotency_key: Key = None,
    prefer: Prefer = None,
) -> Response[BatchAnswer]:
    """Make several videos."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, BatchRequest)

    async def parts() -> Sequence[NewPrepaid | str]:
        brought: dict[str, str] = {}  # a background that several have is fetched once
        return [
            await _part(values, account_id, choosing, own_voices, ordering, brought)
            for values in asked.videos
        ]

    batch = await batches.order(
        parts, account_id=account_id, asked=msgspec.json.encode(asked, order="sorted"), key=idempotency_key
    )
    await unless_gone(request.receive, batches.made_within(batch, _wait(prefer)))
    batch = await batches.find(batch.id, account_id)
    return Response(
        await _told_batch(request, batch, prepaid_orders, videos, links, now()), headers=_headers(prefer)
    )


@get(
    "/videos/batch/{batch_id:str}",
    summary="Tell of several videos",
    description="Of an account's own batch: each video as far as it is made, and how many are done or have failed.",
    tags=[describing.TAG],
    security=describing.SECURITY,
    operation_id="heygenGetBatch",
    operation_class=describing.operation(),
    responses=describing.answers(BatchAnswer, "The videos, as far as they are made.")
    | refusals.described(
        *refusals.KEYS,
        (HTTPStatus.BAD_REQUEST, "The request cannot be read."),
        (HTTPStatus.NOT_FOUND, "The account has no such batch."),
    ),
)
async def get_batch(
    request: Request[Any, Any, Any],
    batch_id: FromPath[str],
    askers: Part[Askers],
    batches: Part[Batches],
    prepaid_orders: Part[PrepaidOrders],
    videos: Part[Videos],
    links: Part[Links],
    now: Part[Clock],
) -> Response[BatchAnswer]:
    """Tell of several videos."""
    account_id = await askers.account(key_of(request), Scope.VIDEO)
    batch = await batches.find(batch_id.replace("\0", ""), account_id)
    return Response(await _told_batch(request, batch, prepaid_orders, videos, links, now()), headers=NO_STORE)


async def _part(
    values: dict[str, Any],
    account_id: int,
    choosing: Choosing,
    own_voices: Voices,
    ordering: PrepaidOrdering,
    brought: dict[str, str],
) -> NewPrepaid | str:
    """Check one video of a batch: an order, or why it is refused."""
    try:
        wish = await wanted(convert(values, VideoRequest), choosing, own_voices, account_id)
        return await ordering.prepared(
            wish.text,
            wish.choice,
            wish.stage,
            account_id=account_id,
            asked=_written(wish.asked),
            brought=brought,
        )
    except (InvalidRequest, NotListed, ContentRefused) as error:
        refusal = refusal_of(error)
        return _written(VideoFailure(error=refusal.message, error_code=refusal.code))


async def _told_batch(
    request: Request[Any, Any, Any],
    batch: Batch,
    orders: PrepaidOrders,
    videos: Videos,
    links: Links,
    now: datetime,
) -> BatchAnswer:
    ordered = [part for part in batch.parts if isinstance(part, Order)]
    made = iter(await _told(request, ordered, orders, videos, links, now))
    told = [
        next(made) if isinstance(part, Order) else VideoAnswer.refused(part, created_at=batch.created_at)
        for part in batch.parts
    ]
    return BatchAnswer(
        batch_id=batch.id,
        videos=told,
        total_count=len(told),
        completed_count=sum(each.status == "completed" for each in told),
        failed_count=sum(each.status == "failed" for each in told),
    )


async def _told(
    request: Request[Any, Any, Any],
    ordered: Sequence[Order],
    orders: PrepaidOrders,
    videos: Videos,
    links: Links,
    now: datetime,
) -> list[VideoAnswer]:
    asked = await orders.asked([order.id for order in ordered])
    told: list[VideoAnswer] = []
    for order in ordered:
        metadata = msgspec.json.decode(asked.get(order.id, "{}"))
        kind = metadata.get("output_format", MP4)
        place = links.of(
            request,
            *("inference", order.public_id or "", "video.mp4"),
            format=None if kind == MP4 else kind,
        )
        now_known = await orders.find(order.public_id or "") or order  # it may have been given up since
        video = await videos.get(order.id)
        told.append(VideoAnswer.of(now_known, video, metadata=metadata, link=place, now=now))
    return told


def _written(asked: Any) -> str:
    return msgspec.json.encode(asked).decode()


def _wait(prefer: str | None) -> timedelta:
    """Tell how long to wait for a video."""
    if prefer and _ASYNC.search(prefer):
        return timedelta(0)
    asked = _WAIT.search(prefer or "")
    return timedelta(seconds=min(int(asked.group(1)), LONGEST_WAIT_S) if asked else LONGEST_WAIT_S)


def _headers(prefer: str | None) -> dict[str, str]:
    """Say which preference was honoured (RFC 7240, section 3)."""
    if prefer and _ASYNC.search(prefer):
        return {**NO_STORE, "Preference-Applied": "respond-async"}
    if prefer and _WAIT.search(prefer):
        return {**NO_STORE, "Preference-Applied": f"wait={int(_wait(prefer).total_seconds())}"}
    return NO_STORE
