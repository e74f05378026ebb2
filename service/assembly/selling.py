"""Joins what sells."""

import msgspec

from service.accounts.prepaid import VideoTime
from service.assembly.background import Ambient
from service.assembly.making import Making
from service.assembly.money import Money
from service.assembly.node import Node
from service.assembly.stores import Kept
from service.pricing.port import RateSource
from service.quotes.hold_quotes import HoldQuotes
from service.quotes.invoicing import Invoicing
from service.quotes.liquidity import Liquidity
from service.quotes.lnurls import Lnurls
from service.quotes.open_quotes import OpenQuotes
from service.quotes.prepaid import PrepaidOrdering
from service.quotes.quoting import Quoting
from service.quotes.screening import open_screen
from service.quotes.top_ups import Selling
from service.quotes.upload_room import UploadRoom
from service.settings import Settings
from service.studio.backgrounds import Backgrounds
from service.studio.library import Library


class Sales(msgspec.Struct, frozen=True, kw_only=True):
    """What sells videos, and video time in advance."""

    quoting: Quoting
    top_ups: Selling
    prepaid: PrepaidOrdering
    lnurls: Lnurls | None


def make_sales(
    settings: Settings,
    kept: Kept,
    ambient: Ambient,
    node: Node,
    making: Making,
    money: Money,
    rates: RateSource,
    video_time: VideoTime,
    library: Library,
) -> Sales:
    """Join what sells. Both count the same open quotes, and ask the same node what it can receive."""
    open_quotes = OpenQuotes(kept.payments, settings.open_quotes)
    invoicing = Invoicing(
        node.backend, Liquidity(node.backend, ambient.now), expiry_s=settings.quotes.quote_expiry_s
    )
    lnurls = Lnurls(settings.program.public_url) if settings.program.public_url else None
    screen = open_screen(settings.judge, ambient.client)
    quoting = Quoting(
        terms=settings.quotes,
        invoicing=invoicing,
        orders=kept.orders,
        rates=rates,
        objects=kept.objects,
        choosing=making.choosing,
        open_quotes=open_quotes,
        upload_room=UploadRoom(kept.retention, settings.uploads),
        screen=screen,
        holds=HoldQuotes(
            backend=node.backend,
            payments=kept.payments,
            preimages=kept.preimages,
            holds=money.holds,
            tries=money.tries,
            terms=settings.holds,
        ),
        private_receivers=settings.webhooks.webhook_private,
        lnurls=lnurls,
        now=ambient.now,
        counters=ambient.counters,
    )
    top_ups = Selling(
        terms=settings.top_ups,
        usd_micros_per_second=settings.quotes.usd_micros_per_second,
        top_ups=kept.top_ups,
        rates=rates,
        open_quotes=open_quotes,
        invoicing=invoicing,
        counters=ambient.counters,
        now=ambient.now,
    )
    prepaid = PrepaidOrdering(
        terms=settings.quotes,
        prepaid=settings.prepaid,
        account_terms=settings.accounts,
        accounts=kept.accounts,
        video_time=video_time,
        orders=kept.prepaid,
        choosing=making.choosing,
        backgrounds=Backgrounds(library, kept.objects, making.workers.try_background),
        screen=screen,
        private_receivers=settings.webhooks.webhook_private,
        now=ambient.now,
    )
    return Sales(quoting=quoting, top_ups=top_ups, prepaid=prepaid, lnurls=lnurls)
