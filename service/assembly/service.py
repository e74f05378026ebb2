"""Opens everything, in order; what is opened is closed in reverse."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import httpx
import msgspec

from lightning import NodeInfo
from service.accounts.askers import Askers
from service.accounts.keys import Keys
from service.accounts.port import Accounts
from service.accounts.prepaid import VideoTime
from service.accounts.top_up import TopUps
from service.assembly.agents import make_agents
from service.assembly.background import Ambient, run_until_closed
from service.assembly.desk import make_desk
from service.assembly.library import open_libraries
from service.assembly.live import make_callers, make_control, open_calls, open_live, open_places
from service.assembly.making import open_making
from service.assembly.money import open_money
from service.assembly.node import Access, Node, open_node
from service.assembly.scripts import make_scripts
from service.assembly.selling import make_sales
from service.assembly.stores import open_kept
from service.assembly.studio import open_studio
from service.assembly.telling import open_webhooks
from service.catalogue.choosing import Choosing
from service.catalogue.previews import Previews
from service.delivery.captioning import Captioning
from service.delivery.delivery import Delivery
from service.delivery.formats import Formats
from service.delivery.playlists import Playlists
from service.delivery.port import Snapshots
from service.delivery.posters import Posters
from service.delivery.prepaid import PrepaidDelivery
from service.delivery.top_ups import WatchingTopUps
from service.delivery.watching import Watching
from service.desk.desk import OperatorsDesk
from service.jobs.port import Videos
from service.l402.selling import L402Selling
from service.l402.top_ups import L402TopUps
from service.lnurl.paying import LnurlPaying
from service.lnurl.top_ups import AddressTopUps
from service.orders.port import Orders, Tally
from service.orders.prepaid import PrepaidOrders
from service.payments.settlements import Settlements
from service.pricing.currencies import Currencies
from service.pricing.port import CurrencySource, RateSource
from service.pricing.rates import FeedRates, open_rates
from service.quotes.demo_wallet import DemoWallet
from service.quotes.idempotency import Idempotency
from service.quotes.prepaid import PrepaidOrdering
from service.quotes.quoting import Quoting
from service.quotes.reachability import Reachability
from service.quotes.top_ups import Selling
from service.refunds.refund import Ledger, Refunds
from service.refunds.refunding import Refunding
from service.rendering.workers import Workers
from service.retention.orphans import Orphans
from service.retention.preimages import UnusedPreimages
from service.retention.retention import Retention
from service.routes.heygen.health import Checks
from service.routes.http.links import Links
from service.routes.http.uploads import Spool
from service.routes.studio.receiving import MediaIntake
from service.runtime.cached import Cached
from service.runtime.clock import Clock, SteadyClock
from service.runtime.counters import Counters
from service.runtime.recent import RecentErrors
from service.runtime.stopping import Stopping
from service.runtime.supervision import Supervised
from service.runtime.web import WebTerms
from service.sessions.callers import Callers
from service.sessions.calls import Calls
from service.sessions.control import CallControl
from service.sessions.live import Live
from service.sessions.recordings import Recordings
from service.sessions.rooms import Rooms
from service.sessions.showing import Showing
from service.settings import Settings
from service.speech.speech_length import warm_up
from service.studio.avatars import Avatars
from service.studio.batches import Batches
from service.studio.films import Films
from service.studio.jobs import Studio
from service.studio.library import Library
from service.studio.portraits import Portraits
from service.studio.scripts import Scripts
from service.studio.speaking import Speaking
from service.studio.voices import Voices
from service.webhooks.accounts import AccountReceivers

FIGURES_FRESH_S = 3.0
"""Seconds for which a scrape is told the same figures of the database."""


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What handlers ask for, each by the name of its field."""

    quoting: Quoting
    selling: Selling
    top_ups: TopUps
    accounts: Accounts
    video_time: VideoTime
    ordering: PrepaidOrdering
    prepaid: PrepaidDelivery
    prepaid_orders: PrepaidOrders
    videos: Videos
    batches: Batches
    scripts: Scripts
    checks: Checks
    askers: Askers
    live: Live
    showing: Showing
    rooms: Rooms
    calls: Calls
    call_control: CallControl
    callers: Callers
    recordings: Recordings
    library: Library
    studio: Studio
    portraits: Portraits
    own_avatars: Avatars
    own_voices: Voices
    speaking: Speaking
    films: Films
    media_intake: MediaIntake
    captioning: Captioning
    formats: Formats
    idempotency: Idempotency
    l402: L402Selling
    l402_top_ups: L402TopUps
    lnurl: LnurlPaying
    address_top_ups: AddressTopUps
    receivers: AccountReceivers
    watching_top_ups: WatchingTopUps
    delivery: Delivery
    watching: Watching
    refunding: Refunding
    orders: Orders
    snapshots: Snapshots
    refunds: Refunds
    tally: Cached[Tally]
    ledger: Cached[Ledger]
    keys: Keys
    choosing: Choosing
    previews: Previews
    playlists: Playlists
    posters: Posters
    demo_wallet: DemoWallet
    web: WebTerms
    workers: Workers
    spool: Spool
    links: Links
    rates: RateSource
    currencies: CurrencySource
    node: Cached[NodeInfo]
    follower: Supervised
    settlements: Settlements
    reachability: Reachability
    counters: Counters
    stopping: Stopping
    orphans: Orphans
    desk: OperatorsDesk
    now: Clock


