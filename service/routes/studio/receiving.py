"""Takes files for libraries in constant memory: what is too large or nothing of ours is refused as it comes."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Collection, Iterator
from pathlib import Path
from typing import Any

import msgspec
from litestar import Request
from multipart import MultipartError, PushMultipartParser  # type: ignore[import-untyped]  # it has no types

from service.errors import InvalidRequest
from service.routes.http.bodies import convert
from service.routes.http.limiting import client
from service.routes.http.uploads import MAX_PARTS, parse_form
from service.runtime.shares import Shares
from service.studio.intake import Arrived, Intake, LibraryTerms
from service.studio.media import Kind

FIELD = "file"

FORM_SLACK_BYTES = 16_384
"""What a form has beside its file."""


class _NoMore(msgspec.Struct, frozen=True):
    """The fields of a form beside its file."""


class MediaIntake:
    """A folder for files on their way in. Each is gone when its request ends.

    Args:
        folder: Where they are.
        incoming: How many bytes there may be.
        terms: How large each kind may be.
    """

    def __init__(self, folder: Path, incoming: Shares, terms: LibraryTerms) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*.medium"):  # by a program that was killed
            left.unlink()
        self._folder = folder
        self._incoming = incoming
        self._terms = terms

    @contextlib.contextmanager
    def admit(self, request: Request[Any, Any, Any], wanted: Collection[Kind]) -> Iterator[int]:
        """Take room for a body, before anything of it is waited for; how large it may become.

        Raises:
            TooManyRequests: The client sends too much at once.
            Unavailable: All clients together do.
            InvalidRequest: It says itself that it is too large.
        """
        largest = self._terms.largest_bytes(wanted) + FORM_SLACK_BYTES
        said = request.headers.get("Content-Length", "")
        if said.isdecimal() and int(said) > largest:
            raise InvalidRequest(f"This is too large: at most {largest:,} bytes are taken.", field=FIELD)
        size = int(said) if said.isdecimal() else largest
        with self._incoming.take_or_refuse(client(request), size):
            yield int(said) if said.isdecimal() else 0

    @contextlib.asynccontextmanager
    async def receive(
        self, request: Request[Any, Any, Any], wanted: Collection[Kind]
    ) -> AsyncIterator[Arrived]:
        """Read a body, which is a file or a form with one.

        Raises:
            InvalidRequest: It is nothing that is wanted, too large, or the form is broken.
        """
        media_type, parameters = request.content_type
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".medium") as file:
            intake = Intake(file, self._terms, wanted, where=FIELD)
            if media_type == "multipart/form-data":
                await _read_form(request, parameters.get("boundary", ""), intake)
            else:
                async for chunk in request.stream():
                    intake.write(chunk)
            yield intake.finish()


async def _read_form(request: Request[Any, Any, Any], boundary: str, intake: Intake) -> None:
    if not boundary:
        raise InvalidRequest(f"The form has no '{FIELD}'.", field=FIELD)
    try:
        with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
            options = await parse_form(request, parser, intake, field=FIELD)
    except (MultipartError, UnicodeError) as error:
        raise InvalidRequest(
            f"The form is broken: {error}. Send it as `curl -F file=@face.png` does."
        ) from error
    convert(options, _NoMore)
