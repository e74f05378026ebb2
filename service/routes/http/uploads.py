"""Takes an uploaded file in constant memory: each piece goes to disk as it comes."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser  # type: ignore[import-untyped]  # it has no types

from service.errors import InvalidRequest
from service.routes.http.bodies import convert
from service.routes.http.limiting import client
from service.runtime.shares import Shares

T = TypeVar("T", bound=msgspec.Struct)

FILE_FIELD = "audio"

JSON_FIELD = "stage"

MAX_PARTS = 20
MAX_OPTION_BYTES = 1000


class Spool:
    """A folder for files on their way in. Each is gone when its request ends.

    Args:
        folder: Where they are.
        incoming: How many bytes there may be.
        largest_bytes: The largest body that is taken.
    """

    def __init__(self, folder: Path, incoming: Shares, *, largest_bytes: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*.upload"):  # by a program that was killed
            left.unlink()
        self._folder = folder
        self._incoming = incoming
        self._largest_bytes = largest_bytes

    @contextlib.asynccontextmanager
    async def receive(
        self, request: Request[Any, Any, Any], kind: type[T]
    ) -> "AsyncIterator[tuple[Path, T]]":
        """Read a form: its `audio` file, or its only file whatever its name, on disk, and its other fields.

        Raises:
            InvalidRequest: There is no file, or the form is broken.
            TooManyRequests: The client sends too much at once.
            Unavailable: All clients together do.
        """
        media_type, parameters = request.content_type
        boundary = parameters.get("boundary", "")
        if media_type != "multipart/form-data" or not boundary:
            raise InvalidRequest("Audio file is required", field=FILE_FIELD)
        with (
            self._incoming.take_or_refuse(client(request), self._size(request)),
            tempfile.NamedTemporaryFile(dir=self._folder, suffix=".upload") as file,
        ):
            try:
                with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
                    options = await parse_form(request, parser, file)
            except (MultipartError, UnicodeError) as error:
                raise InvalidRequest(
                    f"The form is broken: {error}. Send it as `curl -F audio=@speech.wav` does."
                ) from error
            file.flush()
            yield Path(file.name), convert(_nested(options), kind, strict=False)

    def _size(self, request: Request[Any, Any, Any]) -> int:
        """Tell how large a body may become: as it says, else as large as any."""
        said = request.headers.get("Content-Length", "")
        return min(int(said), self._largest_bytes) if said.isdecimal() else self._largest_bytes


class Taking(Protocol):
    """Takes a file piece by piece."""

    def write(self, data: bytes | bytearray, /) -> object:
        """Take the next piece."""
        ...


async def parse_form(
    request: Request[Any, Any, Any], parser: PushMultipartParser, file: Taking, *, field: str = FILE_FIELD
) -> dict[str, Any]:
    """Write the file part to `file`; return the other fields.

    Raises:
        InvalidRequest: There is no file, or more than one, or a field is too long.
    """
    form = _Form(file, field)
    async for chunk in request.stream():
        for event in parser.parse(chunk):
            if isinstance(event, MultipartSegment):
                form.begin(event.name, is_file=event.filename is not None)
            elif event:
                form.take(event)
    if not form.has_file:
        missing = "Audio file is required" if field == FILE_FIELD else f"The form has no '{field}'."
        raise InvalidRequest(missing, field=field)
    return {name: bytes(value).decode() for name, value in form.options.items()}


def _nested(options: dict[str, Any]) -> dict[str, Any]:
    """Read the field of a form that has fields of its own: it comes as JSON."""
    text = options.get(JSON_FIELD)
    if text is None:
        return options
    try:
        return {**options, JSON_FIELD: msgspec.json.decode(text) if text else None}
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"Field '{JSON_FIELD}' is no JSON: {error}.", field=JSON_FIELD) from error


class _Form:
    """Sorts the parts of a form: the one file to where it goes, short texts into memory.

    Many programs call every file `file` or `data`, so a file of any name is taken, if it is the only one.
    """

    def __init__(self, file: Taking, field: str) -> None:
        self.options: dict[str, bytearray] = {}
        self.has_file = False
        self._file = file
        self._field = field
        self._take_part: Callable[[bytes | bytearray], object] = self._file.write

    def begin(self, name: str, *, is_file: bool) -> None:
        if is_file and self.has_file:
            what = "audio file" if self._field == FILE_FIELD else "file"
            raise InvalidRequest(f"Only one {what} is taken.", field=self._field)
        if is_file:
            self.has_file = True
            self._take_part = self._file.write
        elif name == self._field:
            self._take_part = lambda _: None
        else:
            option = self.options[name] = bytearray()
            self._take_part = lambda data: self._extend(name, option, data)

    def take(self, data: bytes | bytearray) -> None:
        self._take_part(data)

    @staticmethod
    def _extend(name: str, option: bytearray, data: bytes | bytearray) -> None:
        option += data
        if len(option) > MAX_OPTION_BYTES:
            raise InvalidRequest(f"Field '{name[:40]}' is too long.", field=name[:40])
