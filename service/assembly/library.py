"""Opens the libraries of accounts."""

import contextlib

import msgspec

from service.assembly.background import Ambient, run_until_closed
from service.assembly.stores import Kept
from service.engines.fetching import HttpFetcher
from service.retention.media import MediaRetention
from service.routes.studio.receiving import MediaIntake
from service.runtime.clock import SteadyClock
from service.runtime.supervision import Supervised
from service.settings import Settings
from service.studio.library import Library


class Libraries(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps the files of accounts, and takes them in."""

    library: Library
    fetcher: HttpFetcher
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
    return Libraries(
        library=library, fetcher=fetcher, intake=MediaIntake(folder / "incoming-media", incoming, terms)
    )
