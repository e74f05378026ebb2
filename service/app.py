"""Composition root: the only file that builds adapters, opened in order and closed in reverse."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import msgspec
from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from lightning import CredentialsInvalid, InvoiceBackend, PaymentBackend
from lightning.lnd import LndBackend, check_credentials
from lightning.lnd_payments import LndPayments
from service.accounts.keys import Keys
from service.catalogue.choosing import Choosing
from service.delivery.delivery import Delivery
from service.delivery.watching import Watching
from service.errors import SettingsError
from service.jobs.port import Objects
from service.payments.hold_tries import HoldTries
from service.payments.holds import Holds, HoldTerms
from service.payments.settlements import Settlements
from service.pricing.port import RateSource
from service.pricing.rates import FeedRates, FixedRate, RateUnavailable, parse_rate_source
from service.quotes.hold_quotes import HoldQuotes
from service.quotes.idempotency import Idempotency
from service.quotes.liquidity import Liquidity
from service.quotes.open_quotes import Caps, OpenQuotes
from service.quotes.quoting import Quoting, Terms
from service.quotes.screening import command_of, screen_of
from service.quotes.upload_room import UploadRoom
from service.refunds.refunding import Refunding
from service.rendering.rendering import Rendering
from service.rendering.resuming import Resuming
from service.rendering.worker_client import HttpRenderer
from service.rendering.workers import Workers
from service.retention.retention import Retention
from service.routes.catalogue import avatars, voices
from service.routes.http import problems
from service.routes.http.limiting import limited, timely_bodies
from service.routes.http.uploads import Spool
from service.routes.lightning import events, payments, qr, quotes, refunds, videos
from service.routes.operating import health, metrics
from service.routes.pages import pages
from service.runtime.bells import Bells
from service.runtime.clock import Clock
from service.runtime.counters import Counters
from service.runtime.limits import Limiter, Rate
from service.runtime.stopping import Stopping
from service.runtime.supervision import Supervised
from service.settings import Settings
from service.speech.languages import detect_language
from service.storage.database import Database
from service.storage.keys import SqlApiKeys
from service.storage.objects import FolderObjects, bucket_objects
from service.storage.orders import SqlOrders
from service.storage.payments import SqlPayments
from service.storage.peers import NoPeers, PostgresPeers
from service.storage.postgres import PostgresDatabase
from service.storage.preimages import SqlPreimages
from service.storage.refunds import SqlRefunds
from service.storage.retention import SqlRetention
from service.storage.snapshots import SqlSnapshots
from service.storage.sqlite import SqliteDatabase
from service.storage.videos import SqlVideos

BYTES_PER_CHARACTER = 12
"""The most that JSON takes for one: two \\uXXXX."""

JSON_SLACK_BYTES = 16_384
FORM_SLACK_BYTES = 1 << 20
"""For what a WAV and a form have beside the samples."""

PEERS_PAUSE_S = 5.0
"""Longest pause before what buyers wait for is tried again."""


class _Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What opens the connection to LND."""

    address: str
    tls_cert: bytes
    macaroon: bytes
    refund_macaroon: bytes | None  # None: no refund is paid by us


