"""Standard input and output as two streams of records."""

import asyncio
import os
import sys

import msgspec

from live.errors import BadRecord
from live.records import LENGTH_BYTES, LONGEST, Event, Message, decode_message, encode


class Pipes:
    """Both ends of whoever feeds this process.

    What is told waits here until it is taken, and speech comes no faster than the room says it; so nothing is lost and
    nobody waits.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls) -> "Pipes":
        """Take standard input and output; whatever a library prints goes to standard error from now on."""
        loop = asyncio.get_running_loop()
        told = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        transport, protocol = await loop.connect_write_pipe(asyncio.streams.FlowControlMixin, told)
        return cls(reader, asyncio.StreamWriter(transport, protocol, None, loop))

    async def read(self) -> Message | None:
        """Return the next message; None where nobody is there any more.

        Raises:
            BadRecord: It is no message.
        """
        try:
            length = int.from_bytes(await self._reader.readexactly(LENGTH_BYTES), "big")
            if length > LONGEST:
                raise BadRecord(f"a record of {length} bytes")
            return decode_message(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        except msgspec.DecodeError as exc:
            raise BadRecord(f"no record: {exc}") from exc

    def tell(self, event: Event) -> None:
        """Tell what happened, in order."""
        self._writer.write(encode(event))

    async def flush(self) -> None:
        """Wait until all was taken, or nobody takes it any more."""
        try:
            self._writer.transport.set_write_buffer_limits(0)
            await self._writer.drain()
        except ConnectionError:
            pass
