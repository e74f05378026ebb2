"""Pays from a phoenixd.

Its HTTP API has no limit of fees and no time limit (`POST /payinvoice`), so the bound covers the amount alone: a way
costs 0.4 % and 4 sat there.
"""

from pathlib import Path
from typing import Any

import httpx
import msgspec

from satspeak.payers.errors import NotPaid, OutcomeUnknown, WalletUnusable
from satspeak.payers.paying import proof
from satspeak.payers.port import Bill, Receipt

USUAL_URL = "http://127.0.0.1:9740"
USUAL_CONFIGURATION = Path("~/.phoenix/phoenix.conf")

PATIENCE_S = 90.0


class PhoenixdPayer:
    """A `Payer` that asks a phoenixd.

    Args:
        url: Where its HTTP API is.
        password: `http-password` of its configuration: the full one, since the limited one may not pay.
    """

    name = "phoenixd"
    bounds_fees = False

    def __init__(self, url: str, password: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url,
            auth=("", password),
            timeout=httpx.Timeout(10.0, read=PATIENCE_S),
            trust_env=False,  # a proxy would not reach it, and must not see the password
        )

    async def pay(self, bill: Bill) -> Receipt:
        """Have phoenixd pay."""
        try:
            answer = await self._http.post("/payinvoice", data={"invoice": bill.invoice})
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise WalletUnusable(f"phoenixd does not answer at {self._http.base_url}.") from error
        except httpx.TransportError as error:
            return await self._outcome(bill, f"phoenixd was asked to pay, and did not answer: {error!r}.")
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise WalletUnusable("phoenixd does not take the password.")
        if answer.is_client_error:
            raise NotPaid(f"phoenixd did not pay: {answer.text[:200]}")
        said = _read(answer)
        if "paymentPreimage" in said:
            return Receipt(
                preimage=proof(bill, said["paymentPreimage"]),
                amount_msat=int(said["recipientAmountSat"]) * 1000,
                fee_msat=int(said["routingFeeSat"]) * 1000,
            )
        reason = str(said.get("reason", answer.status_code))
        # It tells in the same way that this was paid before, or is on its way.
        failed = answer.is_success and "reason" in said and "already" not in reason.lower()
        return await self._outcome(bill, f"phoenixd did not pay: {reason}.", failed=failed)

    async def outcome(self, bill: Bill) -> Receipt:
        """Look a payment up; what is none yet may be on its way."""
        return await self._outcome(bill, "phoenixd does not say that it paid.")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _outcome(self, bill: Bill, reason: str, *, failed: bool = False) -> Receipt:
        """Look the payment up: it is whatever it is, however the call ended."""
        try:
            answer = await self._http.get(f"/payments/outgoingbyhash/{bill.payment_hash.hex()}", timeout=10.0)
        except httpx.TransportError as error:
            raise OutcomeUnknown(reason) from error
        said = _read(answer) if answer.is_success else {}
        if said.get("preimage"):
            return Receipt(
                preimage=proof(bill, said["preimage"]),
                amount_msat=bill.amount_msat,
                fee_msat=int(said.get("fees", 0)),
            )
        raise NotPaid(reason) if failed else OutcomeUnknown(reason)


def configured_password(configuration: Path = USUAL_CONFIGURATION) -> str:
    """Read the password from the file that phoenixd makes at its first start.

    Raises:
        WalletUnusable: There is none.
    """
    try:
        lines = configuration.expanduser().read_text().splitlines()
    except OSError as error:
        raise WalletUnusable(f"phoenixd's password is not given, nor is there {configuration}.") from error
    for line in lines:
        name, _, value = line.partition("=")
        if name.strip() == "http-password":
            return value.strip()
    raise WalletUnusable(f"{configuration} has no http-password.")


def _read(answer: httpx.Response) -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
