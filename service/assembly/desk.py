"""Joins what the operator's desk asks for."""

from service.assembly.node import Node
from service.assembly.stores import Kept
from service.desk.desk import OperatorsDesk
from service.desk.export import Export
from service.desk.letters import Letters
from service.desk.looking import Looking
from service.desk.money import Money
from service.desk.signing_in import SigningIn
from service.runtime.clock import Clock
from service.runtime.recent import RecentErrors
from service.settings import Settings


def make_desk(settings: Settings, kept: Kept, node: Node, errors: RecentErrors, now: Clock) -> OperatorsDesk:
    """Join it."""
    return OperatorsDesk(
        signing_in=SigningIn(kept.sessions, terms=settings.desk, now=now),
        looking=Looking(kept.desk),
        money=Money(kept.books, now),
        books=kept.books,
        export=Export(kept.books),
        letters=Letters(kept.desk, kept.outbox, now),
        debts=kept.refunds,
        channels=node.backend,
        errors=errors,
    )