@contextlib.asynccontextmanager
async def open_service(
    settings: Settings,
    node: Node | Access,
    stopping: Stopping,
    now: Clock,
    monotonic: Callable[[], float],
    errors: RecentErrors,
) -> AsyncIterator[Service]:
    """Open everything; background tasks run until it is closed."""
    # Not in the event loop for the first buyer; and first of all, since for a moment it takes twice what it keeps.
    await asyncio.to_thread(warm_up)
    async with contextlib.AsyncExitStack() as stack:
        # Each render holds one. Many servers let go of theirs after 5 s: a request that comes just then is lost.
        limits = httpx.Limits(max_connections=None, keepalive_expiry=3)
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
            clock=SteadyClock(now, monotonic),
            terms=settings.retention,
        )
        sweep_s = settings.rounds.sweep_s
        run_until_closed(
            stack,
            Supervised("retention", lambda: kept.peers.alone("retention", lambda: retention.sweep(sweep_s))),
        )
        orphans = Orphans(kept.uploads, kept.objects)
        run_until_closed(stack, Supervised("orphans", lambda: kept.peers.alone("orphans", orphans.sweep)))
        unused = UnusedPreimages(kept.preimages)
        run_until_closed(stack, Supervised("preimages", lambda: kept.peers.alone("preimages", unused.sweep)))
        video_time = VideoTime(kept.accounts, terms=settings.accounts, now=now)
        if settings.accounts.house_account:
            await kept.accounts.ensure_house(now())
        run_until_closed(
            stack,
            Supervised(
                "reservations", lambda: kept.peers.alone("reservations", lambda: video_time.sweep(sweep_s))
            ),
        )
        libraries = open_libraries(stack, settings, kept, ambient, SteadyClock(now, monotonic))
        rates = open_rates(settings.rates, client)
        if isinstance(rates, FeedRates):
            stack.push_async_callback(rates.aclose)
        sales = make_sales(settings, kept, ambient, node, making, money, rates, video_time, libraries.library)
        studio = open_studio(stack, settings, kept, ambient, making, sales.prepaid, video_time, libraries)
        live = await open_live(stack, settings, kept, ambient, making, video_time)
        showing, rooms = open_places(stack, settings, live)
        calls, recordings = open_calls(stack, settings, kept, ambient, making, live, video_time)
        open_webhooks(stack, settings, kept, ambient)
        idempotency = Idempotency(quoting=sales.quoting, orders=kept.orders, now=now)
        delivery = Delivery(
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
        )
        formats = Formats(delivery=delivery, objects=kept.objects, ask=making.workers.finish)
        stack.push_async_callback(formats.aclose)
        prepaid = PrepaidDelivery(
            delivery=delivery,
            ordering=sales.prepaid,
            orders=kept.prepaid,
            videos=kept.videos,
            rendering=making.rendering,
            bells=kept.bells,
            stopping=stopping,
            now=now,
        )
        scripts = make_scripts(settings, kept, ambient, video_time)
        keys = Keys(kept.keys, now=now)
        agents = make_agents(settings, kept, money, sales, idempotency, now)
        yield Service(
            quoting=sales.quoting,
            selling=sales.top_ups,
            top_ups=kept.top_ups,
            accounts=kept.accounts,
            video_time=video_time,
            idempotency=idempotency,
            l402=agents.l402,
            lnurl=agents.lnurl,
            l402_top_ups=agents.l402_top_ups,
            address_top_ups=agents.address_top_ups,
            receivers=AccountReceivers(kept.receivers, private=settings.webhooks.webhook_private),
            watching_top_ups=WatchingTopUps(
                top_ups=kept.top_ups,
                settlements=money.settlements,
                bells=kept.bells,
                stopping=stopping,
                now=now,
                waits=settings.waits,
            ),
            delivery=delivery,
            ordering=sales.prepaid,
            prepaid=prepaid,
            prepaid_orders=kept.prepaid,
            videos=kept.videos,
            batches=Batches(ordering=sales.prepaid, delivery=prepaid, store=kept.batches, now=now),
            scripts=scripts,
            checks=Checks(making.choosing, making.workers, scripts),
            askers=Askers(keys, kept.accounts, settings.accounts),
            live=live,
            showing=showing,
            rooms=rooms,
            calls=calls,
            call_control=make_control(settings, ambient, calls, recordings, live),
            callers=make_callers(settings, kept, ambient, keys),
            recordings=recordings,
            library=libraries.library,
            studio=studio.studio,
            portraits=studio.portraits,
            own_avatars=studio.avatars,
            own_voices=studio.voices,
            speaking=studio.speaking,
            films=studio.films,
            media_intake=libraries.intake,
            captioning=Captioning(kept.videos),
            formats=formats,
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
            snapshots=kept.snapshots,
            refunds=kept.refunds,
            tally=Cached(lambda: kept.orders.tally(now()), fresh_s=FIGURES_FRESH_S),
            ledger=Cached(kept.refunds.ledger, fresh_s=FIGURES_FRESH_S),
            keys=keys,
            choosing=making.choosing,
            previews=Previews(
                choosing=making.choosing,
                ask=making.workers.preview,
                ask_voice=making.workers.voice_sample,
                now=now,
            ),
            playlists=Playlists(kept.videos, delivery),
            posters=Posters(delivery=delivery, ask=making.workers.poster),
            demo_wallet=DemoWallet(settings.demo, client),
            web=settings.web,
            workers=making.workers,
            spool=Spool(
                settings.program.data_dir / "incoming",
                settings.uploads.incoming(settings.quotes.largest_upload_bytes),
                largest_bytes=settings.quotes.largest_upload_bytes,
            ),
            links=Links(settings.program.public_url),
            rates=rates,
            currencies=Currencies(rates, client),
            node=Cached(node.backend.ping, fresh_s=0),
            follower=money.follower,
            settlements=money.settlements,
            reachability=Reachability(node.backend, now, route_hints=settings.lnd.lnd_route_hints),
            counters=ambient.counters,
            stopping=stopping,
            orphans=orphans,
            desk=make_desk(settings, kept, node, errors, now),
            now=now,
        )
