"""Takes the bytes of a file as they come, however: what they are and how many is judged before they are kept."""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO

import msgspec

from service.errors import InvalidRequest
from service.runtime.section import NotNegative, PositiveInt, Section
from service.studio.media import NAMES, UPLOADED, Format, Kind
from service.studio.sniffing import HEAD_BYTES, sniff

MB = 1_000_000

CHUNK_BYTES = 1 << 18


class LibraryTerms(Section, frozen=True, kw_only=True):
    """What libraries take, and for how long."""

    picture_mb: PositiveInt = 20
    """Megabytes of one picture."""

    speech_mb: PositiveInt = 60
    """Megabytes of one recording; half an hour of WAV at 16 kHz."""

    film_mb: PositiveInt = 500
    """Megabytes of one film."""

    library_files_per_account: PositiveInt = 10_000
    """Files that the library of one account keeps."""

    library_mb_per_account: PositiveInt = 5000
    """Megabytes that one account may keep."""

    media_retention_days: NotNegative = 30
    """Days that what stands in a library is kept; 0 keeps it for ever."""

    media_private: bool = False
    """Whether files may be fetched from the service's own network, and from any port. For trying it out: whoever has a
    key could have the service ask any address that it can reach."""

    def most_bytes(self, kind: Kind) -> int:
        """Tell how large a medium may be."""
        return {Kind.PICTURE: self.picture_mb, Kind.SPEECH: self.speech_mb}.get(kind, self.film_mb) * MB

    def largest_bytes(self, kinds: Collection[Kind] = UPLOADED) -> int:
        """Tell how large any of some kinds may be."""
        return max(map(self.most_bytes, kinds))


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is all there, and may be kept. Its `path` is its own for as long as who received it says."""

    path: Path
    format: Format
    size: int
    digest: bytes  # SHA-256

    def chunks(self) -> Iterator[bytes]:
        """Read it in pieces."""
        with self.path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was made here, and may be kept."""

    content: bytes
    format: Format

    @property
    def size(self) -> int:
        """Bytes of it."""
        return len(self.content)

    @property
    def digest(self) -> bytes:
        """SHA-256 of it."""
        return hashlib.sha256(self.content).digest()

    def chunks(self) -> Iterator[bytes]:
        """Read it in pieces."""
        yield self.content


class Intake:
    """Writes what comes to a file, as long as it may still become something that is wanted.

    Args:
        file: Where it goes; its name is the path of what has arrived.
        terms: How large each kind may be.
        wanted: What it may be; one kind alone decides where a container may hold either.
        where: What is at fault, in a refusal: a field.
    """

    def __init__(self, file: IO[bytes], terms: LibraryTerms, wanted: Collection[Kind], *, where: str) -> None:
        self._file = file
        self._terms = terms
        self._wanted = wanted
        self._where = where
        self._only = next(iter(wanted)) if len(wanted) == 1 else None
        self._most: Mapping[Kind, int] = {kind: terms.most_bytes(kind) for kind in wanted}
        self._hash = hashlib.sha256()
        self._head = b""
        self._size = 0
        self._format: Format | None = None

    @property
    def most_bytes(self) -> int:
        """How large it may be, by what is known of it so far."""
        return self._most[self._format.kind] if self._format else max(self._most.values())

    def write(self, data: bytes | bytearray) -> int:
        """Take the next piece; how long it was, as a file does.

        Raises:
            InvalidRequest: It is nothing that is wanted, or larger than its kind may be.
        """
        self._size += len(data)
        if self._format is None:
            self._head += bytes(data[: HEAD_BYTES - len(self._head)])
            if len(self._head) == HEAD_BYTES:
                self._format = self._judge()
        if self._size > self.most_bytes:
            raise self.too_large()
        self._hash.update(data)
        self._file.write(data)
        return len(data)

    def too_large(self) -> InvalidRequest:
        """Say that it is larger than its kind may be."""
        what = self._format.kind.value if self._format else "file"
        return InvalidRequest(
            f"This {what} is too large: at most {self.most_bytes // MB:,} MB are taken.", field=self._where
        )

    def finish(self) -> Arrived:
        """Say what it is, now that all of it is there.

        Raises:
            InvalidRequest: It is nothing that is wanted, or larger than its kind may be.
        """
        if self._format is None:
            self._format = self._judge()
            if self._size > self.most_bytes:
                raise self.too_large()
        self._file.flush()
        return Arrived(
            path=Path(self._file.name), format=self._format, size=self._size, digest=self._hash.digest()
        )

    def _judge(self) -> Format:
        found = sniff(self._head, self._only)
        if found is None or found.kind not in self._wanted:
            wanted = " or ".join(NAMES[kind] for kind in self._wanted)
            raise InvalidRequest(
                f"By its bytes this is not {wanted}, whatever its name or its type says.", field=self._where
            )
        return found
