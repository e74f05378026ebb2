"""A page for each video, to which people link."""

import re
from typing import Annotated, Any
from urllib.parse import quote, unquote, urlsplit

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter

from service.delivery.port import Snapshots, Sold
from service.delivery.watching import Snapshot, Watching
from service.errors import OrderNotFound
from service.orders.order import Status
from service.orders.video import VideoState
from service.routes.http.conditions import cacheable_json
from service.routes.http.parts import Part
from service.routes.lightning.resolving import canonical
from service.routes.pages import rendering
from service.routes.pages.words import chosen, words

SIDE = 512
"""Width and height of a video."""

TITLE_CHARS = 70

_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""They could turn round what stands beside a title in somebody else's card or tab (Unicode TR 9, section 2)."""

STATUS_CODES = {"unknown": 404, "unpaid": 402, "deleted": 410}
"""Of the pages that show no video and never, or not yet, will."""

AnyRequest = Request[Any, Any, Any]


@get("/video/{invoice:str}", include_in_schema=False)
async def viewer(request: AnyRequest, invoice: FromPath[str], watching: Part[Watching]) -> Response[Any]:
    """Show a video, or say why there is none.

    Of a private order it is the page of an unknown one: nobody learns which. The claim token stands behind `#`, which
    no browser sends, and the page asks with it.
    """
    lang = chosen(request)
    said = words(lang)
    sold = await watching.find(canonical(invoice))
    open_to_all = sold is not None and sold.order.claim_hash is None
    snapshot = await watching.look(sold) if sold is not None and open_to_all else None
    state = "unknown" if snapshot is None else _state(snapshot)
    shown = state in ("ready", "rendering")
    text = snapshot.order.wish.text or "" if snapshot is not None and shown else ""
    title = _title(text, said.page)
    who = _who(snapshot, lang) if snapshot is not None and shown else ""
    return rendering.page(
        request,
        "viewer.html",
        lang=lang,
        module="viewer.js",
        status_code=STATUS_CODES.get(state, 200),
        headers={"Cache-Control": "no-store"} | ({} if shown else {"X-Robots-Tag": "noindex"}),
        invoice=canonical(invoice) if snapshot is not None else "",
        state=state,
        shown=shown,
        title=title if shown else said.page[f"state_{state}"],
        heading=who if shown else said.page[f"state_{state}"],
        text=said.page.get(f"state_{state}_text", ""),
        said=text,
        who=who,
        here_quoted=quote(rendering.here(request), safe=""),
    )


@get("/oembed", include_in_schema=False)
async def oembed(
    request: AnyRequest,
    snapshots: Part[Snapshots],
    url: Annotated[str, QueryParameter(description="Of a page of a video.")],
) -> Response[Any]:
    """Describe a video to a page that links to it (https://oembed.com, version 1.0)."""
    try:
        link = urlsplit(url)
    except ValueError:  # such as brackets around what is no IPv6 address
        raise NotFoundException from None
    here = rendering.here(request)
    if f"{link.scheme}://{link.netloc}" != here or not link.path.startswith("/video/"):
        raise NotFoundException
    invoice = canonical(unquote(link.path.removeprefix("/video/")))
    sold = await snapshots.find(invoice)
    if sold is None or sold.order.claim_hash is not None or not _playable(sold):
        raise OrderNotFound(invoice)
    lang = chosen(request)
    video, picture = f"{here}/lightning/video/{invoice}", f"{here}/lightning/video/{invoice}/poster.jpg"
    answer = {
        "version": "1.0",
        "type": "video",
        "title": _title(sold.order.wish.text or "", words(lang).page),
        "provider_name": "satspeak",
        "provider_url": f"{here}/",
        "width": SIDE,
        "height": SIDE,
        "thumbnail_url": picture,
        "thumbnail_width": SIDE,
        "thumbnail_height": SIDE,
        "html": f'<video controls width="{SIDE}" height="{SIDE}" poster="{picture}" src="{video}"></video>',
    }
    headers = {"Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}  # of which the title is
    return cacheable_json(request, answer, headers=headers)


def _state(snapshot: Snapshot) -> str:
    order, video = snapshot.order, snapshot.video_state
    if order.forgotten_at is not None or video is VideoState.DELETED:
        return "deleted"
    if order.status in (Status.PENDING, Status.EXPIRED, Status.HELD):
        return "unpaid"
    if order.status is not Status.PAID or video is VideoState.FAILED:
        return "failed"
    if video is VideoState.READY:
        return "ready"
    return "rendering" if snapshot.video is not None and snapshot.video.playable_frames else "waiting"


def _playable(sold: Sold) -> bool:
    return (
        sold.order.status is Status.PAID and sold.video is not None and sold.video.state is VideoState.READY
    )


def _title(text: str, page: dict[str, str]) -> str:
    line = " ".join(_BIDI_CONTROLS.sub("", text).split())
    if not line:
        return page["viewer_untitled"]
    short = line if len(line) <= TITLE_CHARS else line[:TITLE_CHARS].rstrip() + "…"
    return page["viewer_title"].replace("{said}", short)


def _who(snapshot: Snapshot, lang: str) -> str:
    assert snapshot.video is not None
    said = words(lang)
    name = snapshot.video.choice.avatar or ""
    label = said.avatars.get(name, name.replace("_", " "))
    return said.page["viewer_who"].replace("{avatar}", label)
