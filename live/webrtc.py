"""Shows a session to one viewer by WebRTC: pictures as the worker coded them, sound as Opus, one clock for both.

Both tracks are sent when they are due, and their times are counted from the same moment: aiortc tells a viewer's
player which time of a track belongs to which of the clock at the moment of sending, and players align tracks by that.
Only for a viewer who knows no H.264 are pictures decoded, and coded as VP8.
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from av.audio.codeccontext import AudioCodecContext

from live.errors import BadOffer, Unreachable
from live.film import FRAME_SAMPLES, SAMPLE_RATE, Pcm, Pictures, Shot
from live.mute import Mute
from live.recorder import Recorder
from live.records import Answer, Began, Event, Finished, Gone, Peer, Ready, Record, Recorded, Shown

OPUS_SAMPLES = 960
"""Of a packet, 20 ms."""

_VIDEO_CLOCK = Fraction(1, 90_000)
_AUDIO_CLOCK = Fraction(1, SAMPLE_RATE)
_MOST_WAITING = 16  # packets that a track keeps; a connection that takes none for longer has lost them
_WATCH_S = 1.0
_PREFERRED = ("video/h264", "video/vp8")


class WebRtc:
    """A stage; see `live.output`.

    Args:
        opened: who sees it.
        tell: takes what happens.
        gone: called when it is over.
    """

    def __init__(self, opened: Peer, tell: Callable[[Event], None], gone: Callable[[Gone], None]) -> None:
        self.mute = Mute()
        self._opened = opened
        self._tell = tell
        self._gone = gone
        servers = [
            RTCIceServer(urls=each.url, username=each.username or None, credential=each.credential or None)
            for each in opened.ice
        ]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._clock = _Clock()
        self._pictures = _PictureTrack(self._clock)
        self._sound = _SoundTrack(self._clock, self.mute)
        self._sounded = 0  # frames whose sound was handed on
        self._shown = 0  # frames
        self._speaks: str | None = None
        self._header = b""
        self._recorder: Recorder | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def answer(self) -> None:
        """Answer the offer.

        Raises:
            BadOffer: It is none, or asks for nothing that there is.
        """
        if not re.search(r"^m=video ", self._opened.sdp, re.MULTILINE):
            raise BadOffer(
                "The offer asks for no video: a viewer needs addTransceiver('video') before it offers."
            )
        video = self._connection.addTransceiver(self._pictures, direction="sendonly")
        known = RTCRtpSender.getCapabilities("video").codecs
        video.setCodecPreferences(
            [codec for name in _PREFERRED for codec in known if codec.mimeType.lower() == name]
        )
        self._connection.addTransceiver(self._sound, direction="sendonly")
        self._connection.on("connectionstatechange", self._changed)
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(self._opened.sdp, "offer"))
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except Exception as exc:
            raise BadOffer("The offer cannot be answered: it is no SDP of a WebRTC viewer.") from exc
        sdp = self._connection.localDescription.sdp
        codec = _codec(sdp)
        if codec is None:
            raise BadOffer("The offer has neither H.264 nor VP8, and there is no video in anything else.")
        self._pictures.decodes = codec != "h264"
        self._tell(Answer(sdp=sdp))

    async def connect(self) -> None:
        """Wait until the viewer is reached.

        Raises:
            Unreachable: There is no way to them.
        """
        try:
            async with asyncio.timeout(self._opened.reach_s):
                await asyncio.shield(self._connected)
        except TimeoutError:
            raise Unreachable(
                "The viewer could not be reached: UDP may be closed, and no TURN server set."
            ) from None
        self._tell(Ready())

    async def watch(self) -> None:
        """End it when nothing comes from the viewer any more."""
        await asyncio.shield(self._connected)
        heard, since = -1, time.monotonic()
        while time.monotonic() - since < self._opened.lost_s:
            await asyncio.sleep(_WATCH_S)
            now = await self._heard()
            if now != heard:
                heard, since = now, time.monotonic()
        self._gone(Gone(reason="left"))

    async def leave(self) -> None:
        """Say goodbye to the viewer, and make a recording whole."""
        self.stop()
        if self._closing:
            await asyncio.wait(self._closing)
        await self._connection.close()

    def begin(self, header: bytes, first_frame: int) -> Pictures:  # noqa: ARG002 - see there
        """See `live.output.Stage`."""
        self._header = header
        if self._recorder is not None and not self._recorder.fits(header):
            self.stop()
        return Pictures(header)

    async def sound(self, shot: Shot, due: float) -> None:
        """Hand on a frame's sound, which is sent when it is due."""
        for start in range(0, FRAME_SAMPLES, OPUS_SAMPLES):
            pcm = shot.pcm[start : start + OPUS_SAMPLES]
            self._sound.put((self._sounded, pcm, due + start / SAMPLE_RATE))
        self._sounded += 1

    async def picture(self, shot: Shot, due: float, utterance: str | None) -> None:
        """Send a picture."""
        self._pictures.put((shot, due))
        if utterance is not None and utterance != self._speaks:
            self._tell(Began(id=utterance))
        self._speaks = utterance
        if self._recorder is not None:
            pcm = np.zeros(FRAME_SAMPLES, np.int16) if self.mute(self._shown) else shot.pcm
            if not self._recorder.take(shot, pcm, due):
                self.stop()
        self._shown += 1

    def finished(self, end: Finished) -> None:
        """See `live.output.Stage`."""
        position_s = round(end.samples / SAMPLE_RATE, 3)
        self._tell(Shown(id=end.id, position_s=position_s, interrupted=end.outcome != "shown"))

    def record(self, wanted: Record) -> None:
        """Record what is shown from now on; what was recorded so far is whole."""
        self.stop()
        self._recorder = Recorder(wanted.path, self._header, wanted.longest_s)

    def stop(self) -> None:
        """Record no more."""
        if self._recorder is not None:
            task = asyncio.create_task(self._close(self._recorder))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
            self._recorder = None

    async def _close(self, recorder: Recorder) -> None:
        self._tell(Recorded(frames=await asyncio.to_thread(recorder.close)))

    def _changed(self) -> None:
        match self._connection.connectionState:
            case "connected" if not self._connected.done():
                self._connected.set_result(None)
            case "failed" if not self._connected.done():
                self._gone(Gone(reason="failed", detail="The viewer could not be reached: no way was found."))
            case "failed" | "closed":
                self._gone(Gone(reason="left"))

    async def _heard(self) -> int:
        """Count the packets that came from the viewer."""
        stats = await self._connection.getStats()
        return sum(each.packetsReceived for each in stats.values() if each.type == "transport")


