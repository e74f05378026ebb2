"""Tells whose account a request is for: its key says so, or, where the operator allows it, that it has none."""

from service.accounts.keys import Keys
from service.accounts.port import Accounts, Scope
from service.accounts.prepaid import AccountTerms

HOUSE = "house"


class Askers:
    """Finds accounts of surfaces whose clients may show no key."""

    def __init__(self, keys: Keys, accounts: Accounts, terms: AccountTerms) -> None:
        self._keys = keys
        self._accounts = accounts
        self._keyless = terms.house_account and terms.house_keyless

    async def account(self, key: str | None, scope: Scope) -> int:
        """Tell the account of who asks.

        Raises:
            InvalidApiKey: There is no key where one is needed, or it is unknown or revoked.
            KeyNotAllowed: It is good for other things.
        """
        if key is None and self._keyless and (house := await self._accounts.named(HOUSE)) is not None:
            return house.id
        return await self._keys.account(key, scope)
