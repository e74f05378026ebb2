"""`userText2image`: portraits of prompts. The answer to `start` has the pictures, since its clients want them there."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from service.accounts.keys import Keys
from service.accounts.port import Scope
from service.errors import OrderNotFound
from service.routes.a2e.envelope import NotHere, ok
from service.routes.a2e.making import Portrait as PortraitBody
from service.routes.a2e.records import Answer, AnyRequest, IdempotencyKey, Page, status_of
from service.routes.http.bodies import read_json
from service.routes.http.keys import key_of
from service.routes.http.links import Links
from service.routes.http.parts import Part
from service.routes.http.waiting import unless_gone
from service.studio.job import UNAVAILABLE, Job, Kind, State
from service.studio.jobs import Studio
from service.studio.portraits import Portrait, PortraitRequest, Portraits

LONGEST_WAIT = timedelta(seconds=50)
"""For which `start` waits: its clients give it a minute."""


@post("/userText2image/start", status_code=200)
async def start(
    request: AnyRequest,
    keys: Part[Keys],
    portraits: Part[Portraits],
    studio: Part[Studio],
    links: Part[Links],
    idempotency_key: IdempotencyKey = None,
) -> ASGIApp:
    """Draw somebody, and answer with the picture."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    asked = await read_json(request, PortraitBody, lenient=True)
    width, height = asked.size
    wish = PortraitRequest(name=asked.name or "", prompt=asked.prompt, width=width, height=height)
    job = await portraits.begin(account_id, wish, key=idempotency_key)
    seen = await unless_gone(request.receive, studio.over(job, longest=LONGEST_WAIT))
    job = job if seen is None else seen
    if job.state is State.FAILED:
        status = HTTPStatus.SERVICE_UNAVAILABLE if job.stage == UNAVAILABLE else HTTPStatus.BAD_REQUEST
        raise NotHere(status, job.failure or "It could not be drawn.")
    return ok(_told(request, links, job)).to_asgi_response(None, request)


@get("/userText2image/allRecords")
async def records(
    request: AnyRequest,
    keys: Part[Keys],
    studio: Part[Studio],
    links: Part[Links],
    pageNum: Page = 1,  # noqa: N803 - A2E's own
    pageSize: Page = 20,  # noqa: N803
) -> Answer:
    """List the portraits of an account, the newest first."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    jobs = await studio.of_account(account_id, kinds=(Kind.PORTRAIT,), limit=1000)
    shown = jobs[(pageNum - 1) * pageSize : pageNum * pageSize]
    return ok({"list": [_told(request, links, job) for job in shown], "total": len(jobs)})


@get("/userText2image/{record:str}")
async def record_of(
    request: AnyRequest, record: FromPath[str], keys: Part[Keys], studio: Part[Studio], links: Part[Links]
) -> Answer:
    """Tell of a portrait."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    return ok(_told(request, links, await _find(studio, account_id, record)))


@delete("/userText2image/{record:str}", status_code=200)
async def forget(
    request: AnyRequest, record: FromPath[str], keys: Part[Keys], studio: Part[Studio]
) -> Answer:
    """Forget a portrait; one that is not drawn yet costs nothing. The picture stays in the library for its time."""
    account_id = await keys.account(key_of(request), Scope.VIDEO)
    job = await _find(studio, account_id, record)
    await studio.delete(job.public_id, account_id)
    return ok({"_id": record})


async def _find(studio: Studio, account_id: int, record: str) -> Job:
    job = await studio.find(record, account_id)
    if job is None or job.kind is not Kind.PORTRAIT:
        raise OrderNotFound(record)
    return job


def _told(request: AnyRequest, links: Links, job: Job) -> dict[str, Any]:
    asked = msgspec.convert(job.request, PortraitRequest)
    told: dict[str, Any] = {
        "_id": job.public_id,
        "name": asked.name,
        "prompt": asked.prompt,
        "width": asked.width,
        "height": asked.height,
        "current_status": status_of(job.state),
        "process": job.progress,
        "image_urls": [],
        "createdAt": job.created_at,
    }
    if job.result is not None:
        made = msgspec.convert(job.result, Portrait)
        told["image_urls"] = [links.of(request, "media", name) for name in made.media]
        told["ignored_words"] = made.ignored_words
        told["engine"] = made.engine
    if job.state is State.FAILED:
        told["failed_message"] = job.failure
    return told


HANDLERS = [start, records, record_of, forget]
