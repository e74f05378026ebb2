"""Makes what sells to programs: by L402, and by LNURL."""

import msgspec

from service.assembly.money import Money
from service.assembly.selling import Sales
from service.assembly.stores import Kept
from service.l402.selling import L402Selling
from service.l402.top_ups import L402TopUps
from service.lnurl.paying import LnurlPaying
from service.lnurl.top_ups import AddressTopUps
from service.quotes.idempotency import Idempotency
from service.runtime.clock import Clock
from service.settings import Settings


class Agents(msgspec.Struct, frozen=True, kw_only=True):
    """What sells to programs."""

    l402: L402Selling
    l402_top_ups: L402TopUps
    lnurl: LnurlPaying
    address_top_ups: AddressTopUps


def make_agents(
    settings: Settings, kept: Kept, money: Money, sales: Sales, idempotency: Idempotency, now: Clock
) -> Agents:
    """Make it."""
    return Agents(
        l402=L402Selling(
            terms=settings.l402,
            idempotency=idempotency,
            root_keys=kept.root_keys,
            snapshots=kept.snapshots,
            settlements=money.settlements,
            now=now,
        ),
        l402_top_ups=L402TopUps(
            terms=settings.l402,
            selling=sales.top_ups,
            top_ups=kept.top_ups,
            settlements=money.settlements,
            now=now,
        ),
        lnurl=LnurlPaying(
            names=kept.lnurls, snapshots=kept.snapshots, settlements=money.settlements, now=now
        ),
        address_top_ups=AddressTopUps(accounts=kept.accounts, selling=sales.top_ups, lnurls=sales.lnurls),
    )