class _Clock:
    """Turns a moment at which something is due into a time of a track; 0 is the first of any."""

    def __init__(self) -> None:
        self._first: float | None = None

    def pts(self, due: float, clock: Fraction) -> int:
        if self._first is None:
            self._first = due
        return max(0, round((due - self._first) / clock))


class _Track(MediaStreamTrack):
    """What waits to be sent; where too much does, all of it is late and is dropped."""

    def __init__(self, clock: _Clock) -> None:
        super().__init__()
        self._clock = clock
        self._queue: deque[Any] = deque()
        self._came = asyncio.Event()

    def put(self, item: Any) -> None:
        if len(self._queue) >= _MOST_WAITING:
            self._queue.clear()
        self._queue.append(item)
        self._came.set()

    async def _next(self) -> Any:
        while not self._queue:
            self._came.clear()
            await self._came.wait()
        return self._queue.popleft()


class _PictureTrack(_Track):
    kind = "video"

    def __init__(self, clock: _Clock) -> None:
        super().__init__(clock)
        self.decodes = False
        self._decoder = av.CodecContext.create("h264", "r")
        self._whole = False  # no picture is missing that the next one is made of

    def put(self, item: Any) -> None:
        if len(self._queue) >= _MOST_WAITING:
            self._whole = False
        super().put(item)

    async def recv(self) -> Any:
        while True:
            shot, due = await self._next()
            self._whole = self._whole or shot.key
            if not self._whole:
                continue
            packet = av.Packet(shot.picture)
            packet.time_base = _VIDEO_CLOCK
            packet.pts = packet.dts = self._clock.pts(due, _VIDEO_CLOCK)
            if not self.decodes:
                return packet
            for frame in self._decoder.decode(packet):
                frame.pts, frame.time_base = packet.pts, _VIDEO_CLOCK
                return frame


class _SoundTrack(_Track):
    kind = "audio"

    def __init__(self, clock: _Clock, mute: Mute) -> None:
        super().__init__(clock)
        self._mute = mute
        encoder = av.CodecContext.create("libopus", "w")
        assert isinstance(encoder, AudioCodecContext)
        encoder.sample_rate = SAMPLE_RATE
        encoder.layout = "mono"
        encoder.format = "s16"
        encoder.bit_rate = 48_000
        encoder.options = {"application": "voip", "frame_duration": "20"}
        self._encoder = encoder

    async def recv(self) -> Any:
        while True:
            frame, pcm, due = await self._next()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if self._mute(frame):
                pcm = np.zeros(OPUS_SAMPLES, np.int16)
            for packet in self._encoded(pcm):
                packet.time_base = _AUDIO_CLOCK
                packet.pts = self._clock.pts(due, _AUDIO_CLOCK)
                return packet

    def _encoded(self, pcm: Pcm) -> list[Any]:
        frame = av.AudioFrame.from_ndarray(pcm[np.newaxis], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = None
        return list(self._encoder.encode(frame))


def _codec(sdp: str) -> str | None:
    """Return the name of what an answer sends pictures as, in lower case."""
    media = re.search(r"^m=video (?!0 )\d+ \S+ (\d+)[^\n]*\n(.*?)(?=^m=|\Z)", sdp, re.DOTALL | re.MULTILINE)
    if media is None:
        return None
    name = re.search(rf"^a=rtpmap:{media[1]} ([^/]+)/", media[2], re.MULTILINE)
    return name[1].lower() if name else None
