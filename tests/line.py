"""A line to a node that can be cut, and led to another."""

import asyncio
import contextlib


class Line:
    """Carries bytes between us and a node, until it is cut.

    Args:
        far_end: Host and port of what is connected from now on.
        delay_s: What is sent arrives so much later, each way.
    """

    def __init__(self, far_end: str, *, delay_s: float = 0) -> None:
        self.far_end = far_end
        self._delay_s = delay_s
        self._near_port = 0
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()

    @property
    def near_end(self) -> str:
        return f"127.0.0.1:{self._near_port}"

    @property
    def connections(self) -> int:
        return len(self._carrying)

    async def restore(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._near_port)
        self._near_port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._carrying.add(task)
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.CancelledError):
            host, _, port = self.far_end.rpartition(":")
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
            with contextlib.closing(far_writer):
                async with asyncio.TaskGroup() as both:
                    both.create_task(_carry(reader, far_writer, self._delay_s))
                    both.create_task(_carry(far_reader, writer, self._delay_s))
        self._carrying.discard(task)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay_s: float) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            await asyncio.sleep(delay_s)
            writer.write(data)
            await writer.drain()
    writer.close()
