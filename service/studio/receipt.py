"""What was made here, as a file that a library can keep: judged by its bytes like what comes from outside."""

import contextlib
import tempfile
from collections.abc import Iterator

from service.errors import InvalidRequest, RenderFailed
from service.studio.intake import Arrived, Intake, LibraryTerms
from service.studio.media import Kind


@contextlib.contextmanager
def received(data: bytes, terms: LibraryTerms, kind: Kind) -> Iterator[Arrived]:
    """Give bytes that a worker made as a file, for as long as the context lasts.

    Raises:
        RenderFailed: They are not what was asked for.
    """
    with tempfile.NamedTemporaryFile() as file:
        intake = Intake(file, terms, (kind,), where="picture")
        try:
            intake.write(data)
            yield intake.finish()
        except InvalidRequest as error:
            raise RenderFailed(f"the worker made {len(data)} bytes: {error.detail}") from error
