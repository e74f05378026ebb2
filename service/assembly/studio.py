"""Opens what sells the studio's work."""

import contextlib

import msgspec

from service.accounts.prepaid import VideoTime
from service.assembly.background import Ambient, run_until_closed
from service.assembly.library import Libraries
from service.assembly.making import Making
from service.assembly.stores import Kept
from service.engines.images import ImagesEndpoint
from service.quotes.prepaid import PrepaidOrdering
from service.quotes.screening import open_screen
from service.rendering.studio_client import HttpArtists
from service.runtime.supervision import Supervised
from service.settings import Settings
from service.studio.avatars import AvatarMaker, Avatars
from service.studio.charging import Charging
from service.studio.films import Films
from service.studio.job import Kind
from service.studio.jobs import Studio
from service.studio.portraits import PortraitMaker, Portraits
from service.studio.speaking import Speaking
from service.studio.voices import VoiceMaker, Voices


class StudioParts(msgspec.Struct, frozen=True, kw_only=True):
    """What sells the studio's work."""

    studio: Studio
    portraits: Portraits
    avatars: Avatars
    voices: Voices
    speaking: Speaking
    films: Films


def open_studio(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    kept: Kept,
    ambient: Ambient,
    making: Making,
    ordering: PrepaidOrdering,
    video_time: VideoTime,
    libraries: Libraries,
) -> StudioParts:
    """Open it; jobs that were begun go on, and are let go of when the stack is closed."""
    library = libraries.library
    artists = HttpArtists(ambient.client, making.workers.all)
    studio = Studio(
        jobs=kept.studio_jobs,
        makers={
            Kind.PORTRAIT: PortraitMaker(artists, library, _painter(settings, ambient, libraries)),
            Kind.AVATAR: AvatarMaker(artists, library, kept.objects),
            Kind.VOICE: VoiceMaker(making.workers, library, kept.objects),
        },
        accounts=kept.accounts,
        video_time=video_time,
        bells=kept.bells,
        stopping=ambient.stopping,
        terms=settings.studio,
        owner=making.owner,
        now=ambient.now,
    )
    run_until_closed(stack, Supervised("studio", studio.watch))
    screen = open_screen(settings.judge, ambient.client)
    workers = making.workers
    speaking = Speaking(
        speak=workers.speak,
        library=library,
        charging=Charging(kept.accounts, video_time),
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
    return StudioParts(
        studio=studio,
        portraits=Portraits(studio=studio, terms=settings.studio, screen=screen),
        avatars=Avatars(studio=studio, library=library, objects=kept.objects, terms=settings.studio),
        voices=Voices(
            studio=studio, library=library, ear=making.workers, objects=kept.objects, terms=settings.studio
        ),
        speaking=speaking,
        films=films,
    )


def _painter(settings: Settings, ambient: Ambient, libraries: Libraries) -> ImagesEndpoint | None:
    """Make what draws in place of the workers; None: they do."""
    if not settings.images.images_url:
        return None
    return ImagesEndpoint(ambient.client, libraries.fetcher, settings.images, settings.library)
