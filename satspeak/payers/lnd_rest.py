"""Pays from an LND of one's own, over its REST API: where gRPC is not open, as behind most hosts and proxies."""

import base64
import contextlib
import ssl
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import msgspec

from lightning.errors import CredentialsInvalid
from lightning.lnd_credentials import Secret, checked_certificate, macaroon_hex
from satspeak.payers.errors import NotAsked, NotPaid, OutcomeUnknown, PaymentError, UnderWay, WalletUnusable
from satspeak.payers.paying import proof
from satspeak.payers.port import Bill, Receipt

PATIENCE_S = 60
"""For how long LND looks for ways."""

_SLACK_S = 10.0
_NOT_FOUND = 5  # of gRPC's codes
_NOT_LET_IN = (7, 16)
_BAD_MACAROON = ("macaroon", "permission denied", "verification failed")
"""LND answers most of what is wrong with a macaroon with the code UNKNOWN, and says it in words."""


class _Error(msgspec.Struct, frozen=True):
    code: int = 2  # of gRPC's
    message: str = ""


class _Line(msgspec.Struct, frozen=True):
    """A line of an answer: a state, or an error, which within a stream has a name and else is the line itself."""

    result: dict[str, Any] | None = None
    error: _Error | None = None
    code: int = 2
    message: str = ""


class _Refused(Exception):
    """LND answered with an error: a code of gRPC's, and words."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class LndRestPayer:
    """A `Payer` that asks an LND over REST.

    Args:
        url: Where that is, `https://…`.
        tls_cert: LND's own certificate, PEM, or the file: no other is trusted. None trusts whom the system trusts.
        macaroon: As LND writes it, or the same in hex, or the file. It needs
            `uri:/routerrpc.Router/SendPaymentV2 uri:/routerrpc.Router/TrackPaymentV2`.

    Raises:
        WalletUnusable: The certificate or the macaroon is none.
    """

    name = "LND"
    bounds_fees = True

    def __init__(self, url: str, tls_cert: Secret | None, macaroon: Secret) -> None:
        try:
            trusted = None if tls_cert is None else checked_certificate(_read(tls_cert))
            shown = macaroon_hex(_read(macaroon))
        except CredentialsInvalid as error:
            raise WalletUnusable(f"LND: {error}") from error
        try:
            self._http = httpx.AsyncClient(
                base_url=url,
                headers={"Grpc-Metadata-macaroon": shown},
                verify=ssl.create_default_context(cadata=trusted),
                timeout=httpx.Timeout(10.0, read=PATIENCE_S + _SLACK_S),
                trust_env=False,  # a proxy would not reach it, and must not see the macaroon
            )
        except httpx.InvalidURL as error:
            raise WalletUnusable(f"LND: {url} is no address: {error}") from error

    async def pay(self, bill: Bill) -> Receipt:
        """Have LND pay; a payment that LND knows already is not made again."""
        order = {
            "payment_request": bill.invoice,
            "fee_limit_msat": str(bill.fee_limit_msat),
            "timeout_seconds": PATIENCE_S,
        }
        try:
            async with contextlib.aclosing(self._payments("POST", "/v2/router/send", json=order)) as payments:
                async for payment in payments:
                    if payment.get("status") in ("SUCCEEDED", "FAILED"):
                        return _receipt(bill, payment)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _unreachable(error) from error
        except _Refused as refused:  # it was not begun now: it was before, or it cannot be
            if _lets_nobody_in(refused):
                raise WalletUnusable(f"LND lets nobody pay with this macaroon: {refused}") from refused
            try:
                return await self.outcome(bill)
            except NotAsked as never:
                raise NotPaid(f"LND did not pay: {refused}") from never
            except WalletUnusable as silent:
                raise OutcomeUnknown(f"LND was asked to pay: {refused}. {silent.reason}") from silent
        except httpx.RequestError as error:
            return await self._after_silence(bill, error)
        return await self._after_silence(bill, None)

    async def outcome(self, bill: Bill) -> Receipt:
        """Ask LND what became of a payment: it sends its present state first of all."""
        name = base64.urlsafe_b64encode(bill.payment_hash).decode()
        try:
            async with contextlib.aclosing(self._payments("GET", f"/v2/router/track/{name}")) as payments:
                async for payment in payments:
                    return _receipt(bill, payment)
        except _Refused as refused:
            if refused.code == _NOT_FOUND:
                raise NotAsked("LND knows of no such payment.") from refused
            raise WalletUnusable(f"LND does not tell: {refused}") from refused
        except httpx.RequestError as error:
            raise _unreachable(error) from error
        raise WalletUnusable("LND does not tell: it ended the stream.")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _after_silence(self, bill: Bill, error: Exception | None) -> Receipt:
        """Ask what became of a payment whose end was not told. That LND knows of none yet is no proof."""
        try:
            return await self.outcome(bill)
        except (NotAsked, WalletUnusable) as silent:
            why = f": {error!r}" if error else ""
            raise OutcomeUnknown(f"LND was asked to pay, and did not say how that ended{why}.") from silent

    async def _payments(self, method: str, path: str, **options: Any) -> AsyncGenerator[dict[str, Any]]:
        """Yield the states of a payment as LND streams them, each a line of JSON.

        Raises:
            _Refused: It answers with an error, at once or in the middle.
            httpx.RequestError: It does not answer, or who answers is not LND.
        """
        async with self._http.stream(method, path, **options) as answer:
            async for line in answer.aiter_lines():
                if not line:
                    continue
                try:
                    said = msgspec.json.decode(line, type=_Line)
                except msgspec.DecodeError as error:
                    # A proxy's own page, say: LND may have been asked all the same.
                    raise httpx.DecodingError(f"HTTP {answer.status_code}: {line[:200]}") from error
                if said.result is None:
                    refused = said.error or _Error(said.code, said.message)
                    raise _Refused(refused.code, refused.message or line[:200])
                yield said.result


def _receipt(bill: Bill, payment: dict[str, Any]) -> Receipt:
    match payment.get("status"):
        case "SUCCEEDED":
            return Receipt(
                preimage=proof(bill, payment["payment_preimage"]),
                amount_msat=int(payment["value_msat"]),
                fee_msat=int(payment["fee_msat"]),
            )
        case "FAILED":
            reason = str(payment.get("failure_reason", "")).removeprefix("FAILURE_REASON_")
            raise NotPaid(f"LND did not pay: {reason.replace('_', ' ').lower()}.")
        case "IN_FLIGHT" | "INITIATED" | "UNKNOWN":
            raise UnderWay("LND has the payment on its way.")
        case other:  # a newer LND: no guess where money is
            raise OutcomeUnknown(f"LND knows a state of payments that we do not: {other}.")


def _lets_nobody_in(refused: _Refused) -> bool:
    words = refused.message.lower()
    return refused.code in _NOT_LET_IN or any(phrase in words for phrase in _BAD_MACAROON)


def _unreachable(error: Exception) -> PaymentError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return WalletUnusable(f"LND does not show the certificate that was given: {error}")
    return WalletUnusable(f"LND does not answer: {error!r}")


def _read(secret: Secret) -> bytes:
    if isinstance(secret, bytes):
        return secret
    try:
        return secret.read_bytes()
    except OSError as error:
        raise CredentialsInvalid(f"cannot read {secret}: {error.strerror}") from error
