"""A small client of the public API: what the demo and the benchmarks buy with.

It knows the HTTP contract and nothing of how it is kept; any wallet may pay the invoice that it returns.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

# A render may take longer than any one read; the service itself ends a wait for payment.
_TIMEOUT = httpx.Timeout(30.0, read=180.0)

Options = str | bool
"""What a wish may say beside its text or recording: avatar, emotion, language, voice, which bind, private, hold."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What the service says of an error (RFC 9457); other members are left out."""

    type: str = "about:blank"
    title: str = ""
    detail: str = ""


class ServiceRefused(Exception):
    """The service answered with an error.

    Attributes:
        status: The HTTP status.
        problem: What the service says of it; `problem.type` tells which error it is.
        retry_after_s: When the same request may work, where the service says so.
        details: What a program can do about it, where the service says so.
    """

    def __init__(
        self,
        status: int,
        problem: Problem,
        retry_after_s: int | None = None,
        *,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status}: {problem.detail}")
        self.status = status
        self.problem = problem
        self.retry_after_s = retry_after_s
        self.details = details or {}

    @property
    def detail(self) -> str:
        """The service's own explanation."""
        return self.problem.detail


class TryLater(ServiceRefused):
    """The same request may work later: the service is busy, or asked too often."""


class InsufficientCredits(ServiceRefused):
    """The account has not so much video time."""

    @property
    def missing_s(self) -> int:
        """Seconds that a top-up has to bring."""
        return int(self.details["missing_seconds"])


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a video would cost now; `duration` in seconds, `amount` in satoshis."""

    duration: float
    amount: int
    amount_usd: float


class Quote(Estimate, frozen=True, kw_only=True):
    """What a video costs until the invoice expires. Keep it: its tokens are told only here."""

    bolt11_invoice: str
    expires_at: str
    refund_token: str
    claim_token: str | None = None  # opens a private order, with its invoice


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the video of an order is rendered."""

    state: str
    frames: int
    seconds: float


