"""Takes renders in: reads the request, keeps to the limits, and hands the records on as bytes."""

import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from typing import BinaryIO, cast

import structlog

from worker.admission import Admission, Gone
from worker.errors import MalformedRequest, Unrenderable
from worker.orders import frames_to_render
from worker.pipeline import Renderer
from worker.records import (
    EndRecord,
    Record,
    RecordError,
    RecordReader,
    RenderRequest,
    SegmentRecord,
    encode_record,
)
from worker.speech import NothingToSpeak

log = structlog.get_logger()

MAX_REQUEST_BYTES = 1 << 20
"""Of the record, without the PCM: a long text."""

_SPOOL_BYTES = 1 << 20  # PCM beyond it goes to a temporary file


class Intake:
    """Where renders come in.

    Args:
        renderer: does the work.
        admission: says whose turn it is.
        max_pcm_bytes: that a request may bring.
    """

    def __init__(self, renderer: Renderer, admission: Admission, *, max_pcm_bytes: int) -> None:
        self._renderer = renderer
        self._admission = admission
        self._max_pcm_bytes = max_pcm_bytes

    async def render(self, body: AsyncIterator[bytes], gone: Gone) -> AsyncGenerator[bytes, None]:
        """Yield the encoded records of a render; closing the generator cancels it.

        Args:
            body: a request record and PCM. It is read to its end before anything else happens, because a client that
                still sends would not see an answer.
            gone: returns when the client has gone away; asked only after the body and before the first record.

        Raises:
            Unrenderable, SpeechError: it can never be rendered; before the first record.
            Busy, CallerGone: its turn did not come; before the first record.
        """
        with tempfile.SpooledTemporaryFile(_SPOOL_BYTES) as spool:
            pcm = cast("BinaryIO", spool)
            request = await self._read(body, pcm)
            order = await self._renderer.accept(request, pcm.tell())
            frames = frames_to_render(order, pcm.tell())
            pcm.seek(0)
            async with (
                self._admission.turn(request.order, frames, gone) as job,
                aclosing(self._renderer.render(order, pcm)) as records,
            ):
                async for record in _logged(request.order, records):
                    if isinstance(record, SegmentRecord):
                        self._admission.progressed(job, record.frames)
                    yield encode_record(record)

    async def _read(self, body: AsyncIterator[bytes], pcm: BinaryIO) -> RenderRequest:
        """Return the request; the PCM after it goes to `pcm`."""
        reader = RecordReader(max_bytes=MAX_REQUEST_BYTES)
        request: Record | None = None
        async for data in body:
            if request is None:
                reader.feed(data)
                try:
                    request = reader.next()
                except RecordError as exc:
                    raise MalformedRequest(f"The body does not begin with a render record: {exc}.") from exc
                data = reader.take_rest() if request else b""  # noqa: PLW2901 - only what is PCM
            pcm.write(data)
            if pcm.tell() > self._max_pcm_bytes:
                raise MalformedRequest(
                    f"More than {self._max_pcm_bytes} bytes of PCM. Send a shorter speech."
                )
        if not isinstance(request, RenderRequest):
            raise MalformedRequest(
                "The body does not begin with a whole render record, its length before it."
            )
        return request


async def _logged(order: str, records: AsyncIterator[Record]) -> AsyncIterator[Record]:
    """Log how a render went, never what it says."""
    started = time.monotonic()
    logger = log.bind(order=order)
    outcome: Callable[..., None] = partial(logger.info, "render cancelled")
    logger.info("render started")
    try:
        async for record in records:
            if isinstance(record, EndRecord):
                outcome = partial(logger.info, "render finished", frames=record.frames)
            yield record
    except (Unrenderable, NothingToSpeak) as exc:
        outcome = partial(logger.info, "render refused", reason=type(exc).__name__)
        raise
    except Exception as exc:
        outcome = partial(logger.error, "render failed", exc_info=exc)
        raise
    finally:
        outcome(seconds=round(time.monotonic() - started, 3))
