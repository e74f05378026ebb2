"""Avatar packs: who there is, and their footage, kept decoded within a memory limit. Knows no network.

A pack is a folder with `avatar.json` (`Pack`) and one film for each emotion, in which the mouth is at rest.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from worker.compose import Box
from worker.errors import BadAssets, UnknownAvatar, UnknownEmotion
from worker.footage import Film, Footage, Mouths, Playback, references_shape

log = structlog.get_logger()


class Emotion(msgspec.Struct, frozen=True, kw_only=True):
    """The footage of one emotion."""

    footage: str  # file name
    frames: int
    playback: Playback
    boxes: tuple[Box | None, ...]  # one a frame; None where no face is: it passes through untouched
    mouths: Mouths | None = None  # without them the idle mouth is the network's only reference


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """What `avatar.json` says."""

    name: str
    label: str
    gender: Literal["male", "female"]
    elderly: bool
    emotions: Mapping[str, Emotion]


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
        self._packs = {path.parent.name: read_pack(path) for path in sorted(folder.glob("*/avatar.json"))}
        if not self._packs:
            raise BadAssets(f"There is no avatar in {folder}.")
        self._opened: OrderedDict[tuple[str, str], Footage] = OrderedDict()  # least recently used first
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Pack]:
        return iter(self._packs.values())

    def references(self) -> set[tuple[int, int]]:
        """Return K and S of all that the network is shown."""
        return {references_shape(emotion.mouths) for pack in self for emotion in pack.emotions.values()}

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
        """Return footage, of which the first frame is decoded now or was before.

        Raises:
            BadAssets: the film is not what the pack says.
        """
        key = pack.name, emotion
        with self._lock:  # lest two renders that start together decode the same film
            footage = self._opened.get(key) or self._open(pack, emotion)
            self._opened[key] = footage
            self._opened.move_to_end(key)
            while len(self._opened) > 1 and self._kept_bytes() > self._memory_bytes:
                self._opened.popitem(last=False)
        return footage

    def _kept_bytes(self) -> int:
        return sum(footage.bytes for footage in self._opened.values())

    def _open(self, pack: Pack, emotion: str) -> Footage:
        description = pack.emotions[emotion]
        film = Film(self._folder / pack.name / description.footage, description.boxes, description.mouths)
        log.info("footage opened", avatar=pack.name, emotion=emotion, frames=len(film))
        return Footage(film, description.playback)


def read_pack(path: Path) -> Pack:
    """Read an `avatar.json`.

    Raises:
        BadAssets: it is not one, or contradicts itself.
    """
    try:
        pack = msgspec.json.decode(path.read_bytes(), type=Pack)
    except msgspec.DecodeError as exc:
        raise BadAssets(f"{path} does not describe an avatar: {exc}") from exc
    for name, emotion in pack.emotions.items():
        if emotion.frames < 1 or len(emotion.boxes) != emotion.frames:
            raise BadAssets(f"{path} has {len(emotion.boxes)} boxes for {emotion.frames} frames of {name!r}.")
        widest = max((box[2] for box in emotion.boxes if box), default=0)
        if emotion.mouths and widest > emotion.mouths.size:
            raise BadAssets(
                f"{path} has mouths of {emotion.mouths.size} pixels for boxes of {widest} of {name!r}."
            )
    if pack.name != path.parent.name:
        raise BadAssets(f"{path} is named {pack.name!r}.")
    return pack
