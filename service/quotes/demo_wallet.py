"""A wallet that pays this shop's own invoices for whoever tries it out: coins of a private chain only."""

from urllib.parse import urlsplit

import httpx
import structlog

from service.errors import InvalidRequest, Unavailable
from service.payments.payment import Payment
from service.runtime.section import Section

PATIENCE_S = 60.0

PRIVATE_COINS = "lnbcrt"
"""How an invoice of a private chain begins (BOLT 11, "Human-Readable Part"); mainnet's begins with `lnbc` and a
number."""

log = structlog.get_logger()


class DemoTerms(Section, frozen=True, kw_only=True):
    """Whether there is such a wallet."""

    demo_wallet: str = ""
    """URL on this machine of a wallet that pays any invoice POSTed to it: `satspeak demo` sets it, for the button that
    pays. Only invoices of a private chain (`lnbcrt…`) are sent there. Empty: there is no button."""

    def __post_init__(self) -> None:
        """Refuse a wallet that is not on this machine."""
        url = urlsplit(self.demo_wallet)
        if self.demo_wallet and (
            url.scheme != "http" or url.hostname not in ("127.0.0.1", "localhost", "::1")
        ):
            raise ValueError("SATSPEAK_DEMO_WALLET must be an http:// URL on this machine")


class DemoWallet:
    """Pays. A class since whether there is a wallet is known once."""

    def __init__(self, terms: DemoTerms, client: httpx.AsyncClient) -> None:
        self._url = terms.demo_wallet
        self._client = client

    @property
    def there(self) -> bool:
        """Whether there is a wallet."""
        return bool(self._url)

    async def pay(self, payment: Payment) -> None:
        """Have an invoice of ours paid; returns once the wallet says that it did.

        Raises:
            InvalidRequest: There is no such wallet, or the invoice asks for coins that are worth something.
            Unavailable: The wallet could not pay it.
        """
        if not self._url or not payment.invoice.startswith(PRIVATE_COINS):
            raise InvalidRequest("There is no demo wallet here. Pay with a wallet of your own.")
        try:
            answer = await self._client.post(self._url, content=payment.invoice, timeout=PATIENCE_S)
        except httpx.HTTPError as error:
            raise Unavailable("The demo wallet does not answer. Try again.") from error
        if not answer.is_success:
            log.warning("demo_wallet_refused", said=answer.text[:200])
            raise Unavailable("The demo wallet could not pay this invoice. Ask for a fresh one.")
