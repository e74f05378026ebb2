"""The client that keeps its thread while it waits. Made of `_async` by `generate`: change that."""

from collections.abc import Callable, Generator
from io import BufferedWriter
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import httpx
import msgspec

from satspeak.client import requests as sent
from satspeak.client._sync_io import Receipt, closing, pause, pay_once
from satspeak.client.errors import (
    RangeNotSatisfiable,
    SatspeakError,
    StreamBroken,
    TryLater,
    VideoInterrupted,
    VideoNotStarted,
)
from satspeak.client.models import (
    Account,
    Catalogue,
    Estimate,
    Inference,
    Options,
    Payment,
    Quote,
    Refund,
    TopUp,
    TopUpQuote,
    Voice,
)
from satspeak.payers.port import OpenPayer

T = TypeVar("T")

OnProgress = Callable[[int], None]
"""Told how many bytes of a video are in its file."""


class SyncClient:
    """One customer of one service, over one connection pool.

    Args:
        base_url: Where the service is.
        api_key: Of an account, for its videos, its balance and its top-ups.
        patience_s: For how long a request is tried again that was refused for now (429, 503: `Retry-After` is kept
            to), or that no answer came to. What could be done twice is sent with an `Idempotency-Key`. 0 tries once.

    Attributes:
        patience_s: The same; it may change.
    """

    def __init__(self, base_url: str, *, api_key: str | None = None, patience_s: float = 0) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=sent.TIMEOUT)
        # In a header of its own: a claim token may have the other one.
        self._key = {} if api_key is None else {"X-API-Key": api_key}
        self.patience_s = patience_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def base_url(self) -> str:
        """Where the service is."""
        return str(self._http.base_url)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def avatars(self) -> Catalogue:
        """List all that a wish can choose from: avatars, emotions, languages, voices."""
        return self._ask(sent.Request(method="GET", path="/avatars"), Catalogue)

    def voices(self) -> list[Voice]:
        """List who can speak.

        Raises:
            TryLater: No worker answers.
        """
        return self._ask(sent.Request(method="GET", path="/voices"), list[Voice])

    def estimate(self, text: str, **options: Options) -> Estimate:
        """Ask what a text would cost, without an invoice."""
        wish = {"text": text, **options}
        return self._ask(sent.Request(method="POST", path="/lightning/estimate", json=wish), Estimate)

    def quote_text(self, text: str, *, key: str | None = None, **options: Options) -> Quote:
        """Ask for the price of a text.

        Args:
            text: What is said.
            key: A UUID that names this wish: asked again with it, where the answer was lost, it is the same quote.
            options: See `Options`.

        Raises:
            ServiceRefused: The text or an option is not acceptable, or the service cannot sell now.
        """
        return self._ask(sent.quote_text(text, sent.new_key(key, self.patience_s), options), Quote)

    def quote_audio(self, wav: Path, *, key: str | None = None, **options: Options) -> Quote:
        """Ask for the price of a 16 kHz mono 16-bit WAV file, otherwise as `quote_text`."""
        return self._ask(sent.quote_audio(wav, sent.new_key(key, self.patience_s), options), Quote)

    def pay(self, quote: Quote | TopUpQuote, wallet: OpenPayer, *, max_sats: int | None = None) -> Receipt:
        """Have a wallet pay a quote.

        Args:
            quote: What is paid: exactly its price, or nothing.
            wallet: Opens a `satspeak.payers.Payer`, such as `lambda: open_payer("lnd", os.environ)`.
            max_sats: Most that may leave the wallet; without it the price and a usual fee.

        Raises:
            satspeak.payers.PaymentError: It was not paid, or that is not certain.
        """
        bound = quote.amount + max(quote.amount // 100, 10) if max_sats is None else max_sats
        return pay_once(wallet, quote.bolt11_invoice, max_sats=bound, agreed_sats=quote.amount)

    def payment(self, invoice: str, *, claim_token: str | None = None, wait_s: int = 0) -> Payment:
        """Look up the state of an invoice, or wait until a payment that is pending or held is something else."""
        return self._ask(
            sent.Request(
                method="GET",
                path=f"/lightning/payment/{invoice}",
                params={"wait": wait_s} if wait_s else None,
                headers=sent.claiming(claim_token),
            ),
            Payment,
        )

    def follow(self, invoice: str, *, claim_token: str | None = None) -> Generator[Payment]:
        """Yield the state of an invoice and its video, first as it is, then each other, until nothing changes.

        Raises:
            ServiceRefused: There is no such order of yours.
            Unreachable: The service is away for longer than the client has patience.
        """
        events = sent.Events()
        patience = sent.Patience(self.patience_s)
        path = f"/lightning/payment/{invoice}/events"
        while True:
            headers, told = {**sent.claiming(claim_token), **events.headers}, events.told
            try:
                with self._http.stream("GET", path, headers=headers) as answer:
                    _checked(answer)
                    if answer.status_code == httpx.codes.NO_CONTENT:  # there is no more
                        return
                    for line in answer.iter_lines():
                        if (payment := events.read(line)) is not None:
                            patience = sent.Patience(self.patience_s)
                            yield payment
                # It ended, or the service restarts: asked again it says which.
                if events.told == told:
                    pause(patience.pause_after(sent.silent(self._http.base_url)))
            except httpx.TransportError as error:
                pause(patience.pause_after(sent.lost(error, self._http.base_url)))
            except TryLater as error:
                pause(patience.pause_after(error))

    def video(
        self,
        invoice: str,
        *,
        avatar: str | None = None,
        emotion: str | None = None,
        language: str | None = None,
        claim_token: str | None = None,
    ) -> Generator[bytes]:
        """Yield the MP4 as it is rendered; waits for the payment as long as the service allows.

        Raises:
            ServiceRefused: The service answered with an error instead of a video.
            StreamBroken: Asking again continues the same video; `download` does it by itself.
        """
        choice = {"avatar": avatar, "emotion": emotion, "language": language}
        with closing(self._stream(sent.delivery(invoice, choice, claim_token))) as chunks:
            for chunk in chunks:
                yield chunk

    def download(
        self,
        invoice: str,
        file: Path,
        *,
        avatar: str | None = None,
        emotion: str | None = None,
        language: str | None = None,
        claim_token: str | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        """Write the MP4 to a file while it is rendered, through breaks of the line; waits for the payment.

        Until it is whole it stands beside, as `….part`, which players play already; one that an earlier download left
        there is gone on with (RFC 9110, section 14), so that no byte comes twice that the service can spare.

        Args:
            invoice: The order's, which no other download may have written to this file.
            file: Where the whole video will be; its folder exists.
            avatar: As in `video`, like the rest.
            emotion: How it looks.
            language: What it speaks.
            claim_token: Of a private order.
            on_progress: Told after each write.

        Raises:
            ServiceRefused: The service answered with an error instead of a video.
            StreamBroken: It broke and brought nothing new for longer than the client has patience.
        """
        choice = {"avatar": avatar, "emotion": emotion, "language": language}
        part = file.with_name(f"{file.name}.part")
        patience = sent.Patience(self.patience_s)
        begun = part.exists() and part.stat().st_size > 0
        with part.open("ab") as written:
            while True:
                had = written.tell()
                request = (
                    sent.rest(invoice, had, claim_token)
                    if begun
                    else sent.delivery(invoice, choice, claim_token)
                )
                try:
                    self._write(request, written, on_progress)
                    break
                except (VideoInterrupted, VideoNotStarted, RangeNotSatisfiable):
                    if not begun:
                        raise
                    begun = False  # a delivery goes on with it, from its first byte
                except TryLater as error:
                    pause(patience.pause_after(error))
                except httpx.TransportError as error:
                    written.flush()
                    begun = written.tell() > 0
                    if written.tell() > had:
                        patience = sent.Patience(self.patience_s)
                    pause(patience.pause_after(_broken(error, self._http.base_url, begun=begun)))
        part.replace(file)

    def refund(self, quote: Quote, *, preimage: str, invoice: str) -> Refund:
        """Ask for the money of a failed order; ask again with the same invoice while it is on its way.

        Args:
            quote: The order's.
            preimage: The proof of its payment, from the wallet that paid: 64 hex digits.
            invoice: One of your own, for at most what the payment's refund offers, or for no amount.

        Raises:
            RefundRefused: There is nothing to refund, or the invoice could not be paid.
            ServiceRefused: It is not for whoever asks.
        """
        claim = {
            "bolt11_invoice": quote.bolt11_invoice,
            "refund_token": quote.refund_token,
            "preimage": preimage,
            "refund_invoice": invoice,
        }
        return self._ask(sent.Request(method="POST", path="/lightning/refund", json=claim), Refund)

    def top_up(self, seconds: int) -> TopUpQuote:
        """Ask for the price of video time, for the account of our key, or for a new one.

        Raises:
            ServiceRefused: So much is not sold at once, the key is none, or the service cannot sell now.
        """
        return self._ask(
            sent.Request(
                method="POST",
                path="/lightning/top-up",
                json={"seconds": seconds},
                headers=self._key,
                repeatable=False,
            ),
            TopUpQuote,
        )

    def top_up_state(self, invoice: str) -> TopUp:
        """Look up what became of a top-up."""
        return self._ask(sent.Request(method="GET", path=f"/lightning/top-up/{invoice}"), TopUp)

    def account(self, page: str = "/account") -> Account:
        """Look up the balance of the account of our key, with its newest moves, or with those of another page.

        Raises:
            KeyRefused: The key is none, or is not good for that.
        """
        answer = self._answer(sent.Request(method="GET", path=page, headers=self._key))
        account = sent.decoded(answer, Account)
        following = answer.links.get("next", {}).get("url")
        return msgspec.structs.replace(account, next_page=following)

    def inference(
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
        key = sent.new_key(key, self.patience_s)
        return self._ask(
            sent.Request(
                method="POST",
                path="/inference",
                json=wish,
                headers={**self._key, **sent.named(key)},
                repeatable=key is not None,
            ),
            Inference,
        )

    def inference_stream(
        self, text: str, *, avatar: str, emotion: str, language: str = "en", key: str | None = None
    ) -> Generator[bytes]:
        """Yield the MP4 of a video of the account of our key as it is rendered, otherwise as `inference`.

        Raises:
            InsufficientCredits: The account has not so much video time.
            ServiceRefused: It cannot be made, or not now; it has cost nothing.
            StreamBroken: Asking again with the same `key` continues the same video.
        """
        wish = {"text": text, "avatar": avatar, "emotion": emotion, "language": language}
        request = sent.Request(
            method="POST",
            path="/inference",
            params={"stream": "true"},
            json=wish,
            headers={**self._key, **sent.named(key)},
            repeatable=key is not None,
        )
        with closing(self._stream(request)) as chunks:
            for chunk in chunks:
                yield chunk

    def captions(self, invoice: str, *, claim_token: str | None = None) -> str:
        """Return the captions of a bought video, as WebVTT."""
        answer = self._answer(
            sent.Request(
                method="GET",
                path=f"/lightning/video/{invoice}/captions.vtt",
                headers=sent.claiming(claim_token),
            )
        )
        return sent.accepted(answer).decode()

    def _write(self, request: sent.Request, written: BufferedWriter, on_progress: OnProgress | None) -> None:
        """Write what comes after what is there, or anew where it begins anew."""
        with self._http.stream(request.method, request.path, **request.arguments()) as answer:
            if sent.size_told(answer) == written.tell():
                return  # all of it was there
            _checked(answer)
            if not sent.is_part(answer):
                written.seek(0)
                written.truncate()
            for chunk in answer.iter_raw():
                written.write(chunk)
                if on_progress is not None:
                    on_progress(written.tell())

    def _ask(self, request: sent.Request, kind: type[T]) -> T:
        return sent.decoded(self._answer(request), kind)

    def _answer(self, request: sent.Request) -> httpx.Response:
        """Send a request until it is answered with something other than an error, as long as there is patience."""
        patience = sent.Patience(self.patience_s)
        while True:
            try:
                answer = self._http.request(request.method, request.path, **request.arguments())
                sent.accepted(answer)
            except httpx.TransportError as error:
                away = sent.lost(error, self._http.base_url)
                pause(patience.pause_after(away, repeatable=request.repeatable))
            except SatspeakError as error:
                pause(patience.pause_after(error))
            else:
                return answer

    def _stream(self, request: sent.Request) -> Generator[bytes]:
        """Yield an answer as it comes; the first of it may take as many tries as any request."""
        patience = sent.Patience(self.patience_s)
        begun = False
        while True:
            try:
                with self._http.stream(request.method, request.path, **request.arguments()) as answer:
                    _checked(answer)
                    for chunk in answer.iter_raw():
                        begun = True
                        yield chunk
                    return
            except httpx.TransportError as error:
                broken = _broken(error, self._http.base_url, begun=begun)
                if begun:
                    raise broken from error
                pause(patience.pause_after(broken, repeatable=request.repeatable))
            except TryLater as error:
                pause(patience.pause_after(error))


def _checked(answer: httpx.Response) -> None:
    """Raise what an answer refuses, before any of it is used."""
    if not answer.is_success:
        answer.read()
        sent.accepted(answer)


def _broken(error: httpx.TransportError, url: httpx.URL, *, begun: bool) -> SatspeakError:
    return StreamBroken(f"The video broke off: {error!r}.") if begun else sent.lost(error, url)
