"""Adds, lists and removes avatars in a folder of packs.

A pack exists from the moment its `avatar.json` does, and footage gets a new file name whenever it is new: whatever
breaks off half-way, a worker that starts then finds whole packs only.
"""

import hashlib
import re
import shutil
from pathlib import Path
from typing import Literal

import msgspec

from worker.avatars import Emotion, Pack, read_pack
from worker.errors import AvatarExists, BadAvatarName, UnknownAvatar
from worker.import_film import write_footage
from worker.importing import Take

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


def add(folder: Path, person: Person, emotions: tuple[str, ...], take: Take) -> Pack:
    """Give an avatar footage for some emotions, in place of what it had for them."""
    home = folder / person.name
    home.mkdir(parents=True, exist_ok=True)
    draft = home / "new.mp4"
    write_footage(draft, take.frames)
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()[:8]
    footage = draft.rename(home / f"{emotions[0]}-{digest}.mp4")
    known = find(folder, person.name)
    emotion = Emotion(footage=footage.name, frames=len(take.frames), playback="pingpong", boxes=take.boxes)
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
    for film in home.glob("*.mp4"):
        if film.name not in played:
            film.unlink()
    return pack


def remove(folder: Path, name: str) -> None:
    """Remove an avatar.

    Raises:
        UnknownAvatar: there is none of this name.
    """
    if not _NAME.fullmatch(name) or not find(folder, name):
        raise UnknownAvatar(name, [pack.name for pack in list_packs(folder)])
    (folder / name / "avatar.json").unlink()  # first: without it the rest is no pack
    shutil.rmtree(folder / name)
