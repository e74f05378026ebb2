"""Pays from whatever wallet speaks Nostr Wallet Connect (NIP-47), over relays.

Keys, encryption, events and relays are `nostr-sdk`'s. Its own NWC client is not used: it tells errors as text without
their code, and lets no request expire, so that a wallet which sleeps would pay when it wakes.
"""

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import msgspec
import nostr_sdk as nostr

from satspeak.payers.errors import NotPaid, OutcomeUnknown, WalletUnusable
from satspeak.payers.paying import proof
from satspeak.payers.port import Bill, Receipt

SCHEMES = ("nostr+walletconnect://", "nwc://")

_INFO, _REQUEST, _RESPONSE = 13194, 23194, 23195

CONNECT = timedelta(seconds=10)
PATIENCE_S = 90.0
"""For an answer: wallets find ways for a minute and more."""

REQUEST_LIVES_S = 60
"""Then a wallet that did not see the request is not to act on it."""

LOOKUP_S = 15.0

# What NIP-47 says of a payment that was not begun. The others may also be said of one that hangs.
_NOT_BEGUN = frozenset(
    {
        "RATE_LIMITED",
        "NOT_IMPLEMENTED",
        "INSUFFICIENT_BALANCE",
        "QUOTA_EXCEEDED",
        "RESTRICTED",
        "UNAUTHORIZED",
        "UNSUPPORTED_ENCRYPTION",
    }
)


class _Error(msgspec.Struct, frozen=True):
    code: str = "OTHER"
    message: str = ""


class _Answer(msgspec.Struct, frozen=True):
    result_type: str = ""
    error: _Error | None = None
    result: dict[str, Any] | None = None


