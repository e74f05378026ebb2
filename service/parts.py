"""Hands the parts of the service to the handlers that ask for them."""

import itertools
from collections.abc import Callable
from typing import Any

from litestar.di import Provide

from service.assembly.service import Service
from service.routes.avatartalk import bought, infer
from service.routes.http.limiting import Admission
from service.routes.http.routers import Routes
from service.routes.l402 import top_ups as l402_top_ups
from service.routes.l402 import videos as l402_videos
from service.routes.lnurl import pay as lnurl
from service.runtime.shares import Shares


class Parts:
    """Hands the parts of the service to handlers, by the names of their parameters.

    Args:
        quote_admission: The limit that a quote counts against, for handlers that take of it themselves.
        poll_admission: What bounds how often a WebSocket is opened.
        streams: What there may be of these, and of other requests that last.
    """

    service: Service  # there once the application has started

    def __init__(self, quote_admission: Admission, poll_admission: Admission, streams: Shares) -> None:
        self._makers: dict[str, Callable[[], Any]] = {
            name: self._part(name) for name in Service.__struct_fields__
        }
        self._makers |= {name: self._desk(desk, quote_admission) for name, desk in DESKS.items()}
        self._makers["socket_desk"] = lambda: _socket_desk(self, poll_admission, streams)

    def handed_to(self, *routes: Routes) -> tuple[Routes, ...]:
        """Have each handler get what it names, and no more.

        Were all parts dependencies of the application, Litestar would look at each of them, and compare it with all
        others, for each handler: most of what a start took.
        """
        provided = {name: Provide(make, sync_to_thread=False) for name, make in self._makers.items()}
        for handler in itertools.chain.from_iterable(each.handlers() for each in routes):
            named = handler.parsed_fn_signature.parameters.keys()
            handler.dependencies = {name: provided[name] for name in named & provided.keys()}
        return routes

    def _part(self, name: str) -> Callable[[], Any]:
        return lambda: getattr(self.service, name)

    def _desk(
        self, desk: "Callable[[Parts, Admission], Any]", quote_admission: Admission
    ) -> Callable[[], Any]:
        return lambda: desk(self, quote_admission)


def l402_desk(parts: Parts, quote_admission: Admission) -> l402_videos.Desk:
    """Gather what sells a video by L402."""
    service = parts.service
    return l402_videos.Desk(
        selling=service.l402,
        spool=service.spool,
        delivery=service.delivery,
        links=service.links,
        quote_admission=quote_admission,
    )


def _l402_top_up_desk(parts: Parts, quote_admission: Admission) -> l402_top_ups.Desk:
    service = parts.service
    return l402_top_ups.Desk(keys=service.keys, selling=service.l402_top_ups, quote_admission=quote_admission)


def _bought_desk(parts: Parts, quote_admission: Admission) -> bought.Desk:
    service = parts.service
    return bought.Desk(
        selling=service.l402,
        prepaid=service.prepaid,
        delivery=service.delivery,
        links=service.links,
        quote_admission=quote_admission,
    )


def _lnurl_desk(parts: Parts, quote_admission: Admission) -> lnurl.Desk:
    service = parts.service
    return lnurl.Desk(
        paying=service.lnurl,
        top_ups=service.address_top_ups,
        links=service.links,
        quote_admission=quote_admission,
    )


def _socket_desk(parts: Parts, admission: Admission, streams: Shares) -> infer.SocketDesk:
    service = parts.service
    return infer.SocketDesk(
        keys=service.keys,
        live=service.live,
        showing=service.showing,
        admission=admission,
        streams=streams,
    )


DESKS: dict[str, Callable[[Parts, Admission], Any]] = {
    "l402_desk": l402_desk,
    "l402_top_up_desk": _l402_top_up_desk,
    "bought_desk": _bought_desk,
    "lnurl_desk": _lnurl_desk,
}
"""What several parts of the service are for one handler, with the limit that a quote counts against."""