def create_app(
    settings: Settings,
    *,
    backend: InvoiceBackend | None = None,
    payer: PaymentBackend | None = None,
    stopping: Stopping | None = None,
    now: Clock | None = None,
) -> Litestar:
    """Build the service; it opens everything when it starts.

    Args:
        settings: What the operator set.
        backend: The node, in place of the LND of the settings; closed by the caller.
        payer: What pays refunds, beside such a node; without it they are owed.
        stopping: Told when the server is about to stop.
        now: The clock.

    Raises:
        SettingsError: The settings do not fit what they name.
    """
    _fixed_rate(settings)
    command_of(settings.screen)
    node = backend or _node_credentials(settings)
    parts: dict[str, Any] = {}
    clock = now or _utc_now
    in_time = timely_bodies(settings.client_patience_s)
    quotes_limited = limited(
        Limiter(Rate(per_client=settings.quotes_per_minute_per_client, total=settings.quotes_per_minute)),
        clock,
    )
    polls_limited = limited(
        Limiter(Rate(per_client=settings.polls_per_minute_per_client, total=settings.polls_per_minute)),
        clock,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        async with _open(settings, node, payer, stopping or Stopping(), clock) as opened:
            parts.update(opened)
            yield

    return Litestar(
        route_handlers=[
            Router(
                "/",
                middleware=[in_time],
                route_handlers=[
                    Router(
                        "/",
                        route_handlers=[quotes.request_video_text, quotes.estimate_text],
                        middleware=[quotes_limited],
                    ),
                    Router(
                        "/",
                        route_handlers=[videos.generate_video, refunds.refund],
                        middleware=[polls_limited],
                    ),
                ],
                request_max_body_size=settings.max_text_chars * BYTES_PER_CHARACTER + JSON_SLACK_BYTES,
            ),
            Router(
                "/",
                middleware=[in_time, quotes_limited],
                route_handlers=[quotes.request_video_audio],
                request_max_body_size=settings.max_video_s * 32_000 + FORM_SLACK_BYTES,
            ),
            Router(
                "/",
                route_handlers=[payments.payment, events.events, qr.qr, videos.video, health.health],
                middleware=[polls_limited],
            ),
            payments.payments,
            avatars.avatars,
            voices.voices,
            health.live,
            health.ready,
            metrics.metrics,
            *pages.HANDLERS,
        ],
        dependencies={name: _provide(parts, name) for name in PARTS},
        lifespan=[lifespan],
        exception_handlers={
            **problems.HANDLERS,
            RateUnavailable: lambda _, error: problems.no_rate(error.retry_after_s),
        },
        openapi_config=OpenAPIConfig(
            title="satspeak",
            version="1",
            description="Talking-head videos for Lightning payments.",
            path="/schema",
            render_plugins=[JsonRenderPlugin()],
            components=Components(security_schemes={"apiKey": SecurityScheme(type="http", scheme="bearer")}),
        ),
        logging_config=None,
    )


PARTS = (
    "quoting", "delivery", "settlements", "orders", "videos", "keys", "choosing", "spool", "workers", "rates",
    "backend", "follower", "now", "counters", "stopping", "repeats", "watching",
    "refunds", "refunding",
)  # fmt: skip


@contextlib.asynccontextmanager
async def _open(  # noqa: PLR0915 - every part is opened here, one after the other
    settings: Settings,
    node: InvoiceBackend | _Credentials,
    payer: PaymentBackend | None,
    stopping: Stopping,
    now: Clock,
) -> AsyncIterator[Mapping[str, Any]]:
    """Open every part, by the name that handlers ask for it."""
    async with contextlib.AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings))
        peers = PostgresPeers(settings.database_url) if settings.database_url else NoPeers()
        orders, payments = SqlOrders(database), SqlPayments(database)
        videos, bells = SqlVideos(database), Bells(peers.tell)
        refunds = SqlRefunds(database)
        objects = _objects(settings)
        if isinstance(node, _Credentials):
            backend: InvoiceBackend = LndBackend(node.address, tls_cert=node.tls_cert, macaroon=node.macaroon)
            stack.push_async_callback(backend.aclose)
            if node.refund_macaroon is not None:
                payer = LndPayments(node.address, node.tls_cert, node.refund_macaroon, reading=node.macaroon)
                stack.push_async_callback(payer.aclose)
        else:
            backend = node
        limits = httpx.Limits(max_connections=None)  # each render holds one
        client = await stack.enter_async_context(httpx.AsyncClient(limits=limits))
        rates: RateSource | None = _fixed_rate(settings)
        if rates is None:
            feeds = FeedRates(
                client, freshness_s=settings.rate_freshness_s, max_age_s=settings.rate_max_age_s
            )
            stack.push_async_callback(feeds.aclose)
            rates = feeds
        workers = Workers(
            [HttpRenderer(client, url, silence_s=settings.render_silence_s) for url in settings.workers]
        )
        choosing = Choosing(avatars=workers.avatars, voices=workers.voices, now=now)
        counters = Counters()
        settlements = Settlements(payments=payments, backend=backend, bells=bells, now=now, counters=counters)
        rendering = Rendering(
            videos=videos,
            objects=objects,
            workers=workers,
            bells=bells,
            now=now,
            owner=_replica(settings.data_dir),
            lease=timedelta(seconds=settings.lease_s),
            counters=counters,
        )
        refunding = Refunding(
            orders=orders,
            videos=videos,
            refunds=refunds,
            backend=backend,
            payer=payer,
            payments=payments,
            bells=bells,
            stopping=stopping,
            now=now,
            counters=counters,
            fee_limit_ppm=settings.refund_fee_limit_ppm,
            longest_wait=timedelta(seconds=settings.status_wait_s),
        )
        stack.push_async_callback(refunding.aclose)
        preimages, tries = SqlPreimages(database), HoldTries(payments, settings.hold_quotes_per_client)
        holds = Holds(
            terms=HoldTerms(
                renders=settings.hold_renders,
                patience=timedelta(seconds=settings.hold_patience_s),
                margin_blocks=settings.hold_margin_blocks,
            ),
            orders=orders,
            payments=payments,
            preimages=preimages,
            videos=videos,
            backend=backend,
            settlements=settlements,
            rendering=rendering,
            tries=tries,
            bells=bells,
            now=now,
        )
        await rendering.release()
        resuming = Resuming(orders=orders, videos=videos, rendering=rendering, now=now)
        await asyncio.to_thread(detect_language, "hello")  # its model loads now, not for the first buyer
        hearer = Supervised("bells", lambda: peers.listen(bells), longest_pause_s=PEERS_PAUSE_S)
        # Stopped after the renders, whose end it tells.
        stack.push_async_callback(_stop, asyncio.create_task(hearer.run()))
        stack.push_async_callback(rendering.aclose)
        stack.push_async_callback(holds.aclose)
        kept = SqlRetention(database)
        retention = Retention(
            store=kept,
            objects=objects,
            backend=backend,
            settlements=settlements,
            now=now,
            unpaid=timedelta(seconds=settings.unpaid_retention_s),
            delivered=timedelta(days=settings.video_retention_days)
            if settings.video_retention_days
            else None,
        )
        cleaner = Supervised(
            "retention", lambda: peers.alone("retention", lambda: retention.sweep(settings.sweep_s))
        )
        follower = Supervised(
            "settlements",
            lambda: peers.alone("settlements", settlements.follow),
            longest_pause_s=PEERS_PAUSE_S,
        )
        resumer = Supervised("resuming", lambda: resuming.watch(settings.resume_s))
        sweeper = Supervised("sweep", lambda: settlements.sweep(settings.sweep_s))
        watcher = Supervised("workers", workers.watch)
        refunder = Supervised("refunds", refunding.follow)
        holder = Supervised("holds", holds.run)
        for supervised in (follower, resumer, sweeper, watcher, cleaner, refunder, holder):
            stack.push_async_callback(_stop, asyncio.create_task(supervised.run()))
        quoting = Quoting(
            terms=Terms(
                usd_micros_per_second=settings.usd_micros_per_second,
                expiry_s=settings.quote_expiry_s,
                max_text_chars=settings.max_text_chars,
                max_video_s=settings.max_video_s,
            ),
            backend=backend,
            orders=orders,
            rates=rates,
            objects=objects,
            choosing=choosing,
            open_quotes=OpenQuotes(
                payments, Caps(per_client=settings.open_quotes_per_client, total=settings.open_quotes)
            ),
            inbound=Liquidity(backend, now),
            upload_room=UploadRoom(kept, cap_bytes=settings.unpaid_uploads_mb * 1_000_000),
            screen=screen_of(settings.screen, client, timeout_s=settings.screen_timeout_s),
            holds=HoldQuotes(
                backend=backend,
                payments=payments,
                preimages=preimages,
                holds=holds,
                tries=tries,
                cap=settings.hold_quotes,
            ),
            now=now,
            counters=counters,
        )
        yield {
            "quoting": quoting,
            "delivery": Delivery(
                orders=orders,
                payments=payments,
                videos=videos,
                refunds=refunds,
                objects=objects,
                settlements=settlements,
                rendering=rendering,
                choosing=choosing,
                bells=bells,
                stopping=stopping,
                now=now,
                payment_wait=timedelta(seconds=settings.payment_wait_s),
            ),
            "repeats": Idempotency(quoting=quoting, orders=orders, now=now),
            "watching": Watching(
                snapshots=SqlSnapshots(database),
                settlements=settlements,
                refunding=refunding,
                bells=bells,
                stopping=stopping,
                now=now,
                longest_wait=timedelta(seconds=settings.status_wait_s),
                heartbeat=timedelta(seconds=settings.heartbeat_s),
            ),
            "settlements": settlements,
            "orders": orders,
            "refunds": refunds,
            "refunding": refunding,
            "videos": videos,
            "keys": Keys(SqlApiKeys(database), now=now),
            "choosing": choosing,
            "spool": Spool(settings.data_dir / "incoming"),
            "workers": workers,
            "counters": counters,
            "stopping": stopping,
            "rates": rates,
            "backend": backend,
            "follower": follower,
            "now": now,
        }


