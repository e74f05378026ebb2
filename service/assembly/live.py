"""Opens what sells live sessions."""

import contextlib

from service.accounts.keys import Keys
from service.accounts.prepaid import VideoTime
from service.accounts.web_tokens import WebTokens
from service.assembly.background import Ambient, run_until_closed
from service.assembly.making import Making
from service.assembly.scripts import make_answering
from service.assembly.stores import Kept
from service.engines.livetalking import LiveTalkingServer
from service.quotes.screening import open_screen
from service.runtime.internet import Names
from service.runtime.supervision import Supervised
from service.sessions.call_stage import CallProcesses
from service.sessions.callers import Callers
from service.sessions.calls import Calls
from service.sessions.control import CallControl, OwnCalls
from service.sessions.far_calls import FarCalls
from service.sessions.live import Live
from service.sessions.places import Places
from service.sessions.recordings import Recordings
from service.sessions.rooms import Rooms
from service.sessions.showing import Showing
from service.sessions.stage_process import StageProcesses
from service.settings import Settings


async def open_live(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    kept: Kept,
    ambient: Ambient,
    making: Making,
    video_time: VideoTime,
) -> Live:
    """Open it; sessions that nobody holds any more are ended, those of this replica's last life at once."""
    live = Live(
        store=kept.live_sessions,
        renderers=making.workers,
        accounts=kept.accounts,
        video_time=video_time,
        choosing=making.choosing,
        screen=open_screen(settings.judge, ambient.client),
        owner=making.owner,
        terms=settings.live,
        stopping=ambient.stopping,
        sound_percent=settings.speaking.speech_percent,
        bells=kept.bells,
        now=ambient.now,
    )
    await live.release()
    every_s = settings.live.live_lease_s / 2
    run_until_closed(
        stack,
        Supervised("live sessions", lambda: kept.peers.alone("live sessions", lambda: live.sweep(every_s))),
    )
    return live


def open_places(stack: contextlib.AsyncExitStack, settings: Settings, live: Live) -> tuple[Showing, Rooms]:
    """Open what shows live sessions elsewhere; what is shown then is ended when the stack is closed."""
    names = Names(private=settings.places.live_private)
    stack.callback(names.close)
    showing = Showing(live, Places(names, settings.places), StageProcesses(settings.places))
    rooms = Rooms(live, showing)
    stack.push_async_callback(rooms.aclose)
    return showing, rooms


def open_calls(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    kept: Kept,
    ambient: Ambient,
    making: Making,
    live: Live,
    video_time: VideoTime,
) -> tuple[Calls, Recordings]:
    """Open what shows live sessions by WebRTC; what is shown then is ended when the stack is closed."""
    recordings = Recordings(
        rows=kept.recordings,
        objects=kept.objects,
        folder=settings.program.data_dir / "recordings",
        terms=settings.calls,
        now=ambient.now,
    )
    sweep_s = settings.rounds.sweep_s
    run_until_closed(
        stack,
        Supervised("recordings", lambda: kept.peers.alone("recordings", lambda: recordings.sweep(sweep_s))),
    )
    calls = Calls(
        live=live,
        stages=CallProcesses(settings.calls),
        choosing=making.choosing,
        recordings=recordings,
        answering=make_answering(settings, kept, ambient, video_time),
        terms=settings.calls,
    )
    stack.push_async_callback(calls.aclose)
    return calls, recordings


def make_control(
    settings: Settings, ambient: Ambient, calls: Calls, recordings: Recordings, live: Live
) -> CallControl:
    """Make what pages' own servers ask about calls."""
    terms = settings.livetalking
    if terms.livetalking_url:
        return FarCalls(terms.livetalking_url, LiveTalkingServer(ambient.client, terms), recordings)
    return OwnCalls(calls, recordings, live)


def make_callers(settings: Settings, kept: Kept, ambient: Ambient, keys: Keys) -> Callers:
    """Make what admits callers."""
    return Callers(
        keys=keys,
        accounts=kept.accounts,
        links=kept.call_links,
        subjects=WebTokens(settings.web_tokens) if settings.web_tokens.jwt_jwks_file else None,
        terms=settings.calls,
        now=ambient.now,
    )
