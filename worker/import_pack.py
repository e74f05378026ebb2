"""Adds, lists and removes avatars in a folder of packs.

A pack exists from the moment its `avatar.json` does, and footage gets a new file name whenever it is new: whatever
breaks off half-way, a worker that starts then finds whole packs only.
"""

import hashlib
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from worker.avatars import Emotion, Pack, read_pack
from worker.errors import AvatarExists, BadAvatarName, UnknownAvatar
from worker.footage import Mouths
from worker.import_film import write_footage, write_mattes
from worker.import_mouths import SHAPES, side
from worker.importing import Rgb, Take

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")  # also a folder's name: nothing that could lead out of ours


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """What a film does not tell."""

    name: str
    label: str
    gender: Literal["male", "female"]
    elderly: bool


def check(folder: Path, name: str, emotions: tuple[str, ...], *, force: bool) -> None:
    """Refuse what cannot be added, before the film is studied.

    Raises:
        BadAvatarName: a name of an avatar or emotion that is not lower case letters, digits and underscores.
        AvatarExists: the avatar has one of the emotions already, and is not to lose it.
    """
    for given in (name, *emotions):
        if not _NAME.fullmatch(given):
            raise BadAvatarName(given)
    known = find(folder, name)
    taken = [emotion for emotion in emotions if known and emotion in known.emotions]
    if taken and not force:
        raise AvatarExists(name, taken)


def find(folder: Path, name: str) -> Pack | None:
    """Return a pack, if there is one."""
    path = folder / name / "avatar.json"
    return read_pack(path) if path.exists() else None


def list_packs(folder: Path) -> list[Pack]:
    """Return all packs, by name."""
    return [read_pack(path) for path in sorted(folder.glob("*/avatar.json"))]


def add(
    folder: Path, person: Person, emotions: tuple[str, ...], take: Take, squares: Iterable[Rgb] | None = None
) -> Pack:
    """Give an avatar footage for some emotions, in place of what it had for them.

    Args:
        folder: of the packs.
        person: who it is.
        emotions: what the footage shows.
        take: the footage.
        squares: of `import_mouths.find_mouths`, one a frame; without them the idle mouth is the only reference.

    Raises:
        UnusableFootage: the footage cannot be read any more; then nothing was added.
    """
    home = folder / person.name
    home.mkdir(parents=True, exist_ok=True)
    footage = _write(home, emotions[0], "mp4", take.frames, take.lines)
    mattes = None
    if take.mattes:
        mattes = footage.with_suffix(".mattes.mp4")
        write_mattes(mattes, take.mattes)
    mouths = None
    if squares is not None:
        film = _write(home, emotions[0], "mouths.mp4", squares, take.lines)
        mouths = Mouths(film=film.name, shapes=len(SHAPES), size=side(take.lines))
    known = find(folder, person.name)
    emotion = Emotion(
        footage=footage.name,
        frames=len(take.frames),
        playback="pingpong",
        lines=take.lines,
        boxes=take.boxes,
        eyes=take.eyes,
        mattes=mattes.name if mattes else None,
        mouths=mouths,
    )
    pack = Pack(
        name=person.name,
        label=person.label,
        gender=person.gender,
        elderly=person.elderly,
        emotions={**(known.emotions if known else {}), **dict.fromkeys(emotions, emotion)},
    )
    description = home / "avatar.part"
    description.write_bytes(msgspec.json.encode(pack) + b"\n")
    description.replace(home / "avatar.json")
    played = {emotion.footage for emotion in pack.emotions.values()}
    played |= {emotion.mouths.film for emotion in pack.emotions.values() if emotion.mouths}
    played |= {emotion.mattes for emotion in pack.emotions.values() if emotion.mattes}
    for film in home.glob("*.mp4"):
        if film.name not in played:
            film.unlink()
    return pack


def _write(home: Path, emotion: str, kind: str, pictures: Iterable[Rgb], lines: int) -> Path:
    draft = home / f"new.{kind}"
    write_footage(draft, pictures, lines=lines)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()[:8]
    return draft.rename(home / f"{emotion}-{digest}.{kind}")


def remove(folder: Path, name: str) -> None:
    """Remove an avatar.

    Raises:
        UnknownAvatar: there is none of this name.
    """
    if not _NAME.fullmatch(name) or not find(folder, name):
        raise UnknownAvatar(name, [pack.name for pack in list_packs(folder)])
    (folder / name / "avatar.json").unlink()  # first: without it the rest is no pack
    shutil.rmtree(folder / name)
