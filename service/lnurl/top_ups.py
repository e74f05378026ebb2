"""Lets whoever knows the Lightning Address of an account top it up: by any amount in bounds, at today's price."""

import msgspec

from lightning.lnurl import description_hash
from service.accounts.account import Account
from service.accounts.port import Accounts
from service.errors import InvalidApiKey, InvalidRequest, LnurlRefused
from service.lnurl.paying import LONGEST_NAME, MSAT
from service.quotes.lnurls import Lnurls
from service.quotes.top_ups import Bounds, Selling, TopUpQuote

DESCRIPTION = "Video time"


class TopUpOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What a Lightning Address takes."""

    account: Account
    metadata: str
    bounds: Bounds


class AddressTopUps:
    """Answers wallets.

    Args:
        lnurls: Writes addresses; None where wallets do not know where we are: then no account has one.
    """

    def __init__(self, *, accounts: Accounts, selling: Selling, lnurls: Lnurls | None) -> None:
        self._accounts = accounts
        self._selling = selling
        self._lnurls = lnurls

    def address(self, account: Account) -> str | None:
        """Write the Lightning Address of an account; None where there is none, as with a service below a path."""
        return None if self._lnurls is None else self._lnurls.address(account.address)

    def lnurl(self, account: Account) -> str | None:
        """Write the LNURL that leads to the same."""
        return None if self._lnurls is None else self._lnurls.link(account.address)

    async def known(self, name: str) -> bool:
        """Whether an account has an address."""
        return await self._find(name) is not None

    async def offer(self, name: str) -> TopUpOffer | None:
        """Tell what an address takes; None where no account has it.

        Raises:
            LnurlRefused: No video time is sold in advance.
            RateUnavailable: Nothing can be priced now.
        """
        found = await self._find(name)
        if found is None:
            return None
        account, lnurls = found
        try:
            bounds = await self._selling.bounds()
        except InvalidRequest as error:
            raise LnurlRefused(error.detail) from error
        return TopUpOffer(
            account=account, metadata=lnurls.metadata(account.address, DESCRIPTION), bounds=bounds
        )

    async def invoice(self, name: str, amount_msat: int, *, client: str) -> TopUpQuote:
        """Make an invoice over an amount, whose payment adds what it buys.

        Raises as `Selling.quote_amount` does, or:

        Raises:
            LnurlRefused: No account has the address; so much is not taken, or no whole satoshi.
        """
        found = await self._find(name)
        if found is None:
            raise LnurlRefused("Not found")
        account, lnurls = found
        amount_sat, rest = divmod(amount_msat, MSAT)
        if rest:
            raise LnurlRefused("The amount must be of whole satoshi, which are 1,000 msat each.")
        try:
            return await self._selling.quote_amount(
                amount_sat,
                account=account,
                client=client,
                description_hash=description_hash(lnurls.metadata(account.address, DESCRIPTION)),
            )
        except InvalidRequest as error:
            raise LnurlRefused(error.detail) from error
        except InvalidApiKey as error:  # it was made for a top-up that nobody paid, and has just gone
            raise LnurlRefused("Not found") from error

    async def _find(self, name: str) -> tuple[Account, Lnurls] | None:
        if self._lnurls is None or len(name) > LONGEST_NAME or "\0" in name:
            return None
        account = await self._accounts.addressed(name)
        return None if account is None else (account, self._lnurls)