@contextlib.asynccontextmanager
async def open_keys(settings: Settings) -> AsyncIterator[Keys]:
    """Open no more than the keys, for the commands that make and revoke them."""
    async with open_database(settings) as database:
        yield Keys(SqlApiKeys(database), now=_utc_now)


@contextlib.asynccontextmanager
async def open_refunds(settings: Settings) -> AsyncIterator[SqlRefunds]:
    """Open no more than the refunds, for the commands that list and end what is owed."""
    async with open_database(settings) as database:
        yield SqlRefunds(database)


def open_database(settings: Settings) -> contextlib.AbstractAsyncContextManager[Database]:
    """Open the database: SQLite in the data folder, unless there is a server."""
    if settings.database_url:
        return PostgresDatabase.open(settings.database_url)
    return SqliteDatabase.open(settings.data_dir / "satspeak.sqlite3")


def _objects(settings: Settings) -> Objects:
    """Open the store of uploads and videos: a folder, unless there is a bucket."""
    url = urlsplit(settings.objects_url)
    path = unquote(url.path)
    if url.scheme == "s3":
        return bucket_objects(url.netloc, path.strip("/"))
    return FolderObjects(Path(path) if path else settings.data_dir / "objects")


def _replica(folder: Path) -> str:
    """Tell this replica from the others by a name that stays in its data folder, so that it knows its own leases."""
    file = folder / "replica"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(secrets.token_hex(8))
    return file.read_text()


