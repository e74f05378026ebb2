"""Joins what sells."""

from service.assembly.background import Ambient
from service.assembly.making import Making
from service.assembly.money import Money
from service.assembly.node import Node
from service.assembly.stores import Kept
from service.pricing.port import RateSource
from service.quotes.hold_quotes import HoldQuotes
from service.quotes.liquidity import Liquidity
from service.quotes.open_quotes import OpenQuotes
from service.quotes.quoting import Quoting
from service.quotes.screening import open_screen
from service.quotes.upload_room import UploadRoom
from service.settings import Settings


def make_quoting(
    settings: Settings,
    kept: Kept,
    ambient: Ambient,
    node: Node,
    making: Making,
    money: Money,
    rates: RateSource,
) -> Quoting:
    """Join what sells."""
    return Quoting(
        terms=settings.quotes,
        backend=node.backend,
        orders=kept.orders,
        rates=rates,
        objects=kept.objects,
        choosing=making.choosing,
        open_quotes=OpenQuotes(kept.payments, settings.open_quotes),
        liquidity=Liquidity(node.backend, ambient.now),
        upload_room=UploadRoom(kept.retention, settings.uploads),
        screen=open_screen(settings.judge, ambient.client),
        holds=HoldQuotes(
            backend=node.backend,
            payments=kept.payments,
            preimages=kept.preimages,
            holds=money.holds,
            tries=money.tries,
            terms=settings.holds,
        ),
        now=ambient.now,
        counters=ambient.counters,
    )
