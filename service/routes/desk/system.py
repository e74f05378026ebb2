"""How the parts are: node, workers, what was logged; and the webhooks that were told in vain."""

from typing import Annotated, Any

from litestar import Response, get, post
from litestar.params import QueryParameter

from service.desk import node
from service.desk.desk import OperatorsDesk
from service.payments.settlements import Settlements
from service.rendering.workers import Workers
from service.routes.desk import rendering
from service.routes.desk.gate import HOME, AnyRequest
from service.routes.http.parts import Part
from service.runtime.recent import MOST

LARGEST_ID = 2**63 - 1


@get("/system", include_in_schema=False)
async def system(
    request: AnyRequest,
    desk: Part[OperatorsDesk],
    workers: Part[Workers],
    settlements: Part[Settlements],
) -> Response[Any]:
    """Show how the node and the workers are, and what this process logged."""
    return rendering.page(
        request,
        "system.html",
        place="system",
        node=await node.look(desk.channels),
        elsewhere=settlements.elsewhere,
        workers=[
            {
                "url": worker.remote.url,
                "well": worker.well,
                "renders": worker.renders,
                "given": worker.given,
                "avatars": None if worker.avatars is None else len(worker.avatars),
                "voices": None if worker.voices is None else len(worker.voices),
            }
            for worker in workers.all
        ],
        errors=desk.errors.newest,
        most=MOST,
    )


@get("/webhooks", include_in_schema=False)
async def webhooks(
    request: AnyRequest,
    desk: Part[OperatorsDesk],
    above: Annotated[int, QueryParameter(ge=0, le=LARGEST_ID)] = 0,
    replayed: Annotated[int | None, QueryParameter(ge=0, le=LARGEST_ID)] = None,
) -> Response[Any]:
    """List what was told in vain, the oldest first."""
    letters, more = await desk.letters.page(above)
    return rendering.page(
        request, "webhooks.html", place="webhooks", letters=letters, above=more, replayed=replayed
    )


@post("/webhooks/replay", include_in_schema=False)
async def replay(request: AnyRequest, desk: Part[OperatorsDesk]) -> Response[Any]:
    """Have one told again, or all."""
    form = await request.form()
    message = form.get("message")
    if not isinstance(message, str) and form.get("all") != "yes":
        return rendering.redirect(f"{HOME}/webhooks")
    count = await desk.letters.replay(message if isinstance(message, str) else None)
    return rendering.redirect(f"{HOME}/webhooks?replayed={count}")


HANDLERS = [system, webhooks, replay]
