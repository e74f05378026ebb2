"""Opens the libraries of accounts, and what is made of what stands in them."""

import contextlib

import msgspec

from service.accounts.prepaid import VideoTime
from service.assembly.background import Ambient, run_until_closed
from service.assembly.making import Making
from service.assembly.stores import Kept
from service.engines.fetching import HttpFetcher
from service.quotes.prepaid import PrepaidOrdering
from service.quotes.screening import open_screen
from service.retention.media import MediaRetention
from service.routes.studio.receiving import MediaIntake
from service.runtime.clock import SteadyClock
from service.runtime.supervision import Supervised
from service.settings import Settings
from service.studio.films import Films
from service.studio.library import Library
from service.studio.speaking import Speaking


class Studio(msgspec.Struct, frozen=True, kw_only=True):
    """What makes speech and videos for accounts."""

    speaking: Speaking
    films: Films


class Libraries(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps the files of accounts, and takes them in."""

    library: Library
    intake: MediaIntake


def open_libraries(
    stack: contextlib.AsyncExitStack, settings: Settings, kept: Kept, ambient: Ambient, clock: SteadyClock
) -> Libraries:
    """Open them; what is over is deleted until the stack is closed."""
    terms, folder = settings.library, settings.program.data_dir
    fetcher = HttpFetcher(folder / "fetched", terms)
    stack.push_async_callback(fetcher.aclose)
    retention = MediaRetention(kept.media, kept.objects, clock)
    every_s = settings.rounds.sweep_s
    run_until_closed(
        stack, Supervised("media", lambda: kept.peers.alone("media", lambda: retention.sweep(every_s)))
    )
    library = Library(store=kept.media, objects=kept.objects, fetcher=fetcher, terms=terms, now=ambient.now)
    incoming = settings.uploads.incoming(terms.largest_bytes())
    return Libraries(library=library, intake=MediaIntake(folder / "incoming-media", incoming, terms))


def make_studio(
    settings: Settings,
    kept: Kept,
    ambient: Ambient,
    making: Making,
    ordering: PrepaidOrdering,
    video_time: VideoTime,
    library: Library,
) -> Studio:
    """Join what makes speech and videos."""
    screen = open_screen(settings.judge, ambient.client)
    workers = making.workers
    speaking = Speaking(
        speak=workers.speak,
        library=library,
        accounts=kept.accounts,
        video_time=video_time,
        screen=screen,
        terms=settings.quotes,
        prices=settings.speaking,
    )
    films = Films(
        library=library,
        decode=lambda content, most_s: workers.pcm(content, most_s=most_s),
        choosing=making.choosing,
        ordering=ordering,
        orders=kept.prepaid,
        videos=kept.videos,
        rendering=making.rendering,
        forgetting=kept.retention,
        objects=kept.objects,
        screen=screen,
        terms=settings.quotes,
        folder=settings.program.data_dir / "judged",
        bells=kept.bells,
        stopping=ambient.stopping,
        now=ambient.now,
    )
    return Studio(speaking=speaking, films=films)
