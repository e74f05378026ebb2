"""`GET /api/v1/health`: how the components are, as far as they answer."""

import asyncio
import time
from collections.abc import Awaitable
from importlib.metadata import version
from typing import Any

from litestar import Response, get

from service.catalogue.choosing import Choosing
from service.rendering.workers import Workers
from service.routes.heygen import describing, refusals
from service.routes.heygen.catalogue_schemas import HealthAnswer
from service.routes.http.parts import Part
from service.runtime.cached import Cached
from service.studio.scripts import Scripts

PATIENCE_S = 3.0
FRESH_S = 5.0

NO_STORE = {"Cache-Control": "no-store"}


class Checks:
    """Asks the components. A class since they are not asked for each who wants to know.

    Args:
        choosing: Knows avatars and voices.
        workers: Who renders.
        scripts: Who writes.
    """

    def __init__(self, choosing: Choosing, workers: Workers, scripts: Scripts) -> None:
        self._choosing = choosing
        self._workers = workers
        self._scripts = scripts
        self._begun = time.monotonic()
        self._answers = Cached(self._ask, fresh_s=FRESH_S)

    async def components(self) -> dict[str, bool]:
        """Tell which components are well."""
        return await self._answers.get()

    @property
    def uptime_s(self) -> float:
        """Seconds since the service was started."""
        return time.monotonic() - self._begun

    async def _ask(self) -> dict[str, bool]:
        rendering, voices, writing = await asyncio.gather(
            _answers(self._workers.ping()), _answers(self._choosing.voices()), _answers(self._writes())
        )
        return {
            "avatar_manager": rendering and bool(await self._choosing.avatars()),
            "voice_engine": voices,
            "video_renderer": rendering,
            "script_generator": writing,
        }

    async def _writes(self) -> bool:
        if self._scripts.chat is None:
            return False
        await self._scripts.chat.ping()
        return True


async def _answers(asking: Awaitable[Any]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_S):
            answer = await asking
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        return False
    return answer is None or bool(answer)


@get(
    "/health",
    summary="Tell how the components are",
    description="200 whatever is missing: `degraded` says so. Needs no key.",
    tags=[describing.TAG],
    operation_id="heygenHealth",
    operation_class=describing.operation(limited=False),
    responses=describing.answers(HealthAnswer, "How they are.") | refusals.described(),
)
async def health(checks: Part[Checks]) -> Response[HealthAnswer]:
    """Tell how the components are."""
    components = await checks.components()
    answer = HealthAnswer(
        status="healthy" if all(components.values()) else "degraded",
        components=components,
        version=version("satspeak"),
        uptime=round(checks.uptime_s, 1),
    )
    return Response(answer, headers=NO_STORE)
