"""Opens what makes videos."""

import contextlib
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from service.assembly.background import PEERS_PAUSE_S, Ambient, run_until_closed
from service.assembly.stores import Kept
from service.catalogue.choosing import Choosing
from service.rendering.rendering import Rendering
from service.rendering.resuming import Resuming
from service.rendering.worker_client import HttpRenderer
from service.rendering.workers import Workers
from service.runtime.supervision import Supervised
from service.settings import Settings


class Making(msgspec.Struct, frozen=True, kw_only=True):
    """What makes videos."""

    workers: Workers
    choosing: Choosing
    rendering: Rendering
    owner: str  # what this replica holds leases by


@contextlib.asynccontextmanager
async def open_making(settings: Settings, kept: Kept, ambient: Ambient) -> AsyncIterator[Making]:
    """Open what renders; the renders that were interrupted go on."""
    terms = settings.rendering
    workers = Workers(
        [HttpRenderer(ambient.client, url, silence_s=terms.render_silence_s) for url in terms.workers],
        kept.objects,
    )
    owner = _replica(settings.program.data_dir)
    rendering = Rendering(
        videos=kept.videos,
        objects=kept.objects,
        workers=workers,
        bells=kept.bells,
        now=ambient.now,
        owner=owner,
        terms=terms,
        counters=ambient.counters,
    )
    resuming = Resuming(orders=kept.orders, videos=kept.videos, rendering=rendering, now=ambient.now)
    await rendering.release()
    async with contextlib.AsyncExitStack() as stack:
        # Stopped after the renders, whose end it tells.
        run_until_closed(
            stack, Supervised("bells", lambda: kept.peers.listen(kept.bells), longest_pause_s=PEERS_PAUSE_S)
        )
        stack.push_async_callback(rendering.aclose)
        run_until_closed(stack, Supervised("workers", workers.watch))
        run_until_closed(stack, Supervised("resuming", lambda: resuming.watch(settings.rounds.resume_s)))
        choosing = Choosing(
            avatars=workers.avatars, voices=workers.voices, own=kept.studio_jobs, now=ambient.now
        )
        yield Making(workers=workers, choosing=choosing, rendering=rendering, owner=owner)


def _replica(folder: Path) -> str:
    """Tell this replica from the others by a name that stays in its data folder, so that it knows its own leases."""
    file = folder / "replica"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(secrets.token_hex(8))
    return file.read_text()
