"""Avatar packs: who there is, and their footage, kept decoded within a memory limit. Knows no network.

A pack is a folder with `avatar.json` (`Pack`) and one film for each emotion, in which the mouth is at rest.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

import msgspec
import structlog

from worker.compose import Box, Eyes
from worker.errors import BadAssets, UnknownAvatar, UnknownEmotion
from worker.footage import Film, Footage, Mouths, references_shape
from worker.matte import Studio
from worker.shrinking import Shrinking
from worker.sights import Shelf, Sight, size
from worker.stage import LINES, PLAIN
from worker.walk import Playback

log = structlog.get_logger()

_IN_USE_S = 5.0  # whoever renders asks for more frames within so long, unless its reader is slow


class Emotion(msgspec.Struct, frozen=True, kw_only=True):
    """The footage of one emotion."""

    footage: str  # file name
    frames: int
    playback: Playback
    lines: int = PLAIN  # of the film, as wide as high; it can be shown with fewer
    boxes: tuple[Box | None, ...]  # one a frame; None where no face is: it passes through untouched
    eyes: tuple[
        Eyes | None, ...
    ] = ()  # one pair a frame; without them brows and eyes move as they were filmed
    mouths: Mouths | None = None  # without them the idle mouth is the network's only reference
    mattes: str | None = None  # file name: a film of how much of each pixel is the person
    turns: tuple[int, ...] = ()  # where a walk through it may turn; without them it goes round and round
    blinks: tuple[int, ...] = ()  # frames in which the eyes are shut

    def references(self) -> set[tuple[int, int]]:
        """Return K and S of all that the network is shown of it, with as many lines as canvases ask for."""
        shown = {min(lines, self.lines) for lines in LINES}
        return {
            references_shape(
                self.mouths, Shrinking(filmed=self.lines, shown=lines) if lines < self.lines else None
            )
            for lines in shown
        }

    def open(self, home: Path, *, shelf: Shelf | None = None, lines: int = PLAIN) -> Film:
        """Open its film, which is in a folder, to be shown with so many lines.

        Raises:
            BadAssets: the film is not what the pack says.
        """
        return Film(
            home / self.footage,
            self.boxes,
            self.mouths,
            eyes=self.eyes,
            shelf=shelf,
            filmed=self.lines,
            lines=lines,
        )


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """What `avatar.json` says."""

    name: str
    label: str
    gender: Literal["male", "female"]
    elderly: bool
    emotions: Mapping[str, Emotion]
    studio: Studio | None = None  # what all of it was filmed before, where that is known


class _Opened(msgspec.Struct, frozen=True, kw_only=True):
    """Footage that is kept, and what the networks make of it."""

    footage: Footage
    footage_bytes: int
    shelf: Shelf


class Others(Protocol):
    """Has packs beside those of the folder."""

    def find(self, name: str) -> Pack | None:
        """Find a pack."""

    def film(self, name: str, file: str) -> Path:
        """Return where a film of a pack is."""


class Avatars:
    """All packs of a folder, and others that are found by their name alone.

    A class because decoded footage is shared by the renders, and so is what the networks make of it. Of what was used
    least recently the latter goes first. Safe to use from several threads.

    Args:
        folder: holds a folder for each avatar.
        memory_bytes: how much footage is kept decoded, with its sights; what runs keeps its own footage whatever the
            limit, but not its sights.
        lent: finds packs that are nobody else's to choose, and their films.
        clock: seconds that only go forward.

    Raises:
        BadAssets: there is no pack, or one that cannot be read.
    """

    def __init__(
        self,
        folder: Path,
        *,
        memory_bytes: int,
        lent: "Others | None" = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._lent = lent
        self._memory_bytes = memory_bytes
        self._clock = clock
        self._packs = {path.parent.name: read_pack(path) for path in sorted(folder.glob("*/avatar.json"))}
        if not self._packs:
            raise BadAssets(f"There is no avatar in {folder}.")
        self._opened: dict[tuple[str, str, int], _Opened] = {}
        self._opening = threading.Lock()
        self._lock = threading.Lock()  # of what is kept; never held for long

    def __iter__(self) -> Iterator[Pack]:
        return iter(self._packs.values())

    def references(self) -> set[tuple[int, int]]:
        """Return K and S of all that the network is shown."""
        return {
            shape for pack in self for emotion in pack.emotions.values() for shape in emotion.references()
        }

    def find(self, avatar: str, emotion: str) -> Pack:
        """Return the pack of an avatar that can show an emotion.

        Raises:
            UnknownAvatar, UnknownEmotion: it cannot.
        """
        pack = self._packs.get(avatar)
        if pack is None and self._lent is not None:
            pack = self._lent.find(avatar)
        if pack is None:
            raise UnknownAvatar(avatar, self._packs)
        if emotion not in pack.emotions:
            raise UnknownEmotion(avatar, emotion, pack.emotions)
        return pack

    def footage(self, pack: Pack, emotion: str, lines: int = PLAIN) -> Footage:
        """Return footage, of which the first frame is decoded now or was before.

        Args:
            pack: who is seen.
            emotion: that the pack has.
            lines: of the pictures; there are fewer where fewer were filmed.

        Raises:
            BadAssets: the film is not what the pack says.
        """
        lines = min(lines, pack.emotions[emotion].lines)
        key = pack.name, emotion, lines
        with self._opening:  # lest two renders that start together decode the same film
            opened = self._opened.get(key) or self._open(pack, emotion, lines)
            opened.shelf.used_s = self._clock()
            with self._lock:
                self._opened = self._opened | {key: opened}
                self._make_room_for(opened)
        return opened.footage

    def forget(self) -> None:
        """Keep nothing of what was shown so far."""
        with self._lock:
            self._opened = {}

    @property
    def kept_bytes(self) -> int:
        """How much memory footage, its mattes and sights take."""
        return sum(
            opened.footage_bytes + opened.footage.mattes_bytes + opened.shelf.bytes
            for opened in self._opened.values()
        )

    def film(self, pack: Pack, emotion: str) -> Path:
        """Return where the film of an emotion is."""
        file = pack.emotions[emotion].footage
        if pack.name not in self._packs and self._lent is not None:
            return self._lent.film(pack.name, file)
        return self._folder / pack.name / file

    def _make_room_for(self, newest: _Opened) -> None:
        """Forget what was not used lately, then sights, then footage, the oldest of each first."""
        if self._has_room(0, newest.shelf):
            return
        oldest_first = sorted(self._opened.items(), key=lambda item: item[1].shelf.used_s)
        for _, opened in oldest_first:
            if self.kept_bytes > self._memory_bytes:
                opened.shelf.clear()
        for key, opened in oldest_first:
            if self.kept_bytes > self._memory_bytes and opened is not newest:
                self._drop(key)

    def _has_room(self, wanted: int, shelf: Shelf) -> bool:
        """Forget what was not used lately, the oldest first, until there is so much room; tell whether there is."""
        while self.kept_bytes + wanted > self._memory_bytes:
            unused = [
                (opened.shelf.used_s, key)
                for key, opened in self._opened.items()
                if opened.shelf is not shelf and opened.shelf.used_s < self._clock() - _IN_USE_S
            ]
            if not unused:
                return False
            _, key = min(unused)
            oldest = self._opened[key].shelf
            if oldest.bytes:
                oldest.clear()
            else:
                self._drop(key)
        return True

    def _drop(self, key: tuple[str, str, int]) -> None:
        # Not in place, since others look through it without the lock.
        self._opened = {other: opened for other, opened in self._opened.items() if other != key}

    def _keep(self, shelf: Shelf, frame: int, sight: Sight) -> None:
        with self._lock:
            # A film that was forgotten while it still runs is not accounted for any more.
            known = any(opened.shelf is shelf for opened in self._opened.values())
            if known and self._has_room(size(sight), shelf):
                shelf.put(frame, sight)

    def _grown(self, shelf: Shelf) -> None:
        """Make room for mattes that were just made, if their film is accounted for."""
        with self._lock:
            for opened in self._opened.values():
                if opened.shelf is shelf:
                    self._make_room_for(opened)

    def _open(self, pack: Pack, emotion: str, lines: int) -> _Opened:
        description = pack.emotions[emotion]
        shelf = Shelf(self._keep, clock=self._clock)
        home = self.film(pack, emotion).parent
        film = description.open(home, shelf=shelf, lines=lines)
        log.info("footage opened", avatar=pack.name, emotion=emotion, frames=len(film), lines=lines)
        footage = Footage(
            film,
            description.playback,
            turns=description.turns,
            blinks=description.blinks,
            studio=pack.studio,
            mattes=home / description.mattes if description.mattes else None,
            filmed=description.lines,
            emotion=emotion,
            grown=partial(self._grown, shelf),
        )
        return _Opened(footage=footage, footage_bytes=footage.bytes, shelf=shelf)


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
        if len(emotion.eyes) not in (0, emotion.frames):
            raise BadAssets(
                f"{path} has {len(emotion.eyes)} pairs of eyes for {emotion.frames} frames of {name!r}."
            )
        if emotion.lines < PLAIN or emotion.lines % 2:
            raise BadAssets(
                f"{path} has {emotion.lines} lines of {name!r}, which is no even number from {PLAIN} on."
            )
        if any(not 0 < turn < emotion.frames - 1 for turn in emotion.turns):
            raise BadAssets(f"{path} has turns of {name!r} that are not between its ends: {emotion.turns}.")
        widest = max((box[2] for box in emotion.boxes if box), default=0)
        if emotion.mouths and widest > emotion.mouths.size:
            raise BadAssets(
                f"{path} has mouths of {emotion.mouths.size} pixels for boxes of {widest} of {name!r}."
            )
    if pack.name != path.parent.name:
        raise BadAssets(f"{path} is named {pack.name!r}.")
    return pack