def _fixed_rate(settings: Settings) -> FixedRate | None:
    """Read the source of the bitcoin price; None for the feeds.

    Raises:
        SettingsError: It is neither.
    """
    try:
        return parse_rate_source(settings.btc_usd)
    except ValueError as error:
        raise SettingsError(f"SATSPEAK_BTC_USD: {error}") from error


def _node_credentials(settings: Settings) -> _Credentials:
    """Read what opens the connection to LND.

    Raises:
        SettingsError: The settings do not say where it is, or a file is not what it should be.
    """
    if not settings.lnd_address:
        raise SettingsError("SATSPEAK_LND_ADDRESS is not set: the host:port of LND's gRPC")
    tls_cert = _read("SATSPEAK_LND_TLS_CERT", settings.lnd_tls_cert)
    macaroon = _read("SATSPEAK_LND_MACAROON", settings.lnd_macaroon)
    refund_macaroon = None
    if settings.lnd_refund_macaroon is not None:
        # Empty where a container gets /dev/null in its place.
        refund_macaroon = _read("SATSPEAK_LND_REFUND_MACAROON", settings.lnd_refund_macaroon) or None
    try:
        check_credentials(tls_cert, macaroon)
        check_credentials(tls_cert, refund_macaroon or macaroon)
    except CredentialsInvalid as error:
        raise SettingsError(f"SATSPEAK_LND_TLS_CERT or a macaroon: {error.reason}") from error
    return _Credentials(
        address=settings.lnd_address, tls_cert=tls_cert, macaroon=macaroon, refund_macaroon=refund_macaroon
    )


def _read(variable: str, path: Path | None) -> bytes:
    if path is None:
        raise SettingsError(f"{variable} is not set: the path of a file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{variable}: {error}") from error


def _provide(parts: Mapping[str, Any], name: str) -> Provide:
    def get() -> Any:
        return parts[name]

    return Provide(get, sync_to_thread=False)


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


def _utc_now() -> datetime:
    return datetime.now(UTC)
