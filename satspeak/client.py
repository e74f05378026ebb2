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


class ServiceRefused(Exception):
    """The service answered with an error; `detail` is its own explanation."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What a video will cost; `duration` in seconds, `amount` in satoshis."""

    duration: float
    bolt11_invoice: str
    amount: int
    amount_usd: float
    expires_at: str
    refund_token: str


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far the video of an order is rendered."""

    state: str
    frames: int
    seconds: float


class Payment(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one invoice: `status` is pending, paid, expired or refunded; or held or canceled."""

    invoice: str
    amount_sat: int
    amount_usd: float
    status: str
    created_at: str
    paid_at: str | None
    video: Progress


class Client:
    """One customer of one service, over one connection pool."""

    def __init__(self, base_url: str) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=_TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def quote_text(self, text: str, **options: str | bool) -> Quote:
        """Ask for the price of a text; `options` are avatar, emotion, language, voice, which bind, and hold.

        Raises:
            ServiceRefused: the text or an option is not acceptable, or the service cannot sell now.
        """
        answer = await self._http.post("/lightning/request-video/text", json={"text": text, **options})
        return msgspec.json.decode(_accepted(answer), type=Quote)

    async def quote_audio(self, wav: Path, **options: str | bool) -> Quote:
        """Ask for the price of a 16 kHz mono 16-bit WAV file."""
        with wav.open("rb") as file:
            answer = await self._http.post(
                "/lightning/request-video/audio", files={"audio": file}, data=options
            )
        return msgspec.json.decode(_accepted(answer), type=Quote)

    async def payment(self, invoice: str) -> Payment:
        """Look up the state of an invoice."""
        answer = await self._http.get(f"/lightning/payment/{invoice}")
        return msgspec.json.decode(_accepted(answer), type=Payment)

    async def video(
        self, invoice: str, *, avatar: str, emotion: str, language: str | None = None
    ) -> AsyncIterator[bytes]:
        """Yield the MP4 as it is rendered; waits for the payment as long as the service allows.

        Raises:
            ServiceRefused: the service answered with an error instead of a video.
            httpx.RemoteProtocolError: the stream broke; asking again continues the same video.
        """
        order: dict[str, Any] = {"bolt11_invoice": invoice, "avatar": avatar, "emotion": emotion}
        if language is not None:
            order["language"] = language
        async with self._http.stream("POST", "/lightning/generate-video", json=order) as answer:
            if answer.is_error:
                await answer.aread()
                _accepted(answer)
            async for chunk in answer.aiter_raw():
                yield chunk


def _accepted(answer: httpx.Response) -> bytes:
    if answer.is_error:
        try:
            detail = str(answer.json()["detail"])
        except (ValueError, KeyError, TypeError):
            detail = answer.text[:200] or answer.reason_phrase
        raise ServiceRefused(answer.status_code, detail)
    return answer.content
