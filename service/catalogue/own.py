"""Avatars that an account has made: what they are called, and where their packs are. Pure.

A name says which job made the avatar, so a pack never changes under its name, and is found without a look at any row.
"""

import re

PREFIX = "own_"

_NAME = re.compile(rf"{PREFIX}([0-9a-f]{{24}})")


def own_name(job: str) -> str:
    """Name the avatar that a job made, by the job's public id."""
    return f"{PREFIX}{job}"


def own_job(avatar: str | None) -> str | None:
    """Tell the public id of the job that made an avatar; None of one that is nobody's own."""
    found = None if avatar is None else _NAME.fullmatch(avatar)
    return found and found[1]


def pack_object(job: str) -> str:
    """Name the object of the pack that a job made, a tar."""
    return f"avatars/{job}.tar"
