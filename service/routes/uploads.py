"""Takes an uploaded file in constant memory: each piece goes to disk as it comes."""

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec
from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser

from service.errors import InvalidRequest
from service.routes.bodies import convert

T = TypeVar("T", bound=msgspec.Struct)

FILE_FIELD = "audio"

MAX_PARTS = 20
MAX_OPTION_BYTES = 1000


class Spool:
    """A folder for files on their way in. Each is gone when its request ends."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    @contextlib.asynccontextmanager
    async def receive(
        self, request: Request[Any, Any, Any], kind: type[T]
    ) -> "AsyncIterator[tuple[Path, T]]":
        """Read a form: its `audio` file, on disk, and its other fields.

        Raises:
            InvalidRequest: There is no file, or the form is broken.
        """
        media_type, parameters = request.content_type
        boundary = parameters.get("boundary", "")
        if media_type != "multipart/form-data" or not boundary:
            raise InvalidRequest("Audio file is required")
        with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".upload") as file:
            try:
                with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
                    options = await _parse(request, parser, file)
            except (MultipartError, UnicodeError) as error:
                raise InvalidRequest(
                    f"The form is broken: {error}. Send it as `curl -F audio=@speech.wav` does."
                ) from error
            file.flush()
            yield Path(file.name), convert(options, kind)


async def _parse(
    request: Request[Any, Any, Any], parser: PushMultipartParser, file: IO[bytes]
) -> dict[str, Any]:
    """Write the file part to `file`; return the other fields."""
    options: dict[str, bytes] = {}
    part: MultipartSegment | None = None
    has_file = False
    async for chunk in request.stream():
        for event in parser.parse(chunk):
            if isinstance(event, MultipartSegment):
                part = event
                if part.name == FILE_FIELD:
                    if has_file:
                        raise InvalidRequest("Only one audio file is taken.")
                    has_file = part.filename is not None
                else:
                    options[part.name] = b""
            elif event and part is not None:
                if part.name != FILE_FIELD:
                    options[part.name] += event
                    if len(options[part.name]) > MAX_OPTION_BYTES:
                        raise InvalidRequest(f"Field '{part.name[:40]}' is too long.")
                elif part.filename is not None:
                    file.write(event)
    if not has_file:
        raise InvalidRequest("Audio file is required")
    return {name: value.decode() for name, value in options.items()}
