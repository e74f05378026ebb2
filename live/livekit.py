"""Shows a session in a LiveKit room: pictures as the worker coded them, sound from the same frame index."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import numpy as np
from livekit import rtc

from live import pinning, tokens
from live.ears import Ears
from live.errors import BadToken, Unreachable
from live.film import FPS, FRAME_SAMPLES, SAMPLE_RATE, Pcm, Pictures, Shot
from live.mute import Mute
from live.player import FRAME_S
from live.records import Event, Finished, Gone, Ready, Reason, Room, Shown

_JOIN_S = 15.0
_FAREWELL_S = 1.0
_QUEUE_MS = 200
_ASTRAY_S = 0.02  # that sound may be from its place before it is moved
_PACKET_S = 0.02  # that Opus gathers before it sends them, while a picture is sent at once
_LEAD_FRAMES = (
    2  # by which a mouth opens before its sound, so they are of an utterance but nothing of it is heard
)
_BITRATE = 1_500_000
_STREAM = "avatar"  # tracks of one stream are kept in step by who shows them

_REMOVED: dict[int, Reason] = {
    rtc.DisconnectReason.PARTICIPANT_REMOVED: "removed",
    rtc.DisconnectReason.ROOM_DELETED: "removed",
    rtc.DisconnectReason.ROOM_CLOSED: "removed",
    rtc.DisconnectReason.DUPLICATE_IDENTITY: "replaced",
    rtc.DisconnectReason.CLIENT_INITIATED: "left",
}


class LiveKit:
    """A stage; see `live.output`.

    Args:
        opened: which room.
        tell: takes what happens.
        gone: called when it is over.

    Raises:
        BadToken: A token is none, or its time is over.
    """

    def __init__(self, opened: Room, tell: Callable[[Event], None], gone: Callable[[Gone], None]) -> None:
        self.mute = Mute()
        self._opened = opened
        self._tell = tell
        self._gone = gone
        self._avatar = tokens.read(opened.token)
        self._listener = tokens.read(opened.listener_token) if opened.listener_token else None
        self._expires = min(token.exp for token in (self._avatar, self._listener) if token)
        if self._expires <= time.time():
            raise BadToken("The time of a token is over.")
        self._room = rtc.Room()
        self._ears_room = rtc.Room() if self._listener else None
        self._ears: Ears | None = None
        self._alone: asyncio.TimerHandle | None = None
        self._video: rtc.EncodedVideoSource | None = None
        self._audio: rtc.AudioSource | None = None
        self._published: asyncio.Task[None] | None = None
        self._size = (0, 0)
        self._sounded = 0  # frames whose sound was handed on
        self._frames_shown: Counter[str] = Counter()  # by utterance

    async def join(self) -> None:
        """Join the room, with ears if there is somebody to listen to.

        Raises:
            Unreachable: The server lets nobody in.
        """
        url = self._opened.url
        if urlsplit(url).scheme == "ws":
            url = pinning.pinned(url, self._opened.addresses)
        rooms = [(self._room, self._opened.token)]
        if self._ears_room is not None:
            assert self._opened.listener_token is not None
            self._ears = Ears(
                self._ears_room,
                agent=self._agent,
                tell=self._tell,
                silence=self._silence,
                shown_s=self._shown_s,
            )
            rooms.append((self._ears_room, self._opened.listener_token))
        for room, token in rooms:
            room.on("disconnected", self._disconnected)
            try:
                async with asyncio.timeout(_JOIN_S):
                    await room.connect(url, token, rtc.RoomOptions(auto_subscribe=False))
            except (rtc.ConnectError, TimeoutError) as exc:
                raise Unreachable(f"The room could not be joined: {_reason(exc)}.") from None
        if self._ears is not None:
            self._ears.attach()
        for event in ("participant_connected", "participant_disconnected"):
            self._room.on(event, self._count)
        self._count()
        loop = asyncio.get_running_loop()
        if self._expires < time.time() + 10**9:
            loop.call_later(self._expires - time.time(), self._end, "expired")

    async def listen(self) -> None:
        """Take what an agent says, for ever."""
        if self._ears is None:
            await asyncio.Event().wait()
        else:
            await self._ears.run()

    async def leave(self) -> None:
        """Leave the room, once its agent knows that nothing more of what it said will be shown."""
        if self._ears is not None and self._ears_room is not None and self._ears_room.isconnected():
            with suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL_S):
                    await self._ears.leave()
        for room in (self._room, self._ears_room):
            if room is not None and room.isconnected():
                await room.disconnect()

    def begin(self, header: bytes, first_frame: int) -> Pictures:  # noqa: ARG002 - see there
        """See `live.output.Stage`."""
        pictures = Pictures(header)
        if self._published is None:
            self._size = (pictures.width, pictures.height)
            self._published = asyncio.create_task(self._publish())
        return pictures

    async def sound(self, shot: Shot, due: float) -> None:
        """Hand on a frame's sound, so that it is heard when it is due."""
        await self._publishing()
        assert self._audio is not None
        pcm = shot.pcm
        if self.mute(self._sounded):
            pcm = np.zeros(FRAME_SAMPLES, np.int16)
        self._sounded += 1
        early_s = due - _PACKET_S - time.monotonic() - self._audio.queued_duration
        if early_s > _ASTRAY_S:  # nothing was there in time, or was taken back
            await self._hear(np.zeros(int(early_s * SAMPLE_RATE), np.int16))
        elif early_s < -_ASTRAY_S and not pcm.any():
            return
        await self._hear(pcm)

    async def picture(self, shot: Shot, due: float, utterance: str | None) -> None:
        """Show a picture."""
        await self._publishing()
        assert self._video is not None
        width, height = self._size
        self._video.capture_frame(
            rtc.EncodedVideoFrame(
                data=shot.picture,
                width=width,
                height=height,
                codec=rtc.VideoCodec.H264,
                frame_type=(
                    rtc.EncodedFrameType.ENCODED_FRAME_KEY
                    if shot.key
                    else rtc.EncodedFrameType.ENCODED_FRAME_DELTA
                ),
                timestamp_us=round(due * 1_000_000),
            )
        )
        if utterance is not None:
            self._frames_shown[utterance] += 1

    def finished(self, end: Finished) -> None:
        """See `live.output.Stage`; the agent is called."""
        position_s = round(end.samples / SAMPLE_RATE, 3)
        self._frames_shown.pop(end.id, None)
        self._tell(Shown(id=end.id, position_s=position_s, interrupted=end.outcome != "shown"))
        if self._ears is not None:
            self._ears.finished(end.id, position_s, interrupted=end.outcome != "shown")

    def _silence(self) -> None:
        """Let nothing more be heard of what was said so far; its pictures go on, since others are made of them."""
        self.mute.silence()
        if self._audio is not None:
            self._audio.clear_queue()

    def _shown_s(self, utterance: str) -> float:
        return max(0, self._frames_shown[utterance] - _LEAD_FRAMES) * FRAME_S

    async def _hear(self, pcm: Pcm) -> None:
        assert self._audio is not None
        await self._audio.capture_frame(rtc.AudioFrame(pcm.tobytes(), SAMPLE_RATE, 1, len(pcm)))

    async def _publishing(self) -> None:
        assert self._published is not None
        if not self._published.done():
            await asyncio.shield(self._published)

    async def _publish(self) -> None:
        self._audio = rtc.AudioSource(SAMPLE_RATE, 1, queue_size_ms=_QUEUE_MS)
        self._video = rtc.EncodedVideoSource(*self._size)
        await self._room.local_participant.publish_track(
            rtc.LocalAudioTrack.create_audio_track("avatar_audio", self._audio),
            rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, stream=_STREAM),
        )
        await self._room.local_participant.publish_track(
            rtc.LocalVideoTrack.create_video_track("avatar_video", self._video),
            rtc.TrackPublishOptions(
                source=rtc.TrackSource.SOURCE_CAMERA,
                video_codec=rtc.VideoCodec.H264,
                video_encoder=rtc.VideoEncoderBackend.ENCODER_BACKEND_PRE_ENCODED,
                video_encoding=rtc.VideoEncoding(max_bitrate=_BITRATE, max_framerate=FPS),
                simulcast=False,
                stream=_STREAM,
            ),
        )
        self._tell(Ready())

    def _agent(self) -> str | None:
        """Return the agent's identity: as told, as the avatar's token says, or of the first agent that is there."""
        if named := self._opened.agent or self._avatar.agent:
            return named
        return next(
            (
                each.identity
                for each in self._others()
                if each.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
            ),
            None,
        )

    def _others(self) -> list[rtc.RemoteParticipant]:
        ours = {token.sub for token in (self._avatar, self._listener) if token}
        return [each for each in self._room.remote_participants.values() if each.identity not in ours]

    def _count(self, *_: object) -> None:
        """Take note of who is there; who is away for some minutes ends it."""
        others = self._others()
        agent = self._agent()
        seen = any(
            each.kind != rtc.ParticipantKind.PARTICIPANT_KIND_AGENT and each.identity != agent
            for each in others
        )
        driven = self._listener is None or any(each.identity == agent for each in others)
        if seen and driven:
            if self._alone is not None:
                self._alone.cancel()
                self._alone = None
        elif self._alone is None:
            loop = asyncio.get_running_loop()
            self._alone = loop.call_later(self._opened.alone_s, self._end, "alone")

    def _disconnected(self, reason: int) -> None:
        self._end(_REMOVED.get(reason, "failed"))

    def _end(self, reason: Reason) -> None:
        self._gone(Gone(reason=reason))


def _reason(exc: Exception) -> str:
    """Say why, in words in which no token and no address is."""
    if isinstance(exc, TimeoutError):
        return f"no answer in {_JOIN_S:g} s"
    text = str(getattr(exc, "message", exc)).lower()
    for words in ("401", "unauthorized", "permission", "403"):
        if words in text:
            return "the server refuses the token"
    return "the server does not answer"
