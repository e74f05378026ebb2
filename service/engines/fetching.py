"""Fetches files from hosts on the internet for clients who name their addresses, and from nowhere else.

Strangers say what is fetched, so nothing that an answer says is believed: each redirect is judged like the first
address, each name is resolved once and connected to where it then led, a file is what its bytes are, and both its size
and its time have an end.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Collection
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx

from service.errors import FetchRefused
from service.runtime.guarded import Guard, guarded_client
from service.runtime.internet import Names, may_be_public
from service.runtime.shares import Shares
from service.studio.intake import Arrived, Intake, LibraryTerms
from service.studio.media import Kind

LONGEST_URL = 2000

MOST_REDIRECTS = 5

SILENCE_S = 10.0
"""Longest without a byte."""

SECONDS = {Kind.PICTURE: 30.0, Kind.SPEECH: 60.0, Kind.FILM: 300.0}
"""What fetching one may take in all."""

AT_ONCE_PER_ACCOUNT, AT_ONCE = 4, 64

HEADERS = {"User-Agent": "satspeak-fetch", "Accept": "*/*", "Accept-Encoding": "identity"}
"""Nothing is unpacked: a little that is packed can become any amount."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})


class HttpFetcher:
    """Fetches.

    Args:
        folder: Where files are meanwhile.
        terms: How large each kind may be; and whether any address will do, for trying it out.
    """

    def __init__(self, folder: Path, terms: LibraryTerms, *, seconds: dict[Kind, float] = SECONDS) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*.fetched"):  # by a program that was killed
            left.unlink()
        self._folder = folder
        self._terms = terms
        self._seconds = seconds
        self._names = Names(private=terms.media_private)
        self._client = guarded_client(Guard(self._names), timeout_s=SILENCE_S, connections=AT_ONCE)
        self._shares = Shares(per_client=AT_ONCE_PER_ACCOUNT, total=AT_ONCE, what="files fetched")

    @contextlib.asynccontextmanager
    async def fetch(
        self, url: str, wanted: Collection[Kind], *, client: str, field: str
    ) -> AsyncIterator[Arrived]:
        """Fetch a file; it is there until the context is left. Raises as `Fetcher.fetch` says."""
        longest_s = max(self._seconds[kind] for kind in wanted)
        with (
            self._shares.take_or_refuse(client),
            tempfile.NamedTemporaryFile(dir=self._folder, suffix=".fetched") as file,
        ):
            intake = Intake(file, self._terms, wanted, where=field)
            try:
                async with asyncio.timeout(longest_s):
                    await self._follow(url, intake, field)
            except TimeoutError as error:
                raise _refused(field, f"took longer than {longest_s:.0f} s") from error
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                raise _refused(field, f"cannot be fetched: {str(error) or type(error).__name__}") from error
            yield intake.finish()

    async def aclose(self) -> None:
        """Let go of all connections."""
        await self._client.aclose()
        self._names.close()

    async def _follow(self, url: str, intake: Intake, field: str) -> None:
        """Fetch what an address leads to, or what that leads to, so many times."""
        for _ in range(MOST_REDIRECTS + 1):
            self._check(url, field)
            async with self._client.stream("GET", url, headers=HEADERS) as answer:
                if answer.status_code not in REDIRECTS:
                    await _take(answer, intake, field)
                    return
                url = urljoin(url, answer.headers.get("Location", ""))
        raise _refused(field, f"leads on more than {MOST_REDIRECTS} times")

    def _check(self, url: str, field: str) -> None:
        """Judge an address by what it says; what its name leads to is judged where it is connected to."""
        try:
            place = urlsplit(url)
            port = place.port
            (place.hostname or "").encode("idna")
        except ValueError:
            place, port = urlsplit(""), None
        sane = len(url) <= LONGEST_URL and url.isascii() and url.isprintable() and " " not in url
        if (
            not sane
            or place.scheme not in ("http", "https")
            or not place.hostname
            or place.username is not None
        ):
            raise _refused(field, "is not the http:// or https:// address of a file, or leads to none")
        usual = port in (None, 80 if place.scheme == "http" else 443)
        if not self._terms.media_private and not (usual and may_be_public(place.hostname)):
            raise _refused(field, "does not lead to a host on the internet at its usual port")


async def _take(answer: httpx.Response, intake: Intake, field: str) -> None:
    """Take the file of an answer."""
    if answer.status_code != httpx.codes.OK:
        raise _refused(field, f"was answered with {answer.status_code}")
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _refused(field, "comes packed, which nobody asked for")
    said = answer.headers.get("Content-Length", "")
    if said.isdecimal() and int(said) > intake.most_bytes:
        raise intake.too_large()
    async for chunk in answer.aiter_raw():
        intake.write(chunk)


def _refused(field: str, why: str) -> FetchRefused:
    return FetchRefused(f"Field '{field}' {why}.", field=field)
