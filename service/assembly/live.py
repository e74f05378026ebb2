"""Opens what sells live sessions."""

import contextlib

from service.accounts.prepaid import VideoTime
from service.assembly.background import Ambient, run_until_closed
from service.assembly.making import Making
from service.assembly.stores import Kept
from service.quotes.screening import open_screen
from service.runtime.internet import Names
from service.runtime.supervision import Supervised
from service.sessions.live import Live
from service.sessions.places import Places
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