class NwcPayer:
    """A `Payer` that asks a wallet by its connection string, which holds a secret: keep it out of logs.

    The fee of a way is the wallet's business; a budget that it has for this connection bounds it.

    Args:
        uri: `nostr+walletconnect://…`, or with the shorter scheme `nwc://`.

    Raises:
        WalletUnusable: It is no such thing.
    """

    name = "the wallet behind Nostr Wallet Connect"
    bounds_fees = False

    def __init__(self, uri: str) -> None:
        try:
            read = nostr.NostrWalletConnectUri.parse(SCHEMES[0] + uri.partition("://")[2])
        except nostr.NostrSdkError as error:
            # Without what it says: that may repeat the secret.
            raise WalletUnusable("The connection string of Nostr Wallet Connect cannot be read.") from error
        self._relays = read.relays()
        self._wallet = read.public_key()
        self._keys = nostr.Keys(read.secret())
        self._client: nostr.Client | None = None
        self._encryption = ""

    async def pay(self, bill: Bill) -> Receipt:
        """Ask the wallet to pay; where its answer leaves that open, look the payment up."""
        await self._connect()
        try:
            answer = await self._ask("pay_invoice", {"invoice": bill.invoice}, patience_s=PATIENCE_S)
        except TimeoutError:
            return await self._outcome(bill, "The wallet does not answer.")
        if answer.error is None:
            result = answer.result or {}
            return Receipt(
                preimage=proof(bill, result.get("preimage")),
                amount_msat=bill.amount_msat,
                fee_msat=result.get("fees_paid"),
            )
        said = f"The wallet did not pay: {answer.error.message or answer.error.code}"
        if answer.error.code in _NOT_BEGUN:
            raise NotPaid(said)
        return await self._outcome(bill, said)

    async def outcome(self, bill: Bill) -> Receipt:
        """Look a payment up; that the wallet does not find it is no proof."""
        await self._connect()
        return await self._outcome(bill, "The wallet does not say that it paid.")

    async def aclose(self) -> None:
        """Leave the relays."""
        if self._client is not None:
            await self._client.shutdown()
            self._client = None

    async def _connect(self) -> None:
        """Connect to the relays, and learn what the wallet can do."""
        if self._client is not None:
            return
        client = nostr.ClientBuilder().build()
        for relay in self._relays:
            await client.add_relay(relay)
        connected = await client.try_connect(CONNECT)
        if not connected.success:
            await client.shutdown()
            raise WalletUnusable("No relay of the wallet can be reached.")
        self._client = client
        info = nostr.Filter().kind(nostr.Kind(_INFO)).author(self._wallet).limit(1)
        found: list[nostr.Event] = []
        with contextlib.suppress(nostr.NostrSdkError):
            found = await client.fetch_events(nostr.ReqTarget.auto([info]), CONNECT)
        if found and "pay_invoice" not in found[0].content().split():
            raise WalletUnusable("The wallet lets nobody pay by this connection.")
        # Without a tag, or without an event, it is the older encryption (NIP-47).
        tags = [tag.to_vec() for tag in found[0].tags()] if found else []
        known = " ".join(tag[1] for tag in tags if tag[0] == "encryption" and len(tag) > 1)
        self._encryption = "nip44_v2" if "nip44_v2" in known.split() else "nip04"

    async def _outcome(self, bill: Bill, said: str) -> Receipt:
        try:
            answer = await self._ask(
                "lookup_invoice", {"payment_hash": bill.payment_hash.hex()}, patience_s=LOOKUP_S
            )
        except TimeoutError as error:
            raise OutcomeUnknown(said) from error
        found = answer.result or {}
        if found.get("preimage") or found.get("state") == "settled":
            return Receipt(
                preimage=proof(bill, found.get("preimage")),
                amount_msat=bill.amount_msat,
                fee_msat=found.get("fees_paid"),
            )
        # NOT_FOUND is no proof: it may be told of a payment that is only just under way.
        raise NotPaid(said) if found.get("state") == "failed" else OutcomeUnknown(said)

    async def _ask(self, method: str, params: dict[str, str], *, patience_s: float) -> _Answer:
        """Send one request, and wait for its answer.

        Raises:
            TimeoutError: None came.
        """
        assert self._client is not None
        request = self._request(method, params)
        answers = nostr.Filter().kind(nostr.Kind(_RESPONSE)).author(self._wallet).event(request.id())
        heard = self._client.notifications()
        subscribed = await self._client.subscribe(nostr.ReqTarget.auto([answers]))
        try:
            async with asyncio.timeout(patience_s):
                with contextlib.suppress(nostr.NostrSdkError):  # it may have got there nevertheless
                    await self._client.send_event(request)
                while (notification := await heard.next()) is not None:
                    if (
                        notification.is_new_event()
                        and (answer := self._read(notification.event, request)) is not None
                    ):
                        return answer
            raise TimeoutError
        finally:
            with contextlib.suppress(nostr.NostrSdkError):
                await self._client.unsubscribe(subscribed.id)

    def _request(self, method: str, params: dict[str, str]) -> nostr.Event:
        content = msgspec.json.encode({"method": method, "params": params}).decode()
        newer = self._encryption == "nip44_v2"
        encrypt = self._keys.nip44_encrypt if newer else self._keys.nip04_encrypt
        tags = [
            nostr.Tag.public_key(self._wallet),
            nostr.Tag.expiration(
                nostr.Timestamp.from_secs(nostr.Timestamp.now().as_secs() + REQUEST_LIVES_S)
            ),
        ]
        if newer:
            tags.append(nostr.Tag.custom("encryption", ["nip44_v2"]))
        builder = nostr.EventBuilder(nostr.Kind(_REQUEST), encrypt(self._wallet, content)).tags(tags)
        return builder.finalize(self._keys)

    def _read(self, event: nostr.Event, request: nostr.Event) -> _Answer | None:
        """Read an answer to a request of ours; None where it is something else."""
        named = [tag.to_vec() for tag in event.tags()]
        if ["e", request.id().to_hex()] not in [tag[:2] for tag in named]:
            return None
        if event.author() != self._wallet or event.kind().as_u16() != _RESPONSE:
            return None
        newer = self._encryption == "nip44_v2"
        decrypt = self._keys.nip44_decrypt if newer else self._keys.nip04_decrypt
        try:
            return msgspec.json.decode(decrypt(self._wallet, event.content()), type=_Answer)
        except (nostr.NostrSdkError, msgspec.DecodeError):
            return None
