"""Builds every part: the only file that knows adapters. What is opened is closed in reverse.

One `open_...` for each group of parts, returning a struct of what it opened; `open_service` joins them.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import msgspec

from lightning import CredentialsInvalid, InvoiceBackend, PaymentBackend
from lightning.lnd import LndBackend, check_credentials
from lightning.lnd_payments import LndPayments
from service.accounts.keys import Keys
from service.catalogue.choosing import Choosing
from service.delivery.delivery import Delivery
from service.delivery.watching import Watching
from service.errors import SettingsError
from service.jobs.port import Objects
from service.orders.port import Orders
from service.payments.hold_tries import HoldTries
from service.payments.holds import Holds
from service.payments.settlements import Settlements
from service.pricing.port import RateSource
from service.pricing.rates import FeedRates, open_rates
from service.quotes.hold_quotes import HoldQuotes
from service.quotes.idempotency import Idempotency
from service.quotes.liquidity import Liquidity
from service.quotes.open_quotes import OpenQuotes
from service.quotes.quoting import Quoting
from service.quotes.screening import open_screen
from service.quotes.upload_room import UploadRoom
from service.refunds.refund import Refunds
from service.refunds.refunding import Refunding
from service.rendering.rendering import Rendering
from service.rendering.resuming import Resuming
from service.rendering.worker_client import HttpRenderer
from service.rendering.workers import Workers
from service.retention.retention import Retention
from service.routes.http.uploads import Spool
from service.runtime.bells import Bells
from service.runtime.clock import Clock, utc_now
from service.runtime.counters import Counters
from service.runtime.stopping import Stopping
from service.runtime.supervision import Supervised
from service.settings import Lnd, Settings
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

PEERS_PAUSE_S = 5.0
"""Longest pause before what buyers wait for is tried again."""


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What opens the connection to LND."""

    address: str
    tls_cert: bytes
    macaroon: bytes
    refund_macaroon: bytes | None  # None: no refund is paid by us


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """The Lightning node."""

    backend: InvoiceBackend
    payer: PaymentBackend | None  # None: refunds are owed


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps rows and bytes, and wakes who waits for a change of either."""

    orders: SqlOrders
    payments: SqlPayments
    videos: SqlVideos
    refunds: SqlRefunds
    preimages: SqlPreimages
    retention: SqlRetention
    snapshots: SqlSnapshots
    keys: SqlApiKeys
    objects: Objects
    peers: NoPeers | PostgresPeers
    bells: Bells


class Ambient(msgspec.Struct, frozen=True, kw_only=True):
    """What any part may need of the process it is in."""

    now: Clock
    stopping: Stopping
    counters: Counters
    client: httpx.AsyncClient


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What makes videos."""

    workers: Workers
    choosing: Choosing
    rendering: Rendering


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """What follows payments and gives money back."""

    settlements: Settlements
    refunding: Refunding
    tries: HoldTries
    holds: Holds
    follower: Supervised


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What handlers ask for, each by the name of its field."""

    quoting: Quoting
    idempotency: Idempotency
    delivery: Delivery
    watching: Watching
    refunding: Refunding
    orders: Orders
    refunds: Refunds
    keys: Keys
    choosing: Choosing
    workers: Workers
    spool: Spool
    rates: RateSource
    backend: InvoiceBackend
    follower: Supervised
    counters: Counters
    stopping: Stopping
    now: Clock


@contextlib.asynccontextmanager
async def open_service(
    settings: Settings, node: Node | Credentials, stopping: Stopping, now: Clock
) -> AsyncIterator[Service]:
    """Open everything; background tasks run until it is closed."""
    async with contextlib.AsyncExitStack() as stack:
        limits = httpx.Limits(max_connections=None)  # each render holds one
        client = await stack.enter_async_context(httpx.AsyncClient(limits=limits))
        ambient = Ambient(now=now, stopping=stopping, counters=Counters(), client=client)
        kept = await stack.enter_async_context(open_kept(settings))
        node = await stack.enter_async_context(open_node(node))
        making = await stack.enter_async_context(open_making(settings, kept, ambient))
        money = await stack.enter_async_context(open_money(settings, kept, ambient, node, making.rendering))
        retention = Retention(
            store=kept.retention,
            objects=kept.objects,
            backend=node.backend,
            settlements=money.settlements,
            now=now,
            terms=settings.retention,
        )
        sweep_s = settings.rounds.sweep_s
        run = _Background(stack)
        run("retention", lambda: kept.peers.alone("retention", lambda: retention.sweep(sweep_s)))
        rates = open_rates(settings.rates, client)
        if isinstance(rates, FeedRates):
            stack.push_async_callback(rates.aclose)
        quoting = make_quoting(settings, kept, ambient, node, making, money, rates)
        await asyncio.to_thread(detect_language, "hello")  # its model loads now, not for the first buyer
        yield Service(
            quoting=quoting,
            idempotency=Idempotency(quoting=quoting, orders=kept.orders, now=now),
            delivery=Delivery(
                orders=kept.orders,
                payments=kept.payments,
                videos=kept.videos,
                refunds=kept.refunds,
                objects=kept.objects,
                settlements=money.settlements,
                rendering=making.rendering,
                choosing=making.choosing,
                bells=kept.bells,
                stopping=stopping,
                now=now,
                waits=settings.waits,
            ),
            watching=Watching(
                snapshots=kept.snapshots,
                settlements=money.settlements,
                refunding=money.refunding,
                bells=kept.bells,
                stopping=stopping,
                now=now,
                waits=settings.waits,
            ),
            refunding=money.refunding,
            orders=kept.orders,
            refunds=kept.refunds,
            keys=Keys(kept.keys, now=now),
            choosing=making.choosing,
            workers=making.workers,
            spool=Spool(settings.program.data_dir / "incoming"),
            rates=rates,
            backend=node.backend,
            follower=money.follower,
            counters=ambient.counters,
            stopping=stopping,
            now=now,
        )


@contextlib.asynccontextmanager
async def open_kept(settings: Settings) -> AsyncIterator[Kept]:
    """Open the database and the object store."""
    url = settings.stores.database_url
    async with open_database(settings) as database:
        peers = PostgresPeers(url) if url else NoPeers()
        yield Kept(
            orders=SqlOrders(database),
            payments=SqlPayments(database),
            videos=SqlVideos(database),
            refunds=SqlRefunds(database),
            preimages=SqlPreimages(database),
            retention=SqlRetention(database),
            snapshots=SqlSnapshots(database),
            keys=SqlApiKeys(database),
            objects=open_objects(settings),
            peers=peers,
            bells=Bells(peers.tell),
        )


@contextlib.asynccontextmanager
async def open_node(node: Node | Credentials) -> AsyncIterator[Node]:
    """Open the connections to LND; a node that is there already is closed by whoever made it."""
    if isinstance(node, Node):
        yield node
        return
    async with contextlib.AsyncExitStack() as stack:
        backend = LndBackend(node.address, tls_cert=node.tls_cert, macaroon=node.macaroon)
        stack.push_async_callback(backend.aclose)
        payer = None
        if node.refund_macaroon is not None:
            payer = LndPayments(node.address, node.tls_cert, node.refund_macaroon, reading=node.macaroon)
            stack.push_async_callback(payer.aclose)
        yield Node(backend=backend, payer=payer)


@contextlib.asynccontextmanager
async def open_making(settings: Settings, kept: Kept, ambient: Ambient) -> AsyncIterator[Making]:
    """Open what renders; the renders that were interrupted go on."""
    terms = settings.rendering
    workers = Workers(
        [HttpRenderer(ambient.client, url, silence_s=terms.render_silence_s) for url in terms.workers]
    )
    rendering = Rendering(
        videos=kept.videos,
        objects=kept.objects,
        workers=workers,
        bells=kept.bells,
        now=ambient.now,
        owner=_replica(settings.program.data_dir),
        terms=terms,
        counters=ambient.counters,
    )
    resuming = Resuming(orders=kept.orders, videos=kept.videos, rendering=rendering, now=ambient.now)
    await rendering.release()
    async with contextlib.AsyncExitStack() as stack:
        run = _Background(stack)
        # Stopped after the renders, whose end it tells.
        run("bells", lambda: kept.peers.listen(kept.bells), longest_pause_s=PEERS_PAUSE_S)
        stack.push_async_callback(rendering.aclose)
        run("workers", workers.watch)
        run("resuming", lambda: resuming.watch(settings.rounds.resume_s))
        choosing = Choosing(avatars=workers.avatars, voices=workers.voices, now=ambient.now)
        yield Making(workers=workers, choosing=choosing, rendering=rendering)


@contextlib.asynccontextmanager
async def open_money(
    settings: Settings, kept: Kept, ambient: Ambient, node: Node, rendering: Rendering
) -> AsyncIterator[Money]:
    """Open what follows the node, holds payments until their video is whole, and gives money back."""
    settlements = Settlements(
        payments=kept.payments,
        backend=node.backend,
        bells=kept.bells,
        now=ambient.now,
        counters=ambient.counters,
    )
    refunding = Refunding(
        orders=kept.orders,
        videos=kept.videos,
        refunds=kept.refunds,
        backend=node.backend,
        payer=node.payer,
        payments=kept.payments,
        bells=kept.bells,
        stopping=ambient.stopping,
        now=ambient.now,
        counters=ambient.counters,
        terms=settings.refunds,
        waits=settings.waits,
    )
    tries = HoldTries(kept.payments, settings.holds.hold_quotes_per_client)
    holds = Holds(
        terms=settings.holds,
        orders=kept.orders,
        payments=kept.payments,
        preimages=kept.preimages,
        videos=kept.videos,
        backend=node.backend,
        settlements=settlements,
        rendering=rendering,
        tries=tries,
        bells=kept.bells,
        now=ambient.now,
    )
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(refunding.aclose)
        stack.push_async_callback(holds.aclose)
        run = _Background(stack)
        follower = run(
            "settlements",
            lambda: kept.peers.alone("settlements", settlements.follow),
            longest_pause_s=PEERS_PAUSE_S,
        )
        run("sweep", lambda: settlements.sweep(settings.rounds.sweep_s))
        run("refunds", refunding.follow)
        run("holds", holds.run)
        yield Money(settlements=settlements, refunding=refunding, tries=tries, holds=holds, follower=follower)


def make_quoting(
    settings: Settings,
    kept: Kept,
    ambient: Ambient,
    node: Node,
    making: Making,
    money: Money,
    rates: RateSource,
) -> Quoting:
    """Join what sells."""
    return Quoting(
        terms=settings.quotes,
        backend=node.backend,
        orders=kept.orders,
        rates=rates,
        objects=kept.objects,
        choosing=making.choosing,
        open_quotes=OpenQuotes(kept.payments, settings.open_quotes),
        liquidity=Liquidity(node.backend, ambient.now),
        upload_room=UploadRoom(kept.retention, settings.uploads),
        screen=open_screen(settings.judge, ambient.client),
        holds=HoldQuotes(
            backend=node.backend,
            payments=kept.payments,
            preimages=kept.preimages,
            holds=money.holds,
            tries=money.tries,
            terms=settings.holds,
        ),
        now=ambient.now,
        counters=ambient.counters,
    )


@contextlib.asynccontextmanager
async def open_keys(settings: Settings) -> AsyncIterator[Keys]:
    """Open no more than the keys, for the commands that make and revoke them."""
    async with open_database(settings) as database:
        yield Keys(SqlApiKeys(database), now=utc_now)


@contextlib.asynccontextmanager
async def open_refunds(settings: Settings) -> AsyncIterator[SqlRefunds]:
    """Open no more than the refunds, for the commands that list and end what is owed."""
    async with open_database(settings) as database:
        yield SqlRefunds(database)


def open_database(settings: Settings) -> contextlib.AbstractAsyncContextManager[Database]:
    """Open the database: SQLite in the data folder, unless there is a server."""
    if settings.stores.database_url:
        return PostgresDatabase.open(settings.stores.database_url)
    return SqliteDatabase.open(settings.program.data_dir / "satspeak.sqlite3")


def open_objects(settings: Settings) -> Objects:
    """Open the store of uploads and videos: a folder, unless there is a bucket."""
    url = urlsplit(settings.stores.objects_url)
    path = unquote(url.path)
    if url.scheme == "s3":
        return bucket_objects(url.netloc, path.strip("/"))
    return FolderObjects(Path(path) if path else settings.program.data_dir / "objects")


def read_credentials(lnd: Lnd) -> Credentials:
    """Read what opens the connection to LND.

    Raises:
        SettingsError: The settings do not say where it is, or a file is not what it should be.
    """
    if not lnd.lnd_address:
        raise SettingsError("SATSPEAK_LND_ADDRESS is not set: the host:port of LND's gRPC")
    tls_cert = _read("SATSPEAK_LND_TLS_CERT", lnd.lnd_tls_cert)
    macaroon = _read("SATSPEAK_LND_MACAROON", lnd.lnd_macaroon)
    refund_macaroon = None
    if lnd.lnd_refund_macaroon is not None:
        # Empty where a container gets /dev/null in its place.
        refund_macaroon = _read("SATSPEAK_LND_REFUND_MACAROON", lnd.lnd_refund_macaroon) or None
    try:
        check_credentials(tls_cert, macaroon)
        check_credentials(tls_cert, refund_macaroon or macaroon)
    except CredentialsInvalid as error:
        raise SettingsError(f"SATSPEAK_LND_TLS_CERT or a macaroon: {error.reason}") from error
    return Credentials(
        address=lnd.lnd_address, tls_cert=tls_cert, macaroon=macaroon, refund_macaroon=refund_macaroon
    )


class _Background:
    """Runs what never ends, until the stack is closed."""

    def __init__(self, stack: contextlib.AsyncExitStack) -> None:
        self._stack = stack

    def __call__(
        self, name: str, work: Callable[[], Awaitable[None]], *, longest_pause_s: float | None = None
    ) -> Supervised:
        supervised = (
            Supervised(name, work)
            if longest_pause_s is None
            else Supervised(name, work, longest_pause_s=longest_pause_s)
        )
        self._stack.push_async_callback(_stop, asyncio.create_task(supervised.run()))
        return supervised


def _replica(folder: Path) -> str:
    """Tell this replica from the others by a name that stays in its data folder, so that it knows its own leases."""
    file = folder / "replica"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(secrets.token_hex(8))
    return file.read_text()


def _read(variable: str, path: Path | None) -> bytes:
    if path is None:
        raise SettingsError(f"{variable} is not set: the path of a file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{variable}: {error}") from error


async def _stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
