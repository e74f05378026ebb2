"""An endpoint that speaks OpenAI's `POST {base}/images/generations`: hosted, or the operator's own.

Newer models answer with the picture, others with an address: that is followed where it is the endpoint's own, and else
only into the internet. What comes is bounded in size and time; whether it is a picture is seen by whoever decodes it.
"""

import asyncio
import base64
import binascii
import math
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx
import msgspec
import structlog

from service.engines.terms import ImagesTerms
from service.errors import FetchRefused, ServiceError
from service.studio.intake import LibraryTerms
from service.studio.media import Kind
from service.studio.media_port import Fetcher
from service.studio.script_port import EngineFailed

CONNECT_S = 5.0

PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

STEP_PX = 64
"""Sides are multiples of it where no sizes are set: models draw in such cells."""

ROOM_BYTES = 64_000
"""Of an answer beside its picture."""

log = structlog.get_logger()


class _Image(msgspec.Struct, frozen=True):
    b64_json: str | None = None
    url: str | None = None


class _Answer(msgspec.Struct, frozen=True):
    data: list[_Image] = []


class ImagesEndpoint:
    """One model of an endpoint.

    Args:
        client: The caller's, and closed by it.
        fetcher: Fetches what addresses elsewhere lead to.
        terms: Where it is.
        library: How large a picture may be.
    """

    def __init__(
        self, client: httpx.AsyncClient, fetcher: Fetcher, terms: ImagesTerms, library: LibraryTerms
    ) -> None:
        self._client = client
        self._fetcher = fetcher
        self._base = terms.images_url.rstrip("/")
        self._model = terms.images_model
        self._sizes = terms.sizes()
        self._headers = {"Authorization": f"Bearer {terms.images_key}"} if terms.images_key else {}
        self._longest_s = terms.images_timeout_s
        self._timeout = httpx.Timeout(terms.images_timeout_s, connect=CONNECT_S)
        self._most_bytes = library.most_bytes(Kind.PICTURE)

    @property
    def engine(self) -> str:
        """The name of its model."""
        return self._model

    async def paint(self, prompt: str, *, width: int, height: int) -> bytes:
        """Draw a prompt, in the size of the model that is nearest. Raises as `Painter` says."""
        asked_width, asked_height = nearest(self._sizes, width, height)
        request = {
            "model": self._model,
            "prompt": prompt,
            "size": f"{asked_width}x{asked_height}",
            "n": 1,
        }
        try:
            async with asyncio.timeout(self._longest_s):
                return await self._painted(request)
        except TimeoutError as error:
            raise EngineFailed(f"no picture after {self._longest_s:.0f} s", passing=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EngineFailed(type(error).__name__, passing=True) from error

    async def _painted(self, request: dict[str, object]) -> bytes:
        body = await self._read("POST", f"{self._base}/images/generations", json=request)
        try:
            answer = msgspec.json.decode(body, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _not_of_it() from error
        image = answer.data[0] if answer.data else _Image()
        if image.b64_json is not None:
            try:
                return base64.b64decode(image.b64_json, validate=True)
            except (binascii.Error, ValueError) as error:
                raise _not_of_it() from error
        if image.url is None:
            raise _not_of_it()
        if _origin(image.url) == _origin(self._base):
            return await self._read("GET", image.url)
        try:
            async with self._fetcher.fetch(
                image.url, (Kind.PICTURE,), client="images", field="url"
            ) as arrived:
                return await asyncio.to_thread(arrived.path.read_bytes)
        except ServiceError as error:
            raise EngineFailed(
                f"its picture: {error}", passing=not isinstance(error, FetchRefused)
            ) from error

    async def _read(self, method: str, url: str, *, json: object = None) -> bytes:
        """Read an answer, as far as one may go: a picture in base64 takes four bytes for three."""
        most = math.ceil(self._most_bytes / 3) * 4 + ROOM_BYTES
        body = bytearray()
        asked = self._client.build_request(
            method, url, json=json, headers=self._headers, timeout=self._timeout
        )
        answer = await self._client.send(asked, stream=True)
        try:
            if not answer.is_success:
                log.warning("images_refused", status=answer.status_code)
                status = answer.status_code
                raise EngineFailed(f"status {status}", passing=status in PASSING)
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > most:
                    raise EngineFailed("its answer has no end", passing=False)
        finally:
            await answer.aclose()
        return bytes(body)


def nearest(sizes: Sequence[tuple[int, int]], width: int, height: int) -> tuple[int, int]:
    """Choose what to ask for: of least loss by its shape, and of these the smallest that is large enough.

    Args:
        sizes: That the model draws, width and height; none: any of `STEP_PX`.
        width: That is wanted.
        height: That is wanted.
    """
    if not sizes:
        return -(-width // STEP_PX) * STEP_PX, -(-height // STEP_PX) * STEP_PX

    def loss(size: tuple[int, int]) -> tuple[float, bool, int]:
        cut = abs(math.log(size[0] / size[1]) - math.log(width / height))
        too_small = size[0] < width or size[1] < height
        area = size[0] * size[1]
        return round(cut, 6), too_small, -area if too_small else area

    return min(sizes, key=loss)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Tell whose an address is; of what is none, nobody's."""
    try:
        place = urlsplit(url)
        port = place.port
    except ValueError:
        return "", None, None
    return place.scheme, place.hostname, port or {"http": 80, "https": 443}.get(place.scheme)


def _not_of_it() -> EngineFailed:
    return EngineFailed("its answer is not of this protocol", passing=False)
