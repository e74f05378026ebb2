"""The HTTP of the front: what a worker has, and the sums of what they tell of themselves."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from litestar import HttpMethod, Litestar, Request, WebSocket, get, route
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.handlers import websocket
from litestar.response import Stream
from prometheus_client import Metric, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from worker.backgrounds import Backgrounds
from worker.front.live import pass_on
from worker.front.members import CONNECT_S, Member, Members, Urls
from worker.front.relay import Relay
from worker.lent import Lent
from worker.lent_route import LENDING
from worker.lent_voices import LentVoices
from worker.metrics import METRICS_MEDIA_TYPE
from worker.portrait_routes import PORTRAIT_HANDLERS
from worker.program import BUFFER_BYTES
from worker.routes import HANDLERS, MAX_WHOLE_BYTES, PROBLEMS, HealthAnswer
from worker.settings import Settings
from worker.speech.kokoro_weights import cache_folder

_MB = 1_000_000
_OWN = {"/health", "/metrics"}
_PASSED = sorted({path for each in (*HANDLERS, *PORTRAIT_HANDLERS) for path in each.paths} - _OWN)

# Of one connection alone, or nobody's business beyond it.
_NOT_PASSED = {"connection", "content-length", "date", "server", "transfer-encoding"}


class FrontHealth(HealthAnswer, frozen=True, kw_only=True):
    """Sums of what the workers tell, and how many are well; of memory it is the most that one has."""

    workers: int


@route(
    _PASSED,
    http_method=[HttpMethod.GET, HttpMethod.POST],
    status_code=200,
    request_max_body_size=MAX_WHOLE_BYTES,
)
async def passed(request: Request[Any, Any, Any], relay: NamedDependency[Relay]) -> Stream:
    """Pass a request on, and its answer back."""
    answer, content = await relay.ask(request)
    return Stream(
        content,
        status_code=answer.status_code,
        headers={name: value for name, value in answer.headers.items() if name not in _NOT_PASSED},
        media_type=answer.headers.get("Content-Type"),
    )


@websocket("/sessions")
async def sessions(
    socket: WebSocket[Any, Any, Any], members: NamedDependency[Members], relay: NamedDependency[Relay]
) -> None:
    """Pass a live session on; see `worker.live.records`."""
    await socket.accept()
    await pass_on(socket, members, relay)


@get("/health")
async def health(members: NamedDependency[Members]) -> FrontHealth:
    """Tell how it goes with all of them.

    Raises:
        HTTPException: 502, none is well.
    """
    told = [member.health for member in members.well if member.health]
    if not told:
        raise HTTPException(status_code=502, detail="No worker is well.")
    return FrontHealth(
        status="ok",
        version=told[0].version,
        provider=", ".join(sorted({each.provider for each in told})),
        renders_active=sum(each.renders_active for each in told),
        renders_waiting=sum(each.renders_waiting for each in told),
        live_sessions=sum(each.live_sessions for each in told),
        frames_rendered=sum(each.frames_rendered for each in told),
        peak_rss_bytes=max(each.peak_rss_bytes for each in told),
        clones=tuple(sorted({language for each in told for language in each.clones})),
        workers=len(told),
    )


@get("/metrics", media_type=METRICS_MEDIA_TYPE)
async def metrics(members: NamedDependency[Members], client: NamedDependency[httpx.AsyncClient]) -> bytes:
    """Show the metrics of all, each with the worker that it is of."""

    async def page(member: Member) -> tuple[str, str]:
        try:
            answer = await client.get(f"{member.url}/metrics", timeout=CONNECT_S)
        except httpx.HTTPError:
            return member.url, ""
        return member.url, answer.text if answer.is_success else ""

    pages = await asyncio.gather(*map(page, members.well))
    return await asyncio.to_thread(_joined, pages)


class _Families(dict[str, Metric]):
    """What `generate_latest` takes for a registry."""

    def collect(self) -> Iterable[Metric]:
        return self.values()


def _joined(pages: Iterable[tuple[str, str]]) -> bytes:
    families = _Families()
    for url, page in pages:
        for family in text_string_to_metric_families(page):
            kept = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            for sample in family.samples:
                kept.add_sample(sample.name, {**sample.labels, "worker": url}, sample.value)
    return generate_latest(families)


def create_front(settings: Settings, urls: Urls) -> Litestar:
    """Build the program.

    Args:
        settings: of a worker, of which it takes what a worker's HTTP needs.
        urls: tells the base URLs of the workers that there are now.
    """
    client = httpx.AsyncClient(
        # A render may be silent for long; who asked for it knows how long it waits.
        timeout=httpx.Timeout(None, connect=CONNECT_S),
        transport=httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=100),
            # What a slow reader does not take is not to pile up here.
            socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)],
        ),
    )
    members = Members(client, urls)
    cache = settings.cache or cache_folder(os.environ)
    lent = Lent(
        cache / "lent",
        limit_bytes=settings.lent_mb * _MB,
        check=lambda _pack, _home: None,  # the worker that is to show it looks
    )
    backgrounds = Backgrounds(cache / "backgrounds", limit_bytes=settings.lent_mb * _MB)
    lent_voices = LentVoices(
        cache / "lent-voices",
        limit_bytes=settings.lent_mb * _MB,
        speaks=lambda _pack: True,  # as above
    )
    relay = Relay(client, members, lent, backgrounds, lent_voices)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncGenerator[None, None]:
        watching = [asyncio.create_task(members.watch()), asyncio.create_task(lent_voices.watch())]
        try:
            yield
        finally:
            for task in watching:
                task.cancel()
            await asyncio.wait(watching)
            await client.aclose()

    return Litestar(
        [passed, sessions, health, metrics, *LENDING],
        dependencies={
            "backgrounds": Provide(lambda: backgrounds, sync_to_thread=False),
            "client": Provide(lambda: client, sync_to_thread=False),
            "lent": Provide(lambda: lent, sync_to_thread=False),
            "lent_voices": Provide(lambda: lent_voices, sync_to_thread=False),
            "members": Provide(lambda: members, sync_to_thread=False),
            "relay": Provide(lambda: relay, sync_to_thread=False),
        },
        exception_handlers=PROBLEMS,
        lifespan=[running],
        openapi_config=None,
        logging_config=None,
    )