class RefundOffer(msgspec.Struct, frozen=True, kw_only=True):
    """The money of a failed order: `state` is offered, owed, paying, refunded or failed."""

    state: str
    amount_msat: int


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one invoice: `status` is pending, paid, expired or refunded; or held or canceled."""

    invoice: str
    amount_sat: int
    amount_usd: float
    status: str
    created_at: str
    paid_at: str | None
    video: Progress
    refund: RefundOffer | None = None


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """How far money is on its way back: `status` as the state of an offer, `preimage` the proof once it was paid."""

    status: str
    amount_msat: int
    preimage: str | None


class TopUpQuote(msgspec.Struct, frozen=True, kw_only=True):
    """What video time costs until the invoice expires; `duration` in seconds. Keep `api_key`: it is told only here."""

    duration: float
    bolt11_invoice: str
    amount: int
    amount_usd: float
    expires_at: str
    account_id: int
    api_key: str | None  # of an account that was made for it; worth nothing until the invoice is paid


class TopUp(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a top-up: `status` is pending, paid or expired."""

    invoice: str
    seconds: float
    amount_sat: int
    amount_usd: float
    status: str
    created_at: str
    paid_at: str | None


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One move of video time: `move` is top-up, grant, reserve, settle or release."""

    id: int
    move: str
    ms: int
    ref: str
    at: str


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What was used on a day, UTC; `credits` in whole seconds."""

    day: str
    used_ms: int
    credits: int


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A balance of video time. `next_page` leads to older moves; None on the last page."""

    account_id: int
    name: str | None
    unlimited: bool
    credits: int
    free_ms: int
    reserved_ms: int
    used_ms: int
    granted_ms: int
    usage: list[Day]
    ledger: list[Move]
    next_page: str | None = None


class Inference(msgspec.Struct, frozen=True, kw_only=True):
    """A video of an account: `status` is success, or delayed where it is made once one of its addresses is opened.

    Whoever has one of the addresses sees it, without a key. `credits_consumed` is in whole seconds.
    """

    id: str
    status: str
    text: str
    created_at: str
    language: str
    credits_consumed: int
    avatar: str
    emotion: str
    file_size_bytes: int | None
    inference_duration_ms: int | None
    video_duration_seconds: float | None
    html_url: str
    mp4_url: str
    captions_url: str


class Client:
    """One customer of one service, over one connection pool.

    Args:
        base_url: Where the service is.
        api_key: Of an account, for its videos, its balance and its top-ups.
    """

    def __init__(self, base_url: str, *, api_key: str | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=_TIMEOUT)
        # In a header of its own: a claim token may have the other one.
        self._key = {} if api_key is None else {"X-API-Key": api_key}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def estimate(self, text: str, **options: Options) -> Estimate:
        """Ask what a text would cost, without an invoice."""
        answer = await self._http.post("/lightning/estimate", json={"text": text, **options})
        return msgspec.json.decode(_accepted(answer), type=Estimate)

    async def quote_text(self, text: str, *, key: str | None = None, **options: Options) -> Quote:
        """Ask for the price of a text.

        Args:
            text: What is said.
            key: A UUID that names this wish: asked again with it, where the answer was lost, it is the same quote.
            options: See `Options`.

        Raises:
            ServiceRefused: The text or an option is not acceptable, or the service cannot sell now.
        """
        answer = await self._http.post(
            "/lightning/request-video/text", json={"text": text, **options}, headers=_named(key)
        )
        return msgspec.json.decode(_accepted(answer), type=Quote)

    async def quote_audio(self, wav: Path, *, key: str | None = None, **options: Options) -> Quote:
        """Ask for the price of a 16 kHz mono 16-bit WAV file, otherwise as `quote_text`."""
        with wav.open("rb") as file:
            answer = await self._http.post(
                "/lightning/request-video/audio", files={"audio": file}, data=options, headers=_named(key)
            )
        return msgspec.json.decode(_accepted(answer), type=Quote)

    async def payment(self, invoice: str, *, claim_token: str | None = None, wait_s: int = 0) -> Payment:
        """Look up the state of an invoice, or wait until a payment that is pending or held is something else."""
        answer = await self._http.get(
            f"/lightning/payment/{invoice}",
            params={"wait": wait_s} if wait_s else None,
            headers=_claiming(claim_token),
        )
        return msgspec.json.decode(_accepted(answer), type=Payment)

    async def video(
        self,
        invoice: str,
        *,
        avatar: str | None = None,
        emotion: str | None = None,
        language: str | None = None,
        claim_token: str | None = None,
    ) -> AsyncIterator[bytes]:
        """Yield the MP4 as it is rendered; waits for the payment as long as the service allows.

        Raises:
            ServiceRefused: The service answered with an error instead of a video.
            httpx.RemoteProtocolError: The stream broke; asking again continues the same video.
        """
        wish = {"avatar": avatar, "emotion": emotion, "language": language}
        order: dict[str, Any] = {name: value for name, value in wish.items() if value is not None}
        order["bolt11_invoice"] = invoice
        async with self._http.stream(
            "POST", "/lightning/generate-video", json=order, headers=_claiming(claim_token)
        ) as answer:
            if answer.is_error:
                await answer.aread()
                _accepted(answer)
            async for chunk in answer.aiter_raw():
                yield chunk

    async def refund(self, quote: Quote, *, preimage: str, invoice: str) -> Refund:
        """Ask for the money of a failed order; ask again with the same invoice while it is on its way.

        Args:
            quote: The order's.
            preimage: The proof of its payment, from the wallet that paid: 64 hex digits.
            invoice: One of your own, for at most what the payment's refund offers, or for no amount.

        Raises:
            ServiceRefused: There is nothing to refund, or not to whoever asks.
        """
        claim = {"refund_token": quote.refund_token, "preimage": preimage, "refund_invoice": invoice}
        answer = await self._http.post(
            "/lightning/refund", json={"bolt11_invoice": quote.bolt11_invoice, **claim}
        )
        return msgspec.json.decode(_accepted(answer), type=Refund)

    async def top_up(self, seconds: int) -> TopUpQuote:
        """Ask for the price of video time, for the account of our key, or for a new one.

        Raises:
            ServiceRefused: So much is not sold at once, the key is none, or the service cannot sell now.
        """
        answer = await self._http.post("/lightning/top-up", json={"seconds": seconds}, headers=self._key)
        return msgspec.json.decode(_accepted(answer), type=TopUpQuote)

    async def top_up_state(self, invoice: str) -> TopUp:
        """Look up what became of a top-up."""
        answer = await self._http.get(f"/lightning/top-up/{invoice}")
        return msgspec.json.decode(_accepted(answer), type=TopUp)

    async def account(self, page: str = "/account") -> Account:
        """Look up the balance of the account of our key, with its newest moves, or with those of another page.

        Raises:
            ServiceRefused: The key is none, or is not good for that.
        """
        answer = await self._http.get(page, headers=self._key)
        account = msgspec.json.decode(_accepted(answer), type=Account)
        following = answer.links.get("next", {}).get("url")
        return msgspec.structs.replace(account, next_page=following)

    async def inference(
        self,
        text: str,
        *,
        avatar: str,
        emotion: str,
        language: str = "en",
        delayed: bool = False,
        key: str | None = None,
    ) -> Inference:
        """Have a video made from the video time of our key's account; wait until it is whole, unless it is delayed.

        Args:
            text: What is said.
            avatar: Who says it.
            emotion: How it looks.
            language: What the text is spoken in.
            delayed: It is made, and paid for, when somebody opens one of its addresses.
            key: A UUID that names this wish: asked again with it, where the answer was lost, it is the same video.

        Raises:
            InsufficientCredits: The account has not so much video time.
            ServiceRefused: It cannot be made, or not now; it has cost nothing.
        """
        wish = {"text": text, "avatar": avatar, "emotion": emotion, "language": language, "delayed": delayed}
        answer = await self._http.post("/inference", json=wish, headers={**self._key, **_named(key)})
        return msgspec.json.decode(_accepted(answer), type=Inference)

    async def inference_stream(
        self, text: str, *, avatar: str, emotion: str, language: str = "en", key: str | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the MP4 of a video of the account of our key as it is rendered, otherwise as `inference`.

        Raises:
            InsufficientCredits: The account has not so much video time.
            ServiceRefused: It cannot be made, or not now; it has cost nothing.
            httpx.RemoteProtocolError: The stream broke; asking again with the same `key` continues the same video.
        """
        wish = {"text": text, "avatar": avatar, "emotion": emotion, "language": language}
        async with self._http.stream(
            "POST", "/inference?stream=true", json=wish, headers={**self._key, **_named(key)}
        ) as answer:
            if answer.is_error:
                await answer.aread()
                _accepted(answer)
            async for chunk in answer.aiter_raw():
                yield chunk

    async def captions(self, invoice: str, *, claim_token: str | None = None) -> str:
        """Return the captions of a bought video, as WebVTT."""
        answer = await self._http.get(
            f"/lightning/video/{invoice}/captions.vtt", headers=_claiming(claim_token)
        )
        return _accepted(answer).decode()


def _named(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Idempotency-Key": key}


def _claiming(token: str | None) -> dict[str, str]:
    """Show a claim token in a header: addresses are kept in histories and logs."""
    return {} if token is None else {"Authorization": f"Bearer {token}"}


def _accepted(answer: httpx.Response) -> bytes:
    if not answer.is_error:
        return answer.content
    details: dict[str, Any] | None = None
    try:
        said = msgspec.json.decode(answer.content, type=dict[str, Any])
        details = said.get("details")
        if "error_code" in said:  # what takes a key refuses in the source API's form
            said = {"title": said["error_code"], "detail": said.get("message", "")}
        problem = msgspec.convert(said, Problem)
    except (msgspec.DecodeError, msgspec.ValidationError):  # not the service but something in front of it
        problem = Problem(detail=answer.text[:200] or answer.reason_phrase)
    retry_after = answer.headers.get("Retry-After", "")
    if retry_after.isdecimal():
        raise TryLater(answer.status_code, problem, int(retry_after))
    if problem.title == "INSUFFICIENT_CREDITS":
        raise InsufficientCredits(answer.status_code, problem, details=details)
    raise ServiceRefused(answer.status_code, problem, details=details)
