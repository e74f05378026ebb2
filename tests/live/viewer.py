"""Somebody who sees and hears a face by WebRTC, with aiortc."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import av
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

DEADLINE_S = 60

LOUD = 500

PACKET_S = 0.02


class Viewer:
    """Who offers, and keeps what comes: the mean light of each picture, and how loud each 20 ms of sound is."""

    def __init__(self, codec: str | None = None) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.light: list[tuple[float, float]] = []  # time of the track, mean of Y
        self.pictures: list[Any] = []  # small
        self.level: list[tuple[float, float]] = []  # time of the track, mean absolute sample
        self.arrived: list[float] = []  # of each of these, on the clock of the event loop
        self._came = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        video = self.connection.addTransceiver("video", direction="recvonly")
        self.connection.addTransceiver("audio", direction="recvonly")
        if codec is not None:
            known = RTCRtpReceiver.getCapabilities("video")
            assert known is not None
            video.setCodecPreferences([each for each in known.codecs if each.mimeType == f"video/{codec}"])
        self.connection.on("track", self._take)

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def accept(self, sdp: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def until(self, holds: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not holds():
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"no {what}: {len(self.light)} pictures, {len(self.level)} sounds") from None

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.connection.close()

    def heard(self, since: int = 0) -> bool:
        """Whether anything loud came since so many sounds."""
        return any(level > LOUD for _, level in self.level[since:])

    def quiet_for(self, seconds: float) -> bool:
        """Whether nothing loud came for so long."""
        count = round(seconds / PACKET_S)
        return len(self.level) >= count and not self.heard(len(self.level) - count)

    def _take(self, track: Any) -> None:
        self._tasks.append(asyncio.create_task(self._watch(track)))

    async def _watch(self, track: Any) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                if isinstance(frame, av.VideoFrame):
                    luma = frame.to_ndarray(format="gray")
                    self.light.append((frame.time or 0.0, float(luma[256:].mean())))
                    self.pictures.append(luma[::8, ::8])
                else:
                    self.level.append((frame.time or 0.0, float(np.abs(frame.to_ndarray()).mean())))
                    self.arrived.append(asyncio.get_running_loop().time())
                self._came.set()
