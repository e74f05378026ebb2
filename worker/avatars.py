"""Avatar packs: who there is, and their footage, decoded and kept within a memory limit. Knows no network.

A pack is a folder with `avatar.json` (`Pack`) and one film for each emotion, in which the mouth is at rest.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import av
import msgspec
import numpy as np
import structlog
from av.video.reformatter import ColorRange, Colorspace

from worker.compose import Box, IdleFrame, crop
from worker.errors import BadAssets, UnknownAvatar, UnknownEmotion

log = structlog.get_logger()


class Emotion(msgspec.Struct, frozen=True, kw_only=True):
    """The footage of one emotion."""

    footage: str  # file name
    frames: int
    playback: Literal["loop", "pingpong"]
    boxes: tuple[Box, ...]  # one a frame


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """What `avatar.json` says."""

    name: str
    label: str
    gender: Literal["male", "female"]
    elderly: bool
    emotions: Mapping[str, Emotion]


class Footage:
    """A film that plays for ever: frame i of the video is some frame of the film."""

    def __init__(self, frames: Sequence[IdleFrame], playback: Literal["loop", "pingpong"]) -> None:
        self._frames = frames
        self._playback = playback
        self.bytes = sum(frame.picture.nbytes + frame.crop.nbytes for frame in frames)

    def frame(self, index: int) -> IdleFrame:
        """Return the frame to show at a frame of the video."""
        count = len(self._frames)
        if self._playback == "loop" or count == 1:
            return self._frames[index % count]
        # There and back again, without showing either end twice in a row.
        step = index % (2 * count - 2)
        return self._frames[min(step, 2 * count - 2 - step)]


class Avatars:
    """All packs of a folder.

    A class because decoded footage is shared by the renders. Safe to use from several threads.

    Args:
        folder: holds a folder for each avatar.
        memory_bytes: how much footage is kept decoded; what runs keeps its own whatever the limit.

    Raises:
        BadAssets: there is no pack, or one that cannot be read.
    """

    def __init__(self, folder: Path, *, memory_bytes: int) -> None:
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._packs = {path.parent.name: _read(path) for path in sorted(folder.glob("*/avatar.json"))}
        if not self._packs:
            raise BadAssets(f"There is no avatar in {folder}.")
        self._decoded: OrderedDict[tuple[str, str], Footage] = OrderedDict()  # least recently used first
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Pack]:
        return iter(self._packs.values())

    def find(self, avatar: str, emotion: str) -> Pack:
        """Return the pack of an avatar that can show an emotion.

        Raises:
            UnknownAvatar, UnknownEmotion: it cannot.
        """
        pack = self._packs.get(avatar)
        if pack is None:
            raise UnknownAvatar(avatar, self._packs)
        if emotion not in pack.emotions:
            raise UnknownEmotion(avatar, emotion, pack.emotions)
        return pack

    def footage(self, pack: Pack, emotion: str) -> Footage:
        """Return footage, decoded now (a fraction of a second) or before."""
        key = pack.name, emotion
        with self._lock:  # also while decoding, lest two renders that start together decode the same film
            footage = self._decoded.get(key) or self._decode(pack, emotion)
            self._decoded[key] = footage
            self._decoded.move_to_end(key)
            while len(self._decoded) > 1 and self._kept_bytes() > self._memory_bytes:
                self._decoded.popitem(last=False)
        return footage

    def _kept_bytes(self) -> int:
        return sum(footage.bytes for footage in self._decoded.values())

    def _decode(self, pack: Pack, emotion: str) -> Footage:
        description = pack.emotions[emotion]
        path = self._folder / pack.name / description.footage
        try:
            with av.open(path) as film:
                frames = [
                    _idle_frame(frame, box)
                    for frame, box in zip(film.decode(video=0), description.boxes, strict=True)
                ]
        except (av.FFmpegError, ValueError) as exc:
            raise BadAssets(f"{path} is not the footage of {len(description.boxes)} frames.") from exc
        log.info("footage decoded", avatar=pack.name, emotion=emotion, frames=len(frames))
        return Footage(frames, description.playback)


def _idle_frame(frame: av.VideoFrame, box: Box) -> IdleFrame:
    # Through RGB, so that every film ends up in the encoder's colour space whatever its own was.
    rgb = frame.reformat(format="rgb24", dst_color_range=ColorRange.JPEG)
    picture = rgb.reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.MPEG,
    )
    return IdleFrame(
        picture=np.asarray(picture.to_ndarray(), np.uint8),
        crop=crop(np.asarray(rgb.to_ndarray(), np.uint8), box),
        box=box,
    )


def _read(path: Path) -> Pack:
    try:
        pack = msgspec.json.decode(path.read_bytes(), type=Pack)
    except msgspec.DecodeError as exc:
        raise BadAssets(f"{path} does not describe an avatar: {exc}") from exc
    for name, emotion in pack.emotions.items():
        if emotion.frames < 1 or len(emotion.boxes) != emotion.frames:
            raise BadAssets(f"{path} has {len(emotion.boxes)} boxes for {emotion.frames} frames of {name!r}.")
    if pack.name != path.parent.name:
        raise BadAssets(f"{path} is named {pack.name!r}.")
    return pack
