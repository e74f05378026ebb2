"""A voice behind HTTP: an endpoint that speaks OpenAI's `POST {base}/audio/speech`, hosted or the operator's own.

The answer is decoded while it comes, whatever sound format it has, so that the first words are rendered while the rest
is still being spoken.
"""

import time
from collections.abc import Iterator
from typing import Literal

import av
import av.error
import httpx
import numpy as np
import structlog
from numpy.typing import NDArray

from worker.speech.errors import SynthesisFailed
from worker.speech.port import SAMPLE_RATE
from worker.speech.reference import Reference

log = structlog.get_logger()

Format = Literal["pcm", "wav", "flac", "mp3", "opus", "aac"]

_CONNECT_S = 5.0
_RETRY_AFTER_S = 1.0
_LONGEST_RETRY_S = 5.0
_LONGEST_S = 60  # of sound, for a stretch of ten seconds: what goes on longer has lost its way
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_PROBE = {
    "probesize": "4096",
    "analyzeduration": "0",
}  # lest the decoder reads megabytes before its first sample


class _Failed(SynthesisFailed):
    """The endpoint did not speak; `retry_after_s` is None where asking again would not help."""

    def __init__(self, message: str, retry_after_s: float | None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class EndpointVoice:
    """One voice of an endpoint. Safe to use from several threads.

    Args:
        client: the caller's, and closed by it.
        url: the base, such as http://127.0.0.1:8880/v1.
        model: as the endpoint names it.
        voice: as the endpoint names it; None where a recording tells.
        reference: whom it is to sound like, sent with each text as `ref_audio` and `ref_text`: as vLLM-Omni and other
            servers of zero-shot voices extend that protocol.
        api_key: sent as a bearer token.
        response_format: what to ask for; "pcm" starts soonest.
        pcm_rate: hertz of "pcm", which does not tell; OpenAI's is 24,000.
        speed: 1 is the voice's own pace.
        timeout_s: without a byte for so long, it has failed.
    """

    def __init__(
        self,
        client: httpx.Client,
        *,
        url: str,
        model: str,
        voice: str | None,
        reference: Reference | None = None,
        api_key: str | None = None,
        response_format: Format = "pcm",
        pcm_rate: int = SAMPLE_RATE,
        speed: float = 1.0,
        timeout_s: float = 20.0,
    ) -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/audio/speech"
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = httpx.Timeout(timeout_s, connect=_CONNECT_S)
        self._request = {"model": model, "response_format": response_format}
        if voice is not None:
            self._request["voice"] = voice
        if reference is not None:
            self._request["ref_audio"] = reference.data_url()
            if reference.words:
                self._request["ref_text"] = reference.words
        self._speed = speed
        self._pcm_rate = pcm_rate

    def utter(self, text: str, *, speed: float = 1.0) -> Iterator[NDArray[np.float32]]:
        """Say a text; see `Engine.utter`.

        Asked a second time where the failure may pass and nothing was heard yet.
        """
        heard = False
        for is_last in (False, True):
            try:
                for samples in self._utter_once(text, speed):
                    heard = True
                    yield samples
            except _Failed as exc:
                if heard or is_last or exc.retry_after_s is None:
                    raise
                log.info("speech endpoint is asked again", url=self._url, reason=str(exc))
                time.sleep(exc.retry_after_s)  # in a thread of its own, and never for long
            else:
                return

    def _utter_once(self, text: str, speed: float) -> Iterator[NDArray[np.float32]]:
        try:
            with self._client.stream(
                "POST",
                self._url,
                json={**self._request, "input": text, "speed": self._speed * speed},
                headers=self._headers,
                timeout=self._timeout,
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise self._refusal(response, text)
                yield from self._decoded(response)
        except httpx.HTTPError as exc:
            # Its message holds addresses and seconds, never the text.
            raise _Failed(f"{self._url}: {type(exc).__name__} {exc}".rstrip(), _RETRY_AFTER_S) from exc

    def _decoded(self, response: httpx.Response) -> Iterator[NDArray[np.float32]]:
        body = _Body(response.iter_bytes())
        if not body.first:
            return
        is_raw = self._request["response_format"] == "pcm" and body.first[:4] != b"RIFF"
        options = {"sample_rate": str(self._pcm_rate), "ch_layout": "mono"} if is_raw else {}
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        samples = 0
        try:
            with av.open(
                body, "r", buffer_size=4096, format="s16le" if is_raw else None, options=_PROBE | options
            ) as sound:
                for frame in sound.decode(audio=0):
                    for resampled in resampler.resample(frame):
                        yield resampled.to_ndarray()[0]
                        samples += resampled.samples
                    if samples > _LONGEST_S * SAMPLE_RATE:
                        raise _Failed(f"{self._url}: more than {_LONGEST_S} s of sound for a sentence", None)
            for resampled in resampler.resample(None):
                yield resampled.to_ndarray()[0]
        except (av.error.FFmpegError, IndexError) as exc:
            kind = response.headers.get("content-type", "without a type")
            raise _Failed(f"{self._url}: its answer, {kind}, is no sound that can be decoded", None) from exc

    def _refusal(self, response: httpx.Response, text: str) -> _Failed:
        """Say what it answered, unless that repeats what the buyer wrote."""
        response.read()
        try:
            reason = str(response.json()["error"]["message"])
        except (ValueError, KeyError, TypeError):
            reason = response.reason_phrase
        if text in reason:
            reason = response.reason_phrase
        retry_after_s = None
        if response.status_code in _PASSING:
            told = response.headers.get("retry-after", "")
            retry_after_s = min(float(told) if told.isdecimal() else _RETRY_AFTER_S, _LONGEST_RETRY_S)
        return _Failed(f"{self._url}: HTTP {response.status_code}, {reason[:200]}", retry_after_s)


class _Body:
    """The body as a file, read as it comes."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.first = self._left = next(chunks, b"")

    def read(self, size: int) -> bytes:
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._left = chunk
        data, self._left = self._left[:size], self._left[size:]
        return data
