"""All that the desk's pages ask for."""

import msgspec

from service.desk.export import Export
from service.desk.letters import Letters
from service.desk.looking import Looking
from service.desk.money import Money
from service.desk.node import Channels
from service.desk.port import Books
from service.desk.signing_in import SigningIn
from service.refunds.owing import Debts
from service.runtime.recent import RecentErrors


class OperatorsDesk(msgspec.Struct, frozen=True, kw_only=True):
    """All that the desk's pages ask for."""

    signing_in: SigningIn
    looking: Looking
    money: Money
    books: Books
    export: Export
    letters: Letters
    debts: Debts
    channels: Channels
    errors: RecentErrors
