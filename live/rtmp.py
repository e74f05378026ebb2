"""Pushes a session to an RTMP server, as it is: H.264 and AAC in FLV, with nothing coded anew.

libavformat connects at the first packet and blocks for as long as the server likes: no timeout of its own ends that,
and while it connects no other thread of this process runs. So each frame has an alarm, of which the process dies
(SIGALRM); whoever fed it knows then that the server took nothing.
"""

import asyncio
import signal
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

import av
from av.container import OutputContainer

from live import pinning
from live.errors import Unreachable
from live.film import Packet, Packets, PacketShot
from live.mute import Mute
from live.records import Event, Finished, Push, Ready, Shown

SCHEMES = ("rtmp", "rtmps")
"""Any other would be opened as well, and `file:` would write a file."""

_RATE = 48_000


class Rtmp:
    """A stage; see `live.output`.

    Args:
        opened: where to push.
        tell: takes what happens.

    Raises:
        Unreachable: The URL is none of RTMP's.
    """

    def __init__(self, opened: Push, tell: Callable[[Event], None]) -> None:
        scheme = urlsplit(opened.url).scheme
        if scheme not in SCHEMES:
            raise Unreachable("The URL is neither rtmp: nor rtmps:.")
        self.mute = Mute()  # nobody interrupts here
        self._opened = opened
        self._url, self._options = opened.url, dict[str, str]()
        if scheme == "rtmp" and opened.addresses:
            self._url = pinning.pinned(opened.url, opened.addresses)
            self._options = {"rtmp_tcurl": pinning.tc_url(opened.url)}
        self._tell = tell
        self._movie: OutputContainer | None = None
        self._streams: dict[str, av.stream.Stream] = {}
        self._ready = False

    def begin(self, header: bytes, first_frame: int) -> Packets:
        """See `live.output.Stage`."""
        packets = Packets(header, first_frame=first_frame)
        if self._movie is None:
            self._movie = av.open(
                self._url, "w", format="flv", options={"flvflags": "no_duration_filesize", **self._options}
            )
            for stream in (packets.video, packets.audio):
                self._streams[stream.type] = self._movie.add_stream_from_template(stream)
        return packets

    async def sound(self, shot: PacketShot, due: float) -> None:
        """See `live.output.Stage`; it goes with its picture."""

    async def picture(self, shot: PacketShot, due: float, utterance: str | None) -> None:  # noqa: ARG002
        """Send a frame.

        Raises:
            Unreachable: The server did not take it.
        """
        if not self._ready and self._url == self._opened.url:
            await pinning.check(self._url, self._opened.addresses)
        signal.setitimer(signal.ITIMER_REAL, self._opened.patience_s)
        try:
            await asyncio.get_running_loop().run_in_executor(None, partial(self._mux, shot.packets))
        except (av.FFmpegError, OSError) as exc:
            raise Unreachable(f"The server did not take it: {exc.strerror or type(exc).__name__}.") from None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if not self._ready:
            self._ready = True
            self._tell(Ready())

    def finished(self, end: Finished) -> None:
        """See `live.output.Stage`."""
        self._tell(
            Shown(id=end.id, position_s=round(end.samples / _RATE, 3), interrupted=end.outcome != "shown")
        )

    def close(self) -> None:
        """Say goodbye; may block, as all of it."""
        if self._movie is not None and self._ready:
            self._movie.close()

    def _mux(self, packets: list[Packet]) -> None:
        assert self._movie is not None
        for packet in packets:
            packet.stream = self._streams[packet.stream.type]
            self._movie.mux_one(packet)
