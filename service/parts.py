"""Hands the parts of the service to the handlers that ask for them."""

from collections.abc import Callable
from typing import Any

from litestar.di import Provide

from service.assembly.service import Service
from service.routes.avatartalk import bought, infer
from service.routes.http.limiting import Admission
from service.routes.l402 import top_ups as l402_top_ups
from service.routes.l402 import videos as l402_videos
from service.routes.lnurl import pay as lnurl
from service.runtime.shares import Shares


class Parts:
    """Hands the parts of the service to handlers, by the names of their parameters."""

    service: Service  # there once the application has started

    def provide_desk(self, desk: "Callable[[Parts, Admission], Any]", quote_admission: Admission) -> Provide:
        """Hand several parts to one handler, as a desk."""

        def get() -> Any:
            return desk(self, quote_admission)

        return Provide(get, sync_to_thread=False)

    def socket_desk(self, admission: Admission, streams: Shares) -> infer.SocketDesk:
        """Hand on what a WebSocket needs."""
        service = self.service
        return infer.SocketDesk(
            keys=service.keys,
            live=service.live,
            showing=service.showing,
            admission=admission,
            streams=streams,
        )

    def provide(self, name: str) -> Provide:
        """Hand a part to whoever has a parameter of its name."""

        def get() -> Any:
            return getattr(self.service, name)

        return Provide(get, sync_to_thread=False)


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


DESKS: dict[str, Callable[[Parts, Admission], Any]] = {
    "l402_desk": l402_desk,
    "l402_top_up_desk": _l402_top_up_desk,
    "bought_desk": _bought_desk,
    "lnurl_desk": _lnurl_desk,
}
"""What several parts of the service are for one handler, with the limit that a quote counts against."""
