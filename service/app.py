"""The web application: which routes there are, and what each may take of a client."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable

from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.plugins.minijinja import MiniJinjaTemplateEngine
from litestar.template import TemplateConfig

from lightning import InvoiceBackend, PaymentBackend
from service.assembly.node import Node, check_access
from service.assembly.service import open_service
from service.parts import Parts, l402_desk
from service.routes.a2e import envelope as a2e
from service.routes.a2e.router import PLACES, a2e_router
from service.routes.accounts import account, receivers, top_ups
from service.routes.avatartalk import continuous, infer, inference, rooms
from service.routes.avatartalk import videos as inference_videos
from service.routes.avatartalk import viewing as inference_viewing
from service.routes.catalogue import avatars, currencies, previews, voices
from service.routes.desk.gate import without_others
from service.routes.desk.router import desk_router
from service.routes.heygen import refusals as heygen
from service.routes.heygen.router import PREFIX, heygen_router
from service.routes.http import problems
from service.routes.http.cors import open_to_pages_of
from service.routes.http.hosts import with_readable_hosts
from service.routes.http.keys import HEADER
from service.routes.http.limiting import Admission, held_open, small_unless_form, timely_bodies
from service.routes.http.request_ids import with_request_ids
from service.routes.http.routers import Routes
from service.routes.http.security import with_security_headers
from service.routes.http.surfaces import by_surface
from service.routes.l402 import top_ups as l402_top_ups
from service.routes.l402 import videos as l402_videos
from service.routes.l402.plain_challenges import answers_plain_challenges
from service.routes.lightning import events, payment_list, payments, posters, qr, quotes, refunds, videos
from service.routes.lightning.plain_polls import answers_plain_polls
from service.routes.lightning.plain_quotes import answers_plain_quotes
from service.routes.lightning.playlists import playlist
from service.routes.livetalking.pages import open_to_all_pages
from service.routes.livetalking.refusals import PROXY
from service.routes.livetalking.router import call_routers
from service.routes.lnurl import pay as lnurl
from service.routes.operating import health, metrics
from service.routes.pages import assets, guide, pages, schema, shop, small_files, viewer
from service.routes.studio.router import studio_router
from service.runtime import descriptors
from service.runtime.clock import Clock, utc_now
from service.runtime.limits import Limiter, Rate
from service.runtime.recent import RecentErrors
from service.runtime.shares import Shares
from service.runtime.stopping import Stopping
from service.runtime.waits import Waits
from service.settings import Settings

BYTES_PER_CHARACTER = 12
"""The most that JSON takes for one: two \\uXXXX."""

JSON_SLACK_BYTES = 16_384


def create_app(
    settings: Settings,
    *,
    backend: InvoiceBackend | None = None,
    payer: PaymentBackend | None = None,
    stopping: Stopping | None = None,
    now: Clock | None = None,
    monotonic: Callable[[], float] = time.monotonic,
    errors: RecentErrors | None = None,
) -> Litestar:
    """Build the service; it opens everything when it starts.

    Args:
        settings: What the operator set.
        backend: The node, in place of the LND of the settings; closed by the caller.
        payer: What pays refunds, beside such a node; without it they are owed.
        stopping: Told when the server is about to stop.
        now: The clock.
        monotonic: Counts seconds, and cannot be set.
        errors: What was logged lately, for the operator's desk.

    Raises:
        SettingsError: The settings do not fit what they name.
    """
    node = Node(backend=backend, payer=payer) if backend is not None else check_access(settings.lnd)
    clock = now or utc_now
    limits = settings.limits
    in_time = timely_bodies(settings.program.client_patience_s)
    quote_admission = Admission(
        Limiter(Rate(per_client=limits.quotes_per_minute_per_client, total=limits.quotes_per_minute)),
        clock,
    )
    quotes_limited = quote_admission.middleware()
    estimates_limited = Admission(
        Limiter(Rate(per_client=limits.estimates_per_minute_per_client, total=limits.estimates_per_minute)),
        clock,
    ).middleware()
    poll_admission = Admission(
        Limiter(Rate(per_client=limits.polls_per_minute_per_client, total=limits.polls_per_minute)),
        clock,
    )
    polls_limited = poll_admission.middleware()
    largest_json_bytes = settings.quotes.max_text_chars * BYTES_PER_CHARACTER + JSON_SLACK_BYTES
    streams = open_streams(settings.waits)
    parts = Parts(quote_admission, poll_admission, streams)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Litestar) -> AsyncIterator[None]:
        async with open_service(
            settings, node, stopping or Stopping(), clock, monotonic, errors or RecentErrors()
        ) as parts.service:
            yield

    app = Litestar(
        route_handlers=parts.handed_to(
            Routes(
                "/",
                middleware=[in_time],
                route_handlers=[
                    Routes(
                        "/",
                        route_handlers=[quotes.request_video_text],
                        middleware=[
                            quotes_limited,
                            answers_plain_quotes(lambda: parts.service.idempotency),
                        ],
                    ),
                    Routes("/", route_handlers=[top_ups.top_up], middleware=[quotes_limited]),
                    Routes("/", route_handlers=[quotes.estimate_text], middleware=[estimates_limited]),
                    Routes(
                        "/",
                        route_handlers=[videos.generate_video, inference.inference, rooms.create_session],
                        middleware=[polls_limited, held_open(streams)],
                    ),
                    Routes(
                        "/",
                        route_handlers=[
                            refunds.refund,
                            shop.demo_pay,
                            # A challenge counts as a quote, as below.
                            l402_top_ups.buy_top_up,
                            receivers.set_receiver,
                            receivers.rotate_secret,
                            receivers.remove_receiver,
                        ],
                        middleware=[polls_limited],
                    ),
                ],
                request_max_body_size=largest_json_bytes,
            ),
            Routes(
                "/",
                middleware=[in_time, quotes_limited],
                route_handlers=[quotes.request_video_audio],
                request_max_body_size=settings.quotes.largest_upload_bytes,
            ),
            Routes(
                "/",
                # A challenge counts as a quote, too: the handler takes that token, once no credential is good.
                middleware=[
                    in_time,
                    polls_limited,
                    held_open(streams),
                    small_unless_form(largest_json_bytes),
                    answers_plain_challenges(lambda: l402_desk(parts, quote_admission)),
                ],
                route_handlers=[l402_videos.buy_video],
                request_max_body_size=settings.quotes.largest_upload_bytes,
            ),
            Routes(
                "/",
                route_handlers=[
                    qr.qr,
                    videos.captions,
                    inference_viewing.inference_page,
                    inference_viewing.inference_playlist,
                    inference_videos.inference_captions,
                    payment_list.payments,
                    account.account,
                    rooms.delete_session,
                    top_ups.list_top_ups,
                    avatars.avatars,
                    voices.voices,
                    currencies.currencies,
                    *previews.HANDLERS,
                    playlist,
                    posters.poster,
                    health.health,
                    metrics.metrics,
                    *pages.HANDLERS,
                    guide.guide,
                    assets.assets,
                    shop.shop,
                    viewer.viewer,
                    viewer.oembed,
                    *small_files.HANDLERS,
                    schema.asyncapi,
                ],
                middleware=[polls_limited],
            ),
            Routes(
                "/",
                route_handlers=[lnurl.pay_request, lnurl.invoice, lnurl.verify],
                middleware=[polls_limited],
                exception_handlers=lnurl.HANDLERS,
            ),
            Routes(
                "/",
                route_handlers=[events.events, videos.video, inference_videos.inference_video],
                middleware=[polls_limited, held_open(streams)],
            ),
            Routes(
                "/",
                route_handlers=[payments.payment],
                middleware=[
                    polls_limited,
                    held_open(streams, waits=False),
                    answers_plain_polls(lambda: parts.service.watching),
                ],
            ),
            *call_routers(
                settings, [in_time, polls_limited], held_open(streams), largest_json_bytes=largest_json_bytes
            ),
            studio_router(
                settings,
                in_time=in_time,
                limited=polls_limited,
                held_open=held_open(streams),
                largest_json=largest_json_bytes,
            ),
            a2e_router(
                in_time=in_time,
                limited=polls_limited,
                held_open=held_open(streams),
                largest_json=largest_json_bytes,
            ),
            Routes(
                "/", route_handlers=[infer.infer, continuous.continuous]
            ),  # accepted before they are refused
            desk_router(settings, lambda: parts.service.desk, clock, [in_time, polls_limited]),
            heygen_router(
                limits.heygen_per_hour, streams, clock, in_time=in_time, polls_limited=polls_limited
            ),
            Routes(
                "/",
                route_handlers=[top_ups.top_up_state],
                middleware=[polls_limited, held_open(streams, waits=False)],
            ),
            # A prober that is turned away would have the process started again.
            Routes("/", route_handlers=[health.live, health.ready]),
        ),
        lifespan=[lifespan],
        exception_handlers=by_surface(
            problems.HANDLERS,
            {
                PREFIX: heygen.HANDLERS,
                **dict.fromkeys(PLACES, a2e.HANDLERS),
                f"{PREFIX}/avatar": PROXY.handlers,
            },
        ),
        template_config=TemplateConfig(directory=pages.FOLDER, engine=MiniJinjaTemplateEngine),
        cors_config=open_to_pages_of(settings.web.origins),
        openapi_config=OpenAPIConfig(
            title="satspeak",
            version="1",
            description="Talking-head videos for Lightning payments.",
            render_plugins=[schema.EncodedOnce()],
            openapi_router=Routes(
                "/schema", route_handlers=[], middleware=[polls_limited], include_in_schema=False
            ),
            components=Components(
                security_schemes={
                    "apiKey": SecurityScheme(type="http", scheme="bearer"),
                    "apiKeyHeader": SecurityScheme(type="apiKey", name=HEADER, security_scheme_in="header"),
                }
            ),
        ),
        logging_config=None,
    )
    own = open_to_all_pages(without_others(app.asgi_handler))
    app.asgi_handler = with_security_headers(with_readable_hosts(with_request_ids(own)))
    return app


def open_streams(waits: Waits) -> Shares:
    """Bound the requests that last: by what is set, and by the files that this process may have open."""
    most = descriptors.most_streams()
    return Shares(
        per_client=waits.open_streams_per_client,
        total=min(waits.open_streams or most, most),
        what="open streams and waiting requests",
    )
